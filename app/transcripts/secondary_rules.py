"""Content rules of THCS, THPT (Thông tư 22/2021/TT-BGDĐT) and, as far as known, of GDTX."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from itertools import chain
from types import MappingProxyType

from app.transcripts.content import Mark, Rating, SecondaryRecord, SubjectLine, YearResult
from app.transcripts.curriculum import Curriculum, Programme
from app.transcripts.finding import Finding, shortened
from app.transcripts.places import LINES, RESULT, placed

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
_LINE = f"{LINES}/DIEM_TONG_KET"

_MARKS: tuple[tuple[str, Callable[[SubjectLine], Mark]], ...] = (
    ("DIEM_HOC_KY_1", lambda line: line.semester_1),
    ("DIEM_HOC_KY_2", lambda line: line.semester_2),
    ("DIEM_CA_NAM", lambda line: line.year),
    ("DIEM_SAU_DANH_GIA_LAI", lambda line: line.reassessed),
)

_STUDY: tuple[
    tuple[str, Callable[[YearResult], Rating | None], Callable[[SubjectLine], Mark]], ...
] = (
    ("KET_QUA_HOC_TAP_KY_1_ID", lambda result: result.study_1, lambda line: line.semester_1),
    ("KET_QUA_HOC_TAP_KY_2_ID", lambda result: result.study_2, lambda line: line.semester_2),
    ("KET_QUA_HOC_TAP_NAM_ID", lambda result: result.study, lambda line: line.year),
    (
        "KET_QUA_HOC_TAP_HE_ID",
        lambda result: result.study_reassessed,
        lambda line: line.year if line.reassessed is None else line.reassessed,
    ),
)
"""A rating of the year and the marks that it rates; after the summer the re-assessed ones."""


def check_secondary(
    record: SecondaryRecord, curriculum: Curriculum, programme: Programme, *, assessed: bool
) -> Iterator[Finding]:
    """Hold a year against the rules of its level.

    Args:
        record: the year.
        curriculum: of its level.
        programme: of its grade.
        assessed: False for a disabled student whom nobody assessed: nothing is then required.
    """
    return chain(
        _mark_kinds(record, curriculum),
        _required_results(record) if assessed else (),
        _year_marks(record),
        _study(record, curriculum, programme) if assessed else (),
        _conduct(record.result, curriculum),
        _promotion(record.result),
        _award(record),
    )


def _mark_kinds(record: SecondaryRecord, curriculum: Curriculum) -> Iterator[Finding]:
    for place, line in placed(_LINE, record.subjects):
        subject = curriculum.subjects.get(line.subject_code)
        if subject is None:
            continue
        for name, mark_of in _MARKS:
            mark = mark_of(line)
            if mark is not None and isinstance(mark, Rating) != subject.by_comment:
                yield Finding(code="CON-603", xpath=f"{place}/{name}", value=str(mark))


def _required_results(record: SecondaryRecord) -> Iterator[Finding]:
    for place, line in placed(_LINE, record.subjects):
        if line.year is None:
            yield Finding(code="CON-604", xpath=f"{place}/DIEM_CA_NAM", value=line.subject_code)
    result = record.result
    required = (
        ("KET_QUA_REN_LUYEN_NAM_ID", result.conduct),
        ("KET_QUA_HOC_TAP_NAM_ID", result.study),
        ("SO_BUOI_NGHI_HOC", result.absences),
    )
    for name, value in required:
        if value is None:
            yield Finding(code="CON-604", xpath=f"{RESULT}/{name}")


def _year_marks(record: SecondaryRecord) -> Iterator[Finding]:
    """ĐTBmcn = (HKI + 2·HKII) / 3, one decimal (article 9)."""
    for place, line in placed(_LINE, record.subjects):
        match (line.semester_1, line.semester_2, line.year):
            case (Decimal() as first, Decimal() as second, Decimal() as year):
                expected = ((first + 2 * second) / 3).quantize(_TENTH, ROUND_HALF_UP)
                if year != expected:
                    xpath = f"{place}/DIEM_CA_NAM"
                    yield Finding(code="CON-700", xpath=xpath, value=f"{year} ≠ {expected}")
            case _:  # a comment or a missing mark: nothing to recompute
                continue


def _study(
    record: SecondaryRecord, curriculum: Curriculum, programme: Programme
) -> Iterator[Finding]:
    """Recompute each rating from its marks, where the transcript holds all that decide it."""
    if curriculum.rated_by is None or programme.missing({x.subject_code for x in record.subjects}):
        return
    for name, rating_of, mark_of in _STUDY:
        rating = rating_of(record.result)
        marks = [mark_of(line) for line in record.subjects]
        if rating is None or None in marks:
            continue
        possible = possible_ratings(marks, curriculum.rated_by)
        if rating not in possible:
            value = f"{rating} ≠ {'/'.join(possible)}"
            yield Finding(code="CON-703", xpath=f"{RESULT}/{name}", value=value)


def possible_ratings(marks: Sequence[Mark], rated_by: int) -> tuple[Rating, ...]:
    """Rate marks; one bad subject alone may have cost two steps, of which one is given back.

    Args:
        marks: of every subject, none missing.
        rated_by: how many subjects must reach the higher mark of a rating.
    """
    plain = rate_study(marks, rated_by)
    lowest = RATINGS.index(plain)
    for place, mark in enumerate(marks):
        better: Mark = Rating.PASSED if isinstance(mark, Rating) else Decimal(10)
        raised = rate_study([*marks[:place], better, *marks[place + 1 :]], rated_by)
        if RATINGS.index(raised) - lowest >= ADJUSTED_FROM:
            return plain, RATINGS[lowest + 1]
    return (plain,)


def rate_study(marks: Sequence[Mark], rated_by: int) -> Rating:
    """Rate the learning of a semester or year (article 9 clause 2)."""
    numbers = [mark for mark in marks if isinstance(mark, Decimal)]
    failed = sum(mark is Rating.NOT_PASSED for mark in marks)
    for rating, lowest, most, may_fail in _THRESHOLDS:
        reached = sum(number >= most for number in numbers) >= rated_by
        if failed <= may_fail and min(numbers, default=lowest) >= lowest and reached:
            return rating
    return Rating.NOT_PASSED


def _conduct(result: YearResult, curriculum: Curriculum) -> Iterator[Finding]:
    first, second, year = result.conduct_1, result.conduct_2, result.conduct
    if curriculum.rated_by is None or first is None or second is None or year is None:
        return
    expected = rate_conduct(first, second)
    if year is not expected:
        xpath = f"{RESULT}/KET_QUA_REN_LUYEN_NAM_ID"
        yield Finding(code="CON-703", xpath=xpath, value=f"{year} ≠ {expected}")


def rate_conduct(first: Rating, second: Rating) -> Rating:
    """Rate a year's conduct from its semesters; the second weighs more (article 8 clause 2)."""
    return _CONDUCT[second][RATINGS.index(first)]


def _promotion(result: YearResult) -> Iterator[Finding]:
    """Conduct and study at least Đạt and few absences; re-assessed values replace the year's."""
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
            yield Finding(code="CON-701", xpath=f"{RESULT}/{name}", value=rating.value)
    if result.absences is not None and result.absences > MAX_ABSENCES:
        xpath = f"{RESULT}/SO_BUOI_NGHI_HOC"
        yield Finding(code="CON-701", xpath=xpath, value=str(result.absences))


def _award(record: SecondaryRecord) -> Iterator[Finding]:
    result = record.result
    needed = AWARDS.get((result.award or "").casefold())
    if needed is None:
        return
    marks = [line.year for line in record.subjects if isinstance(line.year, Decimal)]
    excellent = sum(mark >= EXCELLENT_MARK for mark in marks)
    both_good = (result.conduct, result.study) == (Rating.GOOD, Rating.GOOD)
    # Continuing education may have fewer subjects with marks than a title asks for.
    if not both_good or excellent < min(needed, len(marks)):
        value = shortened(result.award or "")
        yield Finding(code="CON-702", xpath=f"{RESULT}/KHEN_THUONG", value=value)
