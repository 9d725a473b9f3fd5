"""Transcripts of every level that are good, and those whose content breaks a rule."""

import re
from dataclasses import replace

from app.sandbox.conformance.recipe import Recipe
from app.sandbox.conformance.workshop import Change, edit
from app.sandbox.signing import NotReady
from app.transcripts.curriculum import THPT

_GRADES = (
    ("02", 1),
    ("02", 5),
    ("03", 6),
    ("03", 9),
    ("04", 10),
    ("04", 12),
    ("05", 6),
    ("05", 12),
)

_KINDS = {"foreign": 11, "not-assessed": 12, "reassessed": 13, "born-in-a-month": 14}
"""Special students and their places in the class register."""

_LINE = '<DIEM_TONG_KET Id="mon-{0}">.*?</DIEM_TONG_KET>\\s*'


def good_contents() -> tuple[Recipe, ...]:
    """List what must be accepted, of all levels and kinds of students."""
    grades = (
        Recipe(
            name=f"good-level-{level}-grade-{grade:02d}",
            level=level,
            grade=grade,
        )
        for level, grade in _GRADES
    )
    kinds = (
        Recipe(name=f"good-student-{name}-level-{level}", level=level, grade=grade, place=place)
        for name, place in _KINDS.items()
        for level, grade in (("02", 3), ("03", 8))
    )
    return (*grades, *kinds)


def flawed_contents() -> tuple[Recipe, ...]:
    """List what was written wrongly and then signed by everybody."""
    return (*_refused(), *_noted(), *_primary())


def _secondary(name: str, code: str, change: Change) -> Recipe:
    return Recipe(name=name, errors=(code,), written=change)


def _refused() -> tuple[Recipe, ...]:
    return (
        _secondary(
            "school-year-of-two-years", "CON-600", edit("(<NAM_KET_THUC>)[^<]*", r"\g<1>2099")
        ),
        Recipe(
            name="grade-of-another-level",
            errors=("CON-600", "SIG-140"),
            written=edit("(<KHOI_ID>)07", r"\g<1>10"),
        ),
        _secondary(
            "subject-not-on-the-list",
            "CON-601",
            edit("(<MON_HOC_ID>)15(</MON_HOC_ID>)", r"\g<1>1234\g<2>"),
        ),
        _secondary(
            "subject-twice",
            "CON-602",
            edit('(<DIEM_TONG_KET Id="mon-15">.*?<MON_HOC_ID>)15', r"\g<1>19"),
        ),
        _secondary(
            "comment-where-a-mark-belongs",
            "CON-603",
            edit("(<DIEM_HOC_KY_1>)[0-9.]+", "\\g<1>Đ"),
        ),
        _secondary(
            "year-mark-missing", "CON-604", edit(r"\s*<DIEM_CA_NAM>[^<]*</DIEM_CA_NAM>", "")
        ),
        _secondary(
            "study-rating-missing",
            "CON-604",
            edit(r"\s*<KET_QUA_HOC_TAP_NAM_ID>[^<]*</KET_QUA_HOC_TAP_NAM_ID>", ""),
        ),
        _secondary(
            "issued-in-the-future",
            "CON-605",
            edit("(<NGAY_KY_PHAT_HANH>)[^<]*", r"\g<1>2099-06-10"),
        ),
        # No tool of ours signs at a level that has no slots.
        Recipe(
            name="level-unknown",
            errors=("CON-607",),
            signed=edit("(<CAP_HOC_ID>)03", r"\g<1>09"),
        ),
        _secondary("element-unknown", "SIG-140", edit("<NHAN_XET>", "<LOI_PHE/><NHAN_XET>")),
        _secondary("birth-date-in-words", "SIG-140", edit("(<NGAY_SINH>)[^<]*", "\\g<1>hôm qua")),
        _secondary(
            "school-of-another-code",
            "SIG-510",
            edit("(<CO_SO_GIAO_DUC_ID>)[^<]*", r"\g<1>79000999"),
        ),
        _secondary("province-of-another-code", "SIG-510", edit("(<MA_SO_GD>)[^<]*", r"\g<1>01")),
        Recipe(name="student-of-another-code", errors=("SIG-510",), named="79000701MAU"),
    )


