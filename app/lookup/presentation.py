"""What an entitled client reads, as JSON: English names, their Vietnamese terms beside them."""

from datetime import date
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from app.locale import local_time
from app.register.record import Standing, TranscriptRecord
from app.transcripts.codes import format_code

_TIME: dict[str, JsonValue] = {"format": "date-time"}


class TranscriptLinks(BaseModel):
    """Where to read more of the same transcript."""

    original: str = Field(description="Bản gốc XML của nhà trường, giống từng byte")
    history: str = Field(description="Các phiên bản: đã phát hành, thu hồi, phát hành lại")
    report: str = Field(description="Kết quả kiểm tra chữ ký từng vị trí")
    verification: str = Field(description="Trang kiểm tra công khai theo mã")


class TranscriptAnswer(BaseModel):
    """One registered transcript (học bạ đã tiếp nhận)."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "code": "HHB8WG-CUCGKZ-ZA4SVQ",
                "status": "in_force",
                "standing": "final",
                "school_year": "2025-2026",
                "level": "03",
                "grade": "06",
                "class_id": "79000701-6A1-2025",
                "class_name": "6A1",
                "school_code": "79000701",
                "school_name": "Trường THCS Mẫu Số Một",
                "province_code": "79",
                "province_name": "Thành phố Hồ Chí Minh",
                "student_code": "7900070125000123",
                "student_name": "Nguyễn Thị Mẫu Ánh",
                "issued_on": "2026-05-30",
                "accepted_at": "2026-06-12T09:30:00+07:00",
                "withdrawn_at": None,
                "version": 1,
                "previous_code": None,
                "original_sha256": "ab" * 32,
                "package_id": "6f1f2d0e-4a7c-4c58-9d2e-0d6f4b1c9a10",
                "links": {
                    "original": "/v1/transcripts/HHB8WG-CUCGKZ-ZA4SVQ/original",
                    "history": "/v1/transcripts/HHB8WG-CUCGKZ-ZA4SVQ/history",
                    "report": "/v1/transcripts/HHB8WG-CUCGKZ-ZA4SVQ/report",
                    "verification": "/verify/HHB8WG-CUCGKZ-ZA4SVQ",
                },
            }
        }
    )

    code: str = Field(description="Mã tra cứu (mã định danh học bạ)")
    status: Literal["in_force", "withdrawn"] = Field(
        description="Trạng thái: đang lưu hành hoặc đã thu hồi"
    )
    standing: Literal["final", "provisional", "revoked"] = Field(
        description="Kết luận về thu hồi chứng thư: đã kết luận (final), tạm thời vì chưa đủ danh "
        "sách thu hồi (provisional), hoặc chứng thư hóa ra đã bị thu hồi (revoked)"
    )
    school_year: str = Field(description="Năm học")
    level: str = Field(description="Mã cấp học")
    grade: str = Field(description="Khối")
    class_id: str = Field(description="Mã lớp")
    class_name: str = Field(description="Tên lớp")
    school_code: str = Field(description="Mã cơ sở giáo dục")
    school_name: str = Field(description="Tên cơ sở giáo dục ghi trên học bạ")
    province_code: str = Field(description="Mã tỉnh, thành phố")
    province_name: str = Field(description="Tên tỉnh, thành phố ghi trên học bạ")
    student_code: str = Field(description="Mã học sinh")
    student_name: str = Field(description="Họ và tên học sinh")
    issued_on: date = Field(description="Ngày ký phát hành")
    accepted_at: str = Field(
        description="Thời điểm tiếp nhận, giờ Việt Nam", json_schema_extra=_TIME
    )
    withdrawn_at: str | None = Field(
        description="Thời điểm thu hồi, giờ Việt Nam", json_schema_extra=_TIME
    )
    version: int = Field(
        description="Phiên bản: 1 cho lần phát hành đầu, tăng dần sau mỗi lần thu hồi và lập lại"
    )
    previous_code: str | None = Field(
        description="Mã tra cứu của phiên bản trước; null nếu không có"
    )
    original_sha256: str = Field(description="Mã băm SHA-256 của bản gốc")
    package_id: UUID = Field(description="Gói tin đã mang học bạ này đến")
    links: TranscriptLinks = Field(description="Đường dẫn liên quan")


def present_record(record: TranscriptRecord, standing: Standing) -> TranscriptAnswer:
    """Write what the register keeps, times in the time of Việt Nam."""
    code = format_code(record.transcript_code)
    return TranscriptAnswer(
        code=code,
        status="in_force" if record.withdrawn_at is None else "withdrawn",
        standing=standing.value,
        school_year=f"{record.school_year}-{record.school_year + 1}",
        level=record.level,
        grade=record.grade,
        class_id=record.class_id,
        class_name=record.class_name,
        school_code=record.school_code,
        school_name=record.school_name,
        province_code=record.province_code,
        province_name=record.province_name,
        student_code=record.student_code,
        student_name=record.student_name,
        issued_on=record.issued_on,
        accepted_at=local_time(record.accepted_at),
        withdrawn_at=None if record.withdrawn_at is None else local_time(record.withdrawn_at),
        version=record.version,
        previous_code=None if record.previous_code is None else format_code(record.previous_code),
        original_sha256=record.original_sha256,
        package_id=record.package_id,
        links=TranscriptLinks(
            original=f"/v1/transcripts/{code}/original",
            history=f"/v1/transcripts/{code}/history",
            report=f"/v1/transcripts/{code}/report",
            verification=f"/verify/{code}",
        ),
    )
