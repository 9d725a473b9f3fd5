"""The worker's other job: the bundle as it changes, and newer evidence about revocation."""

import asyncio
import secrets
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import structlog

from app.errors import StartRefused, Unavailable
from app.intake.process import Processing
from app.intake.recheck import Rechecked, recheck_provisional
from app.signatures.trust import TrustSnapshot
from app.tracing import places_of
from app.trust.asking import ask_about, inquiries_about, refresh_evidence
from app.trust.bundle import Bundle, load_bundle, require_successor
from app.trust.evidence import with_evidence
from app.trust.fetching import Reach
from app.trust.standing import note_bundle

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Upkeep:
    """What keeping trust current takes.

    Attributes:
        folder: of the bundle.
        provisional: whether what is unknown about revocation passes provisionally.
        reach: where the worker may go.
        period: seconds from one round to the next.
    """

    folder: Path
    provisional: bool
    reach: Reach
    period: float


class TrustKeeper:
    """Keeps one worker's trust current; remembers the bundle and the certificates left open.

    Raises:
        StartRefused: at the start alone: the bundle is not sound.
    """

    def __init__(self, upkeep: Upkeep) -> None:
        self._upkeep = upkeep
        self._bundle = load_bundle(upkeep.folder)
        self._noted: tuple[str, str | None] | None = None
        self._unanswered: frozenset[bytes] = frozenset()

    @property
    def trust(self) -> TrustSnapshot:
        """What the bundle in use says, without evidence."""
        return replace(self._bundle.trust, provisional=self._upkeep.provisional)

    async def keep_current(self, parts: Processing, stop: asyncio.Event) -> None:
        """Do a round each period, until told to stop."""
        while not await _stopped(stop, self._upkeep.period):
            await self.bring_up_to_date(parts)

    async def bring_up_to_date(self, parts: Processing) -> None:
        """Fetch, freeze a new snapshot, hand it to the processes, look again at what was left open.

        Outlives the loss of the database and of the vault: what is missing is done next round.
        """
        try:
            await self._take_bundle(parts)
            await self._do_round(parts)
        except Unavailable as error:
            _log.warning("revocation.waits", part=error.part)
        except Exception as error:  # noqa: BLE001 -- reason: packages go on with the trust at hand
            _log.error(
                "revocation.round_failed", error=type(error).__qualname__, places=places_of(error)
            )

    async def _take_bundle(self, parts: Processing) -> None:
        """Take a changed bundle over; a broken one, or one that is no successor, is left."""
        fault, known = None, self._bundle
        try:
            self._bundle = await asyncio.to_thread(_successor, known, self._upkeep.folder)
        except StartRefused as refused:
            fault = str(refused)
            _log.error("trust.broken", revision=self._bundle.manifest.revision, reason=fault)
        manifest = self._bundle.manifest
        if self._bundle is not known:
            _log.info("trust.changed", revision=manifest.revision, sha256=manifest.digests[-1])
        if self._noted != (manifest.digests[-1], fault):
            async with parts.database.begin() as connection:
                await note_bundle(connection, manifest, fault=fault, at=parts.clock())
            self._noted = (manifest.digests[-1], fault)

    async def _do_round(self, parts: Processing) -> None:
        reach, now = self._upkeep.reach, parts.clock()
        if reach.hosts:
            await refresh_evidence(parts.database, self._bundle.publications, reach, now=now)
        await self._renew(parts)
        done = await self._recheck(parts)
        if reach.hosts and done.unanswered:
            inquiries = await asyncio.to_thread(
                inquiries_about,
                done.unanswered,
                self._bundle.trust,
                self._bundle.publications,
                now=now,
                randomness=secrets.token_bytes,
            )
            await ask_about(parts.database, inquiries, reach, now=now)
        if done.unanswered and await self._renew(parts):
            await self._recheck(parts)

    async def _renew(self, parts: Processing) -> bool:
        """Hand a new snapshot to the processes; false when it is the one that they have."""
        trust = await with_evidence(
            parts.database, self.trust, now=parts.clock(), about=self._unanswered
        )
        changed = trust.sha256 != parts.processes.trust.sha256
        await parts.processes.renew(trust)
        return changed

    async def _recheck(self, parts: Processing) -> Rechecked:
        """Look again at what stands provisionally."""
        done = await recheck_provisional(parts)
        self._unanswered = done.unanswered
        if done.final or done.revoked or done.doubtful:
            _log.info("revocation.rechecked", final=done.final, revoked=done.revoked)
        if done.revoked or done.doubtful:
            _log.error("revocation.look", revoked=done.revoked, doubtful=done.doubtful)
        return done


def _successor(known: Bundle, folder: Path) -> Bundle:
    """Read the folder again; the bundle in use where nothing changed.

    Raises:
        StartRefused: the folder's bundle is broken, or does not come after the one in use.
    """
    found = load_bundle(folder)
    require_successor(found.manifest, known.manifest)
    return known if found == known else found


async def _stopped(stop: asyncio.Event, seconds: float) -> bool:
    with suppress(TimeoutError):
        return await asyncio.wait_for(stop.wait(), seconds)
    return False
