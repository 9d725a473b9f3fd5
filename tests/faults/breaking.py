"""A vault whose calls fail before or after they took effect, as a test wants."""

import asyncio
import resource
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import BinaryIO, TypeVar, cast

from typing_extensions import override

from app.errors import Unavailable
from app.vault import Vault
from app.vault.vault import SURVEY_PAGE, Held, Proof, Standing, Stored

LATE_SECONDS = 0.2

_T = TypeVar("_T")


class When(StrEnum):
    """Whether the call has done its work when it fails."""

    BEFORE = "before"
    AFTER = "after"


class Failure(StrEnum):
    """How a call fails; only the first one is promised by `Vault`."""

    UNAVAILABLE = "unavailable"
    OS_ERROR = "os-error"
    CONNECTION = "connection"
    TIME_OUT = "time-out"
    CANCELLED = "cancelled"
    SLOW = "slow"  # it does not fail
    FULL = "full"  # the disk is full while the call works
    LIE = "lie"  # nothing is done, and the caller is told that it was
    DISASTER = "disaster"  # what the test does to the store


_RAISED: dict[Failure, Callable[[], Exception]] = {
    Failure.UNAVAILABLE: lambda: Unavailable(part="vault"),
    Failure.OS_ERROR: lambda: OSError(28, "No space left on device"),
    Failure.CONNECTION: lambda: ConnectionResetError(104, "Connection reset by peer"),
    Failure.TIME_OUT: lambda: TimeoutError("timed out"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mishap:
    """What is to happen to a call."""

    when: When
    failure: Failure

    @override
    def __str__(self) -> str:
        return f"{self.failure}-{self.when}"


@contextmanager
def full_disk(room: int) -> Iterator[None]:
    """Let no file of this process grow beyond some bytes.

    `RLIMIT_FSIZE` (setrlimit(2)) stands for the disk: it needs no rights and no file system of its
    own, and a write beyond it fails in the kernel where one on a full disk does, with EFBIG in the
    place of ENOSPC. Python ignores the signal that would come with it.
    """
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@dataclass(slots=True)
class BreakingVault:
    """A real vault that fails when it is armed.

    Attributes:
        calls: the names of the calls since `listen`.
        struck: the call to which the mishap came; None while it has not.
        room: bytes that still fit into a file on the full disk.
        cancel: what cancels the caller's work, as a stop or a lost lease would.
        disaster: what happens to the store; afterwards the call goes on.
    """

    inner: Vault
    calls: list[str] = field(default_factory=list)
    struck: str | None = None
    room: int = 0
    cancel: Callable[[], object] = lambda: None
    disaster: Callable[[], Awaitable[None]] | None = None
    _position: int | None = None
    _mishap: Mishap | None = None

    def listen(self, position: int | None = None, mishap: Mishap | None = None) -> None:
        """Count from now on, and let the call at a position (from 0) fail."""
        self.calls = []
        self.struck = None
        self._position, self._mishap = position, mishap

    async def put_once(self, digest: str, content: BinaryIO) -> None:
        await self._call("put_once", lambda: self.inner.put_once(digest, content))

    async def get(self, digest: str) -> bytes:
        return await self._call("get", lambda: self.inner.get(digest))

    async def get_range(self, digest: str, offset: int, length: int) -> bytes:
        return await self._call("get_range", lambda: self.inner.get_range(digest, offset, length))

    async def hold(self, digest: str, until: datetime) -> Held:
        return await self._call("hold", lambda: self.inner.hold(digest, until))

    async def discard(self, digest: str, *, before: datetime) -> bool:
        return await self._call("discard", lambda: self.inner.discard(digest, before=before))

    async def survey(self, *, after: str = "", limit: int = SURVEY_PAGE) -> tuple[Stored, ...]:
        return await self._call("survey", lambda: self.inner.survey(after=after, limit=limit))

    async def standing(self, digest: str) -> Standing:
        return await self._call("standing", lambda: self.inner.standing(digest))

    async def note(self, name: str, content: bytes, *, until: datetime) -> None:
        await self._call("note", lambda: self.inner.note(name, content, until=until))

    async def notes(self, *, after: str = "", limit: int = SURVEY_PAGE) -> tuple[str, ...]:
        return await self._call("notes", lambda: self.inner.notes(after=after, limit=limit))

    async def read_note(self, name: str) -> bytes:
        return await self._call("read_note", lambda: self.inner.read_note(name))

    async def prove_locks(self) -> tuple[Proof, ...]:
        return await self.inner.prove_locks()

    async def check(self) -> None:
        await self._call("check", self.inner.check)

    async def _call(self, name: str, act: Callable[[], Awaitable[_T]], lie: _T | None = None) -> _T:
        self.calls.append(name)
        due = self.struck is None and self._position == len(self.calls) - 1
        mishap = self._mishap if due else None
        if mishap is not None:
            self.struck = name
            if mishap.failure is Failure.LIE:
                return cast(_T, lie)
            if mishap.when is When.BEFORE:
                await self._fail(mishap.failure)
        full = mishap is not None and mishap.failure is Failure.FULL
        with full_disk(self.room) if full else nullcontext():
            result = await act()
        if mishap is not None and mishap.when is When.AFTER:
            await self._fail(mishap.failure)
        return result

    async def _fail(self, failure: Failure) -> None:
        match failure:
            case Failure.FULL:
                pass
            case Failure.SLOW:
                await asyncio.sleep(LATE_SECONDS)
            case Failure.CANCELLED:
                self.cancel()
                await asyncio.sleep(LATE_SECONDS)  # the cancellation comes here
            case Failure.DISASTER:
                assert self.disaster is not None
                await self.disaster()
            case _:
                error = _RAISED[failure]()
                raise error
