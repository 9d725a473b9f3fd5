"""A run over the archive: page by page, several transcripts at once."""

import asyncio
import math
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from app.audit.record import Action, record
from app.db import Database
from app.errors import IntegrityFailure, NotFound
from app.intake.dispute import keep_disputes, record_disputes
from app.intake.processes import VerificationProcesses
from app.keys import WorkerKeys
from app.register.archive import Kept, count_year, next_year, page_of_year
from app.reverification.comparison import Rechecked, Result, compare, question_of
from app.secondopinion.bundle import Bundle
from app.signatures.trust import Registration
from app.trust.registry import registrations_of
from app.vault import Vault

ACTOR = "reverify"
"""Who a run is in the audit."""

PAGE = 200
"""Transcripts worked on at a time: 20 MB of originals, some seconds of work."""

MAX_FINDINGS = 100
"""Recheckeds handed back: a whole archive gone wrong is one finding, the log names them all."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which part of the archive to verify.

    Attributes:
        year: one school year, by the year that it starts in; None for all.
        sample: the most transcripts of each year; None for no such limit.
        share: the part of each year, from 0 to 1.
        after: the code to start behind. A sample begins here and goes round.
    """

    year: int | None = None
    sample: int | None = None
    share: float = 1.0
    after: str = ""

    def size(self, count: int) -> int:
        """Say how many of a year's transcripts are verified."""
        wanted = math.ceil(count * self.share)
        return wanted if self.sample is None else min(wanted, self.sample)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What a run works with.

    Attributes:
        database: as hocba_worker.
        processes: verify with both engines (a sample of everything).
    """

    database: Database
    vault: Vault
    keys: WorkerKeys
    processes: VerificationProcesses
    clock: Callable[[], datetime]


@dataclass(slots=True)
class Tally:
    """What a run has come to so far.

    Attributes:
        year: the school year being read.
        expected: transcripts of that year that will be verified.
        done: of those, how many are.
        last_code: everything of the year up to this code is done.
        results: over all years.
        findings: the first `MAX_FINDINGS` that were not confirmed.
    """

    year: int = 0
    expected: int = 0
    done: int = 0
    last_code: str = ""
    results: Counter[Result] = field(default_factory=Counter)
    findings: list[Rechecked] = field(default_factory=list)

    @property
    def confirmed(self) -> bool:
        """Whether nothing differed."""
        return set(self.results) <= {Result.CONFIRMED}

    def add(self, rechecked: Rechecked) -> None:
        """Count one transcript."""
        self.results[rechecked.result] += 1
        self.done += 1
        if rechecked.result is not Result.CONFIRMED and len(self.findings) < MAX_FINDINGS:
            self.findings.append(rechecked)


async def reverify(
    parts: Parts, selection: Selection, tally: Tally, *, show: Callable[[], None]
) -> None:
    """Verify the selected part of the archive again.

    Repeatable and safe beside a running service: it writes to the audit, and bundles of disputes to
    the vault, nothing else.

    Args:
        parts: what to work with.
        selection: which part of the archive.
        tally: filled as the run goes on.
        show: called after each page.

    Raises:
        Unavailable: the database or the vault is away; `tally` says how far it came.
    """
    year = selection.year if selection.year is not None else await _next_year(parts, 0)
    while year is not None:
        await _reverify_year(parts, selection, year, tally, show)
        year = None if selection.year is not None else await _next_year(parts, year)


async def _next_year(parts: Parts, after: int) -> int | None:
    async with parts.database.read() as connection:
        return await next_year(connection, after)


async def _reverify_year(
    parts: Parts, selection: Selection, year: int, tally: Tally, show: Callable[[], None]
) -> None:
    async with parts.database.read() as connection:
        tally.expected = selection.size(await count_year(connection, year))
    tally.year, tally.done, before = year, 0, tally.results.copy()
    known: dict[str, tuple[Registration, ...]] = {}
    async with aclosing(_pages(parts, selection, year, tally.expected)) as pages:
        async for page in pages:
            await _learn(parts, page, known)
            work = (_reverify_one(parts, kept, known[kept.record.school_code]) for kept in page)
            for rechecked in await asyncio.gather(*work):
                tally.add(rechecked)
            tally.last_code = page[-1].record.transcript_code
            show()
    counts = {result.value: n for result, n in (tally.results - before).items()}
    async with parts.database.begin() as connection:
        await record(
            connection,
            at=parts.clock(),
            actor=ACTOR,
            action=Action.ARCHIVE_VERIFIED,
            object=str(year),
            detail=counts,
        )


async def _pages(
    parts: Parts, selection: Selection, year: int, wanted: int
) -> AsyncGenerator[tuple[Kept, ...]]:
    """Read a year from the selection's start on; a part of a year goes round at the end."""
    after, begun_again = selection.after, False
    whole = selection.sample is None and selection.share == 1.0
    while wanted > 0:
        async with parts.database.read() as connection:
            page = await page_of_year(connection, year, after=after, limit=min(PAGE, wanted))
        if page:
            after, wanted = page[-1].record.transcript_code, wanted - len(page)
            yield page
        elif whole or begun_again:
            return
        else:
            after, begun_again = "", True


