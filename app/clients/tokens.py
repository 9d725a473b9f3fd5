"""Access tokens: signed claims that live for minutes (RFC 9068), tied to a living account."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey
from sqlalchemy import delete, exists, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from app.audit.record import Action, record
from app.clients.accounts import Account, Caller, Scope, find_account, scopes_named
from app.clients.proof import Proof, Proven, prove_client, remember
from app.clients.tables import revoked_tokens
from app.db import Database
from app.errors import InvalidClient, InvalidRequest, NotAuthenticated
from app.keys import WebKeys

TOKEN_LIFETIME = timedelta(minutes=15)
"""Long enough for a school's submission, short enough that a leaked token is soon worthless."""

TOKEN_LIMIT = 4096
"""Characters of a token that are looked at: ours have about 500."""

CLOCK_SKEW_SECONDS = 5
"""Web processes on several machines agree on the time to within this."""

ALGORITHM = "ES256"
"""Pinned: a token's own header never chooses how it is checked (RFC 8725 section 3.1)."""

_TYPE = "at+jwt"  # RFC 9068 section 2.1: no other kind of token passes for an access token

TOKEN_PATH = "/v1/oauth/token"  # noqa: S105 -- reason: the path of an endpoint, no password


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRequest:
    """What a client sends to get a token (RFC 6749 section 4.4.2).

    Attributes:
        scope: the scopes it asks for, separated by spaces; None asks for all of its own.
        trace_id: the trace of the request, for the audit.
    """

    proof: Proof
    scope: str | None = None
    trace_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedToken:
    """A token and what it allows (RFC 6749 section 5.1).

    Attributes:
        expires_in: seconds.
        scope: the granted scopes, separated by spaces.
    """

    access_token: str
    expires_in: int
    scope: str


async def issue_token(
    database: Database, keys: WebKeys, request: TokenRequest, *, now: datetime, public_url: str
) -> IssuedToken:
    """Give a client that proves itself a token for the scopes that it asks for.

    An unknown client, a wrong secret, a repeated assertion and a disabled account get the same
    answer. Either outcome is recorded before it is told.

    Args:
        database: as hocba_web.
        keys: sign the token.
        request: what the client sent.
        now: the time of issue.
        public_url: issuer and audience, so that a token of the sandbox is none in production.

    Raises:
        InvalidClient: the proof does not hold.
        InvalidRequest: a scope that the client does not have.
        Unavailable: the database cannot answer.
    """
    # 1 the account and its proof
    proven = await _proven(database, request.proof, now, public_url)
    # 2 the record; an assertion counts once, whatever is asked for with it
    async with database.begin() as connection:
        holds = proven.holds and await remember(connection, proven, now)
        await record(
            connection,
            at=now,
            actor="public",
            action=Action.TOKEN_ISSUED if holds else Action.TOKEN_REFUSED,
            # What an unknown caller typed may be anything, so it is not kept.
            object="unknown" if proven.account is None else proven.account.client_id,
            trace_id=request.trace_id,
        )
    if proven.account is None or not holds:
        raise InvalidClient
    # 3 the token
    scope = _granted(request.scope, proven.account.scopes)
    claims = _claims(proven.account, scope, now, public_url)
    return IssuedToken(
        access_token=await asyncio.to_thread(_sign, keys, claims),
        expires_in=int(TOKEN_LIFETIME.total_seconds()),
        scope=scope,
    )


async def revoke_token(
    database: Database,
    keys: WebKeys,
    token: str,
    request: TokenRequest,
    *,
    now: datetime,
    public_url: str,
) -> None:
    """Make one of the client's own tokens worthless at once, in every process (RFC 7009).

    What is no living token of this client is passed over in silence: it is worthless already, or
    not the client's to revoke.

    Raises:
        InvalidClient: the proof does not hold.
        Unavailable: the database cannot answer.
    """
    proven = await _proven(database, request.proof, now, public_url)
    try:
        claims = await asyncio.to_thread(_check, keys, token[:TOKEN_LIMIT], now, public_url)
    except NotAuthenticated:
        claims = {}
    async with database.begin() as connection:
        if not proven.holds or not await remember(connection, proven, now):
            raise InvalidClient
        if proven.account is not None and claims.get("sub") == proven.account.client_id:
            await _revoke(connection, claims, now)
            await record(
                connection,
                at=now,
                actor=proven.account.client_id,
                action=Action.TOKEN_REVOKED,
                object=proven.account.client_id,
                trace_id=request.trace_id,
            )


