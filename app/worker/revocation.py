"""The worker's other job: newer evidence about revocation, and what it makes of transcripts."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import structlog

from app.errors import Unavailable
from app.intake.process import Processing
from app.intake.recheck import recheck_provisional
from app.signatures.trust import TrustSnapshot
from app.tracing import places_of
from app.trust.bundle import Publication
from app.trust.evidence import refresh_evidence, with_evidence
from app.trust.fetching import Reach

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Upkeep:
    """What keeping trust current takes.

    Attributes:
        bundle: trust without evidence.
        publications: where authorities publish their lists.
        reach: where the worker may go.
        period: seconds from one round to the next.
    """

    bundle: TrustSnapshot
    publications: Sequence[Publication]
    reach: Reach
    period: float


async def keep_trust_current(parts: Processing, upkeep: Upkeep, stop: asyncio.Event) -> None:
    """Do a round each period, until told to stop."""
    while not await _stopped(stop, upkeep.period):
        await bring_trust_up_to_date(parts, upkeep)


async def _stopped(stop: asyncio.Event, seconds: float) -> bool:
    with suppress(TimeoutError):
        return await asyncio.wait_for(stop.wait(), seconds)
    return False


async def bring_trust_up_to_date(parts: Processing, upkeep: Upkeep) -> None:
    """Fetch, freeze a new snapshot, hand it to the processes and look again at what was left open.

    Outlives the loss of the database and of the vault: what is missing is done in the next round.
    """
    try:
        await _do_round(parts, upkeep)
    except Unavailable as error:
        _log.warning("revocation.waits", part=error.part)
    except Exception as error:  # noqa: BLE001 -- reason: packages go on with the trust at hand
        _log.error(
            "revocation.round_failed", error=type(error).__qualname__, places=places_of(error)
        )


async def _do_round(parts: Processing, upkeep: Upkeep) -> None:
    if upkeep.reach.hosts:
        await refresh_evidence(parts.database, upkeep.publications, upkeep.reach, now=parts.clock())
    await parts.processes.renew(await with_evidence(parts.database, upkeep.bundle))
    done = await recheck_provisional(parts)
    if done.final or done.revoked or done.doubtful:
        _log.info("revocation.rechecked", final=done.final, revoked=done.revoked)
    if done.revoked or done.doubtful:
        _log.error("revocation.look", revoked=done.revoked, doubtful=done.doubtful)
