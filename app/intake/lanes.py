"""Lanes of the queue: whose packages take turns with whose.

A lane is a client and the province that a package claims to come from, so neither a hub that sends
one province at once, nor a client among many, holds up another province's single package. A package
that hides its school deep inside shares a lane with its client's others.
"""

from sqlalchemy import ColumnElement, func, literal_column, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.clients.partition import Place, levels_open_to
from app.directory.schools import find_school
from app.intake.package import Package
from app.intake.tables import packages


async def lane_of(connection: AsyncConnection, package: Package, claimed: str | None) -> str:
    """Name a package's lane: a claim counts only for a school that the client may act for."""
    school = None if claimed is None else await find_school(connection, claimed)
    if school is None:
        return package.client_id
    place = Place(school_code=school.code, province_code=school.province_code)
    levels = await levels_open_to(connection, package.client_id, place, package.received_at)
    return f"{package.client_id}/{school.province_code}" if levels else package.client_id


def next_turn(lane: str) -> ColumnElement[int]:
    """Give the next turn of a lane (start-time fair queueing).

    It follows the lane's last waiting package, and a lane without one begins where the queue stands
    now, so lanes alternate however many packages one of them has. Two packages that come at the
    same moment may get one turn: then the earlier goes first.
    """
    last = (
        select(func.max(packages.c.turn)).where(packages.c.lane == lane, _WAITING).scalar_subquery()
    )
    present = select(func.min(packages.c.turn)).where(_WAITING).scalar_subquery()
    return func.greatest(func.coalesce(last, 0) + 1, func.coalesce(present, 1))


_WAITING: ColumnElement[bool] = literal_column("packages.state = '00'")
"""Written out: a parameter would keep PostgreSQL from using the index of the waiting packages."""