async def authenticate(
    database: Database,
    keys: WebKeys,
    authorization: str | None,
    now: datetime,
    public_url: str,
) -> Caller:
    """Find out who calls from the Authorization header.

    The account is read each time, so a disabled client and a revoked token are out at once, and a
    scope that was taken from the client no longer counts.

    Raises:
        NotAuthenticated: no token, not one of ours, run out or revoked, or its account is gone or
            disabled.
        Unavailable: the database cannot answer.
    """
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not 0 < len(token) <= TOKEN_LIMIT:
        raise NotAuthenticated
    claims = await asyncio.to_thread(_check, keys, token, now, public_url)
    revoked = select(exists().where(revoked_tokens.c.token_id == UUID(claims["jti"])))
    async with database.read() as connection:
        account = await find_account(connection, claims["sub"])
        out = await connection.scalar(revoked)
    if account is None or not account.enabled or out:
        raise NotAuthenticated
    if claims["generation"] != account.token_generation:
        raise NotAuthenticated
    return Caller(
        client_id=account.client_id,
        name=account.name,
        kind=account.kind,
        scopes=account.scopes & scopes_named(claims["scope"].split()),
    )


async def _proven(database: Database, proof: Proof, now: datetime, public_url: str) -> Proven:
    # RFC 7523 section 3: the token endpoint's address names this service as well.
    audiences = (public_url, f"{public_url}{TOKEN_PATH}")
    return await prove_client(database, proof, now=now, audiences=audiences)


async def _revoke(connection: AsyncConnection, claims: dict[str, Any], now: datetime) -> None:
    leeway = timedelta(seconds=CLOCK_SKEW_SECONDS)
    await connection.execute(
        delete(revoked_tokens).where(revoked_tokens.c.expires_at <= now - leeway)
    )
    statement = insert(revoked_tokens).values(
        token_id=UUID(claims["jti"]), expires_at=datetime.fromtimestamp(claims["exp"], UTC) + leeway
    )
    await connection.execute(statement.on_conflict_do_nothing())


def _claims(account: Account, scope: str, now: datetime, public_url: str) -> dict[str, Any]:
    issued_at = int(now.timestamp())
    return {
        "iss": public_url,
        "aud": public_url,
        "sub": account.client_id,
        "client_id": account.client_id,
        "iat": issued_at,
        "exp": issued_at + int(TOKEN_LIFETIME.total_seconds()),
        "jti": str(uuid4()),
        "scope": scope,
        "generation": account.token_generation,
    }


def _granted(requested: str | None, held: frozenset[Scope]) -> str:
    wanted = sorted(held) if requested is None else sorted(set(requested.split()))
    if not wanted or not held.issuperset(wanted):
        raise InvalidRequest(parameter="scope", reason="not-granted")
    return " ".join(wanted)


def _sign(keys: WebKeys, claims: dict[str, Any]) -> str:
    header = {"alg": ALGORITHM, "typ": _TYPE}
    return jwt.encode(header, claims, ECKey.import_key(keys.tokens), algorithms=[ALGORITHM])


def _check(keys: WebKeys, token: str, now: datetime, public_url: str) -> dict[str, Any]:
    """Read the claims of a token that this service signed and that has not run out."""
    registry = jwt.JWTClaimsRegistry(
        now=int(now.timestamp()),
        leeway=CLOCK_SKEW_SECONDS,
        iss={"essential": True, "value": public_url},
        aud={"essential": True, "value": public_url},
        sub={"essential": True},
        exp={"essential": True},
        iat={"essential": True},
        jti={"essential": True},
        scope={"essential": True},
        generation={"essential": True},
    )
    try:
        read = jwt.decode(token, ECKey.import_key(keys.tokens), algorithms=[ALGORITHM])
        registry.validate(read.claims)
        UUID(read.claims["jti"])
    except (JoseError, ValueError, TypeError, AttributeError) as error:
        raise NotAuthenticated from error
    texts = (read.claims["scope"], read.claims["sub"])
    if read.header.get("typ") != _TYPE or not all(isinstance(one, str) for one in texts):
        raise NotAuthenticated
    return read.claims
