"""The addresses under which certificates are registered, decided on, looked up and taken back."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime
from http import HTTPStatus
from pathlib import Path as FilePath
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, ValidationError

from app.clients.accounts import Caller, Scope
from app.db import Database
from app.errors import InvalidRequest, StartRefused, TooLarge, Unavailable, WrongMediaType
from app.journal import Journal
from app.signatures.trust import TrustSnapshot
from app.tracing import trace_id_of
from app.transcripts.profile import Role
from app.trust.bundle import load_bundle
from app.trust.candidate import certificate_in
from app.trust.enrolment import decide_certificate, request_certificate, revoke_certificate
from app.trust.entry import Act, RegistrationKey, RegistrationState, Ruling, Wish
from app.trust.ledger import Filter
from app.trust.presentation import (
    CertificateAnswer,
    CertificateDecision,
    CertificatePage,
    CertificateRequest,
    CertificateRevocation,
    RoleName,
    StateName,
    present_entry,
    present_with_history,
)
from app.trust.reading import read_entries, read_entry, which_entry

BODY_LIMIT = 64 * 1024
"""Octets of a request: a certificate of 16 KiB in PEM and a few words."""

PAGE = 50
PAGE_LIMIT = 200
"""Entries of one page: each is parsed for its names, which takes a tenth of a millisecond."""

_JSON = "application/json"
_ModelT = TypeVar("_ModelT", bound=BaseModel)
_Sha256 = Annotated[
    str, Path(description="Mã băm SHA-256 của chứng thư (DER)", pattern=r"^[0-9a-f]{64}$")
]
_School = Query(description="Mã cơ sở giáo dục", pattern=r"^[!-~]{1,20}$")
_RoleQuery = Query(description="Vai trò: CBQL hoặc KY_PHAT_HANH")


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateParts:
    """What the routes of certificates work with.

    Attributes:
        database: as hocba_web.
        trust_folder: the bundle; it is read anew for each request that needs it.
        authenticate: names the caller of a request or raises NotAuthenticated.
        clock: the time, read once per request.
    """

    database: Database
    journal: Journal
    trust_folder: FilePath
    authenticate: Callable[[Request], Awaitable[Caller]]
    clock: Callable[[], datetime]

    async def act(self, request: Request, scope: Scope | None = None) -> Act:
        """Tell who acts, when and in which trace; before anything else is looked at.

        Raises:
            NotAllowed: the caller lacks the scope.
        """
        caller = await self.authenticate(request)
        if scope is not None:
            caller.require(scope)
        return Act(caller=caller, now=self.clock(), trace_id=trace_id_of(request))

    async def trust(self) -> TrustSnapshot:
        """Read the bundle as it is now.

        Raises:
            Unavailable: it is in doubt; registering goes on when an administrator has mended it.
        """
        try:
            return (await asyncio.to_thread(load_bundle, self.trust_folder)).trust
        except StartRefused as error:
            raise Unavailable(part="trust") from error


def certificate_routes(parts: CertificateParts) -> APIRouter:
    """Make the routes under /v1/certificates; every one needs an access token."""
    router = APIRouter(prefix="/v1/certificates", tags=["certificates"])
    _add_reading(router, parts)
    _add_request(router, parts)
    _add_decision(router, parts)
    _add_revocation(router, parts)
    return router


def _add_reading(router: APIRouter, parts: CertificateParts) -> None:
    @router.get("", operation_id="list_certificates", summary="Các chứng thư đã đăng ký")
    async def list_certificates(  # noqa: PLR0913 -- reason: one argument for each filter
        request: Request,
        *,
        school: Annotated[str | None, _School] = None,
        role: Annotated[RoleName | None, _RoleQuery] = None,
        state: Annotated[StateName | None, Query(description="Trạng thái đăng ký")] = None,
        at: Annotated[
            date | None, Query(description="Chỉ chứng thư được duyệt cho ngày này (YYYY-MM-DD)")
        ] = None,
        limit: Annotated[int, Query(ge=1, le=PAGE_LIMIT, description="Số mục mỗi trang")] = PAGE,
        after: Annotated[
            str | None, Query(description="`next` của trang trước", max_length=400)
        ] = None,
    ) -> CertificatePage:
        """List the certificates of the schools that the caller may act for, page by page."""
        wanted = Filter(
            school_code=school,
            role=None if role is None else Role(role),
            state=None if state is None else RegistrationState(state),
            at=at,
        )
        act = await parts.act(request)
        entries, cursor = await read_entries(parts.database, act, wanted, after=after, limit=limit)
        return CertificatePage(items=[present_entry(entry) for entry in entries], next=cursor)

    @router.get(
        "/{sha256}",
        operation_id="read_certificate",
        summary="Một chứng thư đã đăng ký, kèm lịch sử",
    )
    async def read_certificate(
        request: Request,
        sha256: _Sha256,
        school: Annotated[str | None, _School] = None,
        role: Annotated[RoleName | None, _RoleQuery] = None,
    ) -> CertificateAnswer:
        """Tell how a certificate stands and every step that led to it."""
        act = await parts.act(request)
        return await _shown(parts, act, await _key(parts, act, sha256, school, role))


def _add_request(router: APIRouter, parts: CertificateParts) -> None:
    @router.post(
        "",
        operation_id="register_certificate",
        summary="Đăng ký chứng thư của nhà trường hoặc người quản lý",
        status_code=HTTPStatus.CREATED,
        openapi_extra=_body(CertificateRequest),
        responses={200: {"description": "Đã đăng ký trước đó", "model": CertificateAnswer}},
    )
    async def register(request: Request, response: Response) -> CertificateAnswer:
        """Put a certificate up for approval; sending it again is safe and gives its state.

        A renewal is a registration of its own: the certificate in use stays approved beside it.
        """
        act = await parts.act(request, Scope.CERTIFICATES_WRITE)
        asked = await _read(request, CertificateRequest)
        wish = Wish(
            der=await asyncio.to_thread(certificate_in, asked.certificate),
            school_code=asked.school,
            role=Role(asked.role),
            first=asked.wish_from,
            last=asked.wish_to,
        )
        entry, fresh = await request_certificate(
            parts.database, parts.journal, await parts.trust(), wish, act
        )
        if not fresh:
            response.status_code = HTTPStatus.OK
        response.headers["Location"] = present_entry(entry).links.self
        return await _shown(parts, act, entry.key)


def _add_decision(router: APIRouter, parts: CertificateParts) -> None:
    @router.post(
        "/{sha256}/decision",
        operation_id="decide_certificate",
        summary="Duyệt hoặc từ chối chứng thư đang chờ",
        openapi_extra=_body(CertificateDecision),
    )
    async def decide(request: Request, sha256: _Sha256) -> CertificateAnswer:
        """Approve a waiting certificate for certain days, or refuse it with a reason."""
        act = await parts.act(request, Scope.CERTIFICATES_DECIDE)
        said = await _read(request, CertificateDecision)
        ruling = Ruling(
            decision=said.decision, first=said.valid_from, last=said.valid_to, reason=said.reason
        )
        key = await _key(parts, act, sha256, said.school, said.role)
        trust = await parts.trust()
        await decide_certificate(parts.database, parts.journal, trust, key, ruling, act)
        return await _shown(parts, act, key)


def _add_revocation(router: APIRouter, parts: CertificateParts) -> None:
    @router.post(
        "/{sha256}/revocation",
        operation_id="revoke_certificate",
        summary="Báo ngừng sử dụng một chứng thư đã được duyệt",
        openapi_extra=_body(CertificateRevocation),
    )
    async def revoke(request: Request, sha256: _Sha256) -> CertificateAnswer:
        """Take a certificate back from a time on: lost, stolen, or its holder has left.

        What was received before stays; what arrives from then on is refused, back-dated or not.
        """
        act = await parts.act(request, Scope.CERTIFICATES_WRITE)
        said = await _read(request, CertificateRevocation)
        key = await _key(parts, act, sha256, said.school, said.role)
        since = said.revoked_from or act.now
        await revoke_certificate(parts.database, parts.journal, key, since, said.reason, act)
        return await _shown(parts, act, key)


async def _shown(parts: CertificateParts, act: Act, key: RegistrationKey) -> CertificateAnswer:
    return present_with_history(*await read_entry(parts.database, act, key))


async def _key(
    parts: CertificateParts,
    act: Act,
    sha256: str,
    school: str | None,
    role: RoleName | None,
) -> RegistrationKey:
    wanted = Filter(
        certificate_sha256=sha256,
        school_code=school,
        role=None if role is None else Role(role),
    )
    return await which_entry(parts.database, act, wanted)


def _body(model: type[BaseModel]) -> dict[str, Any]:
    """Describe a body that the route reads by itself."""
    schema = model.model_json_schema()
    return {"requestBody": {"required": True, "content": {_JSON: {"schema": schema}}}}


async def _read(request: Request, model: type[_ModelT]) -> _ModelT:
    """Read a JSON body of limited size: the framework would read one of any size."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _JSON:
        raise WrongMediaType(expected=_JSON)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_LIMIT:
            raise TooLarge(limit=BODY_LIMIT)
    try:
        return model.model_validate_json(bytes(body))
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = str(first["loc"][-1]) if first["loc"] else "body"
        raise InvalidRequest(parameter=name, reason=first["type"]) from error
