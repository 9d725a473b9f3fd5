"""The worker's loop: lease → decide → reply, several packages at once, until told to stop."""

import asyncio
import secrets
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

import structlog

from app.engine import engine_name
from app.errors import Unavailable
from app.intake.decision import Committed, LeaseLost, RefusedWhole, commit_decision
from app.intake.package import State
from app.intake.process import Processing, process_package
from app.intake.queue import (
    LEASE_TIME,
    MAX_LEASES,
    RETRY_DELAY,
    Lease,
    hand_back,
    lease_next,
    put_off,
    renew,
)
from app.intake.reply import reply_to_package
from app.tracing import places_of
from app.transcripts.finding import Finding

PACKAGES_AT_ONCE = 2
"""One package is written while the next one is verified; more would only hold more memory, because
the verification processes are busy with two."""

IDLE_SECONDS = 0.2
"""Pause after an empty queue: the longest that a package waits for a free worker to notice it."""

BACK_OFF_SECONDS = 0.5
MAX_BACK_OFF_SECONDS = 10.0
"""Pause while the database or the vault is away: doubled each time from the first to the second."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """How patient a worker is; tests are less so."""

    lease: timedelta = LEASE_TIME
    idle: float = IDLE_SECONDS
    retry: timedelta = RETRY_DELAY


class _Stopped(Exception):
    """The worker was told to stop while it held a package."""


async def work(
    parts: Processing, *, name: str, stop: asyncio.Event, timing: Timing | None = None
) -> None:
    """Process packages until told to stop, then hand back what is not finished.

    Outlives the loss of the database and of the vault.

    Args:
        parts: what deciding needs.
        name: tells this worker from others in the leases; need not be unique.
        stop: set from outside.
        timing: how patient to be.
    """
    _log.info("worker.started", worker=name, engine=engine_name())
    async with asyncio.TaskGroup() as lanes:
        for _ in range(PACKAGES_AT_ONCE):
            lanes.create_task(_lane(parts, name, stop, timing or Timing()))
    _log.info("worker.stopped", worker=name)


async def _lane(parts: Processing, name: str, stop: asyncio.Event, timing: Timing) -> None:
    """Work on one package after the other."""
    outages = 0
    while not stop.is_set():
        try:
            pause = 0.0 if await _turn(parts, name, stop, timing) else timing.idle
            outages = 0
        except Unavailable as error:
            pause = min(BACK_OFF_SECONDS * 2**outages, MAX_BACK_OFF_SECONDS)
            outages += 1
            _log.warning("worker.waits", part=error.part, seconds=pause)
        if pause:
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), pause)


async def _turn(parts: Processing, name: str, stop: asyncio.Event, timing: Timing) -> bool:
    """Take one package as far as it goes; false when there is none.

    Raises:
        Unavailable: a store is away; the package is back in the queue, or will be.
    """
    owner = f"{name}/{secrets.token_hex(8)}"
    async with parts.database.begin() as connection:
        lease = await lease_next(connection, owner=owner, duration=timing.lease)
    if lease is None:
        return False
    try:
        await _holding(parts, lease, _bring_to_reply(parts, lease), stop, timing)
    except LeaseLost:
        _log.warning("lease.lost", package=str(lease.package_id))
    except _Stopped:
        await _hand_back(parts, lease)
    except Unavailable:
        await _hand_back(parts, lease)
        raise
    except Exception as error:  # noqa: BLE001 -- one package must not stop the others
        _report_failure(lease, error)
        async with parts.database.begin() as connection:
            await put_off(connection, lease, delay=timing.retry)
    return True


async def _bring_to_reply(parts: Processing, lease: Lease) -> None:
    """Decide on a package unless that is done, and make its reply."""
    if lease.state is State.PROCESSING:
        committed = await _decide(parts, lease)
        told = {"package": str(lease.package_id), "digest": lease.digest, **asdict(committed)}
        _log.info("package.decided", **told)
        if committed.unforeseen:
            _log.error("check.unforeseen", **told)
        if committed.disputed:
            _log.error("check.disputed", **told)
    await reply_to_package(parts.database, parts.journal, lease, keys=parts.keys, now=parts.clock())
    _log.info("package.replied", package=str(lease.package_id))


async def _decide(parts: Processing, lease: Lease) -> Committed:
    """Decide on a package; the last attempt ends with a refusal whatever happens.

    An attempt beyond the last one means that the last worker died with the package.
    """
    if lease.attempt <= MAX_LEASES:
        try:
            return await process_package(parts, lease)
        except (LeaseLost, Unavailable):
            raise
        except Exception as error:
            if lease.attempt < MAX_LEASES:
                raise
            _report_failure(lease, error)
    _log.error("package.poison", package=str(lease.package_id), digest=lease.digest)
    poison = RefusedWhole(findings=(Finding(code="PKG-199"),))
    return await commit_decision(
        parts.database, parts.journal, lease, poison, keys=parts.keys, now=parts.clock()
    )


async def _holding(
    parts: Processing,
    lease: Lease,
    work: Coroutine[Any, Any, None],
    stop: asyncio.Event,
    timing: Timing,
) -> None:
    """Do work while keeping the lease alive; cancel the work when the lease is lost or at a stop.

    Raises:
        LeaseLost: another worker has taken the package over.
        _Stopped: the worker was told to stop first.
    """
    task, stopping = asyncio.create_task(work), asyncio.create_task(stop.wait())
    try:
        while not task.done():
            await asyncio.wait(
                {task, stopping},
                timeout=timing.lease.total_seconds() / 4,
                return_when=asyncio.FIRST_COMPLETED,
            )
            if task.done():
                break
            if stopping.done():
                raise _Stopped
            if not await _renewed(parts, lease, timing):
                raise LeaseLost
        task.result()
    finally:
        stopping.cancel()
        task.cancel()
        await asyncio.gather(task, stopping, return_exceptions=True)


async def _renewed(parts: Processing, lease: Lease, timing: Timing) -> bool:
    """Prolong the lease; while the database is away nobody else can take it either."""
    try:
        async with parts.database.begin() as connection:
            return await renew(connection, lease, duration=timing.lease)
    except Unavailable:
        return True


async def _hand_back(parts: Processing, lease: Lease) -> None:
    """Free the package at once; without a database the lease simply runs out."""
    with suppress(Unavailable):
        async with parts.database.begin() as connection:
            await hand_back(connection, lease)


def _report_failure(lease: Lease, error: Exception) -> None:
    _log.error(
        "package.failed",
        package=str(lease.package_id),
        digest=lease.digest,
        attempt=lease.attempt,
        error=type(error).__qualname__,
        places=places_of(error),
    )
