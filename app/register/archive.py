"""Reading the whole register, page by page, for those who prove it again."""

from dataclasses import dataclass, fields

from sqlalchemy import Text, cast, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.register.record import TranscriptRecord
from app.register.tables import transcripts


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One row of the register with its report as JSON text. Holds a child's name: never logged."""

    record: TranscriptRecord
    report: str


async def next_year(connection: AsyncConnection, after: int) -> int | None:
    """Find the first school year after another one that has transcripts; None when none has."""
    later = transcripts.c.school_year > after
    statement = select(func.min(transcripts.c.school_year)).where(later)
    year: int | None = (await connection.execute(statement)).scalar_one()
    return year


async def count_year(connection: AsyncConnection, year: int) -> int:
    """Count the transcripts of one school year, withdrawn ones too."""
    statement = select(func.count()).where(transcripts.c.school_year == year)
    return (await connection.execute(statement)).scalar_one()


async def page_of_year(
    connection: AsyncConnection, year: int, *, after: str, limit: int
) -> tuple[Kept, ...]:
    """Read the next transcripts of one school year in the order of their codes.

    Codes are keyed hashes, so rows next to each other have nothing in common: any stretch of them
    is a random sample.

    Args:
        connection: a transaction of a role that may read the register.
        year: the year that the school year starts in.
        after: the code (or a part of one) to start behind; "" for the first page.
        limit: the most rows.
    """
    columns = [transcripts.c[field.name] for field in fields(TranscriptRecord)]
    statement = (
        select(*columns, cast(transcripts.c.report, Text).label("report_text"))
        .where(transcripts.c.school_year == year, transcripts.c.transcript_code > after)
        .order_by(transcripts.c.transcript_code)
        .limit(limit)
    )
    kept = []
    for row in (await connection.execute(statement)).mappings():
        values = dict(row)
        report = values.pop("report_text")
        kept.append(Kept(record=TranscriptRecord(**values), report=report))
    return tuple(kept)
