"""Who may do what with the certificates of which school: the one place that decides it."""

from datetime import datetime

from sqlalchemy import Select, exists, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.clients.accounts import Caller, Scope
from app.clients.partition import covered_schools
from app.errors import NotAllowed


async def require_holder(
    connection: AsyncConnection, caller: Caller, school_code: str, now: datetime
) -> None:
    """Go on only when the caller may register and revoke certificates of this school.

    Raises:
        NotAllowed: it may not, or there is no such school.
    """
    caller.require(Scope.CERTIFICATES_WRITE)
    await _require_grant(connection, caller, school_code, now)


async def require_decider(
    connection: AsyncConnection,
    caller: Caller,
    school_code: str,
    *,
    requested_by: str,
    now: datetime,
) -> None:
    """Go on only when the caller may decide on certificates of this school, and did not ask for it.

    Raises:
        NotAllowed: it may not.
    """
    caller.require(Scope.CERTIFICATES_DECIDE)
    if caller.client_id == requested_by:
        raise NotAllowed
    await _require_grant(connection, caller, school_code, now)


def visible_schools(caller: Caller, now: datetime) -> Select[tuple[str]]:
    """Select the codes of the schools whose certificates the caller may see.

    Whoever may register or decide also sees what came of it.

    Raises:
        NotAllowed: the caller has none of the scopes of certificates.
    """
    if caller.scopes.isdisjoint({Scope.CERTIFICATES_WRITE, Scope.CERTIFICATES_DECIDE}):
        caller.require(Scope.CERTIFICATES_READ)
    return covered_schools(caller, now)


async def _require_grant(
    connection: AsyncConnection, caller: Caller, school_code: str, now: datetime
) -> None:
    schools = covered_schools(caller, now).subquery()
    mine = exists(select(schools.c.school_code).where(schools.c.school_code == school_code))
    if not await connection.scalar(select(mine)):
        raise NotAllowed
