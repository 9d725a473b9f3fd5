"""The worker's third job: packages of which nothing was accepted expire."""

import asyncio
from contextlib import suppress

import structlog

from app.errors import Unavailable
from app.intake.keeping import discard_refused
from app.intake.process import Processing
from app.tracing import places_of

PERIOD_SECONDS = 6 * 60 * 60
"""From one round to the next: an expiry after 90 days may be some hours late."""

_log = structlog.get_logger(__name__)


async def keep_discarding(parts: Processing, stop: asyncio.Event) -> None:
    """Do a round at once and then each period, until told to stop."""
    while not stop.is_set():
        await _do_round(parts)
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), PERIOD_SECONDS)


async def _do_round(parts: Processing) -> None:
    """Outlives the loss of the database and of the vault: the rest is done in the next round."""
    try:
        gone = await discard_refused(parts.database, parts.vault, parts.journal, now=parts.clock())
    except Unavailable as error:
        _log.warning("discarding.waits", part=error.part)
    except Exception as error:  # noqa: BLE001 -- reason: packages go on whatever happens here
        _log.error("discarding.failed", error=type(error).__qualname__, places=places_of(error))
    else:
        if gone:
            _log.info("discarding.done", packages=gone)
