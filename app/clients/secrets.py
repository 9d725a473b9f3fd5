"""Secrets of clients, kept only as argon2id hashes (RFC 9106).

The functions take tens of milliseconds of processor time by design: call them in a thread.
"""

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

MEMORY_KIB = 19_456
ITERATIONS = 2
LANES = 1
"""OWASP's smallest recommended argon2id cost: secrets are long and random, so the hash need only
make a stolen table useless, and a flood of token requests must not exhaust the memory."""

_hasher = PasswordHasher(time_cost=ITERATIONS, memory_cost=MEMORY_KIB, parallelism=LANES)


def hash_secret(secret: str) -> str:
    """Hash a secret with a fresh salt, in the PHC string format."""
    return _hasher.hash(secret)


def is_secret(secret: str, kept: str | None) -> bool:
    """Tell whether a secret is the kept one; without a kept one it costs the same time."""
    if kept is None:
        _hasher.hash(secret)
        return False
    try:
        return _hasher.verify(kept, secret)
    except (VerificationError, InvalidHashError):
        return False
