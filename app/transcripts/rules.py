"""Content rules of a lower secondary transcript (Thông tư 22/2021/TT-BGDĐT).

CON-6xx are errors of structure. CON-7xx are warnings: a recomputed mark or decision may differ for
reasons that the file does not tell, and the school's signature stands.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from itertools import chain
from types import MappingProxyType

from app.transcripts.content import Mark, Rating, SubjectLine, Transcript
from app.transcripts.finding import Finding, shortened


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A subject of the level.

    Attributes:
        by_comment: assessed Đ or CĐ only (article 5), never by a mark.
    """

    name: str
    by_comment: bool = False


THCS_SUBJECTS: Mapping[str, Subject] = MappingProxyType(
    {
        "05": Subject(name="Lịch sử và Địa lí"),
        "14": Subject(name="Tiếng dân tộc thiểu số"),
        "15": Subject(name="Toán"),
        "19": Subject(name="Ngữ văn"),
        "26": Subject(name="Giáo dục công dân"),
        "27": Subject(name="Công nghệ"),
        "31": Subject(name="Ngoại ngữ 2"),
        "32": Subject(name="Tin học"),
        "66": Subject(name="Khoa học tự nhiên"),
        "69": Subject(name="Ngoại ngữ 1"),
        "88": Subject(name="Giáo dục thể chất", by_comment=True),
        "91": Subject(name="Hoạt động trải nghiệm, hướng nghiệp", by_comment=True),
        "97": Subject(name="Nghệ thuật", by_comment=True),
        "99": Subject(name="Nội dung giáo dục của địa phương", by_comment=True),
    }
)
"""The sector's subject codes; they are scoped by level (Toán is 01 in primary, 15 here)."""

LEVEL = "03"
GRADES = ("06", "07", "08", "09")

MAX_ABSENCES = 45
"""Half-day sessions that a promoted pupil may have missed (article 12)."""

EXCELLENT_MARK = Decimal("9.0")
AWARDS: Mapping[str, int] = MappingProxyType({"học sinh xuất sắc": 6, "học sinh giỏi": 0})
"""Title → subjects that need a year mark of at least `EXCELLENT_MARK` (article 15); both titles
need conduct and study rated Tốt."""

_CONTENT = "/HOC_BA/DU_LIEU_HOC_BA/THONG_TIN_HOC_BA"
_RESULT = f"{_CONTENT}/TONG_KET_HOC_BA"
_TENTH = Decimal("0.1")

_MARKS: tuple[tuple[str, Callable[[SubjectLine], Mark]], ...] = (
    ("DIEM_HOC_KY_1", lambda line: line.semester_1),
    ("DIEM_HOC_KY_2", lambda line: line.semester_2),
    ("DIEM_CA_NAM", lambda line: line.year),
    ("DIEM_SAU_DANH_GIA_LAI", lambda line: line.reassessed),
)


def check_rules(transcript: Transcript) -> tuple[Finding, ...]:
    """Hold a transcript against every rule; findings of all of them, errors and warnings."""
    rules = (
        _year_and_grade,
        _subjects,
        _mark_kinds,
        _required_results,
        _year_marks,
        _promotion,
        _award,
    )
    return tuple(chain.from_iterable(rule(transcript) for rule in rules))


def _year_and_grade(transcript: Transcript) -> Iterator[Finding]:
    if transcript.end_year != transcript.start_year + 1:
        value = f"{transcript.start_year}-{transcript.end_year}"
        yield Finding(code="CON-600", xpath=f"{_CONTENT}/NAM_KET_THUC", value=value)
    if transcript.level != LEVEL:
        yield Finding(code="CON-600", xpath=f"{_CONTENT}/CAP_HOC_ID", value=transcript.level)
    if transcript.grade not in GRADES:
        yield Finding(code="CON-600", xpath=f"{_CONTENT}/KHOI_ID", value=transcript.grade)


