"""The token endpoint (RFC 6749 section 4.4: client credentials)."""

from base64 import b64decode
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Literal
from urllib.parse import unquote_plus

from fastapi import APIRouter, Form, Request, Response
from pydantic import BaseModel, Field

from app.clients.tokens import TokenRequest, issue_token
from app.db import Database
from app.errors import InvalidClient, InvalidRequest
from app.keys import WebKeys
from app.ratelimit import TokenBuckets, network_of
from app.tracing import trace_id_of

TOKENS_PER_SECOND = 1.0
TOKENS_AT_ONCE = 30
"""For each network: a hub needs one token in 15 minutes, many schools may share one address, and
guessing a secret at one try a second is hopeless."""

NETWORKS_REMEMBERED = 50_000
"""About 10 MB of buckets: more than all schools with software of their own."""


class TokenAnswer(BaseModel):
    """A token and what it allows (RFC 6749 section 5.1)."""

    access_token: str = Field(description="Mã truy cập, gửi trong tiêu đề `Authorization: Bearer`")
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 -- reason: the name of a scheme, no password
    expires_in: int = Field(description="Số giây còn hiệu lực", examples=[900])
    scope: str = Field(
        description="Các quyền được cấp, cách nhau bằng dấu cách",
        examples=["packages:read packages:write transcripts:read"],
    )


def token_routes(
    database: Database, keys: WebKeys, *, clock: Callable[[], datetime], public_url: str
) -> APIRouter:
    """Make the token endpoint.

    Args:
        database: as hocba_web.
        keys: sign the tokens.
        clock: the time, read once per request.
        public_url: how users reach this service.
    """
    router = APIRouter(tags=["clients"])
    buckets = TokenBuckets(
        rate_per_second=TOKENS_PER_SECOND, burst=TOKENS_AT_ONCE, capacity=NETWORKS_REMEMBERED
    )

    @router.post(
        "/v1/oauth/token",
        operation_id="issue_token",
        summary="Lấy mã truy cập bằng tài khoản kết nối",
    )
    async def token(
        request: Request,
        response: Response,
        grant_type: Annotated[str, Form(description="Luôn là `client_credentials`")],
        client_id: Annotated[str | None, Form(description="Mã tài khoản kết nối")] = None,
        client_secret: Annotated[str | None, Form(description="Khóa của tài khoản")] = None,
        scope: Annotated[
            str | None, Form(description="Các quyền cần dùng, cách nhau bằng dấu cách")
        ] = None,
    ) -> TokenAnswer:
        """Exchange a client id and secret, in the form or by HTTP Basic, for an access token."""
        now = clock()
        buckets.take(network_of(request.client.host if request.client else ""), now)
        if grant_type != "client_credentials":
            raise InvalidRequest(parameter="grant_type", reason="unsupported")
        authorization = request.headers.get("authorization")
        known_as, secret = _credentials(authorization, client_id, client_secret)
        asked = TokenRequest(
            client_id=known_as, secret=secret, scope=scope, trace_id=trace_id_of(request)
        )
        issued = await issue_token(database, keys, asked, now=now, public_url=public_url)
        response.headers["Cache-Control"] = "no-store"
        return TokenAnswer(
            access_token=issued.access_token, expires_in=issued.expires_in, scope=issued.scope
        )

    return router


def _credentials(
    authorization: str | None, client_id: str | None, client_secret: str | None
) -> tuple[str, str]:
    """Read the id and secret from the one place where they are sent (RFC 6749 section 2.3.1)."""
    if authorization is None:
        if client_id is None or client_secret is None:
            raise InvalidClient
        return client_id, client_secret
    if client_secret is not None:
        raise InvalidRequest(parameter="client_secret", reason="sent-twice")
    scheme, _, encoded = authorization.partition(" ")
    try:
        known_as, colon, secret = b64decode(encoded, validate=True).decode().partition(":")
    except ValueError as error:
        raise InvalidClient from error
    if scheme.lower() != "basic" or not colon:
        raise InvalidClient
    return unquote_plus(known_as), unquote_plus(secret)
