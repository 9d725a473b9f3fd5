"""The addresses of packages: read the request, call the use case, present the answer."""

import re
from base64 import b64encode
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Header, Path, Request, Response

from app.clients.accounts import Caller
from app.db import Database
from app.errors import InvalidRequest, TooLarge, WrongMediaType
from app.intake.answer import PackageAnswer, package_answer, package_path
from app.intake.reading import (
    Reader,
    Shown,
    acknowledge_reply,
    read_original,
    read_package,
    read_package_by_digest,
    read_reply,
    show_package,
)
from app.intake.receive import PACKAGE_LIMIT, WAIT_LIMIT_SECONDS, await_decision, receive_package
from app.locale import preferred_language
from app.tracing import trace_id_of
from app.vault import Vault

XML = "application/xml"

RETRY_SECONDS = 2
"""When to ask again for a result: a class takes about a second once its turn has come."""

_WAIT = re.compile(r"(?:^|[,;\s])wait\s*=\s*\"?(\d{1,4})\"?(?=$|[,;\s])", re.IGNORECASE)

_PackageId = Annotated[UUID, Path(description="Mã tiếp nhận của gói tin")]


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageParts:
    """What the routes of packages work with.

    Attributes:
        authenticate: names the caller of a request or raises NotAuthenticated.
        clock: the time, read once per request.
    """

    database: Database
    vault: Vault
    authenticate: Callable[[Request], Awaitable[Caller]]
    clock: Callable[[], datetime]

    async def reader(self, request: Request) -> Reader:
        """Tell who reads, when and in which trace."""
        return Reader(
            caller=await self.authenticate(request),
            now=self.clock(),
            trace_id=trace_id_of(request),
        )


def package_routes(parts: PackageParts) -> APIRouter:
    """Make the routes under /v1/packages; every one needs an access token."""
    router = APIRouter(prefix="/v1/packages", tags=["packages"])
    _add_submission(router, parts)
    _add_result(router, parts)
    _add_documents(router, parts)
    return router


def wait_seconds(prefer: str | None) -> int | None:
    """Read how long the client would wait from a Prefer header (RFC 7240 section 4.3)."""
    found = _WAIT.search(prefer or "")
    return None if found is None else min(int(found.group(1)), WAIT_LIMIT_SECONDS)


def _add_submission(router: APIRouter, parts: PackageParts) -> None:
    @router.post(
        "",
        operation_id="submit_package",
        summary="Gửi một gói tin học bạ",
        status_code=HTTPStatus.ACCEPTED,
        openapi_extra=_XML_BODY,
        responses={
            200: {
                "description": "Đã có kết quả, hoặc gói tin này đã được gửi trước đó",
                "model": PackageAnswer,
            },
            202: {
                "description": "Đã tiếp nhận và lưu giữ; xem kết quả tại Location",
                "headers": {"Location": _header("Địa chỉ xem kết quả")},
            },
        },
    )
    async def submit(
        request: Request,
        response: Response,
        prefer: Annotated[
            str | None,
            Header(
                description=f"`wait=N`: đợi kết quả tối đa N giây (không quá {WAIT_LIMIT_SECONDS})",
                examples=["wait=20"],
            ),
        ] = None,
    ) -> PackageAnswer:
        """Take a signed package (ban-tin-1 XML) and acknowledge it once it is durable.

        Sending the same bytes again is always safe and gets the same package.
        """
        reader = await parts.reader(request)
        _require_xml(request)
        receipt = await receive_package(
            request.stream(),
            caller=reader.caller,
            database=parts.database,
            vault=parts.vault,
            now=reader.now,
            trace_id=reader.trace_id,
        )
        package, seconds = receipt.package, wait_seconds(prefer)
        if seconds and not package.decided:
            package = await await_decision(
                parts.database,
                client_id=package.client_id,
                package_id=package.package_id,
                seconds=seconds,
            )
        if package.decided or receipt.repeated:
            response.status_code = HTTPStatus.OK
        if package.decided and seconds:
            response.headers["Preference-Applied"] = f"wait={seconds}"
        response.headers["Location"] = package_path(package.package_id)
        return _present(await show_package(parts.database, package, reader), request, response)


def _add_result(router: APIRouter, parts: PackageParts) -> None:
    @router.get("/{package_id}", operation_id="get_package", summary="Xem kết quả một gói tin")
    async def get_package(
        request: Request, response: Response, package_id: _PackageId
    ) -> PackageAnswer:
        """Tell where a package stands and what became of each transcript."""
        reader = await parts.reader(request)
        return _present(await read_package(parts.database, package_id, reader), request, response)

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
        return _present(shown, request, response)


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
        summary="Tải bản tin trả lời đã ký",
        response_class=Response,
        responses={200: _xml_answer("Bản tin trả lời có chữ ký số của kho")},
    )
    async def get_reply(request: Request, package_id: _PackageId) -> Response:
        """Give the signed reply; 404 until it is made."""
        reader = await parts.reader(request)
        body = await read_reply(parts.database, package_id, reader)
        return _xml(body, f"{package_id}-tra-loi.xml", {})

    @router.post(
        "/{package_id}/reply/read",
        operation_id="acknowledge_package_reply",
        summary="Xác nhận đã đọc bản tin trả lời",
        status_code=HTTPStatus.NO_CONTENT,
        response_class=Response,
    )
    async def acknowledge(request: Request, package_id: _PackageId) -> None:
        """Record that the sender has read the reply (state 04); repeating it changes nothing."""
        await acknowledge_reply(parts.database, package_id, await parts.reader(request))


def _present(shown: Shown, request: Request, response: Response) -> PackageAnswer:
    language = preferred_language(request.headers.get("accept-language"))
    response.headers["Content-Language"] = language
    response.headers["Vary"] = "Accept-Language"
    if not shown.package.decided:
        response.headers["Retry-After"] = str(RETRY_SECONDS)
    return package_answer(shown.package, shown.items, language)


def _require_xml(request: Request) -> None:
    """Refuse by the headers alone what would be refused after reading.

    Raises:
        WrongMediaType: the body is declared as something else, or as compressed.
        TooLarge: its declared length exceeds the limit.
        InvalidRequest: its declared length is no number.
    """
    declared = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if declared not in {XML, "text/xml"}:
        raise WrongMediaType(expected=XML)
    if encoding != "identity":
        raise WrongMediaType(expected=f"{XML} (Content-Encoding: identity)")
    length = request.headers.get("content-length", "0")
    if not length.isdecimal():
        raise InvalidRequest(parameter="content-length", reason="malformed")
    if int(length) > PACKAGE_LIMIT:
        raise TooLarge(limit=PACKAGE_LIMIT)


def _xml(content: bytes, filename: str, headers: dict[str, str]) -> Response:
    disposition = {"Content-Disposition": f'attachment; filename="{filename}"'}
    return Response(content, media_type=XML, headers={**headers, **disposition})


_SCHEMA: dict[str, Any] = {"type": "string", "contentMediaType": XML}

_XML_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "Gói tin BAN_TIN đã ký, tối đa 32 MiB",
        "content": {XML: {"schema": _SCHEMA}},
    }
}


def _header(description: str) -> dict[str, Any]:
    return {"description": description, "schema": {"type": "string"}}


def _xml_answer(description: str) -> dict[str, Any]:
    return {"description": description, "content": {XML: {"schema": _SCHEMA}}}
