"""How a client proves who it is: by a secret, or by an assertion that it signed."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from app.clients.accounts import Account, find_account
from app.clients.assertions import ASSERTION_LIMIT, Used, claims_of, prove_assertion
from app.clients.credentials import public_key, secret_hashes
from app.clients.secrets import is_secret
from app.clients.tables import used_assertions
from app.db import Database
from app.errors import InvalidClient

SECRET_LIMIT = 256
"""Characters of a secret that are hashed: more is no secret of ours, only work for the hash."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BySecret:
    """A client id and its secret (RFC 6749 section 2.3.1)."""

    client_id: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ByAssertion:
    """A signed assertion (RFC 7523 section 2.2).

    Attributes:
        client_id: as it was sent beside the assertion; None when it was not.
    """

    assertion: str = field(repr=False)
    client_id: str | None = None


Proof = BySecret | ByAssertion


@dataclass(frozen=True, slots=True, kw_only=True)
class Proven:
    """What a proof came to.

    Attributes:
        account: whose it claims to be; None when there is no such account.
        holds: whether the proof is good and the account may be used.
        used: the assertion to be remembered before anything is given for it.
    """

    account: Account | None
    holds: bool
    used: Used | None = None


async def prove_client(
    database: Database, proof: Proof, *, now: datetime, audiences: tuple[str, ...]
) -> Proven:
    """Look whether a proof holds; an unknown client costs as much as a wrong secret.

    Raises:
        Unavailable: the database cannot answer.
    """
    match proof:
        case BySecret():
            return await _by_secret(database, proof, now)
        case ByAssertion():
            return await _by_assertion(database, proof, now, audiences)


async def remember(connection: AsyncConnection, proven: Proven, now: datetime) -> bool:
    """Note that an assertion was used; False when somebody used it before, in any process.

    The note becomes durable with the caller's transaction, so what is given for an assertion is
    given once. Notes of assertions that have run out are cleared on the way.
    """
    if proven.used is None or proven.account is None:
        return True
    await connection.execute(delete(used_assertions).where(used_assertions.c.expires_at <= now))
    statement = insert(used_assertions).values(
        client_id=proven.account.client_id,
        assertion_sha256=proven.used.digest,
        expires_at=proven.used.expires_at,
    )
    added = statement.on_conflict_do_nothing().returning(used_assertions.c.client_id)
    return (await connection.execute(added)).first() is not None


async def _by_secret(database: Database, proof: BySecret, now: datetime) -> Proven:
    async with database.read() as connection:
        account = await find_account(connection, proof.client_id)
        kept = () if account is None else await secret_hashes(connection, proof.client_id, now)
    tried = proof.secret[: SECRET_LIMIT + 1]
    known = await asyncio.to_thread(is_secret, tried, kept if len(tried) <= SECRET_LIMIT else ())
    return Proven(account=account, holds=known and account is not None and account.enabled)


async def _by_assertion(
    database: Database, proof: ByAssertion, now: datetime, audiences: tuple[str, ...]
) -> Proven:
    if len(proof.assertion) > ASSERTION_LIMIT:
        return Proven(account=None, holds=False)
    try:
        claimed = claims_of(proof.assertion)
    except InvalidClient:
        return Proven(account=None, holds=False)
    async with database.read() as connection:
        account = await find_account(connection, claimed.client_id)
        key = await public_key(connection, claimed.client_id, claimed.kid, now) if account else None
    if account is None or key is None or proof.client_id not in {None, account.client_id}:
        return Proven(account=account, holds=False)
    try:
        used = await asyncio.to_thread(
            prove_assertion,
            proof.assertion,
            key,
            client_id=account.client_id,
            now=now,
            audiences=audiences,
        )
    except InvalidClient:
        return Proven(account=account, holds=False)
    return Proven(account=account, holds=account.enabled, used=used)
