"""The public addresses: the answer as JSON, the same answer as a page, and the page's own files."""

from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from app.errors import InvalidCode, NotFound, RepositoryError, TooManyRequests, Unavailable
from app.locale import Language, preferred_language
from app.ratelimit import TokenBuckets, network_of
from app.tracing import trace_id_of
from app.transcripts.codes import format_code, parse_code
from app.verification.check import Stores, check_code
from app.verification.pages import (
    STATIC,
    Refusal,
    View,
    answer_page,
    form_page,
    refusal_page,
)
from app.verification.presentation import VerificationAnswer, present

CHECKS_PER_SECOND = 1.0
"""One reader needs seconds to type a code; guessing codes is hopeless at any rate."""

CHECKS_AT_ONCE = 60
"""A receiving school checks a whole class from one network address."""

ADDRESSES_REMEMBERED = 100_000
"""About 20 MB at most; an address that is forgotten starts again with a full bucket."""

STATIC_SECONDS = 31_536_000
"""A year: the address of a static file holds its digest, so it never changes."""

PAGE_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
    "Vary": "Accept-Language",
}
"""No script, nothing from elsewhere, no trace of the code in caches, referrers, search engines."""

Clock = Callable[[], datetime]


def verification_routes(stores: Stores, *, clock: Clock, sandbox: bool) -> APIRouter:
    """Make the public routes; no account is needed for any of them.

    Args:
        stores: what a verification reads and where it is recorded.
        clock: the time, read once per request.
        sandbox: whether pages say that their data are samples.
    """
    buckets = TokenBuckets(
        rate_per_second=CHECKS_PER_SECOND, burst=CHECKS_AT_ONCE, capacity=ADDRESSES_REMEMBERED
    )
    router = APIRouter()
    router.include_router(_answer_routes(stores, buckets, clock))
    router.include_router(_page_routes(stores, buckets, clock, sandbox=sandbox))
    router.include_router(_static_routes())
    return router


def _answer_routes(stores: Stores, buckets: TokenBuckets, clock: Clock) -> APIRouter:
    router = APIRouter(tags=["verification"])

    @router.get(
        "/v1/verifications/{code}",
        operation_id="verify_code",
        summary="Kiểm tra học bạ theo mã tra cứu (công khai)",
    )
    async def verify_code(
        request: Request,
        response: Response,
        code: Annotated[str, Path(description="Mã tra cứu; gạch nối và chữ thường đều được")],
    ) -> VerificationAnswer:
        """Say what is known of a transcript, without an account: masked name, status, checks.

        A code with a typing error is answered 422 with `reason` "length", "character" or "check".
        """
        now = clock()
        buckets.take(_network_of(request), now)
        answer = await check_code(stores, code, now=now, trace_id=trace_id_of(request))
        language = preferred_language(request.headers.get("accept-language"))
        response.headers["Cache-Control"] = "no-store"
        response.headers["Content-Language"] = language
        response.headers["Vary"] = "Accept-Language"
        return present(answer, language)

    return router


def _page_routes(
    stores: Stores, buckets: TokenBuckets, clock: Clock, *, sandbox: bool
) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.get("/")
    async def begin() -> Response:
        return RedirectResponse("/verify", HTTPStatus.TEMPORARY_REDIRECT, headers=PAGE_HEADERS)

    @router.get("/verify")
    async def ask(
        request: Request,
        code: Annotated[str | None, Query()] = None,
        lang: Annotated[str | None, Query()] = None,
    ) -> Response:
        view = view_of(request, lang, sandbox=sandbox)
        if not code or not code.strip():
            return _html(form_page(view), view)
        try:
            buckets.take(_network_of(request), clock())
            place = f"/verify/{format_code(parse_code(code))}"
        except RepositoryError as error:
            return _refused(error, view, request, code)
        return RedirectResponse(
            f"{place}?lang={view.language}" if view.chosen else place,
            HTTPStatus.SEE_OTHER,
            headers=PAGE_HEADERS,
        )

    @router.get("/verify/{code}")
    async def verify(
        request: Request, code: str, lang: Annotated[str | None, Query()] = None
    ) -> Response:
        view = view_of(request, lang, sandbox=sandbox)
        now = clock()
        try:
            buckets.take(_network_of(request), now)
            answer = await check_code(stores, code, now=now, trace_id=trace_id_of(request))
        except RepositoryError as error:
            return _refused(error, view, request, code)
        return _html(answer_page(answer, view), view)

    return router


def _static_routes() -> APIRouter:
    router = APIRouter(include_in_schema=False)
    types = {".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}

    @router.get("/static/{name}")
    async def static(name: str) -> Response:
        if name not in STATIC:
            raise NotFound
        return Response(
            STATIC[name],
            media_type=types[name[name.rindex(".") :]],
            headers={
                "Cache-Control": f"public, max-age={STATIC_SECONDS}, immutable",
                "X-Content-Type-Options": "nosniff",
            },
        )

    return router


def view_of(request: Request, lang: str | None, *, sandbox: bool) -> View:
    """Say how to show a page: in the language chosen on it, else in the browser's."""
    chosen = next((language for language in Language if language == lang), None)
    language = chosen or preferred_language(request.headers.get("accept-language"))
    return View(language=language, chosen=chosen is not None, sandbox=sandbox)


def _refused(error: RepositoryError, view: View, request: Request, typed: str) -> Response:
    """Write the page for an outcome that a reader can act on; anything else passes on.

    Raises:
        RepositoryError: an outcome that has no page.
    """
    retry = f"/verify/{quote(typed, safe='')}" + (f"?lang={view.language}" if view.chosen else "")
    headers: dict[str, str] = {}
    refusal: Refusal
    match error:
        case InvalidCode():
            status, refusal = HTTPStatus.UNPROCESSABLE_ENTITY, error.reason
        case NotFound():
            status, refusal = HTTPStatus.NOT_FOUND, "unknown"
        case TooManyRequests():
            status, refusal = HTTPStatus.TOO_MANY_REQUESTS, "busy"
            headers = {"Retry-After": str(error.retry_after)}
        case Unavailable():
            status, refusal = HTTPStatus.SERVICE_UNAVAILABLE, "unavailable"
            headers = {"Retry-After": str(error.retry_after)}
        case _:
            raise error
    again = status in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}
    page = refusal_page(
        refusal,
        view,
        typed=typed,
        retry_path=retry if again else None,
        trace_id=trace_id_of(request) if refusal == "unavailable" else None,
    )
    return _html(page, view, status, headers)


def _html(
    page: str,
    view: View,
    status: HTTPStatus = HTTPStatus.OK,
    headers: dict[str, str] | None = None,
) -> Response:
    language = {"Content-Language": view.language.value}
    return HTMLResponse(page, status.value, headers={**PAGE_HEADERS, **language, **(headers or {})})


def _network_of(request: Request) -> str:
    return network_of(request.client.host if request.client else "")
