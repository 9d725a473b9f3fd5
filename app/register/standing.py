"""Provisional transcripts: which there are, and what became of each."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from app.register.record import NewRecord, Standing
from app.register.tables import transcript_standings


async def note_provisional(connection: AsyncConnection, registered: Sequence[NewRecord]) -> None:
    """Note which of the newly registered transcripts stand provisionally."""
    rows = {
        new.record.transcript_code: {
            "transcript_code": new.record.transcript_code,
            "standing": Standing.PROVISIONAL.value,
            "trust_snapshot_sha256": new.provisional_under,
            "at": new.record.accepted_at,
        }
        for new in registered
        if new.provisional_under is not None
    }
    if rows:
        await connection.execute(insert(transcript_standings), list(rows.values()))


async def standing_of(connection: AsyncConnection, code: str) -> Standing:
    """Say how a registered transcript stands; FINAL when revocation was never left open."""
    statement = (
        select(transcript_standings.c.standing)
        .where(transcript_standings.c.transcript_code == code)
        .order_by(transcript_standings.c.standing == Standing.PROVISIONAL)
        .limit(1)
    )
    noted = (await connection.execute(statement)).scalar_one_or_none()
    return Standing.FINAL if noted is None else Standing(noted)


async def provisional_codes(
    connection: AsyncConnection, *, after: str, limit: int
) -> tuple[str, ...]:
    """List transcripts that still stand provisionally, by code.

    Args:
        connection: a transaction of a role that may read the register.
        after: the last code of the page before; "" for the first.
        limit: the most to give.
    """
    decided = transcript_standings.alias()
    statement = (
        select(transcript_standings.c.transcript_code)
        .where(
            transcript_standings.c.standing == Standing.PROVISIONAL,
            transcript_standings.c.transcript_code > after,
            ~exists().where(
                decided.c.transcript_code == transcript_standings.c.transcript_code,
                decided.c.standing != Standing.PROVISIONAL,
            ),
        )
        .order_by(transcript_standings.c.transcript_code)
        .limit(limit)
    )
    return tuple(await connection.scalars(statement))


async def decide_standing(
    connection: AsyncConnection,
    *,
    transcript_code: str,
    standing: Standing,
    code: str | None,
    trust_snapshot_sha256: str,
    at: datetime,
) -> bool:
    """Note what became of a provisional transcript; false when somebody else has."""
    statement = (
        insert(transcript_standings)
        .values(
            transcript_code=transcript_code,
            standing=standing.value,
            code=code,
            trust_snapshot_sha256=trust_snapshot_sha256,
            at=at,
        )
        .on_conflict_do_nothing()
        .returning(transcript_standings.c.transcript_code)
    )
    return (await connection.execute(statement)).scalar_one_or_none() is not None
