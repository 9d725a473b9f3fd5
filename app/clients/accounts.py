"""Accounts: what a client may do, and for which schools."""

import asyncio
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Select, exists, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from app.clients.secrets import hash_secret
from app.clients.tables import client_schools, clients
from app.errors import Conflict, InvalidRequest, NotAllowed

CLIENT_ID = re.compile(r"[A-Za-z0-9._~-]{1,64}")
"""Ids that need no escaping in a URL, a form, a log or HTTP Basic."""


class Scope(StrEnum):
    """What a client may do."""

    PACKAGES_WRITE = "packages:write"
    PACKAGES_READ = "packages:read"
    TRANSCRIPTS_READ = "transcripts:read"
    CERTIFICATES_READ = "certificates:read"
    CERTIFICATES_WRITE = "certificates:write"
    CERTIFICATES_DECIDE = "certificates:decide"


SENDING = tuple(scope for scope in Scope if scope is not Scope.CERTIFICATES_DECIDE)
"""What the software of a school may do: nobody approves certificates of their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """A client that has proven who it is.

    Attributes:
        scopes: what this token allows and the account still has.
    """

    client_id: str
    name: str
    scopes: frozenset[Scope]

    def require(self, scope: Scope) -> None:
        """Go on only with this scope.

        Raises:
            NotAllowed: the caller does not have it.
        """
        if scope not in self.scopes:
            raise NotAllowed(scope=scope.value)


async def create_client(  # noqa: PLR0913 -- reason: the columns of one row
    connection: AsyncConnection,
    *,
    client_id: str,
    name: str,
    scopes: Iterable[Scope],
    schools: Iterable[str],
    secret: str,
    now: datetime,
) -> None:
    """Add an account and grant it schools.

    Raises:
        InvalidRequest: the client id has other characters than `CLIENT_ID`.
        Conflict: the client id is taken.
    """
    if not CLIENT_ID.fullmatch(client_id):
        raise InvalidRequest(parameter="client_id", reason="form")
    statement = insert(clients).values(
        client_id=client_id,
        name=name,
        secret_hash=await asyncio.to_thread(hash_secret, secret),
        scopes=sorted({scope.value for scope in scopes}),
        created_at=now,
    )
    added = statement.on_conflict_do_nothing().returning(clients.c.client_id)
    if (await connection.execute(added)).first() is None:
        raise Conflict
    await grant_schools(connection, client_id, schools)


async def grant_schools(
    connection: AsyncConnection, client_id: str, schools: Iterable[str]
) -> None:
    """Let a client act for more schools; repeating it changes nothing."""
    rows = [{"client_id": client_id, "school_code": code} for code in sorted(set(schools))]
    if rows:
        await connection.execute(insert(client_schools).on_conflict_do_nothing(), rows)


async def may_act_for(connection: AsyncConnection, client_id: str, school_code: str) -> bool:
    """Tell whether a client may submit and read for this school."""
    mine = schools_of(client_id).where(client_schools.c.school_code == school_code)
    return bool(await connection.scalar(select(exists(mine))))


def schools_of(client_id: str) -> Select[tuple[str]]:
    """Select the codes of the schools that a client may act for.

    The one place of the data partition: a query over many schools uses it as its condition,
    `….school_code.in_(schools_of(caller.client_id))`.
    """
    return select(client_schools.c.school_code).where(client_schools.c.client_id == client_id)
