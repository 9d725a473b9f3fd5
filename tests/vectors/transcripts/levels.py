"""One valid transcript of each level, and for every value rule a twin that breaks it.

The slots are empty: these documents test what the content says.
"""

import re

from tests.vectors.transcripts.base import TRANSCRIPT

Edit = tuple[str, str]
Cases = dict[str, tuple[str, *tuple[Edit, ...]]]
"""Name → the codes that reading finds, in their order, and what differs from the valid document."""


def line(code: str, first: str = "7.0", second: str = "7.3", year: str = "7.2") -> str:
    """Write a subject of a secondary level."""
    return _line(
        code,
        f"<DIEM_HOC_KY_1>{first}</DIEM_HOC_KY_1><DIEM_HOC_KY_2>{second}</DIEM_HOC_KY_2>"
        f"<DIEM_CA_NAM>{year}</DIEM_CA_NAM>",
    )


def comment(code: str, year: str = "Đ") -> str:
    """Write a subject of a secondary level that has no marks."""
    return line(code, "Đ", "Đ", year)


def primary(code: str, level: str = "T", test: str = "", again: str = "") -> str:
    """Write a subject of primary school."""
    return _line(
        code,
        f"<KET_QUA_HOC_TAP_ID>{level}</KET_QUA_HOC_TAP_ID><DIEM_KIEM_TRA>{test}</DIEM_KIEM_TRA>"
        f"<KET_QUA_SAU_DANH_GIA_LAI_ID>{again}</KET_QUA_SAU_DANH_GIA_LAI_ID>",
    )


def quality(code: str, level: str = "T") -> str:
    """Write a quality or competence of a primary pupil."""
    return (
        f"<NANG_LUC_PHAM_CHAT><NANG_LUC_PHAM_CHAT_ID>{code}</NANG_LUC_PHAM_CHAT_ID>"
        f"<KET_QUA_ID>{level}</KET_QUA_ID></NANG_LUC_PHAM_CHAT>"
    )


def _line(code: str, inside: str) -> str:
    return (
        f'<DIEM_TONG_KET Id="mon-{code}"><MON_HOC_ID>{code}</MON_HOC_ID>'
        f"<TEN_MON_HOC>Môn Mẫu {code}</TEN_MON_HOC>{inside}"
        '<GVBM Id="4815131060"><HO_VA_TEN>Ngô Văn Mẫu</HO_VA_TEN></GVBM></DIEM_TONG_KET>\n'
    )


def _document(level: str, grade: str, lines: str, result: str) -> str:
    text = re.sub(r"<(ds:)?Signature .*?</(ds:)?Signature>", "", TRANSCRIPT, flags=re.DOTALL)
    for name, value in (
        ("CAP_HOC_ID", level),
        ("KHOI_ID", grade),
        ("BANG_DIEM_HOC_BA", f"\n{lines}"),
        ("TONG_KET_HOC_BA", f"\n{result}"),
    ):
        text = re.sub(
            rf"(<{name}>).*(</{name}>)", rf"\g<1>{value}\g<2>", text, count=1, flags=re.DOTALL
        )
    return text


_SECONDARY_RESULT = """<KET_QUA_REN_LUYEN_KY_1_ID>K</KET_QUA_REN_LUYEN_KY_1_ID>
<KET_QUA_HOC_TAP_KY_1_ID>K</KET_QUA_HOC_TAP_KY_1_ID>
<KET_QUA_REN_LUYEN_KY_2_ID>T</KET_QUA_REN_LUYEN_KY_2_ID>
<KET_QUA_HOC_TAP_KY_2_ID>K</KET_QUA_HOC_TAP_KY_2_ID>
<KET_QUA_REN_LUYEN_NAM_ID>T</KET_QUA_REN_LUYEN_NAM_ID>
<KET_QUA_HOC_TAP_NAM_ID>K</KET_QUA_HOC_TAP_NAM_ID>
<KET_QUA_REN_LUYEN_KY_HE_ID></KET_QUA_REN_LUYEN_KY_HE_ID>
<KET_QUA_HOC_TAP_HE_ID></KET_QUA_HOC_TAP_HE_ID>
<SO_BUOI_NGHI_HOC>45</SO_BUOI_NGHI_HOC>
<DUOC_LEN_LOP>1</DUOC_LEN_LOP>
<KHEN_THUONG></KHEN_THUONG>"""

