"""Register a class of verified transcripts, so that each original is in force at most once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Any

from sqlalchemy import ARRAY, JSON, Text, any_, bindparam, cast, column, func, literal, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.elements import ColumnElement

from app.errors import Unavailable
from app.register.record import NewRecord, TranscriptRecord
from app.register.standing import note_provisional
from app.register.tables import transcript_codes, transcripts


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The original is new and now in force under this code."""

    code: str


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

_Place = tuple[int, str, str, str]
"""(school_year, school_code, student_code, level): where one transcript is in force at a time."""

_place_of = attrgetter("school_year", "school_code", "student_code", "level")


async def accept(
    connection: AsyncConnection, records: Sequence[NewRecord]
) -> tuple[Acceptance, ...]:
    """Register every transcript that may come into force and say for each what it came to.

    Repeatable: the same records again give `AlreadyInForce` with the same codes. When `records`
    repeats an original, the repeats are `AlreadyInForce`; when it holds two originals of one
    student, the earlier one wins.

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
        Unavailable: a withdrawal came in between; the whole transaction must be repeated.
    """
    if not records:
        return ()
    rows = sorted(records, key=lambda new: _place_of(new.record))
    inserted = await _insert_new(connection, rows)
    await _insert_codes(connection, [new.record for new in rows if _code(new) in inserted])
    await note_provisional(connection, [new for new in rows if _code(new) in inserted])
    known = await _withdrawn_by_code(connection, [new.record for new in rows])
    in_force = await _in_force_by_place(connection, [new.record for new in rows])
    answers: list[Acceptance] = []
    for new in records:
        if _code(new) in inserted:
            inserted.remove(_code(new))
            answers.append(Accepted(code=_code(new)))
        else:
            answers.append(_judge(new.record, known, in_force))
    return tuple(answers)


def _code(new: NewRecord) -> str:
    return new.record.transcript_code


def _judge(
    record: TranscriptRecord, known: dict[str, bool], in_force: dict[_Place, str]
) -> Acceptance:
    """Say why a record was not inserted."""
    code = record.transcript_code
    if code in known:
        return Withdrawn(code=code) if known[code] else AlreadyInForce(code=code)
    try:
        return Conflicting(code=in_force[_place_of(record)])
    except KeyError as error:
        raise Unavailable(part="database") from error


_KEPT = tuple(field.name for field in fields(TranscriptRecord) if field.name != "withdrawn_at")

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

_INSERT_NEW = (
    insert(transcripts)
    .from_select(
        [*_KEPT, "report"],
        select(*(_new.c[name] for name in _KEPT), cast(_new.c.report, JSON)).order_by(
            _new.c.position
        ),
    )
    .on_conflict_do_nothing()
    .returning(transcripts.c.transcript_code)
)
"""No conflict target: code and place may both be taken, by this statement's own rows too."""


async def _insert_new(connection: AsyncConnection, rows: Sequence[NewRecord]) -> set[str]:
    """Insert what neither exists nor conflicts; give back the codes that went in."""
    arrays: dict[str, list[Any]] = {
        name: [getattr(new.record, name) for new in rows] for name in _KEPT
    }
    arrays["report"] = [new.report for new in rows]
    return set(await connection.scalars(_INSERT_NEW, arrays))


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
) -> dict[_Place, str]:
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
