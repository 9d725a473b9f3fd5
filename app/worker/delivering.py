"""The worker's fourth job: events go to the webhooks of clients, several at once."""

import asyncio
import random
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import timedelta

import httpx
import structlog

from app.errors import Unavailable
from app.intake.process import Processing
from app.tracing import places_of
from app.webhooks.deliver import Courier, deliver_event, take_event
from app.webhooks.deliveries import Due, discard_finished
from app.webhooks.sending import Reach

SENDINGS = 16
"""Attempts at once: each is a socket that waits for ten seconds at most, and a webhook has one."""

IDLE_SECONDS = 0.5
"""Pause when nothing is due."""

OUTAGE_PAUSES = 10
"""Pauses in one while the database is away, so that the log is not full of it."""

DISCARDING_PERIOD = timedelta(hours=6)
"""From one look for events that are long over to the next."""

_log = structlog.get_logger(__name__)


@contextmanager
def courier_of(parts: Processing, *, sandbox: bool) -> Generator[Courier]:
    """Make what delivering takes; its threads end with the block."""
    resolver = ThreadPoolExecutor(SENDINGS, thread_name_prefix="names")
    try:
        yield Courier(
            database=parts.database,
            key=parts.keys.webhooks,
            reach=Reach(sandbox=sandbox, resolver=resolver, tls=httpx.create_ssl_context()),
            clock=parts.clock,
            jitter=random.random,
        )
    finally:
        resolver.shutdown(wait=False, cancel_futures=True)


async def keep_delivering(
    courier: Courier, stop: asyncio.Event, *, idle: float = IDLE_SECONDS
) -> None:
    """Send what is due until told to stop, then end the attempts under way.

    Outlives the loss of the database: what was sent and not recorded is sent again.
    """
    free = asyncio.Semaphore(SENDINGS)
    discarded_at = courier.clock() - DISCARDING_PERIOD
    async with asyncio.TaskGroup() as sendings:
        while not stop.is_set():
            await free.acquire()
            due = await _taken(courier, stop, idle)
            if due is not None:
                sendings.create_task(_deliver(courier, due, free))
                continue
            free.release()
            if courier.clock() - discarded_at >= DISCARDING_PERIOD:
                discarded_at = courier.clock()
                await _discard(courier)
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), idle)


async def _taken(courier: Courier, stop: asyncio.Event, idle: float) -> Due | None:
    try:
        return await take_event(courier)
    except Exception as error:  # noqa: BLE001 -- reason: packages go on whatever happens here
        _report(error)
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), idle * (OUTAGE_PAUSES - 1))
        return None


async def _deliver(courier: Courier, due: Due, free: asyncio.Semaphore) -> None:
    try:
        await deliver_event(courier, due)
    except Exception as error:  # noqa: BLE001 -- reason: packages go on whatever happens here
        _report(error)
    finally:
        free.release()


async def _discard(courier: Courier) -> None:
    try:
        async with courier.database.begin() as connection:
            await discard_finished(connection, now=courier.clock())
    except Exception as error:  # noqa: BLE001 -- reason: packages go on whatever happens here
        _report(error)


def _report(error: Exception) -> None:
    match error:
        case Unavailable():
            _log.warning("webhooks.wait", part=error.part)
        case _:
            _log.error("webhooks.failed", error=type(error).__qualname__, places=places_of(error))