async def _learn(
    parts: Parts, page: tuple[Kept, ...], known: dict[str, tuple[Registration, ...]]
) -> None:
    """Look up the certificates of schools that the run has not met yet.

    All schools of the country take some 50 MB.
    """
    schools = {kept.record.school_code for kept in page} - known.keys()
    async with parts.database.read() as connection:
        for school in schools:
            known[school] = await registrations_of(connection, school)


async def _reverify_one(
    parts: Parts, kept: Kept, registrations: tuple[Registration, ...]
) -> Rechecked:
    """Read one original back and verify it; what differs is an alarm, a dispute is kept."""
    row = kept.record
    rechecked, dispute = await judge_again(
        parts.vault, parts.processes, parts.keys, kept, registrations
    )
    if dispute is not None:
        await keep_disputes(parts.vault, [dispute])
        async with parts.database.begin() as connection:
            await record_disputes(
                connection,
                [dispute],
                package_id=row.package_id,
                actor=ACTOR,
                now=parts.clock(),
            )
    if rechecked.result is not Result.CONFIRMED:
        _log.error(
            "archive.differs",
            original=row.original_sha256,
            package=str(row.package_id),
            result=rechecked.result.value,
            reasons=rechecked.reasons,
        )
    return rechecked


async def judge_again(
    vault: Vault,
    processes: VerificationProcesses,
    keys: WorkerKeys,
    kept: Kept,
    registrations: tuple[Registration, ...],
) -> tuple[Rechecked, Bundle | None]:
    """Read one original back and verify it as when it came in; nothing is written.

    Returns:
        What it came to, and what the engines differ on.

    Raises:
        Unavailable: the vault cannot answer now.
    """
    row = kept.record
    # 1 the bytes; what the vault cannot prove is a finding, a vault that is away ends the run
    try:
        text = await vault.get_range(row.package_digest, row.byte_offset, row.byte_length)
    except NotFound:
        return _rechecked(kept, Result.MISSING, ()), None
    except (IntegrityFailure, ValueError):
        return _rechecked(kept, Result.ALTERED, ()), None
    # 2 the question of that time
    question = question_of(kept)
    if question is None:
        return _rechecked(kept, Result.CHANGED, ("report",)), None
    # 3 both engines, with the registrations of today for the days of that time
    verdict = await processes.check_item(text, question, registrations)
    result, reasons = compare(kept, verdict, keys)
    return _rechecked(kept, result, reasons), verdict.dispute


def _rechecked(kept: Kept, result: Result, reasons: tuple[str, ...]) -> Rechecked:
    row = kept.record
    return Rechecked(
        school_year=row.school_year,
        transcript_code=row.transcript_code,
        original_sha256=row.original_sha256,
        result=result,
        reasons=reasons,
    )
