"""What every store of immutable objects promises, and how an object is named in it."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import BinaryIO, Protocol

from app.errors import IntegrityFailure, Unavailable

FIRST_LOCK = timedelta(days=90)
"""How long every object stays whatever becomes of it: time for a sender to dispute a refusal."""

_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """An object under a lock.

    Attributes:
        version: the version that the store locked; None when it only keeps a mark of its own.
        until: when the lock ends: what was asked for or later, but not after 2106, when some
            servers lose count.
    """

    version: str | None
    until: datetime


class Attempt(StrEnum):
    """What somebody with the service's own keys may try on a locked object."""

    OVERWRITE = "overwrite"
    HIDE = "hide"
    DELETE = "delete"
    DELETE_BYPASSING = "delete-bypassing"
    SHORTEN = "shorten"
    WEAKEN = "weaken"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """One attempt that was really made.

    Attributes:
        withstood: afterwards the object could be read as before and its lock was the same.
        answer: what the store said, in its own words; empty when it raised nothing.
    """

    attempt: Attempt
    withstood: bool
    answer: str


class Vault(Protocol):
    """A store of objects that are written once, named by their SHA-256 and never changed.

    A digest is 64 lower-case hexadecimal digits; anything else raises `ValueError` before the store
    is asked.

    Durability: when `put_once` returns, the object survives the death of the process and of the
    machine, and nobody discards it within `FIRST_LOCK`. When it raises or is cancelled, the object
    may or may not be there, whole; a part of one is never readable.
    Concurrency: every method may run at the same time as any other, in any number of processes.
    Retries: every call may be repeated with the same arguments (`content` wound back).
    Memory: a call may hold the whole object, so whoever takes bytes from outside caps their size.
    """

    async def put_once(self, digest: str, content: BinaryIO) -> None:
        """Make the bytes from where `content` stands to its end durable under their digest.

        When the same bytes are there already, reads and hashes those and only sees to it that they
        stay as long as new ones would.

        Raises:
            IntegrityFailure: the bytes given, or those kept under this digest, hash to another
                one; nothing was written.
            Unavailable: the store cannot take it, or not lock it, now.
        """

    async def get(self, digest: str) -> bytes:
        """Read a whole object, proven to hash to its digest.

        Raises:
            NotFound: no such object.
            IntegrityFailure: the bytes kept hash to another digest.
            Unavailable: the store cannot answer now.
        """

    async def get_range(self, digest: str, offset: int, length: int) -> bytes:
        """Read exactly `length` bytes (at least 1) from `offset` (at least 0) of an object.

        A part cannot be proven by the digest of the whole: the caller compares what it decodes
        with a digest of its own.

        Raises:
            NotFound: no such object.
            IntegrityFailure: the object ends before the range does.
            Unavailable: the store cannot answer now.
        """

    async def hold(self, digest: str, until: datetime) -> Held:
        """Lock an object against everybody until a moment; a longer lock stays as it is.

        Reads and hashes the object first, so that what is locked are the right bytes.

        Raises:
            NotFound: no such object.
            IntegrityFailure: the bytes kept hash to another digest.
            Unavailable: the store cannot answer, or does not show the lock that it was asked for.
        """

    async def discard(self, digest: str, *, before: datetime) -> bool:
        """Remove an object that is not locked and was last put before a moment.

        Safe beside a `put_once` of the same bytes: whoever of the two comes second finds out.

        Returns:
            Whether the object is gone; false when it is locked or too young.

        Raises:
            Unavailable: the store cannot answer, or our keys may not remove.
        """

    async def prove_locks(self) -> tuple[Proof, ...]:
        """Make every attempt that this kind of store knows on a held object of no meaning.

        Raises:
            Unavailable: the store cannot answer now.
        """

    async def check(self) -> None:
        """Prove that the store can be reached and used; the first call of a process prepares it.

        Raises:
            StartRefused: on the first call, the store refuses its address or keys for good, or does
                not lock what it keeps.
            Unavailable: the store cannot be used now.
        """


PROBE = "Vật thử khóa của kho học bạ số: không chứa dữ liệu.\n".encode()
"""What locks are proven on: always the same bytes, so that proofs leave one object behind."""

PROBE_DIGEST = sha256(PROBE).hexdigest()


def object_key(digest: str) -> str:
    """Name the place of an object: `sha256/ab/cd/<digest>`, 65,536 places of even size.

    Raises:
        ValueError: `digest` is not 64 lower-case hexadecimal digits, so it could name anything.
    """
    if _DIGEST.fullmatch(digest) is None:
        raise ValueError("a digest is 64 lower-case hexadecimal digits")
    return f"sha256/{digest[:2]}/{digest[2:4]}/{digest}"


def require_range(offset: int, length: int) -> None:
    """Refuse a range that names no byte.

    Raises:
        ValueError: `offset` is negative or `length` is less than 1.
    """
    if offset < 0 or length < 1:
        raise ValueError("a range starts at 0 or later and holds at least one byte")


def require_digest(digest: str, content: bytes) -> None:
    """Refuse bytes that do not hash to `digest`.

    Raises:
        IntegrityFailure: they hash to another one.
    """
    if sha256(content).hexdigest() != digest:
        raise IntegrityFailure(digest=digest)


def vault_unavailable() -> Unavailable:
    """Make the error of a store that cannot answer now."""
    return Unavailable(part="vault")
