"""The only map from an error to an answer: problem documents of RFC 9457 in the reader's language.

An error that is not of our family becomes an opaque 500: the answer gives only its trace, and the
log has its type and places, never its message.
"""

from collections.abc import Mapping
from http import HTTPStatus
from time import monotonic
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import iter_route_contexts
from pydantic import BaseModel, ConfigDict, Field
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse
from starlette.routing import compile_path
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app import errors
from app.locale import preferred_language
from app.problem_texts import KINDS
from app.tracing import places_of, trace_id_from, trace_id_of
from app.transcripts.finding import DocumentRefused

MEDIA_TYPE = "application/problem+json"

TOKEN_PATH = "/v1/oauth/token"  # noqa: S105 -- reason: the path of an endpoint, no password
"""Where tokens are got."""

_OAUTH_PATHS = frozenset({TOKEN_PATH, "/v1/oauth/revoke"})
"""Where RFC 6749 section 5.2 rules the answers: 400 instead of 403 and 422, and `error`."""

_log = structlog.get_logger(__name__)


class Problem(BaseModel):
    """A problem document (RFC 9457); members beyond these depend on `code`."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "example": {
                "type": "/problems/too-large",
                "title": "Nội dung quá lớn",
                "status": 413,
                "detail": "Nội dung vượt quá 33554432 byte. Hãy chia thành nhiều gói tin nhỏ hơn, "
                "ví dụ mỗi lớp một gói.",
                "code": "too-large",
                "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
                "limit": 33554432,
            }
        },
    )

    type: str = Field(description="Loại lỗi: đường dẫn cố định `/problems/<code>`")
    title: str = Field(description="Tên lỗi, theo Accept-Language")
    status: int = Field(description="Mã trạng thái HTTP")
    detail: str = Field(description="Chuyện gì đã xảy ra và cần làm gì, theo Accept-Language")
    code: str = Field(description="Mã lỗi cố định để phần mềm so khớp")
    trace_id: str = Field(description="Mã vết của yêu cầu, gửi cho bộ phận hỗ trợ khi cần")


def problem_responses(*statuses: HTTPStatus) -> dict[int | str, dict[str, Any]]:
    """Describe problem answers for the `responses` of a route or router (OpenAPI)."""
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        int(status): {"description": status.phrase, "content": {MEDIA_TYPE: {"schema": schema}}}
        for status in statuses
    }


def install_problems(app: FastAPI) -> None:
    """Make every failure of `app` a problem document and give every answer its `X-Trace-Id`."""
    app.add_exception_handler(errors.RepositoryError, _answer_repository_error)
    app.add_exception_handler(RequestValidationError, _answer_validation_error)
    app.add_exception_handler(HTTPException, _answer_http_exception)
    app.add_middleware(ProblemBoundary)


def problem_response(
    request: Request,
    code: str,
    *,
    status: int | None = None,
    members: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """Write one problem document in the request's language."""
    kind = KINDS[code]
    language = preferred_language(request.headers.get("accept-language"))
    words = kind.words(language)
    known = dict(members or {})
    content = {
        "type": f"/problems/{code}",
        "title": words.title,
        "status": status or kind.status,
        "detail": words.detail.format_map(known),
        "code": code,
        "trace_id": trace_id_of(request),
        **known,
    }
    return JSONResponse(
        content,
        status_code=status or kind.status,
        media_type=MEDIA_TYPE,
        headers={
            "Content-Language": language.value,
            "Vary": "Accept-Language",
            "Cache-Control": "no-store",
            **(headers or {}),
        },
    )


_MEMBERS: Mapping[type[errors.RepositoryError], tuple[str, ...]] = {
    errors.TooLarge: ("limit",),
    errors.WrongMediaType: ("expected",),
    errors.WrongEncoding: ("accepted",),
    errors.DigestMismatch: ("field", "declared", "actual"),
    errors.DuplicateMessage: ("message_id", "digest", "known_digest"),
    errors.InvalidRequest: ("parameter", "reason"),
    errors.InvalidCode: ("reason",),
    errors.NotAllowed: ("scope",),
    errors.TooManyRequests: ("retry_after",),
    errors.Unavailable: ("retry_after",),
}
"""What an error tells the caller besides its code; the rest is for operators."""


def members_of(error: errors.RepositoryError) -> dict[str, Any]:
    """List the members that an error adds to its problem document."""
    if isinstance(error, DocumentRefused):
        return {"errors": [{"code": finding.code} for finding in error.findings]}
    if isinstance(error, errors.CertificateRefused):
        return {"errors": [{"code": error.finding}]}
    told = {name: getattr(error, name) for name in _MEMBERS.get(type(error), ())}
    return {name: value for name, value in told.items() if value is not None}


