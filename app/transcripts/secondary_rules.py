"""Content rules of THCS, THPT (Thông tư 22/2021/TT-BGDĐT) and, as far as known, of GDTX."""

from collections.abc import Callable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from operator import attrgetter
from types import MappingProxyType

from app.transcripts.content import Mark, Rating, SecondaryRecord, SubjectLine, YearResult
from app.transcripts.curriculum import Curriculum, Programme
from app.transcripts.finding import Finding, shortened
from app.transcripts.places import LINES, RESULT, place_of

MAX_ABSENCES = 45
"""Half-day sessions that a promoted student may have missed (article 12)."""

EXCELLENT_MARK = Decimal("9.0")
AWARDS: Mapping[str, int] = MappingProxyType({"học sinh xuất sắc": 6, "học sinh giỏi": 0})
"""Title → subjects that need a year mark of at least `EXCELLENT_MARK` (article 15); both titles
need conduct and study rated Tốt."""

RATINGS = (Rating.NOT_PASSED, Rating.PASSED, Rating.FAIR, Rating.GOOD)
"""From the lowest to the highest."""

ADJUSTED_FROM = 2
"""Steps by which one subject alone must lower a rating before it is raised (article 9 clause 3)."""

_THRESHOLDS = (
    (Rating.GOOD, Decimal("6.5"), Decimal("8.0"), 0),
    (Rating.FAIR, Decimal("5.0"), Decimal("6.5"), 0),
    (Rating.PASSED, Decimal("3.5"), Decimal("5.0"), 1),
)
"""Rating, lowest mark, the mark that enough subjects reach, comment subjects that may be CĐ
(article 9 clause 2)."""

_CONDUCT: Mapping[Rating, tuple[Rating, ...]] = MappingProxyType(
    {
        Rating.GOOD: (Rating.FAIR, Rating.FAIR, Rating.GOOD, Rating.GOOD),
        Rating.FAIR: (Rating.PASSED, Rating.FAIR, Rating.FAIR, Rating.FAIR),
        Rating.PASSED: (Rating.PASSED, Rating.PASSED, Rating.PASSED, Rating.FAIR),
        Rating.NOT_PASSED: (Rating.NOT_PASSED,) * 4,
    }
)
"""Conduct of the second semester → the year's, for each of the first's in the order of `RATINGS`
(article 8 clause 2)."""

_TENTH = Decimal("0.1")
_PAIRS_KEPT = 4096
"""Pairs of marks whose mean is kept: the 51 times 51 of passing marks, and half as many others."""

_LINE = f"{LINES}/DIEM_TONG_KET"

_MARKS: tuple[tuple[str, Callable[[SubjectLine], Mark]], ...] = (
    ("DIEM_HOC_KY_1", attrgetter("semester_1")),
    ("DIEM_HOC_KY_2", attrgetter("semester_2")),
    ("DIEM_CA_NAM", attrgetter("year")),
    ("DIEM_SAU_DANH_GIA_LAI", attrgetter("reassessed")),
)

_STUDY: tuple[
    tuple[str, Callable[[YearResult], Rating | None], Callable[[SubjectLine], Mark]], ...
] = (
    ("KET_QUA_HOC_TAP_KY_1_ID", attrgetter("study_1"), attrgetter("semester_1")),
    ("KET_QUA_HOC_TAP_KY_2_ID", attrgetter("study_2"), attrgetter("semester_2")),
    ("KET_QUA_HOC_TAP_NAM_ID", attrgetter("study"), attrgetter("year")),
    (
        "KET_QUA_HOC_TAP_HE_ID",
        attrgetter("study_reassessed"),
        lambda line: line.year if line.reassessed is None else line.reassessed,
    ),
)
"""A rating of the year and the marks that it rates; after the summer the re-assessed ones."""


def check_secondary(
    record: SecondaryRecord, curriculum: Curriculum, programme: Programme, *, assessed: bool
) -> Sequence[Finding]:
    """Hold a year against the rules of its level.

    Args:
        record: the year.
        curriculum: of its level.
        programme: of its grade.
        assessed: False for a disabled student whom nobody assessed: nothing is then required.
    """
    return [
        *_mark_kinds(record, curriculum),
        *(_required_results(record) if assessed else ()),
        *_year_marks(record),
        *(_study(record, curriculum, programme) if assessed else ()),
        *_conduct(record.result, curriculum),
        *_promotion(record.result),
        *_award(record),
    ]


def _place_of(record: SecondaryRecord, position: int, name: str) -> str:
    return f"{place_of(_LINE, position, len(record.subjects))}/{name}"


def _mark_kinds(record: SecondaryRecord, curriculum: Curriculum) -> Sequence[Finding]:
    findings = []
    for position, line in enumerate(record.subjects):
        subject = curriculum.subjects.get(line.subject_code)
        if subject is None:
            continue
        other = Decimal if subject.by_comment else Rating
        first, second, year = type(line.semester_1), type(line.semester_2), type(line.year)
        if other not in (first, second, year, type(line.reassessed)):
            continue
        for name, mark_of in _MARKS:
            mark = mark_of(line)
            if isinstance(mark, other):
                xpath = _place_of(record, position, name)
                findings.append(Finding(code="CON-603", xpath=xpath, value=str(mark)))
    return findings


def _required_results(record: SecondaryRecord) -> Sequence[Finding]:
    findings = []
    for position, line in enumerate(record.subjects):
        if line.year is None:
            xpath = _place_of(record, position, "DIEM_CA_NAM")
            findings.append(Finding(code="CON-604", xpath=xpath, value=line.subject_code))
    result = record.result
    required = (
        ("KET_QUA_REN_LUYEN_NAM_ID", result.conduct),
        ("KET_QUA_HOC_TAP_NAM_ID", result.study),
        ("SO_BUOI_NGHI_HOC", result.absences),
    )
    for name, value in required:
        if value is None:
            findings.append(Finding(code="CON-604", xpath=f"{RESULT}/{name}"))
    return findings


