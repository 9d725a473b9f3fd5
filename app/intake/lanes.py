"""Lanes of the queue: whose packages take turns with whose.

A lane is a client and the province that a package claims to come from, so neither a hub that sends
one province at once, nor a client among many, holds up another province's single package.
"""

import re

from sqlalchemy import ColumnElement, func, literal_column, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.clients.partition import Place, levels_open_to
from app.directory.schools import find_school
from app.intake.package import Package
from app.intake.tables import packages

HEAD_BYTES = 64 * 1024
"""How far into a package the school that it claims is looked for when it is received: it stands
before the transcripts. A package that hides it deeper shares a lane with its client's others."""

_CLAIMED_SCHOOL = re.compile(
    rb"<CO_QUAN_DON_VI_ID\s*>\s*([^<>&\s\x00]{1,20})\s*</CO_QUAN_DON_VI_ID"
)


def claimed_school(content: bytes) -> str | None:
    """Read which school a package claims to come from, before anything is proven.

    It only chooses the lane, and whose certificates are offered to the verifier, which holds the
    signed message against them; a wrong claim therefore ends as a refusal.
    """
    found = _CLAIMED_SCHOOL.search(content)
    return None if found is None else found.group(1).decode(errors="replace")


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
