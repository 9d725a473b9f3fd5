"""The verification processes: one check a task, with a time limit, and no way to hurt the worker.

Checks are pure and repeatable, so a process may be killed at any moment. A check that takes too
long or too much memory, crashes its process or raises is refused, never passed.
"""

import asyncio
import os
from collections.abc import Callable
from concurrent.futures.process import BrokenProcessPool
from datetime import datetime
from types import TracebackType
from typing import Any, Self, TypeVar

import structlog
from pebble import ProcessExpired, ProcessPool

from app.intake.checks import (
    EXHAUSTED,
    ItemVerdict,
    check_item,
    check_package,
    prepare,
    prepared,
    run_bounded,
)
from app.intake.memory import GuardedContext, MemoryGuard, was_swollen
from app.secondopinion.sampling import NO_SAMPLE, Sampling
from app.signatures.report import PackageVerdict
from app.signatures.trust import Registration, TrustSnapshot
from app.signatures.verify import Context
from app.tracing import places_of
from app.transcripts.finding import Finding

ITEM_SECONDS = 10.0
"""Time for one transcript: a real one takes milliseconds; one that takes a thousand times as long
was made to."""

PACKAGE_SECONDS = 60.0
"""Time for the package's own signature: 32 MiB take a second on an idle core."""

START_SECONDS = 60.0
"""Time for a process to answer its first task on a machine that is starting everything at once."""

TASKS_AHEAD = 2
"""Tasks waiting per process: enough that none is idle, few enough to keep memory small."""

TURN_SECONDS = START_SECONDS + TASKS_AHEAD * PACKAGE_SECONDS
"""How long a check may wait for its turn: for a process that starts, and for the tasks ahead. Then
it was lost: a pool forgets what a process had just taken when it was killed."""

_log = structlog.get_logger(__name__)

_T = TypeVar("_T")


class CheckFailed(Exception):
    """A check came to no verdict.

    Attributes:
        code: SIG-121 when it took too long or twice too much memory, SIG-999 when it crashed twice.
        final: whether another try would end the same way.
    """

    def __init__(self, code: str, *, final: bool = False) -> None:
        super().__init__(code)
        self.code = code
        self.final = final