_PRIMARY_TESTED = ("02", "01", "05", "13", "11", "12", "87")
_PRIMARY_START = (
    "<CHIEU_CAO>132.5</CHIEU_CAO><CAN_NANG>28</CAN_NANG>"
    "<SO_BUOI_NGHI_CO_PHEP>3</SO_BUOI_NGHI_CO_PHEP>"
    "<SO_BUOI_NGHI_KHONG_PHEP>0</SO_BUOI_NGHI_KHONG_PHEP>\n"
)
_PRIMARY_END = """<NHAN_XET_PHAM_CHAT>Em ngoan.</NHAN_XET_PHAM_CHAT>
<NHAN_XET_NANG_LUC_CHUNG>Em biết hợp tác.</NHAN_XET_NANG_LUC_CHUNG>
<NHAN_XET_NANG_LUC_DAC_THU>Em tính toán tốt.</NHAN_XET_NANG_LUC_DAC_THU>
<NHAN_XET_TONG_HOP>Em chăm học.</NHAN_XET_TONG_HOP>
<KET_QUA_GIAO_DUC_ID>HTXS</KET_QUA_GIAO_DUC_ID>
<DUOC_LEN_LOP>1</DUOC_LEN_LOP>
<NOI_DUNG_HOAN_THANH_CHUONG_TRINH>Được lên lớp 5</NOI_DUNG_HOAN_THANH_CHUONG_TRINH>
<KHEN_THUONG>Học sinh Xuất sắc</KHEN_THUONG>
"""
_QUALITIES = "\n".join(quality(f"{number:02d}") for number in range(1, 16))
_TABLE = f"<BANG_NANG_LUC_PHAM_CHAT>{_QUALITIES}</BANG_NANG_LUC_PHAM_CHAT>\n"

PRIMARY = _document(
    "02",
    "04",
    "".join(primary(code, test="9") for code in _PRIMARY_TESTED)
    + "".join(primary(code) for code in ("03", "88", "89", "90", "91")),
    f"{_PRIMARY_START}{_TABLE}{_PRIMARY_END}",
)
THCS = _document(
    "03",
    "09",
    "".join(map(line, ("19", "15", "69", "26", "05", "66", "27", "32")))
    + "".join(map(comment, ("88", "97", "91", "99"))),
    _SECONDARY_RESULT,
)
THPT = _document(
    "04",
    "10",
    "".join(map(line, ("19", "15", "69", "40", "47", "35", "36", "38")))
    + "".join(map(comment, ("88", "91", "99", "29"))),
    _SECONDARY_RESULT,
)
GDTX = _document(
    "05",
    "12",
    "".join(map(line, ("19", "15", "40", "41", "100", "35", "36")))
    + "".join(map(comment, ("91", "99"))),
    _SECONDARY_RESULT,
)

_UNASSESSED = ("DANH_GIA>0<", "DANH_GIA>1<")
_NUMBER = "<SO_DINH_DANH_CA_NHAN>048312000456</SO_DINH_DANH_CA_NHAN>"
_PASSPORT = "<SO_HO_CHIEU>M1234567</SO_HO_CHIEU>"
_CHT = ("ID>HTXS<", "ID>CHT<")
_NO_TITLE = ("Học sinh Xuất sắc", "")
_ENDS = "KY_1_ID", "KY_2_ID", "NAM_ID"
_LEVEL = "<CAP_HOC_ID>02</CAP_HOC_ID>"


_TEACHER = '<GVBM Id="4815131060"><HO_VA_TEN>Ngô Văn Mẫu</HO_VA_TEN></GVBM>'
_TEACHER_SLOTS = PRIMARY[PRIMARY.index("<DANH_SACH_GVBM>") : PRIMARY.index("<GVCN></GVCN>")]


def result(name: str, old: str, new: str) -> Edit:
    """Change one value of the year's result."""
    return f"<{name}>{old}</{name}>", f"<{name}>{new}</{name}>"


