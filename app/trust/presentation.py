"""The registry as JSON: English names, their Vietnamese terms beside them."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, Field, JsonValue

from app.directory.code_lists import code_lists
from app.locale import local_time
from app.signatures.certificates import read_certificate
from app.signatures.report import Signer
from app.transcripts.profile import Role
from app.trust.entry import RegistrationState, RegistryEntry, RegistryEvent

REASON_LIMIT = 500
"""Characters of a reason: a paragraph."""

CERTIFICATE_TEXT_LIMIT = 32 * 1024
"""Characters of a certificate as text: its limit in base64, and lines of PEM."""

_TIME: dict[str, JsonValue] = {"format": "date-time"}

RoleName = Literal["CBQL", "KY_PHAT_HANH"]
StateName = Literal["01", "02", "03"]

_ROLE = "Vai trò: CBQL (người quản lý) hoặc KY_PHAT_HANH (nhà trường)"
_SCHOOL = "Mã cơ sở giáo dục"
_WHEN_SEVERAL = "chỉ cần khi chứng thư đăng ký cho nhiều trường hoặc vai trò"
_Code = Annotated[str, Field(pattern=r"^[!-~]{1,20}$")]


class CertificateRequest(BaseModel):
    """What a school asks for (đăng ký chứng thư)."""

    certificate: str = Field(
        description="Chứng thư: PEM, hoặc DER viết bằng base64",
        min_length=1,
        max_length=CERTIFICATE_TEXT_LIMIT,
    )
    school: _Code = Field(description=_SCHOOL, examples=["79000701"])
    role: RoleName = Field(description=_ROLE)
    wish_from: date | None = Field(default=None, description="Ngày đầu muốn sử dụng")
    wish_to: date | None = Field(default=None, description="Ngày cuối muốn sử dụng")


class CertificateDecision(BaseModel):
    """What a department decides (duyệt hoặc từ chối)."""

    decision: Literal["approve", "refuse"] = Field(
        description="approve: duyệt; refuse: từ chối, khi đó phải nêu lý do"
    )
    school: _Code | None = Field(default=None, description=f"{_SCHOOL}; {_WHEN_SEVERAL}")
    role: RoleName | None = Field(default=None, description=f"{_ROLE}; {_WHEN_SEVERAL}")
    valid_from: date | None = Field(
        default=None, description="Ngày đầu được duyệt; mặc định theo đề nghị của trường"
    )
    valid_to: date | None = Field(
        default=None, description="Ngày cuối được duyệt; mặc định theo đề nghị của trường"
    )
    reason: str | None = Field(default=None, description="Lý do", max_length=REASON_LIMIT)


class CertificateRevocation(BaseModel):
    """What a holder reports (báo ngừng sử dụng chứng thư)."""

    school: _Code | None = Field(default=None, description=f"{_SCHOOL}; {_WHEN_SEVERAL}")
    role: RoleName | None = Field(default=None, description=f"{_ROLE}; {_WHEN_SEVERAL}")
    revoked_from: AwareDatetime | None = Field(
        default=None,
        description="Từ thời điểm này, mọi gói tin mới nhận được ký bằng chứng thư đều bị từ chối; "
        "mặc định là ngay bây giờ",
    )
    reason: str = Field(description="Lý do", min_length=1, max_length=REASON_LIMIT)


class CertificateLinks(BaseModel):
    """Where to go on."""

    self: str = Field(description="Chứng thư này, kèm lịch sử")
    decision: str = Field(description="Duyệt hoặc từ chối (POST)")
    revocation: str = Field(description="Báo ngừng sử dụng (POST)")


class CertificateSummary(BaseModel):
    """One registered certificate (chứng thư đã đăng ký)."""

    certificate_sha256: str = Field(description="Mã băm SHA-256 của chứng thư (DER)")
    school: str = Field(description=_SCHOOL)
    role: RoleName = Field(description=_ROLE)
    state: StateName = Field(description="Trạng thái đăng ký (danh mục certificate-states)")
    state_name: str = Field(description="Tên trạng thái", examples=["Chờ duyệt"])
    subject: str = Field(description="Tên người hoặc tổ chức trên chứng thư")
    organisation: str | None = Field(description="Tên tổ chức trên chứng thư")
    issuer: str = Field(description="Tổ chức cấp chứng thư")
    serial: str = Field(description="Số sê-ri")
    not_before: str = Field(description="Chứng thư có giá trị từ", json_schema_extra=_TIME)
    not_after: str = Field(description="Chứng thư có giá trị đến", json_schema_extra=_TIME)
    requested_at: str = Field(description="Thời điểm đăng ký", json_schema_extra=_TIME)
    wish_from: date | None = Field(description="Ngày đầu trường đề nghị")
    wish_to: date | None = Field(description="Ngày cuối trường đề nghị")
    valid_from: date | None = Field(description="Ngày đầu được duyệt; null khi chưa duyệt")
    valid_to: date | None = Field(description="Ngày cuối được duyệt; null khi không giới hạn")
    decided_at: str | None = Field(description="Thời điểm duyệt", json_schema_extra=_TIME)
    revoked_from: str | None = Field(
        description="Ngừng sử dụng từ thời điểm này; null khi còn sử dụng", json_schema_extra=_TIME
    )
    links: CertificateLinks = Field(description="Đường dẫn liên quan")


class CertificateEvent(BaseModel):
    """One step in the life of a registration (lịch sử)."""

    at: str = Field(description="Thời điểm", json_schema_extra=_TIME)
    actor: str = Field(description="Tài khoản thực hiện")
    event: Literal["requested", "approved", "refused", "revoked"] = Field(
        description="Đăng ký, duyệt, từ chối hoặc ngừng sử dụng"
    )
    valid_from: date | None = Field(description="Ngày đầu được đề nghị hoặc được duyệt")
    valid_to: date | None = Field(description="Ngày cuối được đề nghị hoặc được duyệt")
    revoked_from: str | None = Field(description="Ngừng sử dụng từ", json_schema_extra=_TIME)
    reason: str | None = Field(description="Lý do")


class CertificateAnswer(CertificateSummary):
    """One registered certificate with what led to it (chứng thư và lịch sử)."""

    remarks: list[str] = Field(
        description="Mã những điều người duyệt cần xem lại (/error-codes), không phải lỗi"
    )
    history: list[CertificateEvent] = Field(description="Lịch sử, từ bước đầu tiên")


class CertificatePage(BaseModel):
    """A page of registered certificates (danh sách chứng thư)."""

    items: list[CertificateSummary] = Field(description="Các chứng thư")
    next: str | None = Field(description="Gửi lại trong `after` để xem trang sau; null khi hết")


def present_entry(entry: RegistryEntry) -> CertificateSummary:
    """Write one entry, times in the time of Việt Nam."""
    certificate = read_certificate(entry.der)
    if certificate is None:
        raise ValueError("the registry holds something else than certificates")
    here = f"/v1/certificates/{entry.key.certificate_sha256}"
    signer: Signer = certificate.signer
    return CertificateSummary(
        certificate_sha256=entry.key.certificate_sha256,
        school=entry.key.school_code,
        role="CBQL" if entry.key.role is Role.PRINCIPAL else "KY_PHAT_HANH",
        state=entry.state.value,
        state_name=_state_name(entry.state),
        subject=signer.name,
        organisation=signer.organisation,
        issuer=signer.issuer,
        serial=signer.serial,
        not_before=local_time(certificate.not_before),
        not_after=local_time(certificate.not_after),
        requested_at=local_time(entry.requested_at),
        wish_from=entry.wish_from,
        wish_to=entry.wish_to,
        valid_from=entry.valid_from,
        valid_to=entry.valid_to,
        decided_at=_time(entry.decided_at),
        revoked_from=_time(entry.revoked_from),
        links=CertificateLinks(
            self=f"{here}?school={entry.key.school_code}&role={entry.key.role.value}",
            decision=f"{here}/decision",
            revocation=f"{here}/revocation",
        ),
    )


def present_with_history(
    entry: RegistryEntry, remarks: Sequence[str], history: Sequence[RegistryEvent]
) -> CertificateAnswer:
    """Write one entry with its history and the remarks for whoever decides."""
    return CertificateAnswer(
        **present_entry(entry).model_dump(),
        remarks=list(remarks),
        history=[
            CertificateEvent.model_validate(
                {
                    "at": local_time(event.at),
                    "actor": event.actor,
                    "event": event.event,
                    "valid_from": event.valid_from,
                    "valid_to": event.valid_to,
                    "revoked_from": _time(event.revoked_from),
                    "reason": event.reason,
                }
            )
            for event in history
        ],
    )


def _time(at: datetime | None) -> str | None:
    return None if at is None else local_time(at)


def _state_name(state: RegistrationState) -> str:
    return next(e.name for e in code_lists()["certificate-states"].entries if e.code == state)
