"""What the journal keeps of the register: what the signed originals do not say."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Text, and_, any_, cast, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.journal import Journal, Kind
from app.journal.entry import as_written
from app.register.record import Standing
from app.register.tables import (
    transcript_codes,
    transcript_standings,
    transcript_withdrawals,
    transcripts,
)


async def changes_by(
    connection: AsyncConnection, package_id: UUID, codes: Iterable[str]
) -> dict[str, list[dict[str, Any]]]:
    """Tell what a package has registered and withdrawn, as its transaction sees it.

    Args:
        connection: the transaction.
        package_id: the package.
        codes: of its items; others than these and their previous versions it cannot have touched.

    Returns:
        `transcripts` and `withdrawn`, by code; reports are the text that is stored.
    """
    named = sorted(set(codes))
    registered = await _registered(connection, package_id, named)
    before = [row["previous_code"] for row in registered if row["previous_code"] is not None]
    return {
        "transcripts": registered,
        "withdrawn": await _withdrawn(connection, package_id, [*named, *before]),
    }


async def journal_standing(  # noqa: PLR0913 -- reason: the columns of one row
    journal: Journal,
    connection: AsyncConnection,
    *,
    transcript_code: str,
    standing: Standing,
    cause: str | None,
    trust_snapshot_sha256: str,
    at: datetime,
) -> None:
    """Keep what became of a provisional transcript.

    Raises:
        Unavailable: the vault cannot take it now.
    """
    body = {
        "code": transcript_code,
        "standing": standing.value,
        "cause": cause,
        "trust_snapshot_sha256": trust_snapshot_sha256,
        "at": at,
    }
    await journal.write(connection, Kind.STANDING, as_written(body), at=at)


async def _registered(
    connection: AsyncConnection, package_id: UUID, codes: list[str]
) -> list[dict[str, Any]]:
    provisional = and_(
        transcript_standings.c.transcript_code == transcript_codes.c.transcript_code,
        transcript_standings.c.standing == Standing.PROVISIONAL.value,
    )
    statement = (
        select(
            transcripts.c.transcript_code.label("code"),
            transcripts.c.school_year,
            transcripts.c.version,
            transcripts.c.previous_code,
            transcripts.c.original_sha256,
            transcripts.c.byte_offset,
            transcripts.c.byte_length,
            transcripts.c.accepted_at,
            cast(transcripts.c.report, Text).label("report"),
            transcript_standings.c.trust_snapshot_sha256.label("provisional_under"),
        )
        .select_from(
            transcript_codes.join(
                transcripts,
                and_(
                    transcripts.c.school_year == transcript_codes.c.school_year,
                    transcripts.c.transcript_code == transcript_codes.c.transcript_code,
                ),
            ).outerjoin(transcript_standings, provisional)
        )
        .where(
            _in(transcript_codes.c.transcript_code, codes),
            transcripts.c.package_id == package_id,
        )
        .order_by(transcript_codes.c.transcript_code)
    )
    return [as_written(row) for row in (await connection.execute(statement)).mappings()]


async def _withdrawn(
    connection: AsyncConnection, package_id: UUID, codes: list[str]
) -> list[dict[str, Any]]:
    statement = (
        select(
            transcript_withdrawals.c.transcript_code.label("code"),
            transcript_withdrawals.c.cause,
            transcript_withdrawals.c.reason,
            transcript_withdrawals.c.at,
        )
        .where(
            _in(transcript_withdrawals.c.transcript_code, codes),
            transcript_withdrawals.c.package_id == package_id,
        )
        .order_by(transcript_withdrawals.c.transcript_code)
    )
    return [as_written(row) for row in (await connection.execute(statement)).mappings()]


def _in(column: ColumnElement[str], values: list[str]) -> ColumnElement[bool]:
    return column == any_(literal(values, ARRAY(Text)))