PRIMARY_CASES: Cases = {
    "valid": ("",),
    "grade-1-without-technology": (
        "",
        ("<KHOI_ID>04", "<KHOI_ID>01"),
        *((primary(code, test="9"), "") for code in ("05", "13", "11", "12", "87")),
        (quality("12"), ""),
        (quality("13"), ""),
        (primary("03"), primary("03") + primary("04")),
    ),
    "foreigner": ("", (_NUMBER, _PASSPORT), ("Việt Nam", "Lào")),
    "one-test-of-informatics-and-technology": ("", (primary("12", test="9"), primary("12"))),
    "not-assessed": (
        "",
        _UNASSESSED,
        *((primary(code, test="9"), primary(code, "")) for code in _PRIMARY_TESTED),
        (_TABLE, ""),
        ("ID>HTXS<", "ID><"),
        _NO_TITLE,
    ),
    "promoted-after-re-assessment": (
        "",
        (primary("01", test="9"), primary("01", "C", "4", "H")),
        _CHT,
        _NO_TITLE,
    ),
    "teachers-without-slots": ("", (_TEACHER_SLOTS, "")),
    "teacher-unnamed": ("", (primary("88"), primary("88").replace(_TEACHER, ""))),
    "personal-number-absent": ("", (_NUMBER, "")),
    "school-year-of-two-years": ("CON-600", ("THUC>2025", "THUC>2026")),
    "subject-of-grade-3": ("CON-601", (primary("03"), primary("03") + primary("04"))),
    "subject-of-secondary-school": ("CON-601", (primary("91"), primary("91") + primary("19"))),
    "subject-twice": ("CON-602 CON-704", ('"mon-91"><MON_HOC_ID>91', '"mon-91"><MON_HOC_ID>90')),
    "test-mark-without-test": ("CON-603", (primary("03"), primary("03", test="9"))),
    "subject-without-level": ("CON-604", (primary("03"), primary("03", ""))),
    "quality-missing": ("CON-604", (quality("15"), "")),
    "quality-without-level": ("CON-604", (quality("15"), quality("15", ""))),
    "result-missing": ("CON-604 CON-702", ("ID>HTXS<", "ID><")),
    "absences-missing": ("CON-604", result("SO_BUOI_NGHI_CO_PHEP", "3", "")),
    "quality-twice": ("CON-606", (quality("15"), quality("15") * 2)),
    "level-absent": ("CON-607", (_LEVEL, "")),
    "level-empty": ("CON-607", (_LEVEL, "<CAP_HOC_ID/>")),
    "level-twice": ("SIG-140", (_LEVEL, _LEVEL * 2)),
    "levels-that-differ": ("CON-607 CON-607", (_LEVEL, _LEVEL + _LEVEL.replace("02", "03"))),
    "level-unknown": ("CON-607", (_LEVEL, "<CAP_HOC_ID>06</CAP_HOC_ID>")),
    "level-of-secondary-school": (
        " ".join(["SIG-140"] * 14),
        (_LEVEL, "<CAP_HOC_ID>03</CAP_HOC_ID>"),
    ),
    "promoted-without-completing": (
        "CON-701",
        (primary("01", test="9"), primary("01", "C", "4")),
        _CHT,
        _NO_TITLE,
    ),
    "title-without-the-result": (
        "CON-702",
        (primary("01", test="9"), primary("01", test="8")),
        ("ID>HTXS<", "ID>HTT<"),
    ),
    "result-too-good": ("CON-703", (primary("01", test="9"), primary("01", test="8"))),
    "subject-missing": ("CON-704", (primary("88"), "")),
    "test-mark-missing": ("CON-706", (primary("01", test="9"), primary("01"))),
    "height-in-metres": ("CON-707", ("132.5", "1.3")),
    "weight-in-grams": ("CON-707", ("NANG>28<", "NANG>280<")),
    "passport-without-nationality": (
        "CON-708",
        (_NUMBER, _PASSPORT),
        ("<QUOC_TICH>Việt Nam</QUOC_TICH>", ""),
    ),
    "test-mark-0": ("SIG-140", (primary("01", test="9"), primary("01", test="0"))),
    "test-mark-11": ("SIG-140", (primary("01", test="9"), primary("01", test="11"))),
    "test-mark-with-decimal": ("SIG-140", (primary("01", test="9"), primary("01", test="9.5"))),
    "level-of-secondary-marks": ("SIG-140", (primary("03"), primary("03", "Đ"))),
    "quality-16": ("SIG-140", (quality("15"), quality("16"))),
    "quality-level-of-a-subject": ("SIG-140", (quality("15"), quality("15", "H"))),
    "result-unknown": ("SIG-140", ("ID>HTXS<", "ID>TOT<")),
    "grade-6": ("SIG-140", ("<KHOI_ID>04", "<KHOI_ID>06")),
}
THCS_CASES: Cases = {
    "valid": ("",),
    "extra-subjects": ("", (line("32"), line("32") + line("14") + line("31"))),
    "not-assessed": (
        "",
        _UNASSESSED,
        (line("19"), line("19", "", "", "")),
        result("KET_QUA_HOC_TAP_NAM_ID", "K", ""),
        result("SO_BUOI_NGHI_HOC", "45", ""),
    ),
    "one-bad-subject-gives-a-step-back": (
        "",
        (line("32"), line("32", "3.0", "3.0", "3.0")),
        *(result(f"KET_QUA_HOC_TAP_{end}", "K", "Đ") for end in _ENDS),
    ),
    "re-assessed": (
        "",
        (
            line("32"),
            line("32", "3.0", "3.0", "3.0").replace(
                "</DIEM_CA_NAM>",
                "</DIEM_CA_NAM><DIEM_SAU_DANH_GIA_LAI>5.0</DIEM_SAU_DANH_GIA_LAI>",
            ),
        ),
        *(result(f"KET_QUA_HOC_TAP_{end}", "K", "CĐ") for end in _ENDS),
        result("KET_QUA_HOC_TAP_HE_ID", "", "K"),
    ),
    "subject-of-upper-secondary": ("CON-601", (line("32"), line("32") + line("40"))),
    "subject-twice": ("CON-602 CON-704", ("<MON_HOC_ID>32", "<MON_HOC_ID>27")),
    "comment-with-mark": ("CON-603", (comment("88"), comment("88", "7.2"))),
    "mark-by-comment": ("CON-603", (line("32"), line("32", "Đ"))),
    "year-mark-missing": ("CON-604", (line("32"), line("32", year=""))),
    "conduct-missing": ("CON-604", result("KET_QUA_REN_LUYEN_NAM_ID", "T", "")),
    "study-missing": ("CON-604", result("KET_QUA_HOC_TAP_NAM_ID", "K", "")),
    "absences-missing": ("CON-604", result("SO_BUOI_NGHI_HOC", "45", "")),
    "year-mark-not-the-mean": ("CON-700", (line("32"), line("32", year="7.1"))),
    "promoted-with-46-absences": ("CON-701", result("SO_BUOI_NGHI_HOC", "45", "46")),
    "promoted-without-conduct": ("CON-701", result("KET_QUA_REN_LUYEN_KY_HE_ID", "", "CĐ")),
    "title-without-ratings": ("CON-702", ("<KHEN_THUONG>", "<KHEN_THUONG>Học sinh Giỏi")),
    "study-too-good": ("CON-703", result("KET_QUA_HOC_TAP_NAM_ID", "K", "T")),
    "conduct-too-good": ("CON-703", result("KET_QUA_REN_LUYEN_KY_1_ID", "K", "Đ")),
    "subject-missing": ("CON-704", (line("32"), "")),
}
THPT_CASES: Cases = {
    "valid": ("",),
    "extra-subject": ("", (line("38"), line("38") + line("14"))),
    "other-choice": ("", (line("35"), line("41")), (comment("29"), comment("30"))),
    "year-of-birth-alone": ("", ("2012-02-29", "2009")),
    "subject-of-lower-secondary": ("CON-601", (line("38"), line("38") + line("66"))),
    "music-with-mark": ("CON-603", (comment("29"), comment("29", "7.2"))),
    "defence-by-comment": ("CON-603", (line("47"), line("47", "Đ", "7.3"))),
    "compulsory-subject-missing": ("CON-704", (line("47"), "")),
    "three-chosen": ("CON-705", (line("38"), "")),
    "five-chosen": ("CON-705", (line("38"), line("38") + line("37"))),
    "grade-9": ("SIG-140", ("<KHOI_ID>10", "<KHOI_ID>09")),
    "grade-13": ("SIG-140", ("<KHOI_ID>10", "<KHOI_ID>13")),
}
GDTX_CASES: Cases = {
    "valid": ("",),
    "with-foreign-language": ("", (line("36"), line("36") + line("69"))),
    "grade-9-with-its-subjects": (
        "",
        ("<KHOI_ID>12", "<KHOI_ID>09"),
        (line("40"), line("26")),
        (line("41"), line("05")),
        (line("100"), line("66")),
        (line("35"), ""),
        (line("36"), ""),
    ),
    "rating-that-nobody-recomputes": ("", result("KET_QUA_HOC_TAP_NAM_ID", "K", "T")),
    "subject-of-lower-secondary": ("CON-601", (line("36"), line("36") + line("66"))),
    "comment-with-mark": ("CON-603", (comment("99"), comment("99", "7.2"))),
    "history-missing": ("CON-704", (line("40"), "")),
    "three-chosen": ("CON-705", (line("36"), "")),
    "grade-5": ("SIG-140", ("<KHOI_ID>12", "<KHOI_ID>05")),
}