def _subjects(transcript: Transcript) -> Iterator[Finding]:
    seen: set[str] = set()
    for place, line in _lines(transcript):
        xpath, code = f"{place}/MON_HOC_ID", line.subject_code
        if code not in THCS_SUBJECTS:
            yield Finding(code="CON-601", xpath=xpath, value=code)
        if code in seen:
            yield Finding(code="CON-602", xpath=xpath, value=code)
        seen.add(code)


def _mark_kinds(transcript: Transcript) -> Iterator[Finding]:
    for place, line in _lines(transcript):
        subject = THCS_SUBJECTS.get(line.subject_code)
        if subject is None:
            continue
        for name, mark_of in _MARKS:
            mark = mark_of(line)
            if mark is not None and isinstance(mark, Rating) != subject.by_comment:
                yield Finding(code="CON-603", xpath=f"{place}/{name}", value=str(mark))


def _required_results(transcript: Transcript) -> Iterator[Finding]:
    if transcript.not_assessed:
        return
    for place, line in _lines(transcript):
        if line.year is None:
            yield Finding(code="CON-604", xpath=f"{place}/DIEM_CA_NAM", value=line.subject_code)
    result = transcript.result
    required = (
        ("KET_QUA_REN_LUYEN_NAM_ID", result.conduct),
        ("KET_QUA_HOC_TAP_NAM_ID", result.study),
        ("SO_BUOI_NGHI_HOC", result.absences),
    )
    for name, value in required:
        if value is None:
            yield Finding(code="CON-604", xpath=f"{_RESULT}/{name}")


def _year_marks(transcript: Transcript) -> Iterator[Finding]:
    """ĐTBmcn = (HKI + 2·HKII) / 3, one decimal (article 9)."""
    for place, line in _lines(transcript):
        match (line.semester_1, line.semester_2, line.year):
            case (Decimal() as first, Decimal() as second, Decimal() as year):
                expected = ((first + 2 * second) / 3).quantize(_TENTH, ROUND_HALF_UP)
                if year != expected:
                    xpath = f"{place}/DIEM_CA_NAM"
                    yield Finding(code="CON-700", xpath=xpath, value=f"{year} ≠ {expected}")
            case _:  # a comment or a missing mark: nothing to recompute
                continue


def _promotion(transcript: Transcript) -> Iterator[Finding]:
    """Conduct and study at least Đạt and few absences; re-assessed values replace the year's."""
    result = transcript.result
    if not result.promoted:
        return
    ratings = (
        (
            ("KET_QUA_REN_LUYEN_NAM_ID", result.conduct),
            ("KET_QUA_REN_LUYEN_KY_HE_ID", result.conduct_reassessed),
        ),
        (
            ("KET_QUA_HOC_TAP_NAM_ID", result.study),
            ("KET_QUA_HOC_TAP_HE_ID", result.study_reassessed),
        ),
    )
    for year, summer in ratings:
        name, rating = year if summer[1] is None else summer
        if rating is Rating.NOT_PASSED:
            yield Finding(code="CON-701", xpath=f"{_RESULT}/{name}", value=rating.value)
    if result.absences is not None and result.absences > MAX_ABSENCES:
        xpath = f"{_RESULT}/SO_BUOI_NGHI_HOC"
        yield Finding(code="CON-701", xpath=xpath, value=str(result.absences))


def _award(transcript: Transcript) -> Iterator[Finding]:
    result = transcript.result
    needed = AWARDS.get((result.award or "").casefold())
    if needed is None:
        return
    excellent = sum(
        isinstance(line.year, Decimal) and line.year >= EXCELLENT_MARK
        for line in transcript.subjects
    )
    if (result.conduct, result.study) != (Rating.GOOD, Rating.GOOD) or excellent < needed:
        value = shortened(result.award or "")
        yield Finding(code="CON-702", xpath=f"{_RESULT}/KHEN_THUONG", value=value)


def _lines(transcript: Transcript) -> Iterator[tuple[str, SubjectLine]]:
    """Pair every subject line with its location."""
    base = f"{_CONTENT}/BANG_DIEM_HOC_BA/DIEM_TONG_KET"
    for position, line in enumerate(transcript.subjects, start=1):
        yield base if len(transcript.subjects) == 1 else f"{base}[{position}]", line
