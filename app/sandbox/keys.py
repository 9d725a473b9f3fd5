"""Key pairs that a seed and a name determine, kept on disk because primes take time to find.

For the sandbox alone: whoever knows the seed knows the keys.
"""

import hashlib
import os
import tempfile
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    derive_private_key,
)
from cryptography.hazmat.primitives.asymmetric.rsa import (
    RSAPrivateKey,
    RSAPrivateNumbers,
    RSAPublicNumbers,
    rsa_crt_dmp1,
    rsa_crt_dmq1,
    rsa_crt_iqmp,
)
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from app.sandbox.stream import Stream

EXPONENT = 65537
"""The public exponent of every RSA key: the one that certificate authorities use."""
SIEVE_LIMIT = 1 << 16
"""Primes up to here are sieved out: sieving further costs more than the tests that it saves."""
SIEVE_SPAN = 1 << 13
"""Odd numbers sieved at once: more than twenty times the mean distance of 1024-bit primes."""
ROUNDS = 8
"""Miller-Rabin rounds: more than FIPS 186-5 table B.1 asks for random 1024-bit candidates."""
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""The number of points of P-256 (SP 800-186 section 3.2.1.3)."""


class KeyStore:
    """The keys of one seed.

    Several processes may share a folder: a key appears there whole or not at all, and whoever
    makes it makes the same.
    """

    def __init__(self, *, seed: str, folder: Path | None = None) -> None:
        """Keep RSA keys in `folder`, mode 0600; without one only as long as the store lives."""
        self.seed = seed
        self._folder = folder
        self._known: dict[str, RSAPrivateKey] = {}

    def rsa(self, name: str, bits: int = 2048) -> RSAPrivateKey:
        """Give the RSA key of a name; the first time takes some tenths of a second."""
        label = hashlib.sha256(f"{self.seed}\x1f{bits}\x1f{name}".encode()).hexdigest()
        if label not in self._known:
            self._known[label] = self._kept(label) or self._made(label, name, bits)
        return self._known[label]

    def p256(self, name: str) -> EllipticCurvePrivateKey:
        """Give the P-256 key of a name."""
        scalar = Stream(self.seed, "key", "p256", name).below(P256_ORDER - 1) + 1
        return derive_private_key(scalar, SECP256R1())

    def _kept(self, label: str) -> RSAPrivateKey | None:
        path = self._folder and self._folder / f"{label}.pem"
        if path is None or not path.exists():
            return None
        key = load_pem_private_key(path.read_bytes(), password=None)
        return key if isinstance(key, RSAPrivateKey) else None

    def _made(self, label: str, name: str, bits: int) -> RSAPrivateKey:
        key = _rsa_key(Stream(self.seed, "key", f"rsa-{bits}", name), bits)
        if self._folder is not None:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            # mkstemp opens with mode 0600; a crash here leaves a temporary file that nobody reads.
            handle, temporary = tempfile.mkstemp(dir=self._folder)
            with os.fdopen(handle, "wb") as file:
                file.write(pem)
            Path(temporary).replace(self._folder / f"{label}.pem")
        return key


def _rsa_key(stream: Stream, bits: int) -> RSAPrivateKey:
    """Make an RSA key from two primes of half its length (FIPS 186-5 appendix A.1)."""
    p, q = sorted((_prime(stream, bits // 2), _prime(stream, bits // 2)), reverse=True)
    d = pow(EXPONENT, -1, (p - 1) * (q - 1))
    return RSAPrivateNumbers(
        p=p,
        q=q,
        d=d,
        dmp1=rsa_crt_dmp1(d, p),
        dmq1=rsa_crt_dmq1(d, q),
        iqmp=rsa_crt_iqmp(p, q),
        public_numbers=RSAPublicNumbers(e=EXPONENT, n=p * q),
    ).private_key()


def _prime(stream: Stream, bits: int) -> int:
    """Find a prime whose two highest bits are set, so that two of them fill a modulus."""
    while True:
        high = stream.below(1 << (bits - 2)) | (0b11 << (bits - 2))
        start = high | 1
        composite = bytearray(SIEVE_SPAN)
        for prime in _small_primes():
            # start + 2·i is a multiple of the prime where i ≡ -start / 2.
            first = -start * ((prime + 1) // 2) % prime
            composite[first::prime] = b"\1" * len(range(first, SIEVE_SPAN, prime))
        for index in range(SIEVE_SPAN):
            candidate = start + 2 * index
            if composite[index] or candidate % EXPONENT == 1 or candidate.bit_length() > bits:
                continue
            if _is_prime(candidate, stream):
                return candidate


def _is_prime(number: int, stream: Stream) -> bool:
    """Test an odd number by Miller and Rabin (FIPS 186-5 appendix B.3.1)."""
    twos = ((number - 1) & (1 - number)).bit_length() - 1
    odd = (number - 1) >> twos
    for _ in range(ROUNDS):
        value = pow(stream.below(number - 3) + 2, odd, number)
        if value in {1, number - 1}:
            continue
        for _ in range(twos - 1):
            value = value * value % number
            if value == number - 1:
                break
        else:
            return False
    return True


@cache
def _small_primes() -> tuple[int, ...]:
    """List the odd primes below `SIEVE_LIMIT`."""
    prime = bytearray(b"\1") * SIEVE_LIMIT
    for number in range(3, 1 << 8, 2):
        if prime[number]:
            prime[number * number :: number] = bytes(
                len(range(number * number, SIEVE_LIMIT, number))
            )
    return tuple(number for number in range(3, SIEVE_LIMIT, 2) if prime[number])
