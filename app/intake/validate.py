"""A dry run: what would become of a package, told at once and not kept."""

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncConnection

from app.audit.record import Action, record
from app.clients.accounts import Scope
from app.db import Database
from app.errors import Unavailable
from app.intake.decision import Decision, RefusedWhole, TakenApart, Withdrawing
from app.intake.judging import Judges, judge_package
from app.intake.limits import VALIDATION_SECONDS, VALIDATIONS_AT_ONCE
from app.intake.package import Item
from app.intake.packages import find_message
from app.intake.processes import CheckFailed, VerificationProcesses
from app.intake.reading import Reader
from app.intake.receive import Submission
from app.intake.registration import foresee_judged
from app.intake.upload import Spooled, uploaded
from app.intake.withdrawal import foresee_items
from app.signatures.trust import TrustSnapshot
from app.transcripts.finding import Finding
from app.trust.bundle import load_bundle
from app.trust.evidence import with_evidence

PROCESSES = 1
"""Verification processes of a web process: dry runs must not take the cores from its workers."""

TRUST_AGE = timedelta(minutes=5)
"""How old the evidence about revocation may be that a dry run is judged by."""

BUSY_SECONDS = 10
"""When to ask again after a dry run found no place or no end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Validated:
    """What would become of a package, and of each transcript or withdrawal in it."""

    digest: str
    decision: Decision
    items: tuple[Item, ...]


class DryRuns:
    """The verification processes of a web process, started by its first dry run.

    Of one event loop.
    """

    def __init__(
        self,
        database: Database,
        *,
        trust_folder: Path,
        provisional: bool,
        seconds: float = VALIDATION_SECONDS,
    ) -> None:
        """Prepare, and start nothing.

        Args:
            database: as hocba_web.
            trust_folder: whom to trust.
            provisional: whether unknown revocation accepts provisionally.
            seconds: time for one run, waiting for a place included.
        """
        self._database = database
        self._trust_folder = trust_folder
        self._provisional = provisional
        self._seconds = seconds
        self._places = asyncio.Semaphore(VALIDATIONS_AT_ONCE)
        self._starting = asyncio.Lock()
        self._processes: VerificationProcesses | None = None
        self._renewed_at: datetime | None = None

    async def validate(self, submission: Submission, reader: Reader) -> Validated:
        """Judge a package as a submission would be now; of it nothing is kept.

        The audit gets one line, because the answer may say what is in force for a child.

        Raises:
            NotAllowed: the caller may not submit packages.
            InvalidRequest: as `receive_package`; so do TooLarge and DigestMismatch.
            Unavailable: the database cannot answer, or the run found no place or no end in time.
            StartRefused: this process does not know whom to trust.
        """
        reader.caller.require(Scope.PACKAGES_WRITE)
        async with uploaded(submission.body, submission.declared) as upload:
            try:
                async with asyncio.timeout(self._seconds), self._places:
                    return await self._judge(upload, reader)
            except TimeoutError as error:
                raise Unavailable(part="validation", retry_after=BUSY_SECONDS) from error

    def close(self) -> None:
        """End the processes; blocking."""
        if self._processes is not None:
            self._processes.close()

    async def _judge(self, upload: Spooled, reader: Reader) -> Validated:
        # The key to the lists of staff is the workers' alone: who signs is not held to them here.
        processes = await self._ready(reader.now)
        judges = Judges(database=self._database, processes=processes, staff_key=None)
        content = await asyncio.to_thread(upload.content.read)
        try:
            decision = await judge_package(
                judges, content, client_id=reader.caller.client_id, received_at=reader.now
            )
        except CheckFailed as failed:
            decision = RefusedWhole(findings=(Finding(code=failed.code),))
        return await self._foresee(decision, upload.digest, reader)

    async def _foresee(self, decision: Decision, digest: str, reader: Reader) -> Validated:
        """Hold the verdicts to the register, as the commit of a decision would."""
        async with self._database.begin() as connection:
            message, school = decision.message, decision.school
            if message is not None and school is not None:
                used = await find_message(connection, school.code, message.message_id)
                if used is not None and used.digest != digest:
                    finding = Finding(code="PKG-108", value=f"{digest} ≠ {used.digest}")
                    decision = RefusedWhole(findings=(finding,), message=message, school=school)
            items = await _items(connection, decision, now=reader.now)
            await record(
                connection,
                at=reader.now,
                actor=reader.caller.client_id,
                action=Action.PACKAGE_VALIDATED,
                object=digest,
                detail={"items": len(items)},
                trace_id=reader.trace_id,
            )
        return Validated(digest=digest, decision=decision, items=items)

    async def _ready(self, now: datetime) -> VerificationProcesses:
        """Give processes that trust what is trusted now; the first call starts them."""
        async with self._starting:
            if self._processes is None:
                trust = await self._trust(now)
                self._processes = VerificationProcesses(processes=PROCESSES, trust=trust)
                self._renewed_at = now
            elif self._renewed_at is None or now - self._renewed_at > TRUST_AGE:
                await self._processes.renew(await self._trust(now))
                self._renewed_at = now
            return self._processes

    async def _trust(self, now: datetime) -> TrustSnapshot:
        trust = (await asyncio.to_thread(load_bundle, self._trust_folder)).trust
        trust = replace(trust, provisional=self._provisional)
        return await with_evidence(self._database, trust, now=now)


async def _items(
    connection: AsyncConnection, decision: Decision, *, now: datetime
) -> tuple[Item, ...]:
    match decision:
        case RefusedWhole():
            return ()
        case TakenApart():
            return await foresee_judged(connection, decision.judged)
        case Withdrawing():
            message, levels = decision.message, decision.levels
            return await foresee_items(connection, message, levels=levels, now=now)
