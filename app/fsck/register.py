"""The stages of the register: every transcript and every code, and a sample verified again."""

import asyncio
from collections.abc import Sequence

from app.fsck.examination import Examination, seen_twice
from app.fsck.findings import Code, Finding
from app.fsck.progress import Step
from app.fsck.register_checks import check_transcript, is_digest
from app.fsck.register_rows import (
    PAGE,
    TranscriptRow,
    codes_after,
    next_year,
    reports_of,
    transcripts_after,
    transcripts_named,
)
from app.intake.processes import VerificationProcesses
from app.register.archive import Kept
from app.reverification.comparison import Rechecked, Result
from app.reverification.run import judge_again
from app.secondopinion.sampling import Sampling, is_sampled
from app.signatures.revocation import REVOCATIONS
from app.signatures.trust import Registration
from app.trust.registry import registrations_of

CODES_PAGE = 1000
"""Codes looked at in one transaction."""


async def examine_register(parts: Examination, cursor: str) -> Step:
    """Examine the next page of transcripts, year by year in the order of their codes.

    Args:
        parts: what to work with.
        cursor: "YEAR/CODE" of the last one; "" for the first page.

    Raises:
        Unavailable: the database or the vault cannot answer now.
    """
    said, _, code = cursor.partition("/")
    async with parts.database.read() as connection:
        year = int(said) if said else await next_year(connection, 0)
        if year is None:
            return Step(findings=(), counts={}, cursor=None)
        page = await transcripts_after(connection, year, code)
        later = None if len(page) == PAGE else await next_year(connection, year)
    found = await _checked(parts, year, page)
    verified = await _verify_sample(parts, year, page)
    return Step(
        findings=(*found, *verified.findings),
        counts={"transcripts": len(page), "verified": verified.counts["verified"]},
        cursor=_cursor(page, year, later),
    )


def _cursor(page: Sequence[TranscriptRow], year: int, later: int | None) -> str | None:
    if len(page) == PAGE:
        return f"{year}/{page[-1].record.transcript_code}"
    return None if later is None else f"{later}/"


async def _checked(
    parts: Examination, year: int, page: Sequence[TranscriptRow]
) -> tuple[Finding, ...]:
    def look(rows: Sequence[TranscriptRow]) -> tuple[Finding, ...]:
        return tuple(finding for row in rows for finding in check_transcript(row, parts.keys))

    found = look(page)
    wrong = sorted({finding.object for finding in found})

    async def again() -> tuple[Finding, ...]:
        async with parts.database.read() as connection:
            return look(await transcripts_named(connection, year, wrong))

    return await seen_twice(found, again, pause=parts.second_look)


async def _verify_sample(parts: Examination, year: int, page: Sequence[TranscriptRow]) -> Step:
    """Let the signatures of a sample be verified as when they came in."""
    sampling = Sampling(share=parts.options.verify, key=parts.progress.seed.encode())
    sample = [
        row
        for row in page
        if is_digest(row.record.original_sha256)
        and is_sampled(row.record.original_sha256, sampling)
    ]
    if parts.processes is None or not sample:
        return Step(findings=(), counts={"verified": 0}, cursor=None)
    schools = {row.record.school_code for row in sample}
    async with parts.database.read() as connection:
        known = {school: await registrations_of(connection, school) for school in schools}
        reports = await reports_of(connection, year, [r.record.transcript_code for r in sample])
    judged = await asyncio.gather(
        *(
            _verify(parts, parts.processes, row, reports, known[row.record.school_code])
            for row in sample
        )
    )
    findings = tuple(finding for finding in judged if finding is not None)
    return Step(findings=findings, counts={"verified": len(sample)}, cursor=None)


async def _verify(
    parts: Examination,
    processes: VerificationProcesses,
    row: TranscriptRow,
    reports: dict[str, str],
    registrations: tuple[Registration, ...],
) -> Finding | None:
    kept = Kept(record=row.record, report=reports.get(row.record.transcript_code, ""))
    async with parts.pace:
        rechecked, _ = await judge_again(parts.vault, processes, parts.keys, kept, registrations)
    if rechecked.result is Result.CONFIRMED or _is_known(row, rechecked):
        return None
    # What the bytes lack is a finding about the bytes.
    lost = rechecked.result in {Result.MISSING, Result.ALTERED}
    return Finding(
        code=Code.TRANSCRIPT_BYTES if lost else Code.TRANSCRIPT_VERIFICATION,
        object=row.record.transcript_code,
        detail=" ".join((rechecked.result.value, *rechecked.reasons)),
    )


def _is_known(row: TranscriptRow, rechecked: Rechecked) -> bool:
    """Tell a revocation that the register knows of, or that the worker is still to decide on."""
    standings = {name for name, _, _ in row.standings or []}
    undecided = "provisional" in standings and "final" not in standings
    return (
        undecided and rechecked.result is Result.REFUSED and set(rechecked.reasons) <= REVOCATIONS
    )


async def examine_codes(parts: Examination, cursor: str) -> Step:
    """Examine the next page of codes: each must have its transcript.

    Raises:
        Unavailable: the database cannot answer now.
    """

    async def look() -> list[tuple[str, bool]]:
        async with parts.database.read() as connection:
            return await codes_after(connection, cursor, CODES_PAGE)

    def lost(page: list[tuple[str, bool]]) -> tuple[Finding, ...]:
        return tuple(
            Finding(code=Code.TRANSCRIPT_INDEX, object=code) for code, alike in page if not alike
        )

    async def again() -> tuple[Finding, ...]:
        return lost(await look())

    page = await look()
    found = await seen_twice(lost(page), again, pause=parts.second_look)
    full = len(page) == CODES_PAGE
    return Step(findings=found, counts={"codes": len(page)}, cursor=page[-1][0] if full else None)
