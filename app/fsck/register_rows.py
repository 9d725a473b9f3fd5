"""What the database says of some transcripts, with everything that must agree with them."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.fsck.package_rows import RECORD_COLUMNS
from app.register.record import TranscriptRecord

PAGE = 200
"""Transcripts looked at in one transaction: some hundred kilobytes of rows."""

_TRANSCRIPT = f"""
    SELECT {RECORD_COLUMNS},
        c.original_sha256 AS indexed_sha256, c.school_year AS indexed_year,
        p.digest AS source_digest, p.finished_at AS source_finished_at,
        EXISTS (
            SELECT FROM package_items AS i
            WHERE i.package_id = t.package_id AND i.transcript_code = t.transcript_code
                AND i.result = '01'
        ) AS sourced,
        o.version AS previous_version, o.withdrawn_at AS previous_withdrawn_at,
        (o.school_code, o.student_code, o.level) = (t.school_code, t.student_code, t.level)
            AS previous_alike,
        t.withdrawn_at IS NULL AND EXISTS (
            SELECT FROM transcripts AS r
            WHERE r.school_year = t.school_year AND r.school_code = t.school_code
                AND r.student_code = t.student_code AND r.level = t.level
                AND r.withdrawn_at IS NULL AND r.transcript_code <> t.transcript_code
        ) AS rivalled,
        w.cause AS cause, w.at AS taken_back_at, b.finished_at AS taker_finished_at,
        b.purpose AS taker_purpose,
        (
            SELECT jsonb_agg(jsonb_build_array(s.standing, s.code, s.at = t.accepted_at)
                ORDER BY s.standing)
            FROM transcript_standings AS s WHERE s.transcript_code = t.transcript_code
        ) AS standings
    FROM transcripts AS t
    LEFT JOIN transcript_codes AS c ON c.transcript_code = t.transcript_code
    LEFT JOIN packages AS p ON p.package_id = t.package_id
    LEFT JOIN transcripts AS o
        ON o.school_year = t.school_year AND o.transcript_code = t.previous_code
    LEFT JOIN transcript_withdrawals AS w ON w.transcript_code = t.transcript_code
    LEFT JOIN packages AS b ON b.package_id = w.package_id
    WHERE t.school_year = :year
"""  # noqa: S608 -- reason: the names of our own columns

_AFTER = text(
    f"{_TRANSCRIPT} AND t.transcript_code > :after ORDER BY t.transcript_code LIMIT :limit"
)
_NAMED = text(f"{_TRANSCRIPT} AND t.transcript_code = ANY(:codes) ORDER BY t.transcript_code")

_NEXT_YEAR = text("SELECT min(school_year) FROM transcripts WHERE school_year > :after")

_REPORTS = text("""
    SELECT transcript_code, report::text AS report FROM transcripts
    WHERE school_year = :year AND transcript_code = ANY(:codes)
""")

_LOST_CODES = text("""
    SELECT c.transcript_code, t.original_sha256 IS NOT DISTINCT FROM c.original_sha256 AS alike
    FROM transcript_codes AS c
    LEFT JOIN transcripts AS t
        ON t.school_year = c.school_year AND t.transcript_code = c.transcript_code
    WHERE c.transcript_code > :after ORDER BY c.transcript_code LIMIT :limit
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptRow:
    """One row of the register with what its neighbours say.

    Attributes:
        indexed_sha256: what `transcript_codes` says of its code; None when that is not there.
        source_digest: of the package that it names; None when there is none.
        sourced: whether that package has an accepted item with this code.
        previous_alike: whether the version before has the same school, student and level.
        rivalled: whether another transcript is in force in its place.
        taken_back_at: when it was withdrawn by its record; None without one.
        taker_finished_at: when the package that withdrew or replaced it was decided.
        standings: (standing, code, whether at the moment of acceptance), by name.
    """

    record: TranscriptRecord
    indexed_sha256: str | None
    indexed_year: int | None
    source_digest: str | None
    source_finished_at: datetime | None
    sourced: bool
    previous_version: int | None
    previous_withdrawn_at: datetime | None
    previous_alike: bool | None
    rivalled: bool
    cause: str | None
    taken_back_at: datetime | None
    taker_finished_at: datetime | None
    taker_purpose: str | None
    standings: list[tuple[str, str | None, bool]] | None


async def next_year(connection: AsyncConnection, after: int) -> int | None:
    """Find the first school year after another one that has transcripts."""
    year: int | None = await connection.scalar(_NEXT_YEAR, {"after": after})
    return year


async def transcripts_after(
    connection: AsyncConnection, year: int, after: str
) -> list[TranscriptRow]:
    """Read the next transcripts of a school year in the order of their codes."""
    return await _load(connection, _AFTER, {"year": year, "after": after, "limit": PAGE})


async def transcripts_named(
    connection: AsyncConnection, year: int, codes: Sequence[str]
) -> list[TranscriptRow]:
    """Read some transcripts again."""
    return await _load(connection, _NAMED, {"year": year, "codes": list(codes)})


async def reports_of(
    connection: AsyncConnection, year: int, codes: Sequence[str]
) -> dict[str, str]:
    """Read the verification reports of some transcripts, as they were written."""
    found = await connection.execute(_REPORTS, {"year": year, "codes": list(codes)})
    return {row.transcript_code: row.report for row in found}


async def codes_after(
    connection: AsyncConnection, after: str, limit: int
) -> list[tuple[str, bool]]:
    """Read the next codes, and whether each has its transcript."""
    found = await connection.execute(_LOST_CODES, {"after": after, "limit": limit})
    return [(row.transcript_code, row.alike) for row in found]


async def _load(
    connection: AsyncConnection, statement: TextClause, values: dict[str, Any]
) -> list[TranscriptRow]:
    names = {field.name for field in fields(TranscriptRecord)}
    rows = []
    for found in (await connection.execute(statement, values)).mappings():
        own = {name: value for name, value in found.items() if name in names}
        beside: dict[str, Any] = {n: value for n, value in found.items() if n not in names}
        rows.append(TranscriptRow(record=TranscriptRecord(**own), **beside))
    return rows
