"""The addresses under which entitled clients read one transcript."""

from base64 import b64encode
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from app.clients.accounts import Caller
from app.db import Database
from app.locale import preferred_language
from app.lookup.history import HistoryAnswer, present_history
from app.lookup.presentation import TranscriptAnswer, present_record
from app.lookup.read import Reading, read_history, read_original, read_record, read_report
from app.lookup.report import ReportAnswer, present_report
from app.tracing import trace_id_of
from app.transcripts.codes import format_code
from app.vault import Vault

PRIVATE = {"Cache-Control": "private, no-store"}
"""Each read is recorded, so no cache may answer one."""

_Code = Annotated[str, Path(description="Mã tra cứu; gạch nối và chữ thường đều được")]


def lookup_routes(
    database: Database,
    vault: Vault,
    *,
    authenticate: Callable[[Request], Awaitable[Caller]],
    clock: Callable[[], datetime],
) -> APIRouter:
    """Make the routes; each needs the scope transcripts:read and the right to the school.

    Args:
        database: as hocba_web.
        vault: where the originals lie.
        authenticate: names the caller of a request or raises NotAuthenticated.
        clock: the time, read once per request.
    """
    router = APIRouter(prefix="/v1/transcripts", tags=["transcripts"])

    async def reading(request: Request, code: str) -> Reading:
        return Reading(
            caller=await authenticate(request),
            typed=code,
            now=clock(),
            trace_id=trace_id_of(request),
        )

    @router.get(
        "/{code}", operation_id="read_transcript", summary="Đọc thông tin học bạ theo mã tra cứu"
    )
    async def read_transcript(
        request: Request, response: Response, code: _Code
    ) -> TranscriptAnswer:
        """Give the register's data of one transcript; times are in Việt Nam's time."""
        response.headers.update(PRIVATE)
        return present_record(*await read_record(database, await reading(request, code)))

    @router.get(
        "/{code}/original",
        operation_id="read_transcript_original",
        summary="Tải bản gốc XML của nhà trường, giống từng byte",
        response_class=Response,
        responses={200: {"content": {"application/xml": {"schema": {"type": "string"}}}}},
    )
    async def read_transcript_original(request: Request, code: _Code) -> Response:
        """Give the school's own file, byte for byte, its digest proven just now."""
        record, original = await read_original(database, vault, await reading(request, code))
        digest = bytes.fromhex(record.original_sha256)
        name = format_code(record.transcript_code)
        return Response(
            original,
            media_type="application/xml",
            headers={
                **PRIVATE,
                "Repr-Digest": f"sha-256=:{b64encode(digest).decode()}:",  # RFC 9530
                "ETag": f'"{record.original_sha256}"',
                "Content-Disposition": f'attachment; filename="{name}.xml"',
                "X-Content-Type-Options": "nosniff",
            },
        )

    @router.get(
        "/{code}/history",
        operation_id="read_transcript_history",
        summary="Đọc các phiên bản của học bạ: đã phát hành, thu hồi, phát hành lại",
    )
    async def read_transcript_history(
        request: Request, response: Response, code: _Code
    ) -> HistoryAnswer:
        """Give every version of one student's school year at one school, oldest first."""
        response.headers.update(PRIVATE)
        return present_history(*await read_history(database, await reading(request, code)))

    @router.get(
        "/{code}/report",
        operation_id="read_transcript_report",
        summary="Đọc kết quả kiểm tra chữ ký của học bạ khi tiếp nhận",
    )
    async def read_transcript_report(
        request: Request, response: Response, code: _Code
    ) -> ReportAnswer:
        """Give the verification report with every slot, worded by Accept-Language."""
        known_code, kept = await read_report(database, await reading(request, code))
        language = preferred_language(request.headers.get("accept-language"))
        response.headers.update(
            {**PRIVATE, "Content-Language": language.value, "Vary": "Accept-Language"}
        )
        return present_report(known_code, kept, language)

    return router
