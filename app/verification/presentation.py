"""The public answer as JSON: the whole of what `CodeAnswer` holds, with its sentences."""

from pydantic import BaseModel, ConfigDict, Field

from app.locale import Language, local_time
from app.signatures.report import Outcome
from app.verification.answer import CodeAnswer, NotChecked, PublicCheck, Status
from app.verification.words import CHECK_SENTENCES, LEVELS, NOT_CHECKED

_A_GAP = NOT_CHECKED[NotChecked.HOLDER][Language.VIETNAMESE]


class CheckAnswer(BaseModel):
    """One named check (nội dung kiểm tra)."""

    name: PublicCheck = Field(description="Tên nội dung kiểm tra, cố định")
    outcome: Outcome = Field(description="Kết quả: đạt, không đạt hoặc chưa kiểm tra")
    message: str = Field(description="Giải thích kết quả, theo Accept-Language")


class VerificationAnswer(BaseModel):
    """What the public learns about one transcript (kết quả kiểm tra học bạ theo mã)."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "code": "HHB8WG-CUCGKZ-ZA4SVQ",
                "status": "in_force",
                "school_name": "Trường THCS Mẫu Số Một",
                "province_name": "Thành phố Hồ Chí Minh",
                "school_year": "2025-2026",
                "level": "03",
                "level_name": "Trung học cơ sở",
                "student_name_masked": "N*** T*** M*** Á***",
                "accepted_at": "2026-06-12T09:30:00+07:00",
                "checked_at": "2026-08-20T14:05:09+07:00",
                "checks": [
                    {
                        "name": "in_force",
                        "outcome": "passed",
                        "message": "Học bạ chưa bị nhà trường thu hồi.",
                    }
                ],
                "not_checked": [_A_GAP],
            }
        }
    )

    code: str = Field(description="Mã tra cứu (mã định danh học bạ), ba nhóm sáu ký tự")
    status: Status = Field(
        description="Trạng thái: đang lưu hành, đã thu hồi, hoặc chưa xác nhận được vì có nội dung "
        "kiểm tra không đạt"
    )
    school_name: str = Field(description="Tên cơ sở giáo dục phát hành")
    province_name: str = Field(description="Tên tỉnh, thành phố ghi trên học bạ")
    school_year: str = Field(description="Năm học")
    level: str = Field(description="Mã cấp học")
    level_name: str = Field(description="Tên cấp học, theo Accept-Language")
    student_name_masked: str = Field(description="Họ tên học sinh, mỗi từ chỉ còn chữ cái đầu")
    accepted_at: str = Field(
        description="Thời điểm tiếp nhận, giờ Việt Nam", json_schema_extra={"format": "date-time"}
    )
    checked_at: str = Field(
        description="Thời điểm kiểm tra này, giờ Việt Nam",
        json_schema_extra={"format": "date-time"},
    )
    checks: list[CheckAnswer] = Field(description="Các nội dung kiểm tra, luôn đủ và đúng thứ tự")
    not_checked: list[str] = Field(description="Những gì chưa được kiểm tra")


def present(answer: CodeAnswer, language: Language) -> VerificationAnswer:
    """Write an answer in one language, its times in the time of Việt Nam."""
    return VerificationAnswer(
        code=answer.code,
        status=answer.status,
        school_name=answer.school_name,
        province_name=answer.province_name,
        school_year=answer.school_year,
        level=answer.level,
        level_name=LEVELS[answer.level][language],
        student_name_masked=answer.student_name_masked,
        accepted_at=local_time(answer.accepted_at),
        checked_at=local_time(answer.checked_at),
        checks=[
            CheckAnswer(
                name=check, outcome=outcome, message=CHECK_SENTENCES[check, outcome][language]
            )
            for check, outcome in answer.checks
        ],
        not_checked=[NOT_CHECKED[gap][language] for gap in answer.not_checked],
    )
