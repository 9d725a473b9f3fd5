"""One examination: its parts, its pace, and the second look before anything is called a fault."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from app.db import Database
from app.fsck.findings import Finding, Severity
from app.fsck.progress import Options, Progress
from app.intake.processes import VerificationProcesses
from app.keys import WorkerKeys
from app.vault import Vault

PARALLEL = 4
"""Objects under way at once: at most 32 MiB each, and each is hashed in a thread."""

SECOND_LOOK_SECONDS = 1.0
"""Pause before a second look: longer than a package needs from its lock to its commit."""


class Pace:
    """Bounds how many objects are under way and how many are begun in a second."""

    def __init__(self, *, parallel: int = PARALLEL, rate: float | None = None) -> None:
        self._places = asyncio.Semaphore(parallel)
        self._interval = 0.0 if rate is None else 1 / rate
        self._next = 0.0

    async def __aenter__(self) -> Self:
        await self._places.acquire()
        now = asyncio.get_running_loop().time()
        begin = max(now, self._next)
        self._next = begin + self._interval
        if begin > now:
            await asyncio.sleep(begin - now)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._places.release()


async def _keep_nothing(progress: Progress) -> None:
    del progress


def _show_nothing(progress: Progress) -> None:
    del progress


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """What an examination works with.

    Attributes:
        database: as hocba_worker; every read is a short transaction of its own.
        processes: verify signatures again; None when `options.verify` is 0.
        environment: what the report names.
        signers: SHA-256 of the certificates that signed replies, besides today's.
        second_look: seconds between the two looks at what seems wrong.
        save: keeps the account after each page.
        show: shows it.
    """

    database: Database
    vault: Vault
    keys: WorkerKeys
    processes: VerificationProcesses | None
    options: Options
    environment: str
    progress: Progress
    pace: Pace = field(default_factory=Pace)
    signers: Collection[str] = ()
    second_look: float = SECOND_LOOK_SECONDS
    save: Callable[[Progress], Awaitable[None]] = _keep_nothing
    show: Callable[[Progress], None] = _show_nothing


async def seen_twice(
    found: Sequence[Finding], look: Callable[[], Awaitable[Sequence[Finding]]], *, pause: float
) -> tuple[Finding, ...]:
    """Keep the errors that a second look finds as well; the service goes on meanwhile.

    Notes stand as they are.
    """
    if not any(finding.severity is Severity.ERROR for finding in found):
        return tuple(found)
    await asyncio.sleep(pause)
    again = {(finding.code, finding.object) for finding in await look()}
    return tuple(
        finding
        for finding in found
        if finding.severity is Severity.NOTE or (finding.code, finding.object) in again
    )
