"""The composition root of the web process: settings → parts → routes, problems, headers.

The one place that reads the clock for the web. Nothing here decides anything.
"""

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, FastAPI, Request, Security
from fastapi.openapi.models import OAuthFlowClientCredentials, OAuthFlows
from fastapi.openapi.utils import get_openapi
from fastapi.security import OAuth2
from pydantic import BaseModel, Field
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.clients.accounts import Caller
from app.clients.accounts import Scope as ClientScope
from app.clients.routes import token_routes
from app.clients.tokens import authenticate
from app.db import Database, connect, schema_is_current
from app.errors import StartRefused
from app.intake.routes import PackageParts, package_routes
from app.keys import WebKeys, load_web_keys
from app.lookup.routes import lookup_routes
from app.problems import TOKEN_PATH, Problem, install_problems, problem_responses
from app.settings import Settings
from app.vault import Vault, open_configured_vault
from app.verification.check import Stores
from app.verification.error_codes import error_code_routes
from app.verification.routes import verification_routes

API_VERSION = "1.0.0"
"""The version of the HTTP contract; it changes with what clients see, not with every release."""

WEB_CONNECTIONS = 10
"""Connections of one web process: an answer holds one for a millisecond or two."""

_SECURITY_HEADERS: Mapping[str, str] = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""What every answer carries unless its route says otherwise: most answers tell of a child."""

_DESCRIPTION = """\
Kho trung tâm tiếp nhận, kiểm tra chữ ký số, lưu giữ và tra cứu **học bạ số**.

1. Lấy mã truy cập tại `POST /v1/oauth/token` bằng tài khoản kết nối được cấp.
2. Gửi gói tin đã ký tại `POST /v1/packages`; gửi lại đúng các byte đó luôn an toàn.
3. Xem kết quả từng học bạ, tải bản tin trả lời đã ký và xác nhận đã đọc.

Mã lỗi và cách khắc phục: `GET /v1/error-codes`, hoặc trang `/error-codes` cho người đọc.
Mọi lỗi theo RFC 9457 (`application/problem+json`). Thông báo bằng tiếng Việt, hoặc tiếng Anh với
`Accept-Language: en`. Thời gian theo giờ Việt Nam (+07:00).
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebParts:
    """What the web process works with.

    Attributes:
        database: as hocba_web.
        verifier: as hocba_verifier, for the public.
        clock: the time, read once per request.
    """

    settings: Settings
    database: Database
    verifier: Database
    vault: Vault
    keys: WebKeys
    clock: Callable[[], datetime]


def read_clock() -> datetime:
    """Read the time, at the edge and nowhere else."""
    return datetime.now(UTC)  # noqa: TID251 -- the edge


def open_web_parts(settings: Settings, *, database_url: str) -> WebParts:
    """Open what the web process works with; connects when first used.

    Raises:
        StartRefused: a key or the vault's address is in doubt.
    """
    return WebParts(
        settings=settings,
        database=connect(database_url, role="hocba_web", pool_size=WEB_CONNECTIONS),
        verifier=connect(database_url, role="hocba_verifier", pool_size=WEB_CONNECTIONS),
        vault=open_configured_vault(settings),
        keys=load_web_keys(settings.keys_folder),
        clock=read_clock,
    )


def create_app(parts: WebParts) -> FastAPI:
    """Put the web application together; it closes its databases when it ends."""
    sandbox = parts.settings.environment == "sandbox"
    app = FastAPI(
        title="Kho học bạ số",
        summary="Central repository of signed school transcripts",
        description=_DESCRIPTION,
        version=API_VERSION,
        docs_url=None,  # the usual page loads its scripts from elsewhere
        redoc_url=None,
        lifespan=_lifespan(parts),
        servers=[{"url": "/", "description": "Máy chủ đang cung cấp tài liệu này"}],
        separate_input_output_schemas=False,
    )
    _include_routes(app, parts, sandbox=sandbox)
    install_problems(app)
    app.add_middleware(SecurityHeaders, secure=parts.settings.public_url.startswith("https://"))
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]  # reason: FastAPI's documented way
    return app


