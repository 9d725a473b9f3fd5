"""The versions of one transcript: what was issued for a place, withdrawn, and issued anew."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.register.record import TranscriptRecord
from app.register.tables import transcript_withdrawals, transcripts
from app.register.withdraw import Cause


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One transcript of a chain.

    Attributes:
        package_id: the package that brought it.
        withdrawn_by: the package that withdrew it or brought its successor.
        cause: why it left force; None while in force.
        reason: the school's own words; may hold personal data.
    """

    version: int
    transcript_code: str
    previous_code: str | None
    original_sha256: str
    package_id: UUID
    accepted_at: datetime
    withdrawn_at: datetime | None
    withdrawn_by: UUID | None
    cause: Cause | None
    reason: str | None


async def versions_of(connection: AsyncConnection, of: TranscriptRecord) -> tuple[Version, ...]:
    """List every transcript of a record's student, school, school year and level, oldest first."""
    statement = (
        select(
            transcripts.c.version,
            transcripts.c.transcript_code,
            transcripts.c.previous_code,
            transcripts.c.original_sha256,
            transcripts.c.package_id,
            transcripts.c.accepted_at,
            transcripts.c.withdrawn_at,
            transcript_withdrawals.c.package_id.label("withdrawn_by"),
            transcript_withdrawals.c.cause,
            transcript_withdrawals.c.reason,
        )
        .outerjoin(
            transcript_withdrawals,
            transcript_withdrawals.c.transcript_code == transcripts.c.transcript_code,
        )
        .where(
            transcripts.c.school_year == of.school_year,
            transcripts.c.school_code == of.school_code,
            transcripts.c.student_code == of.student_code,
            transcripts.c.level == of.level,
        )
        .order_by(transcripts.c.version)
    )
    return tuple(
        Version(**{**row, "cause": None if row["cause"] is None else Cause(row["cause"])})
        for row in (await connection.execute(statement)).mappings()
    )
