"""Writing the subject lines and the year's result of each kind of level."""

from xml.sax.saxutils import escape

from app.sandbox.classes import PrimaryResult, SecondaryResult, StudentYear, SubjectYear
from app.sandbox.remarks import GENERAL_REMARK, OVERALL_REMARK, QUALITIES_REMARK, SPECIFIC_REMARK
from app.sandbox.results import Marks, PrimaryMarks

_COMPLETED = {
    5: "Hoàn thành chương trình giáo dục tiểu học",
    9: "Hoàn thành chương trình giáo dục trung học cơ sở",
    12: "Hoàn thành chương trình giáo dục trung học phổ thông",
}
"""What the last grade of a level ends with."""


def write_lines(year: StudentYear) -> str:
    """Write DIEM_TONG_KET of every subject."""
    return "".join(map(_subject_line, year.subjects))


def write_result(year: StudentYear) -> str:
    """Write TONG_KET_HOC_BA."""
    grade = year.spec.grade
    next_step = _COMPLETED.get(grade, f"Được lên lớp {grade + 1}")
    if isinstance(year.result, SecondaryResult):
        inside = _secondary(year.result, next_step)
    else:
        inside = _primary(year.result, next_step)
    return f"      <TONG_KET_HOC_BA>\n{inside}      </TONG_KET_HOC_BA>\n"


def _subject_line(each: SubjectYear) -> str:
    teacher = each.teacher
    return f"""        <DIEM_TONG_KET Id="mon-{each.subject.code}">
          <MON_HOC_ID>{each.subject.code}</MON_HOC_ID>
          <TEN_MON_HOC>{escape(each.subject.name)}</TEN_MON_HOC>
{_marks(each.marks)}\
          <NHAN_XET>{escape(each.remark)}</NHAN_XET>
          <GVBM Id="{teacher.id}"><HO_VA_TEN>{escape(teacher.full_name)}</HO_VA_TEN></GVBM>
        </DIEM_TONG_KET>
"""


def _marks(marks: Marks | PrimaryMarks) -> str:
    if isinstance(marks, PrimaryMarks):
        return _elements(
            10,
            ("KET_QUA_HOC_TAP_ID", marks.achievement),
            ("DIEM_KIEM_TRA", marks.test),
            ("KET_QUA_SAU_DANH_GIA_LAI_ID", marks.reassessed),
        )
    return _elements(
        10,
        ("DIEM_HOC_KY_1", marks.semester_1),
        ("DIEM_HOC_KY_2", marks.semester_2),
        ("DIEM_CA_NAM", marks.year),
        ("DIEM_SAU_DANH_GIA_LAI", marks.reassessed),
    )


def _secondary(result: SecondaryResult, next_step: str) -> str:
    study_1, study_2, study = result.study or (None, None, None)
    return _elements(
        8,
        ("KET_QUA_REN_LUYEN_KY_1_ID", result.conduct),
        ("KET_QUA_HOC_TAP_KY_1_ID", study_1),
        ("KET_QUA_REN_LUYEN_KY_2_ID", result.conduct),
        ("KET_QUA_HOC_TAP_KY_2_ID", study_2),
        ("KET_QUA_REN_LUYEN_NAM_ID", result.conduct),
        ("KET_QUA_HOC_TAP_NAM_ID", study),
        ("KET_QUA_HOC_TAP_HE_ID", result.study_reassessed),
        ("SO_BUOI_NGHI_HOC", result.absences),
        ("DUOC_LEN_LOP", 1),
        ("NOI_DUNG_LEN_LOP", next_step),
        ("KHEN_THUONG", result.award),
        ("NHAN_XET_TONG_HOP", result.summary),
    )


def _primary(result: PrimaryResult, next_step: str) -> str:
    excused, unexcused = result.absences
    qualities = "".join(
        f"          <NANG_LUC_PHAM_CHAT><NANG_LUC_PHAM_CHAT_ID>{code}</NANG_LUC_PHAM_CHAT_ID>"
        f"<KET_QUA_ID>{level}</KET_QUA_ID></NANG_LUC_PHAM_CHAT>\n"
        for code, level in result.qualities
    )
    body = _elements(
        8,
        ("CHIEU_CAO", result.height),
        ("CAN_NANG", result.weight),
        ("SO_BUOI_NGHI_CO_PHEP", excused),
        ("SO_BUOI_NGHI_KHONG_PHEP", unexcused),
    )
    end = _elements(
        8,
        ("NHAN_XET_PHAM_CHAT", QUALITIES_REMARK),
        ("NHAN_XET_NANG_LUC_CHUNG", GENERAL_REMARK),
        ("NHAN_XET_NANG_LUC_DAC_THU", SPECIFIC_REMARK),
        ("NHAN_XET_TONG_HOP", OVERALL_REMARK),
        ("KET_QUA_GIAO_DUC_ID", result.completion),
        ("DUOC_LEN_LOP", 1),
        ("NOI_DUNG_HOAN_THANH_CHUONG_TRINH", next_step),
        ("KHEN_THUONG", result.award),
    )
    table = "BANG_NANG_LUC_PHAM_CHAT"
    return f"{body}        <{table}>\n{qualities}        </{table}>\n{end}"


def _elements(indent: int, *values: tuple[str, object]) -> str:
    """Write an element for each value that there is."""
    return "".join(
        f"{' ' * indent}<{name}>{escape(str(value))}</{name}>\n"
        for name, value in values
        if value is not None
    )
