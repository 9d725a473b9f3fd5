"""Register a class of verified transcripts, so that each original is in force at most once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import (
    ARRAY,
    JSON,
    Text,
    any_,
    bindparam,
    cast,
    column,
    func,
    literal,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.elements import ColumnElement

from app.errors import Unavailable
from app.register.record import NewRecord, Place, TranscriptRecord, place_of
from app.register.standing import note_provisional
from app.register.tables import transcript_codes, transcripts
from app.register.withdraw import make_way


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The original is new and now in force under this code.

    Attributes:
        replaced: the code of a revoked transcript that left force for it.
    """

    code: str
    replaced: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlreadyInForce:
    """The same original is in force already: a repeat, answered with the same code."""

    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawn:
    """The same original was withdrawn before: a replay, it must be issued anew."""

    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflicting:
    """Another original is in force for the same student, school, school year and level.

    Attributes:
        code: the code of the one in force.
    """

    code: str


Acceptance = Accepted | AlreadyInForce | Withdrawn | Conflicting


async def accept(
    connection: AsyncConnection, records: Sequence[NewRecord]
) -> tuple[Acceptance, ...]:
    """Register every transcript that may come into force and say for each what it came to.

    Repeatable: the same records again give `AlreadyInForce` with the same codes. When `records`
    repeats an original, the repeats are `AlreadyInForce`; when it holds two originals of one
    student, the earlier one wins. What follows a withdrawn transcript is the next version of its
    place; what follows a revoked one takes it out of force.

    Several packages may do this at once: rows go in by place, so no two transactions wait for each
    other, and a row that another transaction is inserting is waited for. The transaction must be
    READ COMMITTED, because what was not inserted is then looked at afresh. Nothing is kept unless
    the caller commits.

    Args:
        connection: an open transaction.
        records: verified transcripts in the order of the package; at most a few hundred.

    Returns:
        One acceptance per record, in the same order.

    Raises:
        Unavailable: a withdrawal or another version came in between; the whole transaction must be
            repeated.
    """
    if not records:
        return ()
    rows = sorted(records, key=lambda new: place_of(new.record))
    left = await make_way(connection, rows)
    inserted = await _insert_new(connection, rows)
    await _insert_codes(connection, [new.record for new in rows if _code(new) in inserted])
    await note_provisional(connection, [new for new in rows if _code(new) in inserted])
    known = await _withdrawn_by_code(connection, [new.record for new in rows])
    in_force = await _in_force_by_place(connection, [new.record for new in rows])
    answers: list[Acceptance] = []
    for new in records:
        if _code(new) in inserted:
            replaced = inserted.pop(_code(new))
            answers.append(
                Accepted(code=_code(new), replaced=replaced if replaced in left else None)
            )
        else:
            answers.append(_judge(new.record, known, in_force))
    return tuple(answers)


def _code(new: NewRecord) -> str:
    return new.record.transcript_code


def _judge(
    record: TranscriptRecord, known: dict[str, bool], in_force: dict[Place, str]
) -> Acceptance:
    """Say why a record was not inserted."""
    code = record.transcript_code
    if code in known:
        return Withdrawn(code=code) if known[code] else AlreadyInForce(code=code)
    try:
        return Conflicting(code=in_force[place_of(record)])
    except KeyError as error:
        raise Unavailable(part="database") from error


_FOUND = {"withdrawn_at", "version", "previous_code"}
"""What the register itself knows of a new transcript."""

_KEPT = tuple(field.name for field in fields(TranscriptRecord) if field.name not in _FOUND)

_new = (
    func.unnest(
        *(bindparam(name, type_=ARRAY(transcripts.c[name].type)) for name in _KEPT),
        bindparam("report", type_=ARRAY(Text)),
    )
    .table_valued(
        *(column(name, transcripts.c[name].type) for name in _KEPT),
        column("report", Text),
        with_ordinality="position",
        name="new",
    )
    .render_derived()
)
"""The records as one row source, an array per column: one statement whatever the class's size."""

_before = (
    select(transcripts.c.version, transcripts.c.transcript_code)
    .where(
        transcripts.c.school_year == _new.c.school_year,
        transcripts.c.school_code == _new.c.school_code,
        transcripts.c.student_code == _new.c.student_code,
        transcripts.c.level == _new.c.level,
    )
    .order_by(transcripts.c.version.desc())
    .limit(1)
    .lateral("before")
)
"""The newest version at a record's place, as the statement's beginning saw it."""

_INSERT_NEW = (
    insert(transcripts)
    .from_select(
        [*_KEPT, "report", "version", "previous_code"],
        select(
            *(_new.c[name] for name in _KEPT),
            cast(_new.c.report, JSON),
            func.coalesce(_before.c.version, 0) + 1,
            _before.c.transcript_code,
        )
        .select_from(_new.outerjoin(_before, true()))
        .order_by(_new.c.position),
    )
    .on_conflict_do_nothing()
    .returning(transcripts.c.transcript_code, transcripts.c.previous_code)
)
"""No conflict target: code, place and version may be taken, by this statement's own rows too. A
version that another transaction took in between is a row that is not inserted."""


async def _insert_new(
    connection: AsyncConnection, rows: Sequence[NewRecord]
) -> dict[str, str | None]:
    """Insert what neither exists nor conflicts; give back the codes that went in.

    With each code goes that of the version before, None for a first one.
    """
    arrays: dict[str, list[Any]] = {
        name: [getattr(new.record, name) for new in rows] for name in _KEPT
    }
    arrays["report"] = [new.report for new in rows]
    return {
        row.transcript_code: row.previous_code
        for row in await connection.execute(_INSERT_NEW, arrays)
    }


async def _insert_codes(connection: AsyncConnection, records: Sequence[TranscriptRecord]) -> None:
    """Note where each new code lies; a code that two originals share fails here, loudly."""
    places = {
        record.transcript_code: {
            "transcript_code": record.transcript_code,
            "school_year": record.school_year,
            "original_sha256": record.original_sha256,
        }
        for record in records
    }
    if places:
        await connection.execute(insert(transcript_codes), list(places.values()))


async def _withdrawn_by_code(
    connection: AsyncConnection, records: Sequence[TranscriptRecord]
) -> dict[str, bool]:
    """Find the registered originals among the records: code → whether it was withdrawn."""
    statement = select(
        transcripts.c.transcript_code,
        transcripts.c.withdrawn_at.is_not(None).label("withdrawn"),
    ).where(
        transcripts.c.school_year.in_(sorted({record.school_year for record in records})),
        transcripts.c.transcript_code == any_(_texts(r.transcript_code for r in records)),
    )
    return {row.transcript_code: row.withdrawn for row in await connection.execute(statement)}


async def _in_force_by_place(
    connection: AsyncConnection, records: Sequence[TranscriptRecord]
) -> dict[Place, str]:
    """Find what is in force for the records' students: place → code."""
    statement = select(
        transcripts.c.school_year,
        transcripts.c.school_code,
        transcripts.c.student_code,
        transcripts.c.level,
        transcripts.c.transcript_code,
    ).where(
        transcripts.c.school_year.in_(sorted({record.school_year for record in records})),
        transcripts.c.school_code.in_(sorted({record.school_code for record in records})),
        transcripts.c.student_code == any_(_texts(r.student_code for r in records)),
        transcripts.c.withdrawn_at.is_(None),
    )
    return {
        (year, school, student, level): code
        for year, school, student, level, code in await connection.execute(statement)
    }


def _texts(values: Iterable[str]) -> ColumnElement[list[str]]:
    return literal(list(values), ARRAY(Text))