def _include_routes(app: FastAPI, parts: WebParts, *, sandbox: bool) -> None:
    async def caller(request: Request) -> Caller:
        authorization = request.headers.get("authorization")
        return await authenticate(
            parts.database, parts.keys, authorization, parts.clock(), parts.settings.public_url
        )

    token = [Security(_oauth_scheme())]
    packages = package_routes(
        PackageParts(
            database=parts.database, vault=parts.vault, authenticate=caller, clock=parts.clock
        )
    )
    transcripts = lookup_routes(parts.database, parts.vault, authenticate=caller, clock=parts.clock)
    public = verification_routes(
        Stores(register=parts.verifier, audit=parts.database, vault=parts.vault),
        clock=parts.clock,
        sandbox=sandbox,
    )
    tokens = token_routes(
        parts.database, parts.keys, clock=parts.clock, public_url=parts.settings.public_url
    )
    app.include_router(tokens, responses=_TOKEN_PROBLEMS)
    app.include_router(packages, dependencies=token, responses=_CLIENT_PROBLEMS | _UPLOAD_PROBLEMS)
    app.include_router(transcripts, dependencies=token, responses=_CLIENT_PROBLEMS)
    app.include_router(public, responses=_PUBLIC_PROBLEMS)
    app.include_router(error_code_routes(sandbox=sandbox), responses=_LIST_PROBLEMS)
    app.include_router(_health_routes(parts), responses=_HEALTH_PROBLEMS)


_TOKEN_PROBLEMS = problem_responses(
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.UNPROCESSABLE_ENTITY,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.SERVICE_UNAVAILABLE,
)
_CLIENT_PROBLEMS = problem_responses(
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.UNPROCESSABLE_ENTITY,
    HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.SERVICE_UNAVAILABLE,
)
_UPLOAD_PROBLEMS = problem_responses(
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNSUPPORTED_MEDIA_TYPE
)
_PUBLIC_PROBLEMS = problem_responses(
    HTTPStatus.NOT_FOUND,
    HTTPStatus.UNPROCESSABLE_ENTITY,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.SERVICE_UNAVAILABLE,
)
_LIST_PROBLEMS = problem_responses(HTTPStatus.UNPROCESSABLE_ENTITY)
_HEALTH_PROBLEMS = problem_responses(HTTPStatus.SERVICE_UNAVAILABLE)


class Health(BaseModel):
    """Whether the process works (tình trạng dịch vụ)."""

    status: str = Field(description="Tình trạng", examples=["ok"])


def _health_routes(parts: WebParts) -> APIRouter:
    router = APIRouter(tags=["health"])

    @router.get("/healthz", operation_id="healthz", summary="Tiến trình còn hoạt động")
    async def healthz() -> Health:
        """Answer while the process lives; asks no store."""
        return Health(status="ok")

    @router.get("/readyz", operation_id="readyz", summary="Sẵn sàng phục vụ")
    async def readyz() -> Health:
        """Answer when the database, its schema and the vault can be used."""
        await require_stores(parts)
        return Health(status="ready")

    return router


async def require_stores(parts: WebParts) -> None:
    """Go on only with a current schema and a vault that answers.

    Raises:
        StartRefused: the schema is of another version, or the vault refuses its address or keys.
        Unavailable: the database or the vault cannot be reached.
    """
    if not await schema_is_current(parts.database):
        raise StartRefused("the database has another schema version: run `python -m app migrate`")
    await parts.vault.check()


def _lifespan(parts: WebParts) -> Callable[[FastAPI], Any]:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[None]:
        yield
        await parts.database.dispose()
        await parts.verifier.dispose()

    return lifespan


def _oauth_scheme() -> OAuth2:
    """Describe the token in OpenAPI; the routes themselves authenticate."""
    scopes = {
        ClientScope.PACKAGES_WRITE.value: "Gửi gói tin",
        ClientScope.PACKAGES_READ.value: "Xem kết quả và bản tin trả lời của gói tin đã gửi",
        ClientScope.TRANSCRIPTS_READ.value: "Tra cứu học bạ của các trường được giao",
    }
    flow = OAuthFlowClientCredentials(tokenUrl=TOKEN_PATH, scopes=scopes)
    return OAuth2(flows=OAuthFlows(clientCredentials=flow), auto_error=False)


def _openapi(app: FastAPI) -> dict[str, Any]:
    """Describe the contract (OpenAPI 3.1) with the problem document among its schemas."""
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title,
            version=app.version,
            summary=app.summary,
            description=app.description,
            routes=app.routes,
            servers=app.servers,
        )
        document["components"]["schemas"]["Problem"] = Problem.model_json_schema()
        app.openapi_schema = document
    return app.openapi_schema


class SecurityHeaders:
    """Add the headers that every answer carries, where its route did not set them itself."""

    def __init__(self, app: ASGIApp, *, secure: bool) -> None:
        """Wrap an application.

        Args:
            app: the application.
            secure: whether users reach it by https, so that browsers may insist on that.
        """
        self._app = app
        hsts = {"Strict-Transport-Security": "max-age=31536000"} if secure else {}
        self._headers = {**_SECURITY_HEADERS, **hsts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, guarded)