class VerificationProcesses:
    """A fixed number of processes that verify for one worker; safe for concurrent tasks."""

    def __init__(
        self, *, processes: int, trust: TrustSnapshot, sampling: Sampling = NO_SAMPLE
    ) -> None:
        self._processes = processes
        self._trust = trust
        self._sampling = sampling
        self._pool = self._make_pool()
        self._places = asyncio.Semaphore(processes * (1 + TASKS_AHEAD))
        self._alone = asyncio.Lock()
        self._guard = MemoryGuard()
        self._guard.start()

    async def start(self) -> None:
        """Start every process and prove that it answers; otherwise the first package pays for it.

        Raises:
            CheckFailed: the processes cannot work here, such as for want of memory.
        """
        answers = (self._run(prepared, seconds=START_SECONDS) for _ in range(self._processes))
        await asyncio.gather(*answers)

    @property
    def trust(self) -> TrustSnapshot:
        """Whom checks that start now trust."""
        return self._trust

    async def renew(self, trust: TrustSnapshot) -> None:
        """Let every check that starts from now on trust a newer snapshot.

        Running checks end as they began; returns when the last of them has.
        """
        if trust.sha256 == self._trust.sha256:
            return
        before, self._trust = self._pool, trust
        self._pool = self._make_pool()
        before.close()  # type: ignore[no-untyped-call]  # reason: pebble leaves it untyped
        await asyncio.to_thread(before.join)

    async def check_package(
        self, package: bytes, received_at: datetime, registrations: tuple[Registration, ...]
    ) -> PackageVerdict:
        """Verify a package's own signature and read its message.

        Raises:
            CheckFailed: no verdict; the package is not to blame for certain, so it is tried again.
        """
        return await self._verdict(
            check_package, package, received_at, registrations, seconds=PACKAGE_SECONDS
        )

    async def check_item(
        self, kept: bytes, context: Context, registrations: tuple[Registration, ...]
    ) -> ItemVerdict:
        """Verify one transcript from its base64 text inside the package.

        A check without a verdict is a refusal of this transcript alone.
        """
        try:
            return await self._verdict(
                check_item, kept, context, registrations, seconds=ITEM_SECONDS
            )
        except CheckFailed as failed:
            return ItemVerdict(
                original_sha256=None,
                transcript=None,
                report=None,
                findings=(Finding(code=failed.code),),
            )

    async def _verdict(self, check: Callable[..., _T], *arguments: Any, seconds: float) -> _T:
        """Run a check, once more on its own when it crashed or its process became too large.

        Another check may have been the cause: what earlier ones left behind counts as well.
        """
        async with self._places:
            try:
                return await self._run(check, *arguments, seconds=seconds)
            except CheckFailed as failed:
                if failed.final:
                    raise
        async with self._alone:
            return await self._run(check, *arguments, seconds=seconds)

    async def _run(self, check: Callable[..., _T], *arguments: Any, seconds: float) -> _T:
        try:
            answer = asyncio.wrap_future(self._schedule(check, arguments, seconds))
            return await _in_time(answer, TURN_SECONDS + seconds)
        except _Lost:
            _log.error("check.lost", check=check.__name__)
            raise CheckFailed("SIG-999") from None
        except TimeoutError:
            _log.error("check.timeout", check=check.__name__, seconds=seconds)
            raise CheckFailed("SIG-121", final=True) from None
        except (ProcessExpired, BrokenProcessPool) as error:
            swollen = _is_swollen(error)
            _log.error(
                "check.died", check=check.__name__, error=type(error).__name__, swollen=swollen
            )
            raise CheckFailed("SIG-121" if swollen else "SIG-999") from error
        except Exception as error:
            _log.error(
                "check.raised",
                check=check.__name__,
                error=type(error).__qualname__,
                places=places_of(error),
            )
            raise CheckFailed("SIG-999") from error

    def _schedule(
        self, check: Callable[..., _T], arguments: tuple[Any, ...], seconds: float
    ) -> Any:
        bounded = (check, arguments)
        try:
            return self._pool.schedule(run_bounded, args=bounded, timeout=seconds)
        except RuntimeError:
            # The pool gives up for good when a process dies between two tasks: make another.
            _log.error("check.pool_lost")
            self._pool.stop()  # type: ignore[no-untyped-call]  # reason: pebble leaves it untyped
            self._pool = self._make_pool()
            return self._pool.schedule(run_bounded, args=bounded, timeout=seconds)

    def _make_pool(self) -> ProcessPool:
        return ProcessPool(
            max_workers=self._processes,
            initializer=prepare,
            initargs=(self._trust, self._sampling, os.getpid()),
            context=GuardedContext(),
        )

    def close(self) -> None:
        """End every process, whatever it is doing; blocking."""
        self._pool.stop()  # type: ignore[no-untyped-call]  # reason: pebble leaves it untyped
        self._pool.join()
        self._guard.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class _Lost(Exception):
    """A check came to no end within all the time that it can take."""


async def _in_time(answer: asyncio.Future[_T], seconds: float) -> _T:
    """Wait for an answer, and give it up where there will be none.

    Raises:
        _Lost: there is none after so many seconds.
        Exception: what the check ended with.
    """
    try:
        await asyncio.wait({answer}, timeout=seconds)
        if not answer.done():
            raise _Lost
        return answer.result()
    finally:
        answer.cancel()


def _is_swollen(error: ProcessExpired | BrokenProcessPool) -> bool:
    """Tell whether a process died of its memory."""
    return isinstance(error, ProcessExpired) and (
        error.exitcode == EXHAUSTED or was_swollen(error.pid)
    )
