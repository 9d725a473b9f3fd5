"""The public code lists, as of today or as of a document's own day."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from functools import cache
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, Field

from app.conditional import conditional
from app.directory.code_lists import CodeList, Entry, code_lists
from app.errors import InvalidRequest, NotFound
from app.locale import VIETNAM

FRESH_SECONDS = 3600
"""How long a copy may be used without asking: lists change with a release, not within a day."""

_CACHING = {"Cache-Control": f"public, max-age={FRESH_SECONDS}"}
_JSON = "application/json"
_NOT_MODIFIED: dict[int | str, dict[str, str]] = {
    304: {"description": "Danh mục chưa thay đổi (If-None-Match)"}
}


class CodeListSummary(BaseModel):
    """One list of codes, without its entries (danh mục dùng chung)."""

    name: str = Field(description="Tên danh mục trong địa chỉ", examples=["provinces"])
    title: str = Field(description="Tên gọi", examples=["Cấp học"])
    version: date = Field(description="Ngày thay đổi gần nhất")
    sha256: str = Field(description="Mã băm SHA-256 của tệp CSV")
    source: str = Field(description="Căn cứ ban hành")
    link: str = Field(description="Địa chỉ xem các mã", examples=["/v1/code-lists/provinces"])


class CodeLists(BaseModel):
    """All lists (các danh mục dùng chung)."""

    items: list[CodeListSummary] = Field(description="Các danh mục")


class CodeEntry(BaseModel):
    """One meaning of one code (mã và tên trong danh mục)."""

    code: str = Field(description="Mã, giữ nguyên số 0 đứng đầu", examples=["79"])
    name: str = Field(description="Tên bằng tiếng Việt", examples=["TP. Hồ Chí Minh"])
    scope: str | None = Field(
        description="Mã cấp học mà mã này thuộc về; null khi danh mục không chia theo cấp học"
    )
    kind: str | None = Field(
        description="Nhóm trong danh mục, ví dụ môn đánh giá bằng điểm số (mark) hay nhận xét "
        "(comment); null khi không có"
    )
    valid_from: date | None = Field(description="Ngày đầu có hiệu lực; null nếu có từ trước")
    valid_to: date | None = Field(description="Ngày cuối có hiệu lực; null nếu còn hiệu lực")
    successors: list[str] = Field(description="Mã thay thế từ sau ngày hết hiệu lực")


class CodeListAnswer(BaseModel):
    """One list as of a day (danh mục tại một ngày)."""

    name: str = Field(description="Tên danh mục trong địa chỉ")
    title: str = Field(description="Tên gọi")
    version: date = Field(description="Ngày thay đổi gần nhất")
    sha256: str = Field(description="Mã băm SHA-256 của tệp CSV")
    source: str = Field(description="Căn cứ ban hành")
    at: date | None = Field(
        description="Ngày được hỏi; null khi hỏi hôm nay hoặc hỏi cả các mã đã hết hiệu lực"
    )
    items: list[CodeEntry] = Field(description="Các mã")


def code_list_routes(*, clock: Callable[[], datetime]) -> APIRouter:
    """Make the routes; they need no account and read no store.

    Args:
        clock: the time, for lists as of today.
    """
    router = APIRouter(prefix="/v1/code-lists", tags=["code-lists"])

    @router.get(
        "",
        operation_id="list_code_lists",
        summary="Các danh mục dùng chung (công khai)",
        response_model=CodeLists,
        responses={**_NOT_MODIFIED},
    )
    async def list_code_lists(request: Request) -> Response:
        """List every code list with its version."""
        return conditional(request, _summaries(), _JSON, headers=_CACHING)

    @router.get(
        "/{name}",
        operation_id="read_code_list",
        summary="Một danh mục, tại hôm nay hoặc tại một ngày (công khai)",
        response_model=CodeListAnswer,
        responses={**_NOT_MODIFIED},
    )
    async def read_code_list(
        request: Request,
        name: Annotated[str, Path(description="Tên danh mục", examples=["provinces"])],
        *,
        at: Annotated[
            date | None,
            Query(description="Ngày cần xem (YYYY-MM-DD), ví dụ ngày phát hành học bạ"),
        ] = None,
        history: Annotated[
            bool, Query(description="true: cả các mã đã hết hiệu lực; khi đó không dùng `at`")
        ] = False,
    ) -> Response:
        """Give what the codes mean on a day; a document is read with the list of its own day.

        Keep the ETag and send it as If-None-Match: a list changes only with a release, or on the
        day on which an entry begins or ends.
        """
        known = code_lists().get(name)
        if known is None:
            raise NotFound
        if history and at is not None:
            raise InvalidRequest(parameter="history", reason="with-at")
        day = None if history else at or clock().astimezone(VIETNAM).date()
        listed = _listed(known, known.entries if day is None else known.at(day), at)
        return conditional(request, listed, _JSON, headers=_CACHING)

    return router


@cache
def _summaries() -> bytes:
    items = [
        CodeListSummary(
            name=one.name,
            title=one.title,
            version=date.fromisoformat(one.version),
            sha256=one.sha256,
            source=one.source,
            link=f"/v1/code-lists/{one.name}",
        )
        for one in code_lists().values()
    ]
    return CodeLists(items=items).model_dump_json().encode()


def _listed(known: CodeList, entries: Sequence[Entry], asked_for: date | None) -> bytes:
    answer = CodeListAnswer(
        name=known.name,
        title=known.title,
        version=date.fromisoformat(known.version),
        sha256=known.sha256,
        source=known.source,
        at=asked_for,
        items=[
            CodeEntry(
                code=entry.code,
                name=entry.name,
                scope=entry.scope,
                kind=entry.kind,
                valid_from=entry.valid_from,
                valid_to=entry.valid_to,
                successors=list(entry.successors),
            )
            for entry in entries
        ],
    )
    return answer.model_dump_json().encode()