def _headers_of(error: errors.RepositoryError) -> dict[str, str]:
    match error:
        case errors.TooManyRequests() | errors.Unavailable():
            return {"Retry-After": str(error.retry_after)}
        case errors.WrongEncoding(accepted=accepted):
            return {"Accept-Encoding": accepted}  # RFC 9110 section 15.5.16
        case errors.NotAuthenticated() | errors.InvalidClient():
            return {"WWW-Authenticate": "Bearer"}
        case errors.NotAllowed(scope=str(scope)):
            challenge = f'Bearer error="insufficient_scope", scope="{scope}"'
            return {"WWW-Authenticate": challenge}  # RFC 6750 section 3.1
        case _:
            return {}


def _oauth_error(error: errors.RepositoryError) -> str | None:
    """Name an error in the words of RFC 6749 section 5.2, None where it has none."""
    match error:
        case errors.InvalidClient():
            return "invalid_client"
        case errors.InvalidRequest(parameter="grant_type", reason=reason) if reason != "missing":
            return "unsupported_grant_type"
        case errors.NotAllowed() | errors.InvalidRequest(parameter="scope"):
            return "invalid_scope"
        case errors.InvalidRequest():
            return "invalid_request"
        case _:
            return None


async def _answer_repository_error(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, errors.RepositoryError):  # Starlette's type is wider than its use
        raise error
    if isinstance(error, errors.IntegrityFailure):
        _log.error("integrity.failure", digest=error.digest, trace_id=trace_id_of(request))
    if isinstance(error, errors.Unavailable):
        _log.warning("part.unavailable", part=error.part, trace_id=trace_id_of(request))
    code = error.code if error.code in KINDS else "internal"
    members, status = members_of(error), None
    if request.url.path in _OAUTH_PATHS and (name := _oauth_error(error)):
        members["error"] = name
        status = None if name == "invalid_client" else HTTPStatus.BAD_REQUEST
    return problem_response(
        request, code, status=status, members=members, headers=_headers_of(error)
    )


async def _answer_validation_error(request: Request, error: Exception) -> JSONResponse:
    """Say which parameter has the wrong shape; its value is not repeated."""
    if not isinstance(error, RequestValidationError):  # Starlette's type is wider than its use
        raise error
    first = error.errors()[0]
    shape = errors.InvalidRequest(parameter=str(first["loc"][-1]), reason=first["type"])
    return await _answer_repository_error(request, shape)


async def _answer_http_exception(request: Request, error: Exception) -> JSONResponse:
    """Tell the framework's own refusals (no such path, no such method) like ours."""
    if not isinstance(error, HTTPException):  # Starlette's type is wider than its use
        raise error
    codes = {404: "not-found", 405: "method-not-allowed"}
    fallback = "internal" if error.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR else None
    code = codes.get(error.status_code) or fallback or "invalid-request"
    headers = dict(error.headers or {})
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = ", ".join(_methods_at(request))
    return problem_response(request, code, status=error.status_code, headers=headers)


def _methods_at(request: Request) -> list[str]:
    """List all methods of an address (RFC 9110 section 15.5.6): the framework knows one route's."""
    found: set[str] = set()
    for route in iter_route_contexts(request.app.routes):
        if route.path and compile_path(route.path)[0].match(request.url.path):
            found |= route.methods or set()
    return sorted(found)


class ProblemBoundary:
    """The outermost layer: one trace per request, and no exception leaves it.

    Logs one line per request with the route's template, never the address itself: an address may
    hold a transcript code.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; other kinds of scope pass untouched."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        trace_id = trace_id_from(request.headers.get("traceparent"))
        request.state.trace_id = trace_id
        status: int | None = None
        began = monotonic()

        async def traced_send(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = int(message["status"])
                MutableHeaders(scope=message)["X-Trace-Id"] = trace_id
            await send(message)

        try:
            await self._app(scope, receive, traced_send)
        except ClientDisconnect:
            _log.info("request.abandoned", trace_id=trace_id)
        except Exception as error:  # noqa: BLE001 -- reason: the last line of defence: opaque, logged
            _log.error(
                "request.failed",
                error=type(error).__qualname__,
                places=places_of(error),
                trace_id=trace_id,
            )
            if status is None:
                await problem_response(request, "internal")(scope, receive, traced_send)
        _log.info(
            "request.served",
            method=request.method,
            route=getattr(scope.get("route"), "path", None),
            status=status,
            milliseconds=round((monotonic() - began) * 1000, 1),
            trace_id=trace_id,
        )
