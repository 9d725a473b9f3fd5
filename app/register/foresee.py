"""What accepting transcripts would come to now, for those who only ask."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import ARRAY, ColumnElement, Text, any_, exists, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.register.accept import Acceptance, Accepted, AlreadyInForce, Conflicting, Withdrawn
from app.register.record import Place, Standing, place_of
from app.register.tables import transcript_codes, transcript_standings, transcripts


@dataclass(frozen=True, slots=True, kw_only=True)
class Arriving:
    """A verified transcript that would ask to be registered: its digest and its place."""

    original_sha256: str
    place: Place


async def foresee(
    connection: AsyncConnection, arriving: Sequence[Arriving]
) -> tuple[Acceptance, ...]:
    """Say for each transcript what `accept` would come to now, and change nothing.

    Args:
        connection: a transaction of a role that may read the register.
        arriving: in the order of the package, each place once.

    Returns:
        One acceptance per transcript; that of a new one has the empty text for its code.
    """
    if not arriving:
        return ()
    known = await _known(connection, arriving)
    held = await _in_force(connection, arriving)
    answers: list[Acceptance] = []
    for one in arriving:
        code, revoked = held.get(one.place, (None, False))
        if one.original_sha256 in known:
            answers.append(known[one.original_sha256])
        elif code is None:
            answers.append(Accepted(code=""))
        else:
            answers.append(Accepted(code="", replaced=code) if revoked else Conflicting(code=code))
    return tuple(answers)


async def _known(
    connection: AsyncConnection, arriving: Sequence[Arriving]
) -> dict[str, AlreadyInForce | Withdrawn]:
    statement = (
        select(
            transcript_codes.c.original_sha256,
            transcripts.c.transcript_code,
            transcripts.c.withdrawn_at,
        )
        .join(
            transcripts,
            (transcripts.c.school_year == transcript_codes.c.school_year)
            & (transcripts.c.transcript_code == transcript_codes.c.transcript_code),
        )
        .where(_in(transcript_codes.c.original_sha256, (one.original_sha256 for one in arriving)))
    )
    return {
        row.original_sha256: AlreadyInForce(code=row.transcript_code)
        if row.withdrawn_at is None
        else Withdrawn(code=row.transcript_code)
        for row in await connection.execute(statement)
    }


async def _in_force(
    connection: AsyncConnection, arriving: Sequence[Arriving]
) -> dict[Place, tuple[str, bool]]:
    """Find what is in force at the places: its code, and whether it stands revoked."""
    revoked = exists().where(
        transcript_standings.c.transcript_code == transcripts.c.transcript_code,
        transcript_standings.c.standing == Standing.REVOKED.value,
    )
    statement = select(
        transcripts.c.school_year,
        transcripts.c.school_code,
        transcripts.c.student_code,
        transcripts.c.level,
        transcripts.c.transcript_code,
        revoked.label("revoked"),
    ).where(
        transcripts.c.school_year.in_(sorted({one.place[0] for one in arriving})),
        transcripts.c.school_code.in_(sorted({one.place[1] for one in arriving})),
        _in(transcripts.c.student_code, (one.place[2] for one in arriving)),
        transcripts.c.withdrawn_at.is_(None),
    )
    return {
        place_of(row): (row.transcript_code, row.revoked)
        for row in await connection.execute(statement)
    }


def _in(column: ColumnElement[str], values: Iterable[str]) -> ColumnElement[bool]:
    return column == any_(literal(list(values), ARRAY(Text)))
