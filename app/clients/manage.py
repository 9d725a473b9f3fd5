"""Managing accounts and grants: each function is one change and its audit in one transaction.

The command line acts as the operator, the Ministry's own clients over HTTP.
"""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select, update

from app.audit.record import Action
from app.clients.accounts import (
    ACCOUNT_COLUMNS,
    SCOPES_OF,
    Account,
    Kind,
    Scope,
    account_of,
    create_client,
    find_account,
)
from app.clients.act import Act, existing, note
from app.clients.credentials import Credential, PublicKey, add_key, keys_of, secrets_of
from app.clients.grants import Grant, add_grant, end_grant, grants_of
from app.clients.secrets import new_secret
from app.clients.tables import clients
from app.db import Database
from app.errors import InvalidRequest, NotFound

CLIENTS_PAGE = 100
"""Accounts of one page: a few hundred in all, each a line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewClient:
    """An account to be made.

    Attributes:
        scopes: None for all that its kind may hold.
        key: its public key; without one it gets a secret.
    """

    client_id: str
    name: str
    kind: Kind
    scopes: frozenset[Scope] | None = None
    grants: tuple[Grant, ...] = ()
    key: PublicKey | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What is changed of an account; None leaves it."""

    name: str | None = None
    scopes: frozenset[Scope] | None = None
    enabled: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """All that may be shown of a client."""

    account: Account
    grants: tuple[Grant, ...]
    secrets: tuple[Credential, ...]
    keys: tuple[Credential, ...]


async def open_client(act: Act, new: NewClient) -> str | None:
    """Make an account; gives its secret, or None when it has a key instead.

    Raises:
        InvalidRequest: the id, a scope that its kind may not hold, or a grant.
        Conflict: the id is taken.
    """
    scopes = SCOPES_OF[new.kind] if new.scopes is None else new.scopes
    _require_holdable(new.kind, scopes)
    secret = new_secret() if new.key is None else None
    async with act.begin() as connection:
        await create_client(
            connection,
            client_id=new.client_id,
            name=new.name,
            kind=new.kind,
            scopes=scopes,
            secret=secret,
            now=act.now,
        )
        if new.key is not None:
            await add_key(connection, new.client_id, new.key, now=act.now)
        for grant in new.grants:
            await add_grant(connection, new.client_id, grant)
        named = {"kind": new.kind.value, "scopes": _names(scopes), "grants": len(new.grants)}
        await note(connection, act, Action.CLIENT_CREATED, new.client_id, named)
    return secret


async def change_client(act: Act, client_id: str, change: Change) -> None:
    """Rename, disable or enable an account, or change its scopes; living tokens follow at once.

    Raises:
        NotFound: there is no such client.
        InvalidRequest: a scope that its kind may not hold.
    """
    values: dict[str, str | bool | list[str]] = {}
    if change.name is not None:
        values["name"] = change.name
    if change.enabled is not None:
        values["enabled"] = change.enabled
    async with act.begin() as connection:
        account = await existing(connection, client_id)
        if change.scopes is not None:
            _require_holdable(account.kind, change.scopes)
            values["scopes"] = sorted(change.scopes)
        if not values:
            return
        await connection.execute(
            update(clients).where(clients.c.client_id == client_id).values(values)
        )
        told: dict[str, str | int | bool | None] = {"changed": " ".join(sorted(values))}
        if change.enabled is not None:
            told["enabled"] = change.enabled
        if change.scopes is not None:
            told["scopes"] = _names(change.scopes)
        await note(connection, act, Action.CLIENT_CHANGED, client_id, told)


async def grant(act: Act, client_id: str, new: Grant) -> None:
    """Let a client act for more.

    Raises:
        NotFound: there is no such client.
        InvalidRequest: the level, the school or the order of its ends.
    """
    async with act.begin() as connection:
        await existing(connection, client_id)
        await add_grant(connection, client_id, new)
        told = {
            "grant": str(new.grant_id),
            "school": new.school_code,
            "province": new.province_code,
            "level": new.level,
        }
        await note(connection, act, Action.CLIENT_GRANT_ADDED, client_id, told)


async def drop_grant(act: Act, client_id: str, grant_id: UUID) -> None:
    """End a grant now.

    Raises:
        NotFound: there is no such living grant.
    """
    async with act.begin() as connection:
        if not await end_grant(connection, client_id, grant_id, act.now):
            raise NotFound
        told = {"grant": str(grant_id)}
        await note(connection, act, Action.CLIENT_GRANT_ENDED, client_id, told)


async def read_client(database: Database, client_id: str) -> Dossier:
    """Read all that may be shown of a client.

    Raises:
        NotFound: there is no such client.
    """
    async with database.read() as connection:
        account = await find_account(connection, client_id)
        if account is None:
            raise NotFound
        return Dossier(
            account=account,
            grants=await grants_of(connection, client_id),
            secrets=await secrets_of(connection, client_id),
            keys=await keys_of(connection, client_id),
        )


async def list_clients(
    database: Database, *, kind: Kind | None = None, after: str = "", limit: int = CLIENTS_PAGE
) -> tuple[Account, ...]:
    """List accounts by id, from behind `after`; at most `limit` of them."""
    statement = select(*ACCOUNT_COLUMNS).where(clients.c.client_id > after)
    if kind is not None:
        statement = statement.where(clients.c.kind == kind.value)
    async with database.read() as connection:
        rows = await connection.execute(statement.order_by(clients.c.client_id).limit(limit))
        return tuple(account_of(*row) for row in rows)


def _names(scopes: frozenset[Scope]) -> str:
    return " ".join(sorted(scopes))


def _require_holdable(kind: Kind, scopes: frozenset[Scope]) -> None:
    if not scopes or not scopes <= SCOPES_OF[kind]:
        raise InvalidRequest(parameter="scopes", reason="not-for-this-kind")
