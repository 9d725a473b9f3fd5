"""Take transcripts out of force: because their school says so, or because they were found revoked.

Nothing is deleted: a withdrawn original stays readable, and its place is free for the next version.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Text, any_, insert, literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.register.record import NewRecord, Standing, TranscriptRecord, place_of
from app.register.tables import (
    transcript_codes,
    transcript_standings,
    transcript_withdrawals,
    transcripts,
)


class Cause(StrEnum):
    """Why a transcript left force."""

    SCHOOL = "school"
    REVOCATION = "revocation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawal:
    """One transcript that its school withdraws.

    Attributes:
        code: a parsed transcript code.
        reason: the school's own words; may hold personal data.
    """

    code: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Right:
    """For which schools somebody withdraws, and transcripts of which levels."""

    school_codes: frozenset[str]
    levels: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawer:
    """By what right it is done, by which package, and when."""

    right: Right
    package_id: UUID
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenBack:
    """The transcript was in force and is withdrawn now."""

    student_code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenBackBefore:
    """It was withdrawn before: a repeat, and the first reason stands."""

    student_code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """No transcript has this code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreign:
    """The transcript is another school's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherLevel:
    """It is of a level for which the sender may not act."""

    level: str


Outcome = TakenBack | TakenBackBefore | Unknown | Foreign | OtherLevel

_PLACE = (
    transcripts.c.school_year,
    transcripts.c.school_code,
    transcripts.c.student_code,
    transcripts.c.level,
)


async def withdraw(
    connection: AsyncConnection, wanted: Sequence[Withdrawal], *, by: Withdrawer
) -> tuple[Outcome, ...]:
    """Withdraw a school's transcripts and say for each what it came to.

    Repeatable. Rows are locked by place, the order in which `accept` inserts, so that no two
    transactions wait for each other. Nothing is kept unless the caller commits.

    Args:
        connection: an open READ COMMITTED transaction.
        wanted: in the order of the package; a code that occurs twice is withdrawn once.
        by: who withdraws.

    Returns:
        One outcome per withdrawal, in the same order.
    """
    known = await _known_by_code(connection, wanted, lock=True)
    outcomes = _outcomes(wanted, known, by.right)
    taken = {
        one.code: one.reason
        for one, outcome in zip(wanted, outcomes, strict=True)
        if isinstance(outcome, TakenBack)
    }
    leaving = [
        _Leaving(row=known[code], cause=Cause.SCHOOL, reason=reason, package_id=by.package_id)
        for code, reason in taken.items()
    ]
    await _take_out(connection, leaving, at=by.at)
    return outcomes


async def foresee_withdrawals(
    connection: AsyncConnection, wanted: Sequence[Withdrawal], *, right: Right
) -> tuple[Outcome, ...]:
    """Say what `withdraw` would come to now, and change nothing."""
    known = await _known_by_code(connection, wanted, lock=False)
    return _outcomes(wanted, known, right)


async def make_way(connection: AsyncConnection, arriving: Sequence[NewRecord]) -> frozenset[str]:
    """Take revoked transcripts out of force where a new original of the same place arrives.

    A transcript whose signer turns out to have been revoked keeps its place until its school issues
    another one: then it blocks nothing, and the new one becomes its next version. An original that
    the register knows already brings nothing new and moves nobody.

    Returns:
        The codes that made way.
    """
    records = [new.record for new in arriving]
    revoked = select(transcript_standings.c.transcript_code).where(
        transcript_standings.c.standing == Standing.REVOKED.value
    )
    rows = await _find(
        connection,
        transcripts.c.school_year.in_(sorted({record.school_year for record in records})),
        transcripts.c.school_code.in_(sorted({record.school_code for record in records})),
        _in(transcripts.c.student_code, (record.student_code for record in records)),
        transcripts.c.withdrawn_at.is_(None),
        transcripts.c.transcript_code.in_(revoked),
        lock=True,
    )
    if not rows:
        return frozenset()
    known = await _known(connection, records)
    successors = {
        place_of(record): record
        for record in reversed(records)
        if record.transcript_code not in known
    }
    leaving = [
        _Leaving(
            row=row,
            cause=Cause.REVOCATION,
            reason=None,
            package_id=successors[place_of(row)].package_id,
        )
        for row in rows
        if place_of(row) in successors
    ]
    await _take_out(connection, leaving, at=records[0].accepted_at)
    return frozenset(one.row.transcript_code for one in leaving)


async def _known_by_code(
    connection: AsyncConnection, wanted: Sequence[Withdrawal], *, lock: bool
) -> dict[str, Any]:
    rows = await _find(
        connection,
        transcript_codes.c.school_year == transcripts.c.school_year,
        transcript_codes.c.transcript_code == transcripts.c.transcript_code,
        _in(transcript_codes.c.transcript_code, (one.code for one in wanted)),
        lock=lock,
    )
    return {row.transcript_code: row for row in rows}


def _outcomes(
    wanted: Sequence[Withdrawal], known: dict[str, Any], right: Right
) -> tuple[Outcome, ...]:
    """Decide on each withdrawal; the first of a repeated code counts."""
    outcomes: list[Outcome] = []
    taken: set[str] = set()
    for one in wanted:
        row = known.get(one.code)
        if row is None:
            outcomes.append(Unknown())
        elif row.school_code not in right.school_codes:
            outcomes.append(Foreign())
        elif row.level not in right.levels:
            outcomes.append(OtherLevel(level=row.level))
        elif row.withdrawn_at is not None or one.code in taken:
            outcomes.append(TakenBackBefore(student_code=row.student_code))
        else:
            taken.add(one.code)
            outcomes.append(TakenBack(student_code=row.student_code))
    return tuple(outcomes)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Leaving:
    """A locked row that leaves force, and why."""

    row: Any
    cause: Cause
    reason: str | None
    package_id: UUID


async def _find(
    connection: AsyncConnection, *conditions: ColumnElement[bool], lock: bool
) -> Sequence[Any]:
    """Find rows of the register in the order of their places, locked if so wished."""
    statement = (
        select(transcripts.c.transcript_code, *_PLACE, transcripts.c.withdrawn_at)
        .where(*conditions)
        .order_by(*_PLACE)
    )
    if lock:
        statement = statement.with_for_update(of=transcripts)
    return (await connection.execute(statement)).all()


async def _known(
    connection: AsyncConnection, records: Sequence[TranscriptRecord]
) -> frozenset[str]:
    """Find which originals the register has already, in force or not."""
    codes = (record.transcript_code for record in records)
    statement = select(transcript_codes.c.transcript_code).where(
        _in(transcript_codes.c.transcript_code, codes)
    )
    return frozenset(await connection.scalars(statement))


async def _take_out(
    connection: AsyncConnection, leaving: Sequence[_Leaving], *, at: datetime
) -> None:
    """Write the withdrawals of rows that this transaction has locked."""
    if not leaving:
        return
    await connection.execute(
        update(transcripts)
        .where(
            transcripts.c.school_year.in_(sorted({one.row.school_year for one in leaving})),
            _in(transcripts.c.transcript_code, (one.row.transcript_code for one in leaving)),
        )
        .values(withdrawn_at=at)
    )
    rows = [
        {
            "transcript_code": one.row.transcript_code,
            "cause": one.cause.value,
            "reason": one.reason,
            "package_id": one.package_id,
            "at": at,
        }
        for one in leaving
    ]
    await connection.execute(insert(transcript_withdrawals), rows)


def _in(column: ColumnElement[str], values: Iterable[str]) -> ColumnElement[bool]:
    return column == any_(literal(list(values), ARRAY(Text)))
