"""The addresses of packages: read the request, call the use case, present the answer."""

import asyncio
from base64 import b64encode
from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Header, Path, Query, Request, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from app.intake.answer import PackageAnswer
from app.intake.exchange import PREFER, PackageParts, answer_language, present
from app.intake.limits import PAGE_LIMIT, PAGE_SIZE
from app.intake.listing import PackagePage, list_packages, present_page, read_cursor
from app.intake.package import Listing, State
from app.intake.reading import (
    acknowledge_reply,
    find_visible,
    read_original,
    read_package_by_digest,
    read_reply,
    show_package,
)
from app.intake.reply_answer import ReplyAnswer, reply_answer, wants_json
from app.intake.submitting import add_submission, add_validation
from app.intake.upload import XML

JSON = "application/json"

_PackageId = Annotated[UUID, Path(description="Mã tiếp nhận của gói tin")]


class ListQuery(BaseModel):
    """Which packages to list."""

    model_config = ConfigDict(frozen=True)

    school: str | None = Field(default=None, max_length=20, description="Mã cơ sở giáo dục")
    province: str | None = Field(default=None, max_length=20, description="Mã tỉnh, thành phố")
    state: State | None = Field(default=None, description="Trạng thái gói tin")
    since: AwareDatetime | None = Field(
        default=None, alias="from", description="Tiếp nhận từ thời điểm này (ISO 8601 có múi giờ)"
    )
    until: AwareDatetime | None = Field(
        default=None, alias="to", description="Tiếp nhận trước thời điểm này"
    )
    limit: int = Field(default=PAGE_SIZE, ge=1, le=PAGE_LIMIT, description="Số gói tin mỗi trang")
    after: str | None = Field(
        default=None, max_length=200, description="Giá trị `next` của trang trước"
    )

    def listing(self) -> Listing:
        """Make the question to the use case.

        Raises:
            InvalidRequest: `after` is no cursor of ours.
        """
        return Listing(
            school=self.school,
            province=self.province,
            state=self.state,
            since=self.since,
            until=self.until,
            limit=self.limit,
            after=None if self.after is None else read_cursor(self.after),
        )


def package_routes(parts: PackageParts) -> APIRouter:
    """Make the routes under /v1/packages; every one needs an access token."""
    router = APIRouter(prefix="/v1/packages", tags=["packages"])
    add_submission(router, parts)
    add_validation(router, parts)
    _add_list(router, parts)
    _add_result(router, parts)
    _add_documents(router, parts)
    return router


def _add_list(router: APIRouter, parts: PackageParts) -> None:
    @router.get("", operation_id="list_packages", summary="Danh sách gói tin đã gửi")
    async def list_own(
        request: Request, response: Response, wanted: Annotated[ListQuery, Query()]
    ) -> PackagePage:
        """List the packages of this account, newest first; `next` leads to the next page."""
        reader = await parts.reader(request)
        listing = wanted.listing()
        found = await list_packages(parts.database, listing, reader)
        return present_page(found, listing.limit, answer_language(request, response))


def _add_result(router: APIRouter, parts: PackageParts) -> None:
    @router.get("/{package_id}", operation_id="get_package", summary="Xem kết quả một gói tin")
    async def get_package(
        request: Request,
        response: Response,
        package_id: _PackageId,
        prefer: Annotated[str | None, Header(description=PREFER, examples=["wait=20"])] = None,
    ) -> PackageAnswer:
        """Tell where a package stands and what became of each transcript."""
        reader = await parts.reader(request)
        package = await find_visible(parts.database, package_id, reader)
        if await parts.wait_for(package, prefer):
            package = await find_visible(parts.database, package_id, reader)
        shown = await show_package(parts.database, package, reader)
        return present(shown, request, response, prefer=prefer)

    @router.get(
        "/by-digest/{sha256}",
        operation_id="get_package_by_digest",
        summary="Tìm gói tin theo mã băm",
    )
    async def get_package_by_digest(
        request: Request,
        response: Response,
        sha256: Annotated[
            str, Path(description="SHA-256 của gói tin, dạng hex", pattern=r"^[0-9a-fA-F]{64}$")
        ],
    ) -> PackageAnswer:
        """Find the package of these bytes, such as after a lost answer."""
        reader = await parts.reader(request)
        shown = await read_package_by_digest(parts.database, sha256.lower(), reader)
        return present(shown, request, response)


def _add_documents(router: APIRouter, parts: PackageParts) -> None:
    @router.get(
        "/{package_id}/original",
        operation_id="get_package_original",
        summary="Tải bản gốc gói tin, đúng từng byte",
        response_class=Response,
        responses={200: _xml_answer("Gói tin đúng như đã nhận")},
    )
    async def get_original(request: Request, package_id: _PackageId) -> Response:
        """Give back the package byte for byte, with its digest (RFC 9530)."""
        reader = await parts.reader(request)
        package, content = await read_original(parts.database, parts.vault, package_id, reader)
        digest = b64encode(bytes.fromhex(package.digest)).decode()
        headers = {"Repr-Digest": f"sha-256=:{digest}:", "ETag": f'"{package.digest}"'}
        return _xml(content, f"{package.package_id}.xml", headers)

    @router.get(
        "/{package_id}/reply",
        operation_id="get_package_reply",
        summary="Tải bản tin trả lời đã ký, hoặc nội dung của nó dạng JSON",
        response_class=Response,
        responses={
            200: {**_xml_answer("Bản tin trả lời có chữ ký số của kho"), "model": ReplyAnswer}
        },
    )
    async def get_reply(request: Request, package_id: _PackageId) -> Response:
        """Give the signed reply; 404 until it is made.

        `Accept: application/json` gives the same content in the same names, without the signature.
        """
        reader = await parts.reader(request)
        body = await read_reply(parts.database, package_id, reader)
        vary = {"Vary": "Accept"}
        if wants_json(request.headers.get("accept")):
            content = await asyncio.to_thread(reply_answer, body)
            return Response(content.model_dump_json(), media_type=JSON, headers=vary)
        return _xml(body, f"{package_id}-tra-loi.xml", vary)

    @router.post(
        "/{package_id}/reply/read",
        operation_id="acknowledge_package_reply",
        summary="Xác nhận đã đọc bản tin trả lời",
        status_code=HTTPStatus.NO_CONTENT,
        response_class=Response,
    )
    async def acknowledge(request: Request, package_id: _PackageId) -> None:
        """Record that the sender has read the reply (state 04); repeating it changes nothing."""
        reader = await parts.reader(request)
        await acknowledge_reply(parts.database, parts.journal, package_id, reader)


def _xml(content: bytes, filename: str, headers: dict[str, str]) -> Response:
    disposition = {"Content-Disposition": f'attachment; filename="{filename}"'}
    return Response(content, media_type=XML, headers={**headers, **disposition})


def _xml_answer(description: str) -> dict[str, Any]:
    schema = {"type": "string", "contentMediaType": XML}
    return {"description": description, "content": {XML: {"schema": schema}}}
