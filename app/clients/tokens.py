"""Access tokens: signed claims that live for minutes (RFC 9068), tied to a living account."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey
from sqlalchemy import select

from app.audit.record import Action, record
from app.clients.accounts import CLIENT_ID, Caller, Scope
from app.clients.secrets import is_secret
from app.clients.tables import clients
from app.db import Database
from app.errors import InvalidClient, InvalidRequest, NotAuthenticated
from app.keys import WebKeys

TOKEN_LIFETIME = timedelta(minutes=15)
"""Long enough for a school's submission, short enough that a leaked token is soon worthless."""

TOKEN_LIMIT = 4096
"""Characters of a token that are looked at: ours have about 500."""

SECRET_LIMIT = 256
"""Characters of a secret that are hashed: more is no secret of ours, only work for the hash."""

CLOCK_SKEW_SECONDS = 5
"""Web processes on several machines agree on the time to within this."""

ALGORITHM = "ES256"
"""Pinned: a token's own header never chooses how it is checked (RFC 8725 section 3.1)."""

_TYPE = "at+jwt"  # RFC 9068 section 2.1: no other kind of token passes for an access token


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRequest:
    """What a client sends to get a token (RFC 6749 section 4.4.2).

    Attributes:
        scope: the scopes it asks for, separated by spaces; None asks for all of its own.
        trace_id: the trace of the request, for the audit.
    """

    client_id: str
    secret: str = field(repr=False)
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
    """Give a client that knows its secret a token for the scopes that it asks for.

    An unknown client, a wrong secret and a disabled account get the same answer after the same
    time. Either outcome is recorded before it is told.

    Args:
        database: as hocba_web.
        keys: sign the token.
        request: what the client sent.
        now: the time of issue.
        public_url: issuer and audience, so that a token of the sandbox is none in production.

    Raises:
        InvalidClient: the id and the secret do not belong together.
        InvalidRequest: a scope that the client does not have.
        Unavailable: the database cannot answer.
    """
    # 1 the account, if there is one
    account = await _find(database, request.client_id)
    # 2 the secret, at the same cost for an unknown client
    secret = request.secret[: SECRET_LIMIT + 1]
    kept = account.secret_hash if account is not None and len(secret) <= SECRET_LIMIT else None
    proven = await asyncio.to_thread(is_secret, secret, kept)
    accepted = account is not None and proven and account.enabled
    # 3 the record
    async with database.begin() as connection:
        await record(
            connection,
            at=now,
            actor="public",
            action=Action.TOKEN_ISSUED if accepted else Action.TOKEN_REFUSED,
            # What an unknown caller typed may be anything, so it is not kept.
            object="unknown" if account is None else account.client_id,
            trace_id=request.trace_id,
        )
    if account is None or not accepted:
        raise InvalidClient
    # 4 the token
    scope = _granted(request.scope, account.scopes)
    issued_at = int(now.timestamp())
    claims = {
        "iss": public_url,
        "aud": public_url,
        "sub": account.client_id,
        "client_id": account.client_id,
        "iat": issued_at,
        "exp": issued_at + int(TOKEN_LIFETIME.total_seconds()),
        "jti": str(uuid4()),
        "scope": scope,
    }
    token = await asyncio.to_thread(_sign, keys, claims)
    return IssuedToken(
        access_token=token, expires_in=int(TOKEN_LIFETIME.total_seconds()), scope=scope
    )


async def authenticate(
    database: Database, keys: WebKeys, authorization: str | None, now: datetime, public_url: str
) -> Caller:
    """Find out who calls from the Authorization header.

    The account is read each time, so a disabled client is out at once and a scope that was taken
    from it no longer counts.

    Raises:
        NotAuthenticated: no token, not one of ours, run out, or its account is gone or disabled.
        Unavailable: the database cannot answer.
    """
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not 0 < len(token) <= TOKEN_LIMIT:
        raise NotAuthenticated
    claims = await asyncio.to_thread(_check, keys, token, now, public_url)
    account = await _find(database, claims["sub"])
    if account is None or not account.enabled:
        raise NotAuthenticated
    return Caller(
        client_id=account.client_id,
        name=account.name,
        scopes=account.scopes & _scopes(claims["scope"].split()),
    )


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class _Account:
    client_id: str
    name: str
    secret_hash: str
    scopes: frozenset[Scope]
    enabled: bool


async def _find(database: Database, client_id: str) -> _Account | None:
    if not CLIENT_ID.fullmatch(client_id):
        return None
    statement = select(
        clients.c.client_id,
        clients.c.name,
        clients.c.secret_hash,
        clients.c.scopes,
        clients.c.enabled,
    ).where(clients.c.client_id == client_id)
    async with database.read() as connection:
        row = (await connection.execute(statement)).one_or_none()
    if row is None:
        return None
    return _Account(
        client_id=row.client_id,
        name=row.name,
        secret_hash=row.secret_hash,
        scopes=_scopes(row.scopes),
        enabled=row.enabled,
    )


def _scopes(names: Sequence[str]) -> frozenset[Scope]:
    """Read scopes; a name that this version does not know allows nothing."""
    return frozenset(scope for scope in Scope if scope.value in names)


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
        scope={"essential": True},
    )
    try:
        read = jwt.decode(token, ECKey.import_key(keys.tokens), algorithms=[ALGORITHM])
        registry.validate(read.claims)
    except (JoseError, ValueError, TypeError) as error:
        raise NotAuthenticated from error
    if read.header.get("typ") != _TYPE or not isinstance(read.claims["scope"], str):
        raise NotAuthenticated
    return read.claims