def _year_marks(record: SecondaryRecord) -> Sequence[Finding]:
    """ĐTBmcn = (HKI + 2·HKII) / 3, one decimal (article 9)."""
    findings = []
    for position, line in enumerate(record.subjects):
        first, second, year = line.semester_1, line.semester_2, line.year
        # With a comment or a missing mark there is nothing to recompute.
        if not (
            isinstance(first, Decimal) and isinstance(second, Decimal) and isinstance(year, Decimal)
        ):
            continue
        expected = year_mark(first, second)
        if year != expected:
            xpath = _place_of(record, position, "DIEM_CA_NAM")
            findings.append(Finding(code="CON-700", xpath=xpath, value=f"{year} ≠ {expected}"))
    return findings


@lru_cache(maxsize=_PAIRS_KEPT)
def year_mark(first: Decimal, second: Decimal) -> Decimal:
    """Give the mark of a year by those of its semesters; the second counts twice."""
    return ((first + second + second) / 3).quantize(_TENTH, ROUND_HALF_UP)


def _study(
    record: SecondaryRecord, curriculum: Curriculum, programme: Programme
) -> Sequence[Finding]:
    """Recompute each rating from its marks, where the transcript holds all that decide it."""
    rated_by = curriculum.rated_by
    if rated_by is None or programme.missing({line.subject_code for line in record.subjects}):
        return ()
    findings = []
    for name, rating_of, mark_of in _STUDY:
        rating = rating_of(record.result)
        if rating is None:
            continue
        marks = [mark_of(line) for line in record.subjects]
        if any(mark is None for mark in marks):
            continue
        possible = possible_ratings(marks, rated_by)
        if rating not in possible:
            value = f"{rating} ≠ {'/'.join(possible)}"
            findings.append(Finding(code="CON-703", xpath=f"{RESULT}/{name}", value=value))
    return findings


def possible_ratings(marks: Sequence[Mark], rated_by: int) -> tuple[Rating, ...]:
    """Rate marks; one bad subject alone may have cost two steps, of which one is given back.

    Args:
        marks: of every subject, none missing.
        rated_by: how many subjects must reach the higher mark of a rating.
    """
    plain = rate_study(marks, rated_by)
    lowest = RATINGS.index(plain)
    if lowest + ADJUSTED_FROM >= len(RATINGS):  # nothing is so much higher
        return (plain,)
    for place, mark in enumerate(marks):
        better: Mark = Rating.PASSED if isinstance(mark, Rating) else Decimal(10)
        raised = rate_study([*marks[:place], better, *marks[place + 1 :]], rated_by)
        if RATINGS.index(raised) - lowest >= ADJUSTED_FROM:
            return plain, RATINGS[lowest + 1]
    return (plain,)


def rate_study(marks: Sequence[Mark], rated_by: int) -> Rating:
    """Rate the learning of a semester or year (article 9 clause 2)."""
    worst = Rating.NOT_PASSED
    numbers = sorted([mark for mark in marks if isinstance(mark, Decimal)])
    failed = sum([mark is worst for mark in marks])
    for rating, lowest, most, may_fail in _THRESHOLDS:
        reached = len(numbers) >= rated_by and numbers[-rated_by] >= most
        if failed <= may_fail and reached and numbers[0] >= lowest:
            return rating
    return worst


def _conduct(result: YearResult, curriculum: Curriculum) -> Sequence[Finding]:
    first, second, year = result.conduct_1, result.conduct_2, result.conduct
    if curriculum.rated_by is None or first is None or second is None or year is None:
        return ()
    expected = rate_conduct(first, second)
    if year is expected:
        return ()
    xpath = f"{RESULT}/KET_QUA_REN_LUYEN_NAM_ID"
    return (Finding(code="CON-703", xpath=xpath, value=f"{year} ≠ {expected}"),)


def rate_conduct(first: Rating, second: Rating) -> Rating:
    """Rate a year's conduct from its semesters; the second weighs more (article 8 clause 2)."""
    return _CONDUCT[second][RATINGS.index(first)]


def _promotion(result: YearResult) -> Sequence[Finding]:
    """Conduct and study at least Đạt and few absences; re-assessed values replace the year's."""
    if not result.promoted:
        return ()
    findings = []
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
            findings.append(Finding(code="CON-701", xpath=f"{RESULT}/{name}", value=rating.value))
    if result.absences is not None and result.absences > MAX_ABSENCES:
        xpath = f"{RESULT}/SO_BUOI_NGHI_HOC"
        findings.append(Finding(code="CON-701", xpath=xpath, value=str(result.absences)))
    return findings


def _award(record: SecondaryRecord) -> Sequence[Finding]:
    result = record.result
    needed = AWARDS.get((result.award or "").casefold())
    if needed is None:
        return ()
    marks = [line.year for line in record.subjects if isinstance(line.year, Decimal)]
    excellent = sum(mark >= EXCELLENT_MARK for mark in marks)
    both_good = (result.conduct, result.study) == (Rating.GOOD, Rating.GOOD)
    # Continuing education may have fewer subjects with marks than a title asks for.
    if both_good and excellent >= min(needed, len(marks)):
        return ()
    value = shortened(result.award or "")
    return (Finding(code="CON-702", xpath=f"{RESULT}/KHEN_THUONG", value=value),)
