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

SURVEY_PAGE = 1000
"""Objects listed at a time: what an S3 server gives in one answer."""

_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """One object as the store lists it.

    Attributes:
        size: its bytes, of the version that was put first.
        put_at: when it was put, by the store's clock; in a folder, when it was put last.
    """

    digest: str
    size: int
    put_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What the store says of one object now, without reading it.

    Attributes:
        version: the version that stands for it; None in a folder.
        size: its bytes.
        locked_until: the end of its lock in COMPLIANCE mode; None without one and in a folder.
        held: whether it is protected at this moment: by its lock, or in a folder by its mark.
    """

    version: str | None
    size: int
    locked_until: datetime | None
    held: bool


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

    Beside these originals it keeps notes, small objects with an order: a note's name is
    `{order:016d}-{SHA-256 of its content}`.

    A digest is 64 lower-case hexadecimal digits; anything else, and what is no note's name, raises
    `ValueError` before the store is asked.

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

    async def survey(self, *, after: str = "", limit: int = SURVEY_PAGE) -> tuple[Stored, ...]:
        """List originals in the order of their digests, those that lie under a marker too.

        Args:
            after: the digest to go on after; empty begins.
            limit: the most to give; fewer mean that there are no more.

        Raises:
            Unavailable: the store cannot answer now.
        """

    async def standing(self, digest: str) -> Standing:
        """Ask how an object stands; of several versions, that whose bytes hash to the digest.

        Raises:
            NotFound: no such object.
            IntegrityFailure: it has several versions, and none hashes to the digest.
            Unavailable: the store cannot answer now.
        """

    async def note(self, name: str, content: bytes, *, until: datetime) -> None:
        """Make a note durable under its name and lock it until a moment, as `hold` does.

        Takes two requests when all is well, because its caller has a transaction open. Putting the
        same note again changes nothing.

        Raises:
            IntegrityFailure: the content, or what is kept under the name, hashes to another digest
                than the name says.
            Unavailable: the store cannot take it, or does not show the lock that it was asked for.
        """

    async def notes(self, *, after: str = "", limit: int = SURVEY_PAGE) -> tuple[str, ...]:
        """List the names of notes in ascending order, those that lie under a marker too.

        Args:
            after: the name to go on after; empty begins.
            limit: the most to give; fewer mean that there are no more.

        Raises:
            Unavailable: the store cannot answer now.
        """

    async def read_note(self, name: str) -> bytes:
        """Read a note, proven to hash to the digest in its name.

        Raises:
            NotFound: no such note.
            IntegrityFailure: the bytes kept hash to another digest.
            Unavailable: the store cannot answer now.
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
