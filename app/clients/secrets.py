"""Secrets of clients, kept only as argon2id hashes (RFC 9106).

Hashing takes tens of milliseconds of processor time by design: call it in a thread.
"""

from secrets import token_urlsafe

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

MEMORY_KIB = 19_456
ITERATIONS = 2
LANES = 1
"""OWASP's smallest recommended argon2id cost: secrets are long and random, so the hash need only
make a stolen table useless, and a flood of token requests must not exhaust the memory."""

SECRET_BYTES = 32
"""Random bytes of a client secret: nobody guesses 256 bits."""

_hasher = PasswordHasher(time_cost=ITERATIONS, memory_cost=MEMORY_KIB, parallelism=LANES)


def new_secret() -> str:
    """Draw a secret; it is shown once and kept only as a hash."""
    return token_urlsafe(SECRET_BYTES)


def hash_secret(secret: str) -> str:
    """Hash a secret with a fresh salt, in the PHC string format."""
    return _hasher.hash(secret)


def is_secret(secret: str, kept: tuple[str, ...]) -> bool:
    """Tell whether a secret is one of the kept ones; without a kept one it costs as much as one."""
    if not kept:
        _hasher.hash(secret)
    return any(_matches(secret, one) for one in kept)


def _matches(secret: str, kept: str) -> bool:
    try:
        return _hasher.verify(kept, secret)
    except (VerificationError, InvalidHashError):
        return False
