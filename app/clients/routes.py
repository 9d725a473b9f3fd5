"""The OAuth endpoints: tokens by client credentials (RFC 6749 section 4.4) and their revocation."""

from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Literal
from urllib.parse import unquote_plus

from fastapi import APIRouter, Form, Request, Response
from pydantic import BaseModel, Field

from app.clients.assertions import ASSERTION_TYPE
from app.clients.proof import ByAssertion, BySecret, Proof
from app.clients.tokens import TokenRequest, issue_token, revoke_token
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sent:
    """The fields by which a client proves itself, as they came."""

    client_id: str | None
    client_secret: str | None
    assertion_type: str | None
    assertion: str | None


_ClientId = Annotated[str | None, Form(description="Mã tài khoản kết nối")]
_Secret = Annotated[str | None, Form(description="Khóa của tài khoản")]
_AssertionType = Annotated[
    str | None, Form(description=f"`{ASSERTION_TYPE}` khi dùng `private_key_jwt`")
]
_Assertion = Annotated[
    str | None,
    Form(description="JWT do tài khoản ký (RFC 7523): RS256, PS256 hoặc ES256, tối đa 5 phút"),
]


def token_routes(
    database: Database, keys: WebKeys, *, clock: Callable[[], datetime], public_url: str
) -> APIRouter:
    """Make the token endpoint and the one that revokes tokens.

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

    def begin(request: Request) -> datetime:
        now = clock()
        buckets.take(network_of(request.client.host if request.client else ""), now)
        return now

    @router.post(
        "/v1/oauth/token",
        operation_id="issue_token",
        summary="Lấy mã truy cập bằng tài khoản kết nối",
    )
    async def token(  # noqa: PLR0913, PLR0917 -- reason: the fields of a form
        request: Request,
        response: Response,
        grant_type: Annotated[str, Form(description="Luôn là `client_credentials`")],
        client_id: _ClientId = None,
        client_secret: _Secret = None,
        client_assertion_type: _AssertionType = None,
        client_assertion: _Assertion = None,
        scope: Annotated[
            str | None, Form(description="Các quyền cần dùng, cách nhau bằng dấu cách")
        ] = None,
    ) -> TokenAnswer:
        """Exchange a proof for a token: a secret in the form or by HTTP Basic, or an assertion."""
        now = begin(request)
        if grant_type != "client_credentials":
            raise InvalidRequest(parameter="grant_type", reason="unsupported")
        sent = _Sent(
            client_id=client_id,
            client_secret=client_secret,
            assertion_type=client_assertion_type,
            assertion=client_assertion,
        )
        asked = _asked(request, sent, scope)
        issued = await issue_token(database, keys, asked, now=now, public_url=public_url)
        response.headers["Cache-Control"] = "no-store"
        return TokenAnswer(
            access_token=issued.access_token, expires_in=issued.expires_in, scope=issued.scope
        )

    @router.post(
        "/v1/oauth/revoke",
        operation_id="revoke_token",
        summary="Thu hồi mã truy cập của chính tài khoản",
        status_code=HTTPStatus.OK,
        response_class=Response,
        responses={200: {"description": "Mã truy cập không còn giá trị"}},
    )
    async def revoke(
        request: Request,
        token: Annotated[str, Form(description="Mã truy cập cần thu hồi")],
        client_id: _ClientId = None,
        client_secret: _Secret = None,
        client_assertion_type: _AssertionType = None,
        client_assertion: _Assertion = None,
    ) -> Response:
        """Make a token worthless at once (RFC 7009); an unknown one is none already."""
        now = begin(request)
        sent = _Sent(
            client_id=client_id,
            client_secret=client_secret,
            assertion_type=client_assertion_type,
            assertion=client_assertion,
        )
        asked = _asked(request, sent, None)
        await revoke_token(database, keys, token, asked, now=now, public_url=public_url)
        return Response(headers={"Cache-Control": "no-store"})

    return router


def _asked(request: Request, sent: _Sent, scope: str | None) -> TokenRequest:
    proof = _proof(request.headers.get("authorization"), sent)
    return TokenRequest(proof=proof, scope=scope, trace_id=trace_id_of(request))


def _proof(authorization: str | None, sent: _Sent) -> Proof:
    """Read the one proof that was sent (RFC 6749 section 2.3: not more than one)."""
    if sent.assertion is not None or sent.assertion_type is not None:
        if authorization is not None or sent.client_secret is not None:
            raise InvalidRequest(parameter="client_assertion", reason="sent-twice")
        if sent.assertion_type != ASSERTION_TYPE or sent.assertion is None:
            raise InvalidRequest(parameter="client_assertion_type", reason="unsupported")
        return ByAssertion(assertion=sent.assertion, client_id=sent.client_id)
    if authorization is not None:
        if sent.client_secret is not None:
            raise InvalidRequest(parameter="client_secret", reason="sent-twice")
        return _basic(authorization)
    if sent.client_id is None or sent.client_secret is None:
        raise InvalidClient
    return BySecret(client_id=sent.client_id, secret=sent.client_secret)


def _basic(authorization: str) -> BySecret:
    """Read HTTP Basic (RFC 6749 section 2.3.1)."""
    scheme, _, encoded = authorization.partition(" ")
    try:
        known_as, colon, secret = b64decode(encoded, validate=True).decode().partition(":")
    except ValueError as error:
        raise InvalidClient from error
    if scheme.lower() != "basic" or not colon:
        raise InvalidClient
    return BySecret(client_id=unquote_plus(known_as), secret=unquote_plus(secret))
