"""The versions of a transcript as JSON: what was issued, withdrawn and why, and issued anew."""

from collections.abc import Sequence
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field, JsonValue

from app.locale import local_time
from app.register.history import Version
from app.register.record import TranscriptRecord
from app.transcripts.codes import format_code

_TIME: dict[str, JsonValue] = {"format": "date-time"}


class WithdrawalAnswer(BaseModel):
    """Why a version left force (thu hồi)."""

    at: str = Field(description="Thời điểm thu hồi, giờ Việt Nam", json_schema_extra=_TIME)
    cause: Literal["school", "revocation"] | None = Field(
        description="school: nhà trường thu hồi; revocation: chứng thư số hóa ra đã bị thu hồi và "
        "có học bạ lập lại thay thế; null khi không rõ"
    )
    reason: str | None = Field(description="Lý do do nhà trường nêu (LY_DO)")
    package_id: UUID | None = Field(description="Gói tin đã thu hồi, hoặc mang học bạ thay thế đến")


class VersionAnswer(BaseModel):
    """One version (một phiên bản)."""

    version: int = Field(description="Phiên bản, tính từ 1", examples=[1])
    code: str = Field(description="Mã tra cứu (mã định danh học bạ)")
    previous_code: str | None = Field(description="Mã tra cứu của phiên bản trước")
    status: Literal["in_force", "withdrawn"] = Field(
        description="Trạng thái: đang lưu hành hoặc đã thu hồi"
    )
    accepted_at: str = Field(
        description="Thời điểm tiếp nhận, giờ Việt Nam", json_schema_extra=_TIME
    )
    original_sha256: str = Field(description="Mã băm SHA-256 của bản gốc")
    package_id: UUID = Field(description="Gói tin đã mang phiên bản này đến")
    withdrawal: WithdrawalAnswer | None = Field(description="Việc thu hồi; null khi đang lưu hành")


class HistoryAnswer(BaseModel):
    """Every version of one student's school year at one school and level, oldest first."""

    code: str = Field(description="Mã tra cứu được hỏi")
    items: list[VersionAnswer] = Field(description="Các phiên bản, cũ nhất trước")


def present_history(record: TranscriptRecord, versions: Sequence[Version]) -> HistoryAnswer:
    """Write a chain of versions, times in the time of Việt Nam."""
    return HistoryAnswer(
        code=format_code(record.transcript_code), items=[_version(one) for one in versions]
    )


def _version(one: Version) -> VersionAnswer:
    return VersionAnswer(
        version=one.version,
        code=format_code(one.transcript_code),
        previous_code=None if one.previous_code is None else format_code(one.previous_code),
        status="in_force" if one.withdrawn_at is None else "withdrawn",
        accepted_at=local_time(one.accepted_at),
        original_sha256=one.original_sha256,
        package_id=one.package_id,
        withdrawal=None
        if one.withdrawn_at is None
        else WithdrawalAnswer(
            at=local_time(one.withdrawn_at),
            cause=None if one.cause is None else one.cause.value,
            reason=one.reason,
            package_id=one.withdrawn_by,
        ),
    )