def _noted() -> tuple[Recipe, ...]:
    def noted(name: str, code: str, change: Change) -> Recipe:
        return Recipe(name=name, notes=(code,), written=change)

    return (
        noted("year-mark-miscalculated", "CON-700", edit("(<DIEM_CA_NAM>)[0-9.]+", r"\g<1>0.1")),
        noted(
            "promoted-despite-absences", "CON-701", edit("(<SO_BUOI_NGHI_HOC>)[^<]*", r"\g<1>46")
        ),
        noted(
            "award-not-deserved",
            "CON-702",
            edit(
                r"(</NOI_DUNG_LEN_LOP>)(\s*<KHEN_THUONG>[^<]*</KHEN_THUONG>)?",
                "\\g<1><KHEN_THUONG>Học sinh Xuất sắc</KHEN_THUONG>",
            ),
        ),
        noted(
            "study-rating-too-good",
            "CON-703",
            edit("(<DIEM_HOC_KY_2>)[0-9.]+", r"\g<1>0.0"),
        ),
        noted("compulsory-subject-missing", "CON-704", edit(_LINE.format("15"), "")),
        Recipe(
            name="chosen-subject-too-many",
            notes=("CON-705",),
            level="04",
            grade=11,
            written=_with_one_more,
        ),
        noted(
            "principal-of-another-name",
            "SIG-505",
            edit("(<GIAM_HIEU_KY_HOC_BA><HO_VA_TEN>)[^<]*", "\\g<1>Người Khác Mẫu"),
        ),
        noted(
            "school-of-another-name",
            "SIG-506",
            edit("(<TEN_CO_SO_GIAO_DUC>)[^<]*", "\\g<1>Trường Mẫu Tên Khác"),
        ),
        Recipe(
            name="passport-without-nationality",
            notes=("CON-708",),
            place=_KINDS["foreign"],
            written=edit(r"\s*<QUOC_TICH>[^<]*</QUOC_TICH>", ""),
        ),
    )


def _primary() -> tuple[Recipe, ...]:
    pupil = Recipe(name="", level="02", grade=4)
    quality = r"(<NANG_LUC_PHAM_CHAT>.*?</NANG_LUC_PHAM_CHAT>)"
    return (
        replace(
            pupil,
            name="quality-twice",
            errors=("CON-606",),
            written=edit(quality, r"\g<1>\g<1>"),
        ),
        replace(pupil, name="quality-missing", errors=("CON-604",), written=edit(quality, "")),
        replace(
            pupil,
            name="test-mark-missing",
            notes=("CON-706",),
            written=edit(r"\s*<DIEM_KIEM_TRA>[^<]*</DIEM_KIEM_TRA>", ""),
        ),
        replace(
            pupil,
            name="height-in-metres",
            notes=("CON-707",),
            written=edit("(<CHIEU_CAO>)[^<]*", r"\g<1>1"),
        ),
        replace(
            pupil,
            name="result-of-the-year-too-good",
            notes=("CON-703",),
            written=edit("(<DIEM_KIEM_TRA>)[^<]*", r"\g<1>5"),
        ),
        replace(
            pupil,
            name="good-without-teachers-signatures",
            notes=("SIG-203",),
            written=edit(r"\s*<DANH_SACH_GVBM>.*</DANH_SACH_GVBM>", ""),
        ),
    )


def _with_one_more(xml: bytes) -> bytes:
    """Let the student take one chosen subject more, with the marks and the teacher of another."""
    chosen = [code.encode() for code in THPT.programmes[0].chosen]
    more = next(code for code in chosen if b'"mon-' + code + b'"' not in xml)
    taken = next(code for code in chosen if b'"mon-' + code + b'"' in xml)
    line = re.search(_LINE.format(taken.decode()).encode(), xml, re.DOTALL)
    if line is None:
        raise NotReady("DIEM_TONG_KET")
    again = line[0].replace(b"mon-" + taken, b"mon-" + more)
    again = again.replace(b"<MON_HOC_ID>" + taken, b"<MON_HOC_ID>" + more)
    return xml[: line.end()] + again + xml[line.end() :]
