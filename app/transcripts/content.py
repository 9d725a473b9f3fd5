"""What a transcript says, as typed values.

Built only from the canonical octets that a verified signature covers, never from the upload.
Names in comments are the field's own elements (profile `hoc-ba-1`).
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum


class Rating(StrEnum):
    """Kết quả rèn luyện and kết quả học tập (Thông tư 22/2021/TT-BGDĐT, articles 8 and 9)."""

    GOOD = "T"
    FAIR = "K"
    PASSED = "Đ"
    NOT_PASSED = "CĐ"


Mark = Decimal | Rating | None
"""A mark 0-10 with one decimal, Đ or CĐ for a subject assessed by comment, None where absent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class School:
    """CO_SO_GIAO_DUC: the issuing school at the day of issue."""

    code: str  # CO_SO_GIAO_DUC_ID
    name: str  # TEN_CO_SO_GIAO_DUC
    department_code: str  # MA_SO_GD
    province_code: str  # TINH_THANH_ID
    province_name: str  # TEN_TINH_THANH


@dataclass(frozen=True, slots=True, kw_only=True)
class Student:
    """NGUOI_HOC: the child. Never logged.

    Attributes:
        birth_date: "YYYY", "YYYY-MM" or "YYYY-MM-DD"; the sector's data know some birth dates only
            in part.
        personal_number: số định danh cá nhân, 12 digits; None for those who have none.
    """

    code: str  # NGUOI_HOC_ID
    full_name: str  # HO_VA_TEN, NFC
    gender: str  # GIOI_TINH_ID
    birth_date: str  # NGAY_SINH
    personal_number: str | None  # SO_DINH_DANH_CA_NHAN


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectLine:
    """DIEM_TONG_KET: one subject of the year."""

    id: str  # @Id, the target of the teacher's signature
    subject_code: str  # MON_HOC_ID
    subject_name: str  # TEN_MON_HOC
    semester_1: Mark  # DIEM_HOC_KY_1
    semester_2: Mark  # DIEM_HOC_KY_2
    year: Mark  # DIEM_CA_NAM
    reassessed: Mark  # DIEM_SAU_DANH_GIA_LAI
    teacher_id: str  # GVBM/@Id
    teacher_name: str  # GVBM/HO_VA_TEN


@dataclass(frozen=True, slots=True, kw_only=True)
class YearResult:
    """TONG_KET_HOC_BA: what the year came to. None where the profile makes a result optional."""

    conduct_1: Rating | None  # KET_QUA_REN_LUYEN_KY_1_ID
    conduct_2: Rating | None  # KET_QUA_REN_LUYEN_KY_2_ID
    conduct: Rating | None  # KET_QUA_REN_LUYEN_NAM_ID
    conduct_reassessed: Rating | None  # KET_QUA_REN_LUYEN_KY_HE_ID
    study_1: Rating | None  # KET_QUA_HOC_TAP_KY_1_ID
    study_2: Rating | None  # KET_QUA_HOC_TAP_KY_2_ID
    study: Rating | None  # KET_QUA_HOC_TAP_NAM_ID
    study_reassessed: Rating | None  # KET_QUA_HOC_TAP_HE_ID
    absences: int | None  # SO_BUOI_NGHI_HOC, half-day sessions
    promoted: bool  # DUOC_LEN_LOP
    award: str | None  # KHEN_THUONG


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """One student's school year, as the signed octets say it."""

    profile_id: str
    start_year: int  # NAM_BAT_DAU
    end_year: int  # NAM_KET_THUC
    level: str  # CAP_HOC_ID
    grade: str  # KHOI_ID, two digits
    class_id: str  # LOP_HOC_ID
    class_name: str  # TEN_LOP_HOC
    register_number: str  # SO_SO_DANG_BO
    not_assessed: bool  # CO_KHUYET_TAT_KHONG_DANH_GIA
    school: School
    student: Student
    subjects: tuple[SubjectLine, ...]
    result: YearResult
    homeroom_teacher_id: str  # GVCN/@Id
    homeroom_teacher_name: str  # GVCN/HO_VA_TEN
    principal_name: str  # GIAM_HIEU_KY_HOC_BA/HO_VA_TEN
    principal_position: str  # GIAM_HIEU_KY_HOC_BA/CHUC_VU_CONG_TAC
    issued_at_place: str  # DIA_DANH_PHAT_HANH
    issued_on: date  # NGAY_KY_PHAT_HANH
