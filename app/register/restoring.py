"""Writing the register anew, for `app.rebuild` alone, in its one transaction as the owner."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    JSON,
    Text,
    any_,
    bindparam,
    cast,
    insert,
    literal,
    select,
    text,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from app.register.record import NewRecord, TranscriptRecord
from app.register.standing import note_provisional
from app.register.tables import transcript_codes, transcript_withdrawals, transcripts

_INSERT = insert(transcripts).values(report=cast(bindparam("report_text", type_=Text), JSON))
"""The report's text goes in as it was: encoding it again would change its spelling."""


_COLUMNS = tuple(field.name for field in fields(TranscriptRecord))


async def shut_out_writers(connection: AsyncConnection) -> None:
    """Let nobody else write the register until the transaction ends.

    Raises:
        Unavailable: somebody holds rows for longer than the database's lock time-out.
    """
    await connection.execute(text("LOCK TABLE transcripts, transcript_standings IN EXCLUSIVE MODE"))


async def known_codes(connection: AsyncConnection, codes: Collection[str]) -> frozenset[str]:
    """Find which codes the register has."""
    statement = select(transcript_codes.c.transcript_code).where(
        transcript_codes.c.transcript_code == any_(literal(sorted(codes), ARRAY(Text)))
    )
    return frozenset(await connection.scalars(statement))


async def restore_transcripts(connection: AsyncConnection, new: Sequence[NewRecord]) -> None:
    """Register transcripts as they were accepted, with the versions that they had.

    What left force before must be restored before, as it happened.

    Raises:
        sqlalchemy.exc.IntegrityError: a code, an original, a version or a place is taken.
    """
    if not new:
        return
    rows = [
        {name: getattr(one.record, name) for name in _COLUMNS} | {"report_text": one.report}
        for one in new
    ]
    await connection.execute(_INSERT, rows)
    codes = [
        {name: row[name] for name in ("transcript_code", "school_year", "original_sha256")}
        for row in rows
    ]
    await connection.execute(insert(transcript_codes), codes)
    await note_provisional(connection, new)


async def restore_withdrawals(
    connection: AsyncConnection, package_id: UUID, withdrawn: Sequence[Mapping[str, Any]]
) -> None:
    """Take transcripts out of force as a package did.

    Args:
        connection: an open transaction.
        package_id: which withdrew them or brought their successors.
        withdrawn: {code, cause, reason, at} of each.

    Raises:
        sqlalchemy.exc.IntegrityError: a code is not registered, or was withdrawn before.
    """
    for one in withdrawn:
        at = datetime.fromisoformat(one["at"])
        year = (
            select(transcript_codes.c.school_year)
            .where(transcript_codes.c.transcript_code == one["code"])
            .scalar_subquery()
        )
        await connection.execute(
            update(transcripts)
            .where(
                transcripts.c.school_year == year,
                transcripts.c.transcript_code == one["code"],
                transcripts.c.withdrawn_at.is_(None),
            )
            .values(withdrawn_at=at)
        )
        await connection.execute(
            insert(transcript_withdrawals).values(
                transcript_code=one["code"],
                cause=one["cause"],
                reason=one["reason"],
                package_id=package_id,
                at=at,
            )
        )
