"""The worker's fifth job: an examination each night, gently, by one worker of all."""

import asyncio
import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import date

import structlog

from app.errors import Unavailable
from app.fsck.examination import Examination, Pace
from app.fsck.examine import examine
from app.fsck.nightly import due_run, finish_run, keep_run, leave_run, take_run
from app.fsck.progress import Options, Progress
from app.fsck.report import Report
from app.intake.process import Processing
from app.tracing import places_of

NIGHTLY = Options(reading=False, verify=0.001, journal_days=3)
"""Every row and every lock, the journal of the last days, and of each thousand transcripts one is
read and verified again; a whole reading of all bytes is the operator's to order."""

RATE = 50.0
"""Objects a second: a year of the country, half a million packages, takes three hours. Ten years
take more than a night, and the run goes on by day."""

PARALLEL = 2
"""Objects at once: packages go on beside it."""

PERIOD_SECONDS = 10 * 60
"""From one look whether a night's run is due to the next."""

_log = structlog.get_logger(__name__)


class _Ended(Exception):
    """The run goes on in other hands: the worker was told to stop, or another one has taken it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """A night's run in the hands of this worker."""

    parts: Processing
    stop: asyncio.Event
    night: date
    owner: str

    async def save(self, progress: Progress) -> None:
        """Write how far it has come.

        Raises:
            _Ended: it is no longer this worker's.
        """
        async with self.parts.database.begin() as connection:
            kept = await keep_run(connection, night=self.night, owner=self.owner, progress=progress)
        if not kept or self.stop.is_set():
            raise _Ended

    async def leave(self) -> None:
        """Free it at once; without a database its lease simply runs out."""
        with suppress(Unavailable):
            async with self.parts.database.begin() as connection:
                await leave_run(connection, night=self.night, owner=self.owner)


async def keep_examining(
    parts: Processing,
    stop: asyncio.Event,
    *,
    environment: str,
    period: float = PERIOD_SECONDS,
) -> None:
    """Do each night's run when nobody else does, until told to stop.

    Outlives the loss of the database and of the vault: the run goes on where it was.
    """
    while not stop.is_set():
        try:
            await _examine_once(parts, stop, environment)
        except Unavailable as error:
            _log.warning("fsck.waits", part=error.part)
        except Exception as error:  # noqa: BLE001 -- reason: packages go on whatever happens here
            _log.error("fsck.failed", error=type(error).__qualname__, places=places_of(error))
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), period)


async def _examine_once(parts: Processing, stop: asyncio.Event, environment: str) -> None:
    """Take the run that is due, if it is free, and bring it to its end."""
    now = parts.clock()
    async with parts.database.read() as connection:
        night = await due_run(connection, now)
    if night is None:
        return
    run = _Run(parts=parts, stop=stop, night=night, owner=secrets.token_hex(8))
    fresh = Progress(started_at=now, seed=secrets.token_hex(16))
    async with parts.database.begin() as connection:
        progress = await take_run(connection, night=night, owner=run.owner, fresh=fresh)
    if progress is None:
        return
    try:
        report = await _examine(run, progress, environment)
    except _Ended:
        await run.leave()
        return
    except BaseException:
        await run.leave()
        raise
    async with parts.database.begin() as connection:
        finished = await finish_run(connection, night=night, owner=run.owner, report=report)
    if finished:
        _tell(report, night)


async def _examine(run: _Run, progress: Progress, environment: str) -> Report:
    parts = run.parts
    examination = Examination(
        database=parts.database,
        vault=parts.vault,
        keys=parts.keys,
        processes=parts.processes,
        options=NIGHTLY,
        environment=environment,
        progress=progress,
        pace=Pace(parallel=PARALLEL, rate=RATE),
        save=run.save,
    )
    return await examine(examination, clock=parts.clock)


def _tell(report: Report, night: date) -> None:
    """Put the result into the log: an alarm when somebody must act."""
    counts = {code.value: times for code, times in report.found.items()}
    if report.clean:
        _log.info("fsck.clean", night=night.isoformat(), counts=dict(report.counts), notes=counts)
    else:
        _log.error("fsck.findings", night=night.isoformat(), count=report.errors, codes=counts)
