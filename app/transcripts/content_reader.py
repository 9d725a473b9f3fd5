"""From verified canonical octets to a typed transcript (profile `hoc-ba-1`, lower secondary)."""

import re
from datetime import date
from decimal import Decimal

from app.transcripts.content import (
    Mark,
    Rating,
    School,
    Student,
    SubjectLine,
    Transcript,
    YearResult,
)
from app.transcripts.fields import (
    Record,
    attribute_of,
    child_at,
    children_at,
    misfit,
    name_at,
    optional_at,
    record_of,
    text_at,
)
from app.transcripts.finding import DocumentRefused, Finding
from app.transcripts.profile import Profile
from app.transcripts.xml import read_canonical

_NUMERIC_MARK = re.compile(r"[0-9](?:\.[0-9])?|10(?:\.0)?")
_COMMENT_MARKS = {rating.value: rating for rating in (Rating.PASSED, Rating.NOT_PASSED)}
_RATINGS = {rating.value: rating for rating in Rating}
_FLAGS = {"0": False, "1": True}


def read_transcript(canonical: bytes, profile: Profile) -> Transcript:
    """Read what the signatures attest.

    Args:
        canonical: the canonical octets of the element that principal and school signed
            (`DU_LIEU_HOC_BA`), their digest verified.
        profile: the profile that the document was opened with.

    Raises:
        DocumentRefused: SIG-140, something that the schema should have caught.
    """
    data_name, content_name = profile.content.split("/")[-2:]
    content = child_at(
        record_of(read_canonical(_cut(canonical, data_name, content_name))), content_name
    )
    return Transcript(
        profile_id=profile.id,
        start_year=_number(content, "NAM_BAT_DAU"),
        end_year=_number(content, "NAM_KET_THUC"),
        level=text_at(content, "CAP_HOC_ID"),
        grade=text_at(content, "KHOI_ID"),
        class_id=text_at(content, "LOP_HOC_ID"),
        class_name=name_at(content, "TEN_LOP_HOC"),
        register_number=optional_at(content, "SO_SO_DANG_BO") or "",
        not_assessed=_flag(content, "CO_KHUYET_TAT_KHONG_DANH_GIA"),
        school=_school(child_at(content, "CO_SO_GIAO_DUC")),
        student=_student(child_at(content, "NGUOI_HOC")),
        subjects=tuple(
            _subject_line(line) for line in children_at(content, "BANG_DIEM_HOC_BA/DIEM_TONG_KET")
        ),
        result=_result(child_at(content, "TONG_KET_HOC_BA")),
        homeroom_teacher_id=attribute_of(child_at(content, "GVCN"), "Id"),
        homeroom_teacher_name=name_at(content, "GVCN/HO_VA_TEN"),
        principal_name=name_at(content, "GIAM_HIEU_KY_HOC_BA/HO_VA_TEN"),
        principal_position=name_at(content, "GIAM_HIEU_KY_HOC_BA/CHUC_VU_CONG_TAC"),
        issued_at_place=name_at(content, "DIA_DANH_PHAT_HANH"),
        issued_on=_day(content, "NGAY_KY_PHAT_HANH"),
    )


def _cut(canonical: bytes, data_name: str, content_name: str) -> bytes:
    """Cut the content out of the octets, without the signatures behind it.

    In canonical octets "<" is nothing but the start of a tag, so the name finds the element, of
    which the schema allows one.
    """
    if not canonical.startswith(f"<{data_name} ".encode()):
        raise DocumentRefused(Finding(code="SIG-140", xpath=f"/{data_name}"))
    start = canonical.find(f"<{content_name} ".encode())
    last = f"</{content_name}>".encode()
    content = canonical[start : canonical.rfind(last) + len(last)]
    return b"<%b>%b</%b>" % (data_name.encode(), content, data_name.encode())


def _school(element: Record) -> School:
    return School(
        code=text_at(element, "CO_SO_GIAO_DUC_ID"),
        name=name_at(element, "TEN_CO_SO_GIAO_DUC"),
        department_code=text_at(element, "MA_SO_GD"),
        province_code=text_at(element, "DIA_CHI/TINH_THANH_ID"),
        province_name=name_at(element, "DIA_CHI/TEN_TINH_THANH"),
    )


def _student(element: Record) -> Student:
    return Student(
        code=text_at(element, "NGUOI_HOC_ID"),
        full_name=name_at(element, "HO_VA_TEN"),
        gender=text_at(element, "GIOI_TINH_ID"),
        birth_date=text_at(element, "NGAY_SINH"),
        personal_number=optional_at(element, "SO_DINH_DANH_CA_NHAN"),
    )


def _subject_line(line: Record) -> SubjectLine:
    return SubjectLine(
        id=attribute_of(line, "Id"),
        subject_code=text_at(line, "MON_HOC_ID"),
        subject_name=name_at(line, "TEN_MON_HOC"),
        semester_1=_mark(line, "DIEM_HOC_KY_1"),
        semester_2=_mark(line, "DIEM_HOC_KY_2"),
        year=_mark(line, "DIEM_CA_NAM"),
        reassessed=_mark(line, "DIEM_SAU_DANH_GIA_LAI"),
        teacher_id=attribute_of(child_at(line, "GVBM"), "Id"),
        teacher_name=name_at(line, "GVBM/HO_VA_TEN"),
    )


def _result(element: Record) -> YearResult:
    absences = optional_at(element, "SO_BUOI_NGHI_HOC")
    return YearResult(
        conduct_1=_rating(element, "KET_QUA_REN_LUYEN_KY_1_ID"),
        conduct_2=_rating(element, "KET_QUA_REN_LUYEN_KY_2_ID"),
        conduct=_rating(element, "KET_QUA_REN_LUYEN_NAM_ID"),
        conduct_reassessed=_rating(element, "KET_QUA_REN_LUYEN_KY_HE_ID"),
        study_1=_rating(element, "KET_QUA_HOC_TAP_KY_1_ID"),
        study_2=_rating(element, "KET_QUA_HOC_TAP_KY_2_ID"),
        study=_rating(element, "KET_QUA_HOC_TAP_NAM_ID"),
        study_reassessed=_rating(element, "KET_QUA_HOC_TAP_HE_ID"),
        absences=None if absences is None else _number(element, "SO_BUOI_NGHI_HOC"),
        promoted=_flag(element, "DUOC_LEN_LOP"),
        award=optional_at(element, "KHEN_THUONG"),
    )


def _mark(line: Record, path: str) -> Mark:
    value = optional_at(line, path)
    if value is None:
        return None
    if _NUMERIC_MARK.fullmatch(value):
        return Decimal(value)
    if value not in _COMMENT_MARKS:
        raise misfit(line, path, value)
    return _COMMENT_MARKS[value]


def _rating(element: Record, path: str) -> Rating | None:
    value = optional_at(element, path)
    if value is None:
        return None
    if value not in _RATINGS:
        raise misfit(element, path, value)
    return _RATINGS[value]


def _flag(element: Record, path: str) -> bool:
    value = text_at(element, path)
    if value not in _FLAGS:
        raise misfit(element, path, value)
    return _FLAGS[value]


def _number(element: Record, path: str) -> int:
    value = text_at(element, path)
    if not (value.isascii() and value.isdigit()):
        raise misfit(element, path, value)
    return int(value)


def _day(element: Record, path: str) -> date:
    value = text_at(element, path)
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise misfit(element, path, value) from error
