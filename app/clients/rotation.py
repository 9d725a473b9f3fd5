"""Credentials and tokens of accounts: each function is one change and its audit in one transaction.

A secret is drawn here, given back once and kept as a hash. Ending a credential also ends the tokens
that may have been got with it.
"""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.audit.record import Action
from app.clients.act import Act, Detail, existing, note
from app.clients.credentials import (
    OVERLAP_LIMIT,
    PublicKey,
    add_key,
    add_secret,
    end_key,
    end_secret,
)
from app.clients.secrets import new_secret
from app.clients.tables import clients
from app.errors import InvalidRequest, NotFound


async def rotate_secret(act: Act, client_id: str, overlap: timedelta) -> str:
    """Give a client a new secret; the newest old one stays valid during the overlap.

    Raises:
        NotFound: there is no such client.
        InvalidRequest: the overlap is negative or above `OVERLAP_LIMIT`.
    """
    _require_overlap(overlap)
    secret = new_secret()
    async with act.begin() as connection:
        await existing(connection, client_id)
        secret_id = await add_secret(connection, client_id, secret, now=act.now, overlap=overlap)
        told: Detail = {"secret": str(secret_id), "overlap": int(overlap.total_seconds())}
        await note(connection, act, Action.CLIENT_SECRET_ADDED, client_id, told)
    return secret


async def rotate_key(act: Act, client_id: str, key: PublicKey, overlap: timedelta) -> None:
    """Give a client a new public key; the newest old one stays valid during the overlap.

    Raises:
        NotFound: there is no such client.
        Conflict: the client has or had a key of this name.
        InvalidRequest: the overlap is negative or above `OVERLAP_LIMIT`.
    """
    _require_overlap(overlap)
    async with act.begin() as connection:
        await existing(connection, client_id)
        await add_key(connection, client_id, key, now=act.now, overlap=overlap)
        told: Detail = {"kid": key.kid, "overlap": int(overlap.total_seconds())}
        await note(connection, act, Action.CLIENT_KEY_ADDED, client_id, told)


async def drop_secret(act: Act, client_id: str, secret_id: UUID) -> None:
    """End a secret and every token of the client now.

    Raises:
        NotFound: there is no such living secret.
    """
    async with act.begin() as connection:
        await existing(connection, client_id)
        if not await end_secret(connection, client_id, secret_id, act.now):
            raise NotFound
        await _end_tokens(connection, client_id)
        told = {"secret": str(secret_id)}
        await note(connection, act, Action.CLIENT_SECRET_ENDED, client_id, told)


async def drop_key(act: Act, client_id: str, kid: str) -> None:
    """End a key and every token of the client now.

    Raises:
        NotFound: there is no such living key.
    """
    async with act.begin() as connection:
        await existing(connection, client_id)
        if not await end_key(connection, client_id, kid, act.now):
            raise NotFound
        await _end_tokens(connection, client_id)
        await note(connection, act, Action.CLIENT_KEY_ENDED, client_id, {"kid": kid})


async def revoke_tokens(act: Act, client_id: str) -> None:
    """Make every token of a client worthless at once; it may get new ones.

    Raises:
        NotFound: there is no such client.
    """
    async with act.begin() as connection:
        await existing(connection, client_id)
        await _end_tokens(connection, client_id)
        await note(connection, act, Action.CLIENT_TOKENS_REVOKED, client_id, {})


async def _end_tokens(connection: AsyncConnection, client_id: str) -> None:
    generation = clients.c.token_generation + 1
    await connection.execute(
        update(clients).where(clients.c.client_id == client_id).values(token_generation=generation)
    )


def _require_overlap(overlap: timedelta) -> None:
    if not timedelta(0) <= overlap <= OVERLAP_LIMIT:
        raise InvalidRequest(parameter="overlap_seconds", reason="range")
