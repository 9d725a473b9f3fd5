"""Grants: for whom a client may act, and from when to when."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from app.clients.tables import client_grants
from app.errors import InvalidRequest

LEVELS = frozenset({"02", "03", "04", "05"})
"""Cấp học: tiểu học, THCS, THPT, giáo dục thường xuyên."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """The right to act for the transcripts of a school, a province or a level, or of all together.

    Attributes:
        school_code: None for every school.
        province_code: None for every province.
        level: None for every level. It is the transcript's own level, so a school of two levels
            may have a hub for each.
        valid_from: the first moment.
        valid_to: the first moment after it; None while no end is known.
    """

    school_code: str | None = None
    province_code: str | None = None
    level: str | None = None
    valid_from: datetime
    valid_to: datetime | None = None
    grant_id: UUID = field(default_factory=uuid4)


async def add_grant(connection: AsyncConnection, client_id: str, grant: Grant) -> None:
    """Let a client act for more.

    Raises:
        InvalidRequest: no such level, the end is before the beginning, or no such school.
    """
    if grant.level is not None and grant.level not in LEVELS:
        raise InvalidRequest(parameter="level", reason="unknown")
    if grant.valid_to is not None and grant.valid_to < grant.valid_from:
        raise InvalidRequest(parameter="valid_to", reason="order")
    try:
        await connection.execute(
            insert(client_grants).values(
                grant_id=grant.grant_id,
                client_id=client_id,
                school_code=grant.school_code,
                province_code=grant.province_code,
                level=grant.level,
                valid_from=grant.valid_from,
                valid_to=grant.valid_to,
            )
        )
    except IntegrityError as error:  # its keys are the client, which was read, and the school
        raise InvalidRequest(parameter="school_code", reason="unknown") from error


async def end_grant(
    connection: AsyncConnection, client_id: str, grant_id: UUID, now: datetime
) -> bool:
    """End a grant now, or keep it from beginning; False when it is none or has ended already."""
    end = client_grants.c.valid_to
    statement = (
        update(client_grants)
        .where(
            client_grants.c.client_id == client_id,
            client_grants.c.grant_id == grant_id,
            or_(end.is_(None), end > now),
        )
        .values(valid_to=func.greatest(client_grants.c.valid_from, now))
    )
    return (await connection.execute(statement)).rowcount == 1


async def grants_of(connection: AsyncConnection, client_id: str) -> tuple[Grant, ...]:
    """List a client's grants, ended ones included, in the order of their beginning."""
    statement = (
        select(
            client_grants.c.school_code,
            client_grants.c.province_code,
            client_grants.c.level,
            client_grants.c.valid_from,
            client_grants.c.valid_to,
            client_grants.c.grant_id,
        )
        .where(client_grants.c.client_id == client_id)
        .order_by(
            client_grants.c.valid_from,
            client_grants.c.school_code,
            client_grants.c.province_code,
            client_grants.c.level,
        )
    )
    return tuple(Grant(**row) for row in (await connection.execute(statement)).mappings())
