"""Schools by their code: what each is today, and what it was when."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from sqlalchemy import and_, delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from app.directory.code_lists import province_at
from app.directory.tables import school_periods, schools
from app.errors import InvalidRequest
from app.locale import VIETNAM
from app.signatures.context import Tenure

EVER = date.min
"""The first day of a period whose beginning nobody wrote down."""


@dataclass(frozen=True, slots=True, kw_only=True)
class School:
    """A school (cơ sở giáo dục) as it is today.

    Attributes:
        code: opaque, with its leading zeros.
        province_code: in the list of today's provinces.
        levels: codes of the levels that it teaches; empty when the directory does not say.
    """

    code: str
    name: str
    province_code: str
    levels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SchoolPeriod:
    """What a school was from one day to another.

    Attributes:
        valid_from: the first day; `EVER` when nobody wrote it down.
        valid_to: the last day; None while it lasts.
        province_code: in the list of provinces of those days.
        commune_code: opaque; before 1/7/2025 of another division than today.
        successor_code: the school that took over after `valid_to`.
    """

    valid_from: date
    valid_to: date | None = None
    name: str
    levels: tuple[str, ...] = ()
    province_code: str
    commune_code: str | None = None
    commune_name: str | None = None
    successor_code: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SchoolHistory:
    """A school over time: its periods in order, none overlapping another."""

    code: str
    periods: tuple[SchoolPeriod, ...] = field(default=())


async def register_school(connection: AsyncConnection, school: School, now: datetime) -> None:
    """Add a school, or give a known one the name, province and levels that it has from today on.

    What it was before stays in its history.

    Raises:
        InvalidRequest: no such province today.
    """
    today = now.astimezone(VIETNAM).date()
    province = province_at(school.province_code, today)
    if province is None:
        raise InvalidRequest(parameter="province_code", reason="unknown")
    current = SchoolPeriod(
        valid_from=today,
        name=school.name,
        levels=school.levels,
        province_code=school.province_code,
    )
    known = await history_of(connection, school.code)
    if known is None:
        begin = province.valid_from or EVER  # what the code meant before, the caller did not say
        periods: tuple[SchoolPeriod, ...] = (replace(current, valid_from=begin),)
    else:
        periods = _continued(known.periods, current)
    await write_history(connection, SchoolHistory(code=school.code, periods=periods), now)


async def write_history(connection: AsyncConnection, history: SchoolHistory, now: datetime) -> None:
    """Make a school's history this one, and its last period what the school is today."""
    last = history.periods[-1]
    statement = insert(schools).values(
        school_code=history.code,
        name=last.name,
        province_code=last.province_code,
        levels=list(last.levels),
        created_at=now,
    )
    changed = {name: statement.excluded[name] for name in ("name", "province_code", "levels")}
    await connection.execute(
        statement.on_conflict_do_update(index_elements=["school_code"], set_=changed)
    )
    await connection.execute(
        delete(school_periods).where(school_periods.c.school_code == history.code)
    )
    rows = [_row(history.code, period) for period in history.periods]
    await connection.execute(insert(school_periods), rows)


async def find_school(connection: AsyncConnection, code: str) -> School | None:
    """Find a school as it is today; None when the directory does not have it."""
    statement = select(
        schools.c.school_code, schools.c.name, schools.c.province_code, schools.c.levels
    ).where(schools.c.school_code == code)
    row = (await connection.execute(statement)).one_or_none()
    if row is None:
        return None
    return School(
        code=row.school_code,
        name=row.name,
        province_code=row.province_code,
        levels=tuple(row.levels),
    )


async def history_of(connection: AsyncConnection, code: str) -> SchoolHistory | None:
    """Tell what a school was when; None when the directory does not have it."""
    return (await histories_of(connection, [code])).get(code)


async def histories_of(
    connection: AsyncConnection, codes: Sequence[str]
) -> dict[str, SchoolHistory]:
    """Tell the same of many schools, by code; those that the directory lacks are left out."""
    statement = (
        select(
            school_periods.c.school_code,
            school_periods.c.valid_from,
            school_periods.c.valid_to,
            school_periods.c.name,
            school_periods.c.levels,
            school_periods.c.province_code,
            school_periods.c.commune_code,
            school_periods.c.commune_name,
            school_periods.c.successor_code,
        )
        .where(school_periods.c.school_code.in_(codes))
        .order_by(school_periods.c.school_code, school_periods.c.valid_from)
    )
    found: dict[str, list[SchoolPeriod]] = {}
    for row in await connection.execute(statement):
        period = SchoolPeriod(
            valid_from=row.valid_from,
            valid_to=row.valid_to,
            name=row.name,
            levels=tuple(row.levels),
            province_code=row.province_code,
            commune_code=row.commune_code,
            commune_name=row.commune_name,
            successor_code=row.successor_code,
        )
        found.setdefault(row.school_code, []).append(period)
    return {
        code: SchoolHistory(code=code, periods=tuple(periods)) for code, periods in found.items()
    }


async def predecessors_of(connection: AsyncConnection, code: str, *, on: date) -> frozenset[str]:
    """Name the schools that a school has taken over before a day, and those that they had."""
    over = and_(school_periods.c.successor_code.is_not(None), school_periods.c.valid_to < on)
    before = (
        select(school_periods.c.school_code)
        .where(over, school_periods.c.successor_code == code)
        .cte("predecessors", recursive=True)
    )
    # A union drops what is known, so that two schools that name each other come to an end.
    before = before.union(
        select(school_periods.c.school_code).where(
            over, school_periods.c.successor_code == before.c.school_code
        )
    )
    found = await connection.scalars(select(before.c.school_code))
    return frozenset(found) - {code}


def tenures_of(history: SchoolHistory | None) -> tuple[Tenure, ...]:
    """Reduce a history to what transcripts are held against."""
    return tuple(
        Tenure(
            first=period.valid_from,
            last=period.valid_to,
            province_code=period.province_code,
            levels=period.levels,
        )
        for period in (() if history is None else history.periods)
    )


def _continued(known: tuple[SchoolPeriod, ...], current: SchoolPeriod) -> tuple[SchoolPeriod, ...]:
    """Let a period begin today and end the one that lasted until now; nothing when it says no new.

    What began today or later is taken back: it was never true for a whole day.
    """
    last = known[-1]
    told = replace(
        current,
        valid_from=last.valid_from,
        commune_code=last.commune_code,
        commune_name=last.commune_name,
    )
    if told == last:
        return known
    yesterday = current.valid_from - timedelta(days=1)
    before = tuple(period for period in known if period.valid_from <= yesterday)
    if before and (before[-1].valid_to is None or before[-1].valid_to > yesterday):
        before = (*before[:-1], replace(before[-1], valid_to=yesterday))
    return (*before, current)


def _row(code: str, period: SchoolPeriod) -> dict[str, object]:
    return {
        "school_code": code,
        "valid_from": period.valid_from,
        "valid_to": period.valid_to,
        "name": period.name,
        "levels": list(period.levels),
        "province_code": period.province_code,
        "commune_code": period.commune_code,
        "commune_name": period.commune_name,
        "successor_code": period.successor_code,
    }
