"""The subject lines and the year's result of each kind of level, as typed values."""

from app.transcripts.content import (
    Achievement,
    Completion,
    PrimaryLine,
    PrimaryRecord,
    PrimaryRemarks,
    PrimaryResult,
    Quality,
    QualityLevel,
    Rating,
    SecondaryRecord,
    SubjectLine,
    YearResult,
)
from app.transcripts.fields import Record, name_at
from app.transcripts.values import coded_at, codes_of, count_at, flag_at, mark_at, measure_at

_LINES = "BANG_DIEM_HOC_BA/DIEM_TONG_KET"
_RESULT = "TONG_KET_HOC_BA"

_RATINGS = codes_of(Rating)
_ACHIEVEMENTS = codes_of(Achievement)
_LEVELS = codes_of(QualityLevel)
_COMPLETIONS = codes_of(Completion)


def read_secondary(content: Record) -> SecondaryRecord:
    """Read the year of a student of THCS, THPT or continuing education.

    Raises:
        DocumentRefused: SIG-140, something that the schema should have caught.
    """
    return SecondaryRecord(
        subjects=tuple([_subject_line(line) for line in content.children_at(_LINES)]),
        result=_year_result(content.child_at(_RESULT)),
    )


def read_primary(content: Record) -> PrimaryRecord:
    """Read the year of a primary pupil.

    Raises:
        DocumentRefused: SIG-140, something that the schema should have caught.
    """
    return PrimaryRecord(
        subjects=tuple([_primary_line(line) for line in content.children_at(_LINES)]),
        result=_primary_result(content.child_at(_RESULT)),
    )


def _subject_line(line: Record) -> SubjectLine:
    return SubjectLine(
        id=line.attribute_of("Id"),
        subject_code=line.text_at("MON_HOC_ID"),
        subject_name=name_at(line, "TEN_MON_HOC"),
        semester_1=mark_at(line, "DIEM_HOC_KY_1"),
        semester_2=mark_at(line, "DIEM_HOC_KY_2"),
        year=mark_at(line, "DIEM_CA_NAM"),
        reassessed=mark_at(line, "DIEM_SAU_DANH_GIA_LAI"),
        teacher_id=line.child_at("GVBM").attribute_of("Id"),
        teacher_name=name_at(line, "GVBM/HO_VA_TEN"),
    )


def _year_result(element: Record) -> YearResult:
    return YearResult(
        conduct_1=coded_at(element, "KET_QUA_REN_LUYEN_KY_1_ID", _RATINGS),
        conduct_2=coded_at(element, "KET_QUA_REN_LUYEN_KY_2_ID", _RATINGS),
        conduct=coded_at(element, "KET_QUA_REN_LUYEN_NAM_ID", _RATINGS),
        conduct_reassessed=coded_at(element, "KET_QUA_REN_LUYEN_KY_HE_ID", _RATINGS),
        study_1=coded_at(element, "KET_QUA_HOC_TAP_KY_1_ID", _RATINGS),
        study_2=coded_at(element, "KET_QUA_HOC_TAP_KY_2_ID", _RATINGS),
        study=coded_at(element, "KET_QUA_HOC_TAP_NAM_ID", _RATINGS),
        study_reassessed=coded_at(element, "KET_QUA_HOC_TAP_HE_ID", _RATINGS),
        absences=count_at(element, "SO_BUOI_NGHI_HOC"),
        promoted=flag_at(element, "DUOC_LEN_LOP"),
        award=element.optional_at("KHEN_THUONG"),
    )


def _primary_line(line: Record) -> PrimaryLine:
    teachers = line.children_at("GVBM")
    return PrimaryLine(
        id=line.attribute_of("Id"),
        subject_code=line.text_at("MON_HOC_ID"),
        subject_name=name_at(line, "TEN_MON_HOC"),
        achievement=coded_at(line, "KET_QUA_HOC_TAP_ID", _ACHIEVEMENTS),
        test_mark=count_at(line, "DIEM_KIEM_TRA"),
        reassessed=coded_at(line, "KET_QUA_SAU_DANH_GIA_LAI_ID", _ACHIEVEMENTS),
        teacher_id=teachers[0].attribute_of("Id") if teachers else None,
        teacher_name=name_at(line, "GVBM/HO_VA_TEN") if teachers else None,
    )


def _primary_result(element: Record) -> PrimaryResult:
    return PrimaryResult(
        height=measure_at(element, "CHIEU_CAO"),
        weight=measure_at(element, "CAN_NANG"),
        excused_absences=count_at(element, "SO_BUOI_NGHI_CO_PHEP"),
        unexcused_absences=count_at(element, "SO_BUOI_NGHI_KHONG_PHEP"),
        qualities=tuple(
            Quality(
                code=each.text_at("NANG_LUC_PHAM_CHAT_ID"),
                level=coded_at(each, "KET_QUA_ID", _LEVELS),
            )
            for each in element.children_at("BANG_NANG_LUC_PHAM_CHAT/NANG_LUC_PHAM_CHAT")
        ),
        remarks=PrimaryRemarks(
            qualities=element.optional_at("NHAN_XET_PHAM_CHAT"),
            general=element.optional_at("NHAN_XET_NANG_LUC_CHUNG"),
            specific=element.optional_at("NHAN_XET_NANG_LUC_DAC_THU"),
            overall=element.optional_at("NHAN_XET_TONG_HOP"),
        ),
        completion=coded_at(element, "KET_QUA_GIAO_DUC_ID", _COMPLETIONS),
        promoted=flag_at(element, "DUOC_LEN_LOP"),
        programme_completed=element.optional_at("NOI_DUNG_HOAN_THANH_CHUONG_TRINH"),
        award=element.optional_at("KHEN_THUONG"),
    )
