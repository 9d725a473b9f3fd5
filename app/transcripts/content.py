"""What a transcript says, as typed values.

Built only from the canonical octets that a verified signature covers, never from the upload.
Names in comments are the field's own elements (profile `hoc-ba-1`).
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from app.engine import quick


class Rating(StrEnum):
    """Kết quả rèn luyện and kết quả học tập (Thông tư 22/2021/TT-BGDĐT, articles 8 and 9)."""

    GOOD = "T"
    FAIR = "K"
    PASSED = "Đ"
    NOT_PASSED = "CĐ"


class Achievement(StrEnum):
    """Mức đạt được of a primary subject (Thông tư 27/2020/TT-BGDĐT, article 7)."""

    COMPLETED_WELL = "T"
    COMPLETED = "H"
    NOT_COMPLETED = "C"


class QualityLevel(StrEnum):
    """Mức đạt được of a primary quality or competence (Thông tư 27/2020/TT-BGDĐT, article 8)."""

    GOOD = "T"
    REACHED = "Đ"
    NEEDS_EFFORT = "C"


class Completion(StrEnum):
    """Kết quả giáo dục of a primary year (Thông tư 27/2020/TT-BGDĐT, article 9)."""

    EXCELLENT = "HTXS"
    GOOD = "HTT"
    COMPLETED = "HT"
    NOT_COMPLETED = "CHT"


Mark = Decimal | Rating | None
"""A mark 0-10 with one decimal, Đ or CĐ for a subject assessed by comment, None where absent."""


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class School:
    """CO_SO_GIAO_DUC: the issuing school at the day of issue."""

    code: str  # CO_SO_GIAO_DUC_ID
    name: str  # TEN_CO_SO_GIAO_DUC
    department_code: str  # MA_SO_GD
    province_code: str  # TINH_THANH_ID
    province_name: str  # TEN_TINH_THANH


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Student:
    """NGUOI_HOC: the child. Never logged.

    Attributes:
        birth_date: "YYYY", "YYYY-MM" or "YYYY-MM-DD"; the sector's data know some birth dates only
            in part.
        personal_number: số định danh cá nhân, 12 digits; None for those who have none.
        passport_number: a foreigner's instead of it.
    """

    code: str  # NGUOI_HOC_ID
    full_name: str  # HO_VA_TEN, NFC
    gender: str  # GIOI_TINH_ID
    birth_date: str  # NGAY_SINH
    nationality: str | None  # QUOC_TICH
    personal_number: str | None  # SO_DINH_DANH_CA_NHAN
    passport_number: str | None  # SO_HO_CHIEU


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectLine:
    """DIEM_TONG_KET: one subject of a secondary year."""

    id: str  # @Id, the target of the teacher's signature
    subject_code: str  # MON_HOC_ID
    subject_name: str  # TEN_MON_HOC
    semester_1: Mark  # DIEM_HOC_KY_1
    semester_2: Mark  # DIEM_HOC_KY_2
    year: Mark  # DIEM_CA_NAM
    reassessed: Mark  # DIEM_SAU_DANH_GIA_LAI
    teacher_id: str  # GVBM/@Id
    teacher_name: str  # GVBM/HO_VA_TEN


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class YearResult:
    """TONG_KET_HOC_BA of a secondary level; None where the profile makes a result optional."""

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


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class SecondaryRecord:
    """The year of a student of THCS, THPT or continuing education."""

    subjects: tuple[SubjectLine, ...]
    result: YearResult


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class PrimaryLine:
    """DIEM_TONG_KET: one subject of a primary year; whoever teaches it may stay unnamed."""

    id: str  # @Id, the target of the teacher's signature
    subject_code: str  # MON_HOC_ID
    subject_name: str  # TEN_MON_HOC
    achievement: Achievement | None  # KET_QUA_HOC_TAP_ID
    test_mark: int | None  # DIEM_KIEM_TRA, 1-10
    reassessed: Achievement | None  # KET_QUA_SAU_DANH_GIA_LAI_ID
    teacher_id: str | None  # GVBM/@Id
    teacher_name: str | None  # GVBM/HO_VA_TEN


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """NANG_LUC_PHAM_CHAT: a quality (phẩm chất) or competence (năng lực) of the fifteen."""

    code: str  # NANG_LUC_PHAM_CHAT_ID
    level: QualityLevel | None  # KET_QUA_ID


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class PrimaryRemarks:
    """The homeroom teacher's four comments."""

    qualities: str | None  # NHAN_XET_PHAM_CHAT
    general: str | None  # NHAN_XET_NANG_LUC_CHUNG
    specific: str | None  # NHAN_XET_NANG_LUC_DAC_THU
    overall: str | None  # NHAN_XET_TONG_HOP


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class PrimaryResult:
    """TONG_KET_HOC_BA of primary school; None where the profile makes a result optional."""

    height: Decimal | None  # CHIEU_CAO, centimetres
    weight: Decimal | None  # CAN_NANG, kilograms
    excused_absences: int | None  # SO_BUOI_NGHI_CO_PHEP, half-day sessions
    unexcused_absences: int | None  # SO_BUOI_NGHI_KHONG_PHEP
    qualities: tuple[Quality, ...]  # BANG_NANG_LUC_PHAM_CHAT
    remarks: PrimaryRemarks
    completion: Completion | None  # KET_QUA_GIAO_DUC_ID
    promoted: bool  # DUOC_LEN_LOP
    programme_completed: str | None  # NOI_DUNG_HOAN_THANH_CHUONG_TRINH
    award: str | None  # KHEN_THUONG


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class PrimaryRecord:
    """The year of a primary pupil."""

    subjects: tuple[PrimaryLine, ...]
    result: PrimaryResult


@quick
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
    record: PrimaryRecord | SecondaryRecord  # BANG_DIEM_HOC_BA, TONG_KET_HOC_BA
    homeroom_teacher_id: str  # GVCN/@Id
    homeroom_teacher_name: str  # GVCN/HO_VA_TEN
    principal_name: str  # GIAM_HIEU_KY_HOC_BA/HO_VA_TEN
    principal_position: str  # GIAM_HIEU_KY_HOC_BA/CHUC_VU_CONG_TAC
    issued_at_place: str  # DIA_DANH_PHAT_HANH
    issued_on: date  # NGAY_KY_PHAT_HANH

    @property
    def subjects(self) -> tuple[PrimaryLine | SubjectLine, ...]:
        """The subject lines, whatever the level."""
        return self.record.subjects
