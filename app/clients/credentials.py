"""Secrets and public keys of clients, with rotation: the old one stays valid for a stated time."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, Table, func, insert, or_, select, update
from sqlalchemy.dialects.postgresql import insert as insert_if_new
from sqlalchemy.ext.asyncio import AsyncConnection

from app.clients.secrets import hash_secret
from app.clients.tables import client_keys, client_secrets
from app.errors import Conflict

OVERLAP = timedelta(hours=24)
"""How long the old credential stays valid beside the new one unless told otherwise: a working day
to change the settings of a hub's servers."""

OVERLAP_LIMIT = timedelta(days=30)
"""A longer overlap is no rotation: two credentials would simply be in use."""

NO_OVERLAP = timedelta(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicKey:
    """A client's public key (RFC 7517), checked by `assertions.read_public_key`.

    Attributes:
        kid: names it among the client's keys, for ever: an ended key's name is not used again.
        algorithm: the one algorithm that it is used with.
        jwk: its public members.
    """

    kid: str
    algorithm: str
    jwk: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """What is shown of a secret or a key.

    Attributes:
        name: the secret's id, or the key's `kid`.
        algorithm: None for a secret.
        expires_at: None while no end is known.
    """

    name: str
    algorithm: str | None
    created_at: datetime
    expires_at: datetime | None


async def add_secret(
    connection: AsyncConnection,
    client_id: str,
    secret: str,
    *,
    now: datetime,
    overlap: timedelta = NO_OVERLAP,
) -> UUID:
    """Give a client a secret; the newest of before ends after the overlap, any other now."""
    await _end_others(connection, client_secrets, client_id, now=now, overlap=overlap)
    secret_id = uuid4()
    await connection.execute(
        insert(client_secrets).values(
            secret_id=secret_id,
            client_id=client_id,
            secret_hash=await asyncio.to_thread(hash_secret, secret),
            created_at=now,
        )
    )
    return secret_id


async def add_key(
    connection: AsyncConnection,
    client_id: str,
    key: PublicKey,
    *,
    now: datetime,
    overlap: timedelta = NO_OVERLAP,
) -> None:
    """Give a client a public key; the newest of before ends after the overlap, any other now.

    Raises:
        Conflict: the client has or had a key of this name.
    """
    await _end_others(connection, client_keys, client_id, now=now, overlap=overlap)
    statement = insert_if_new(client_keys).values(
        client_id=client_id,
        kid=key.kid,
        algorithm=key.algorithm,
        jwk=dict(key.jwk),
        created_at=now,
    )
    added = statement.on_conflict_do_nothing().returning(client_keys.c.kid)
    if (await connection.execute(added)).first() is None:
        raise Conflict


async def end_secret(
    connection: AsyncConnection, client_id: str, secret_id: UUID, now: datetime
) -> bool:
    """End a secret now; False when it is none of the client's or has ended already."""
    return await _end(
        connection, client_secrets, client_id, client_secrets.c.secret_id == secret_id, now
    )


async def end_key(connection: AsyncConnection, client_id: str, kid: str, now: datetime) -> bool:
    """End a key now; False when it is none of the client's or has ended already."""
    return await _end(connection, client_keys, client_id, client_keys.c.kid == kid, now)


async def secret_hashes(
    connection: AsyncConnection, client_id: str, now: datetime
) -> tuple[str, ...]:
    """Read the hashes of the secrets that are valid now, the newest first; two at most."""
    statement = (
        select(client_secrets.c.secret_hash)
        .where(client_secrets.c.client_id == client_id, _valid(client_secrets, now))
        .order_by(client_secrets.c.created_at.desc())
    )
    return tuple(await connection.scalars(statement))


async def public_key(
    connection: AsyncConnection, client_id: str, kid: str, now: datetime
) -> PublicKey | None:
    """Read a key that is valid now; None when there is none of this name."""
    statement = select(client_keys.c.kid, client_keys.c.algorithm, client_keys.c.jwk).where(
        client_keys.c.client_id == client_id, client_keys.c.kid == kid, _valid(client_keys, now)
    )
    row = (await connection.execute(statement)).mappings().one_or_none()
    return None if row is None else PublicKey(**row)


async def secrets_of(connection: AsyncConnection, client_id: str) -> tuple[Credential, ...]:
    """List a client's secrets without anything secret, the oldest first."""
    table = client_secrets
    statement = select(table.c.secret_id, table.c.created_at, table.c.expires_at)
    rows = await connection.execute(
        statement.where(table.c.client_id == client_id).order_by(
            table.c.created_at, table.c.expires_at
        )
    )
    return tuple(
        Credential(
            name=str(row.secret_id),
            algorithm=None,
            created_at=row.created_at,
            expires_at=row.expires_at,
        )
        for row in rows
    )


async def keys_of(connection: AsyncConnection, client_id: str) -> tuple[Credential, ...]:
    """List a client's public keys, the oldest first."""
    table = client_keys
    statement = select(table.c.kid, table.c.algorithm, table.c.created_at, table.c.expires_at)
    rows = await connection.execute(
        statement.where(table.c.client_id == client_id).order_by(
            table.c.created_at, table.c.expires_at
        )
    )
    return tuple(
        Credential(
            name=row.kid,
            algorithm=row.algorithm,
            created_at=row.created_at,
            expires_at=row.expires_at,
        )
        for row in rows
    )


async def _end_others(
    connection: AsyncConnection,
    table: Table,
    client_id: str,
    *,
    now: datetime,
    overlap: timedelta,
) -> None:
    """Let only the newest credential live on, and no longer than the overlap."""
    newest = (
        select(func.max(table.c.created_at))
        .where(table.c.client_id == client_id, _valid(table, now))
        .scalar_subquery()
    )
    mine = update(table).where(table.c.client_id == client_id, _valid(table, now))
    await connection.execute(
        mine.where(table.c.created_at < newest).values(expires_at=now),
    )
    await connection.execute(mine.values(expires_at=func.least(table.c.expires_at, now + overlap)))


async def _end(
    connection: AsyncConnection,
    table: Table,
    client_id: str,
    which: ColumnElement[bool],
    now: datetime,
) -> bool:
    statement = update(table).where(table.c.client_id == client_id, which, _valid(table, now))
    return (await connection.execute(statement.values(expires_at=now))).rowcount == 1


def _valid(table: Table, now: datetime) -> ColumnElement[bool]:
    return or_(table.c.expires_at.is_(None), table.c.expires_at > now)
