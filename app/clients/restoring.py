"""Accounts after a rebuild: the journal names senders, but it never gives anybody a right."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ARRAY, Text, any_, literal, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from app.audit.record import Action
from app.clients.accounts import SCOPES_OF, Kind
from app.clients.act import Act, existing, note
from app.clients.credentials import add_secret
from app.clients.grants import Grant, add_grant
from app.clients.secrets import new_secret
from app.clients.tables import clients
from app.errors import Conflict


@dataclass(frozen=True, slots=True, kw_only=True)
class Reinstatement:
    """What the Ministry gives an account back.

    Attributes:
        kind: which it had; it gets all that the kind may hold.
        grants: for whom it may act, and since when.
    """

    kind: Kind
    grants: tuple[Grant, ...]


async def absent_clients(
    connection: AsyncConnection, client_ids: Collection[str]
) -> tuple[str, ...]:
    """Find which accounts do not exist."""
    wanted = sorted(set(client_ids))
    statement = select(clients.c.client_id).where(
        clients.c.client_id == any_(literal(wanted, ARRAY(Text)))
    )
    known = set(await connection.scalars(statement))
    return tuple(one for one in wanted if one not in known)


async def add_disabled(
    connection: AsyncConnection, client_ids: Collection[str], now: datetime
) -> None:
    """Add accounts that may do nothing: disabled, without scopes, secrets, keys and grants."""
    rows = [
        {
            "client_id": client_id,
            "name": f"khôi phục: {client_id}",
            "kind": Kind.HUB.value,
            "scopes": [],
            "enabled": False,
            "created_at": now,
        }
        for client_id in client_ids
    ]
    if rows:
        await connection.execute(insert(clients).values(rows))


async def without_rights(
    connection: AsyncConnection, client_ids: Collection[str]
) -> frozenset[str]:
    """Find which accounts a rebuild has left that nobody has reinstated."""
    statement = select(clients.c.client_id).where(
        clients.c.client_id == any_(literal(sorted(set(client_ids)), ARRAY(Text))),
        clients.c.enabled.is_(False),
        clients.c.scopes == literal([], ARRAY(Text)),
    )
    return frozenset(await connection.scalars(statement))


async def reinstate_client(
    connection: AsyncConnection, act: Act, client_id: str, given: Reinstatement
) -> str:
    """Give an account that a rebuild left without rights its kind, grants and a new secret.

    Args:
        connection: the transaction of the change.
        act: who does it, and when.
        client_id: of the account.
        given: what it gets.

    Returns:
        The secret.

    Raises:
        NotFound: there is no such client.
        Conflict: it is enabled or has scopes: nothing is lost that had to be given back.
        InvalidRequest: a grant is malformed.
    """
    account = await existing(connection, client_id)
    if account.enabled or account.scopes:
        raise Conflict
    await connection.execute(
        update(clients)
        .where(clients.c.client_id == client_id)
        .values(kind=given.kind.value, scopes=sorted(SCOPES_OF[given.kind]), enabled=True)
    )
    secret = new_secret()
    await add_secret(connection, client_id, secret, now=act.now)
    for grant in given.grants:
        await add_grant(connection, client_id, grant)
    told = {"kind": given.kind.value, "enabled": True, "grants": len(given.grants)}
    await note(connection, act, Action.CLIENT_CHANGED, client_id, told)
    return secret
