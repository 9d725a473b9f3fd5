"""The addresses that take a package: submit it, or only have it judged."""

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Header, Request, Response
from pydantic import BaseModel, Field

from app.intake.answer import PackageAnswer, ValidationAnswer, package_path, validation_answer
from app.intake.exchange import PREFER, PackageParts, answer_language, present, text_header
from app.intake.limits import PACKAGE_LIMIT, TRANSCRIPTS_LIMIT
from app.intake.reading import find_visible, show_package
from app.intake.receive import Stores, Submission, receive_package
from app.intake.upload import ACCEPTED_ENCODINGS, XML, declared_in


class UploadHeaders(BaseModel):
    """What the headers of an upload may say about its body."""

    content_encoding: str | None = Field(
        default=None,
        description=f"Cách nén: {ACCEPTED_ENCODINGS}; mã băm của gói tin luôn là của nội dung đã "
        "giải nén",
        examples=["gzip"],
    )
    content_digest: str | None = Field(
        default=None,
        description="Mã băm của nội dung đúng như được gửi (RFC 9530); sai thì kho không lưu gì",
        examples=["sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:"],
    )
    repr_digest: str | None = Field(
        default=None,
        description="Mã băm của nội dung đúng như được gửi, hoặc sau khi giải nén (RFC 9530)",
    )
    digest: str | None = Field(
        default=None, description="Như Content-Digest, dạng cũ `SHA-256=…` (RFC 3230)"
    )


class SubmissionHeaders(UploadHeaders):
    """The headers of a submission."""

    prefer: str | None = Field(default=None, description=PREFER, examples=["wait=20"])


def add_submission(router: APIRouter, parts: PackageParts) -> None:
    """Add the address that takes packages."""

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
                "headers": {"Location": text_header("Địa chỉ xem kết quả")},
            },
        },
    )
    async def submit(
        request: Request, response: Response, headers: Annotated[SubmissionHeaders, Header()]
    ) -> PackageAnswer:
        """Take a signed package (ban-tin-1 XML) and acknowledge it once it is durable.

        Sending the same bytes again is always safe and gets the same package. Other bytes under a
        used message id are answered 409 with both digests.
        """
        reader = await parts.reader(request)
        submission = Submission(
            body=request.stream(),
            declared=declared_in(request.headers),
            rest=getattr(request.state, "rest", None),
        )
        receipt = await receive_package(
            submission,
            caller=reader.caller,
            stores=Stores(database=parts.database, vault=parts.vault, journal=parts.journal),
            now=reader.now,
            trace_id=reader.trace_id,
        )
        package = receipt.package
        if await parts.wait_for(package, headers.prefer):
            package = await find_visible(parts.database, package.package_id, reader)
        if package.decided or receipt.repeated:
            response.status_code = HTTPStatus.OK
        response.headers["Location"] = package_path(package.package_id)
        shown = await show_package(parts.database, package, reader)
        return present(shown, request, response, prefer=headers.prefer)


def add_validation(router: APIRouter, parts: PackageParts) -> None:
    """Add the address that judges a package and keeps nothing of it."""

    @router.post(
        "/validate",
        operation_id="validate_package",
        summary="Kiểm tra thử một gói tin, không lưu",
        openapi_extra=_XML_BODY,
    )
    async def validate(
        request: Request,
        response: Response,
        _headers: Annotated[UploadHeaders, Header()],
    ) -> ValidationAnswer:
        """Say what would become of a package now: every check, the same limits, nothing stored.

        A transcript that would be new has no code yet.
        """
        reader = await parts.reader(request)
        submission = Submission(body=request.stream(), declared=declared_in(request.headers))
        validated = await parts.dry_runs.validate(submission, reader)
        return validation_answer(
            validated.digest,
            validated.decision,
            validated.items,
            answer_language(request, response),
        )


_XML_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": f"Gói tin BAN_TIN đã ký, tối đa {PACKAGE_LIMIT // 1024**2} MiB sau khi giải "
        f"nén và {TRANSCRIPTS_LIMIT} học bạ",
        "content": {XML: {"schema": {"type": "string", "contentMediaType": XML}}},
    }
}
