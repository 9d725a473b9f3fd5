"""The composition root of the web process: settings → parts → routes, problems, headers.

The one place that reads the clock for the web. Nothing here decides anything.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from fastapi import Depends, FastAPI, Security
from fastapi.openapi.utils import get_openapi

from app.admission import Gate, caller_of, oauth_scheme
from app.clients.management import ManagementParts, client_routes
from app.clients.routes import token_routes
from app.db import Database, connect
from app.directory.routes import code_list_routes
from app.faults import LostAnswers, suffer
from app.headers import SecurityHeaders
from app.health import health_routes
from app.intake.exchange import PackageParts
from app.intake.routes import package_routes
from app.intake.validate import DryRuns
from app.intake.waiting import Decisions
from app.journal import Journal
from app.keys import WebKeys, load_web_keys
from app.limits import limit_routes
from app.lookup.routes import lookup_routes
from app.problems import Problem, install_problems, problem_responses
from app.settings import Settings
from app.trust.routes import CertificateParts, certificate_routes
from app.vault import Vault, open_configured_vault
from app.verification.check import Stores
from app.verification.error_codes import error_code_routes
from app.verification.routes import verification_routes
from app.webhooks.routes import WebhookParts, webhook_routes

API_VERSION = "1.0.0"
"""The version of the HTTP contract; it changes with what clients see, not with every release."""

WEB_CONNECTIONS = 10
"""Connections of one web process: an answer holds one for a millisecond or two."""

_DESCRIPTION = """\
Kho trung tâm tiếp nhận, kiểm tra chữ ký số, lưu giữ và tra cứu **học bạ số**.

1. Lấy mã truy cập tại `POST /v1/oauth/token` bằng tài khoản kết nối được cấp.
2. Gửi gói tin đã ký tại `POST /v1/packages`; gửi lại đúng các byte đó luôn an toàn.
3. Xem kết quả từng học bạ, tải bản tin trả lời đã ký và xác nhận đã đọc.

Tài khoản chứng minh mình bằng `client_secret` hoặc `private_key_jwt` (RFC 7523), và chỉ thấy dữ
liệu của các trường, tỉnh, cấp học được giao. Mọi giới hạn có tại `GET /v1/limits`; trả lời cho tài
khoản có tiêu đề `RateLimit` và `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers-10), `429`
có `Retry-After`.

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
    dry_runs = DryRuns(
        parts.database,
        trust_folder=parts.settings.trust_folder,
        provisional=parts.settings.accept_provisionally,
    )
    sandbox = parts.settings.environment == "sandbox"
    app = FastAPI(
        dependencies=[Depends(suffer)] if sandbox else [],
        title="Kho học bạ số",
        summary="Central repository of signed school transcripts",
        description=_DESCRIPTION,
        version=API_VERSION,
        docs_url=None,  # the usual page loads its scripts from elsewhere
        redoc_url=None,
        lifespan=_lifespan(parts, dry_runs),
        servers=[{"url": "/", "description": "Máy chủ đang cung cấp tài liệu này"}],
        separate_input_output_schemas=False,
    )
    _include_routes(app, parts, dry_runs)
    install_problems(app)
    app.add_middleware(SecurityHeaders, secure=parts.settings.public_url.startswith("https://"))
    if sandbox:
        app.add_middleware(LostAnswers)
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]  # reason: FastAPI's documented way
    return app


def _include_routes(app: FastAPI, parts: WebParts, dry_runs: DryRuns) -> None:
    gate = Gate(
        database=parts.database,
        keys=parts.keys,
        clock=parts.clock,
        public_url=parts.settings.public_url,
    )
    scheme = Security(oauth_scheme())
    journal = Journal(vault=parts.vault, key=parts.keys.journal, retention=parts.settings.retention)
    token, reasoned = [scheme, Depends(gate.admit)], [scheme, Depends(gate.admit_reader)]
    packages = package_routes(
        PackageParts(
            database=parts.database,
            vault=parts.vault,
            journal=journal,
            authenticate=caller_of,
            clock=parts.clock,
            decisions=Decisions(parts.database),
            dry_runs=dry_runs,
        )
    )
    transcripts = lookup_routes(
        parts.database, parts.vault, authenticate=caller_of, clock=parts.clock
    )
    sandbox = parts.settings.environment == "sandbox"
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
    app.include_router(transcripts, dependencies=reasoned, responses=_CLIENT_PROBLEMS)
    management = ManagementParts(database=parts.database, authenticate=caller_of, clock=parts.clock)
    app.include_router(
        client_routes(management), dependencies=token, responses=_CLIENT_PROBLEMS | _STATE_PROBLEMS
    )
    app.include_router(limit_routes())
    certificates = certificate_routes(
        CertificateParts(
            database=parts.database,
            journal=journal,
            trust_folder=parts.settings.trust_folder,
            authenticate=caller_of,
            clock=parts.clock,
        )
    )
    conflict = problem_responses(HTTPStatus.CONFLICT)
    refusals = _CLIENT_PROBLEMS | _UPLOAD_PROBLEMS | conflict
    app.include_router(certificates, dependencies=token, responses=refusals)
    hooks = webhook_routes(
        WebhookParts(
            database=parts.database,
            key=parts.keys.webhooks,
            sandbox=sandbox,
            authenticate=caller_of,
            clock=parts.clock,
        )
    )
    app.include_router(hooks, dependencies=token, responses=_CLIENT_PROBLEMS | _STATE_PROBLEMS)
    app.include_router(public, responses=_PUBLIC_PROBLEMS)
    app.include_router(error_code_routes(sandbox=sandbox), responses=_LIST_PROBLEMS)
    app.include_router(code_list_routes(clock=parts.clock), responses=_CODE_LIST_PROBLEMS)
    app.include_router(health_routes(parts.database, parts.vault), responses=_HEALTH_PROBLEMS)


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
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.SERVICE_UNAVAILABLE,
)
_STATE_PROBLEMS = problem_responses(HTTPStatus.BAD_REQUEST, HTTPStatus.CONFLICT)
_UPLOAD_PROBLEMS = problem_responses(
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.CONFLICT,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
)
_PUBLIC_PROBLEMS = problem_responses(
    HTTPStatus.NOT_FOUND,
    HTTPStatus.UNPROCESSABLE_ENTITY,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.SERVICE_UNAVAILABLE,
)
_CODE_LIST_PROBLEMS = problem_responses(HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY)
_LIST_PROBLEMS = problem_responses(HTTPStatus.UNPROCESSABLE_ENTITY)
_HEALTH_PROBLEMS = problem_responses(HTTPStatus.SERVICE_UNAVAILABLE)


def _lifespan(parts: WebParts, dry_runs: DryRuns) -> Callable[[FastAPI], Any]:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[None]:
        yield
        await asyncio.to_thread(dry_runs.close)
        await parts.database.dispose()
        await parts.verifier.dispose()

    return lifespan


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
