"""The public list of error codes: as JSON for software, as a page for school offices."""

from functools import cache
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from app.conditional import conditional
from app.locale import Language, preferred_language
from app.signatures.catalogue import CATALOGUE, Severity
from app.verification.pages import codes_page
from app.verification.routes import PAGE_HEADERS, view_of

FRESH_SECONDS = 3600
"""How long a copy may be used without asking: the list changes with a release, not within a day."""

_CACHING = {"Cache-Control": f"public, max-age={FRESH_SECONDS}", "Vary": "Accept-Language"}


class ErrorCode(BaseModel):
    """One code that an answer can carry (mã lỗi)."""

    code: str = Field(description="Mã lỗi (loi_xu_ly_du_lieu_id)", examples=["SIG-300"])
    severity: Severity = Field(
        description="Mức độ: error (lỗi, bị từ chối), warning (cảnh báo), info (thông tin)"
    )
    sub_indication: str | None = Field(
        description="Phân loại theo ETSI EN 319 102-1; null khi không phải là lỗi",
        examples=["HASH_FAILURE"],
    )
    message: str = Field(description="Nội dung lỗi (ten_loi_xu_ly_du_lieu), theo Accept-Language")
    cause: str = Field(description="Nguyên nhân thường gặp, theo Accept-Language")
    fix: str = Field(description="Cách khắc phục, theo Accept-Language")
    page: str = Field(description="Địa chỉ giải thích mã này cho người đọc")


class ErrorCodeList(BaseModel):
    """Every code with its words (danh mục mã lỗi)."""

    items: list[ErrorCode] = Field(description="Các mã, theo thứ tự của danh mục")


def error_code_routes(*, sandbox: bool) -> APIRouter:
    """Make the routes; they need no account and read no store.

    Args:
        sandbox: whether the page says that it belongs to a test environment.
    """
    router = APIRouter()

    @router.get(
        "/v1/error-codes",
        operation_id="list_error_codes",
        summary="Danh mục mã lỗi: nội dung, nguyên nhân, cách khắc phục (công khai)",
        tags=["error-codes"],
        response_model=ErrorCodeList,
        responses={304: {"description": "Danh mục chưa thay đổi (If-None-Match)"}},
    )
    async def list_error_codes(
        request: Request,
        severity: Annotated[Severity | None, Query(description="Chỉ các mã có mức độ này")] = None,
    ) -> Response:
        """List every code that a package, a transcript or a report can carry, in one answer.

        Keep the ETag and send it as If-None-Match: the list changes only with a release.
        """
        language = preferred_language(request.headers.get("accept-language"))
        headers = {**_CACHING, "Content-Language": language.value}
        return conditional(
            request, _listed(language, severity), "application/json", headers=headers
        )

    @router.get("/error-codes", include_in_schema=False)
    async def show_error_codes(
        request: Request, lang: Annotated[str | None, Query()] = None
    ) -> Response:
        view = view_of(request, lang, sandbox=sandbox)
        headers = {**PAGE_HEADERS, **_CACHING, "Content-Language": view.language.value}
        page = codes_page(view).encode()
        return conditional(request, page, "text/html; charset=utf-8", headers=headers)

    return router


@cache
def _listed(language: Language, severity: Severity | None) -> bytes:
    items = [
        ErrorCode(
            code=entry.code,
            severity=entry.severity,
            sub_indication=entry.sub_indication,
            message=entry.text(language).message,
            cause=entry.text(language).cause,
            fix=entry.text(language).fix,
            page=f"/error-codes#{entry.code}",
        )
        for entry in CATALOGUE.values()
        if severity is None or entry.severity == severity
    ]
    return ErrorCodeList(items=items).model_dump_json().encode()
