"""The data partition: whose packages and transcripts a client may see, and for whom it may send.

The one place that decides it. A query over many rows takes a condition from here; a look-up of one
row asks a question. Without a grant nothing is visible, and each kind sees:

- hub: the packages that it sent, the transcripts that its grants cover;
- school: the same, and the packages of its schools that others sent for them;
- department: the packages and transcripts that its grants cover, which name its province;
- relying party: the transcripts that its grants cover, one by one, each with a stated reason;
- Ministry: everything.

A grant of one level opens the transcripts of that level and no package, which may hold others too.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    Select,
    Text,
    and_,
    column,
    exists,
    false,
    literal,
    or_,
    select,
    table,
    true,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from app.clients.accounts import Caller, Kind
from app.clients.grants import LEVELS
from app.clients.tables import client_grants

_schools = table("schools", column("school_code", Text), column("province_code", Text))
"""Where each school is, as the directory keeps it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a package or a transcript belongs.

    Attributes:
        level: the transcript's; None for a package.
    """

    school_code: str | None
    province_code: str | None
    level: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceColumns:
    """The same of every row of a query; without a level for packages."""

    school_code: ColumnElement[str]
    province_code: ColumnElement[str]
    level: ColumnElement[str] | None = None


def visible_transcripts(caller: Caller, rows: PlaceColumns, now: datetime) -> ColumnElement[bool]:
    """Make the condition that leaves the transcripts that a caller may read."""
    match caller.kind:
        case Kind.MINISTRY:
            return true()
        case Kind.HUB | Kind.SCHOOL | Kind.DEPARTMENT | Kind.RELYING_PARTY:
            return _granted(caller.client_id, rows, now)


def visible_packages(
    caller: Caller, sender: ColumnElement[str], rows: PlaceColumns, now: datetime
) -> ColumnElement[bool]:
    """Make the condition that leaves the packages that a caller may read.

    Args:
        caller: who asks.
        sender: the column of the client that sent the package.
        rows: the columns of its proven school; null until it is decided.
        now: the time of the request.
    """
    match caller.kind:
        case Kind.MINISTRY:
            return true()
        case Kind.HUB:
            return sender == caller.client_id
        case Kind.SCHOOL | Kind.DEPARTMENT:
            return or_(sender == caller.client_id, _granted(caller.client_id, rows, now))
        case Kind.RELYING_PARTY:
            return false()


async def may_read(
    connection: AsyncConnection, caller: Caller, place: Place, now: datetime
) -> bool:
    """Tell whether a caller may read a transcript of this place."""
    rows = PlaceColumns(
        school_code=literal(place.school_code, Text),
        province_code=literal(place.province_code, Text),
        level=literal(place.level, Text),
    )
    return bool(await connection.scalar(select(visible_transcripts(caller, rows, now))))


async def levels_open_to(
    connection: AsyncConnection, client_id: str, place: Place, at: datetime
) -> frozenset[str]:
    """Tell for which levels a client may send transcripts of a school; empty when for none.

    Args:
        connection: a transaction of any role that may read the grants.
        client_id: the sender, whose scope was asked for when it sent.
        place: the school; its level is not asked for.
        at: when the package was received, so that a repetition comes to the same answer.
    """
    statement = select(client_grants.c.level).where(
        *_live(client_id, at),
        _narrows_to(client_grants.c.school_code, literal(place.school_code, Text)),
        _narrows_to(client_grants.c.province_code, literal(place.province_code, Text)),
    )
    levels = set((await connection.scalars(statement)).all())
    return LEVELS if None in levels else frozenset(levels)


def covered_schools(caller: Caller, now: datetime) -> Select[tuple[str]]:
    """Select the codes of the schools that a caller's grants cover, at whatever level.

    For what concerns a school and no single transcript: its certificates.
    """
    covered = select(_schools.c.school_code)
    match caller.kind:
        case Kind.MINISTRY:
            return covered
        case Kind.RELYING_PARTY:
            return covered.where(false())
        case Kind.HUB | Kind.SCHOOL | Kind.DEPARTMENT:
            return covered.where(
                exists(
                    select(client_grants.c.grant_id).where(
                        *_live(caller.client_id, now),
                        _narrows_to(client_grants.c.school_code, _schools.c.school_code),
                        _narrows_to(client_grants.c.province_code, _schools.c.province_code),
                    )
                )
            )


def _granted(client_id: str, rows: PlaceColumns, now: datetime) -> ColumnElement[bool]:
    level = literal(None, Text) if rows.level is None else rows.level
    return exists(
        select(client_grants.c.grant_id).where(
            *_live(client_id, now),
            _narrows_to(client_grants.c.school_code, rows.school_code),
            _narrows_to(client_grants.c.province_code, rows.province_code),
            _narrows_to(client_grants.c.level, level),
            # A package that nobody has proven yet belongs to no place, not to every one.
            rows.school_code.is_not(None),
        )
    )


def _live(client_id: str, at: datetime) -> tuple[ColumnElement[bool], ...]:
    end = client_grants.c.valid_to
    return (
        client_grants.c.client_id == client_id,
        client_grants.c.valid_from <= at,
        or_(end.is_(None), end > at),
    )


def _narrows_to(
    granted: ColumnElement[str | None], found: ColumnElement[str]
) -> ColumnElement[bool]:
    """A grant that names nothing here covers all; one that names something covers only that."""
    return or_(granted.is_(None), and_(found.is_not(None), granted == found))
