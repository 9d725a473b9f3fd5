"""Content rules of primary school (Thông tư 27/2020/TT-BGDĐT)."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType

from app.transcripts.content import (
    Achievement,
    Completion,
    PrimaryRecord,
    PrimaryResult,
    QualityLevel,
)
from app.transcripts.curriculum import ONE_TEST, QUALITIES, Curriculum, Programme
from app.transcripts.finding import Finding, shortened
from app.transcripts.places import LINES, RESULT, place_of
from app.transcripts.places import QUALITIES as QUALITIES_PLACE

EXCELLENT_MARK, GOOD_MARK, PASSING_MARK = 9, 7, 5
"""The lowest test mark of Hoàn thành xuất sắc, Hoàn thành tốt and Hoàn thành (article 9)."""

AWARDS: Mapping[str, Completion] = MappingProxyType({"học sinh xuất sắc": Completion.EXCELLENT})
"""Title → the result of the year that it needs (article 13)."""

HEIGHTS = Decimal(60), Decimal(220)
WEIGHTS = Decimal(8), Decimal(150)
"""Centimetres and kilograms of children: what lies outside has its point or unit wrong."""

_LINE = f"{LINES}/DIEM_TONG_KET"
_QUALITY = f"{QUALITIES_PLACE}/NANG_LUC_PHAM_CHAT"


def check_primary(
    record: PrimaryRecord, curriculum: Curriculum, programme: Programme, *, assessed: bool
) -> Sequence[Finding]:
    """Hold a year against the rules of primary school.

    Args:
        record: the year.
        curriculum: of primary school.
        programme: of its grade.
        assessed: False for a disabled pupil whom nobody assessed: nothing is then required.
    """
    return [
        *_tests(record, curriculum),
        *_qualities(record.result),
        *(_required(record, curriculum, programme) if assessed else ()),
        *_promotion(record),
        *_award(record.result),
        *_measures(record.result),
    ]


def _required(
    record: PrimaryRecord, curriculum: Curriculum, programme: Programme
) -> Sequence[Finding]:
    return [
        *_required_results(record),
        *_required_qualities(record.result, programme),
        *_required_tests(record, curriculum, programme),
        *_completion(record, programme),
    ]


def _place_of(record: PrimaryRecord, position: int, name: str) -> str:
    return f"{place_of(_LINE, position, len(record.subjects))}/{name}"


def _tests(record: PrimaryRecord, curriculum: Curriculum) -> Sequence[Finding]:
    findings = []
    for position, line in enumerate(record.subjects):
        subject = curriculum.subjects.get(line.subject_code)
        if subject is not None and not subject.tested and line.test_mark is not None:
            xpath = _place_of(record, position, "DIEM_KIEM_TRA")
            findings.append(Finding(code="CON-603", xpath=xpath, value=str(line.test_mark)))
    return findings


def _qualities(result: PrimaryResult) -> Sequence[Finding]:
    findings = []
    seen: set[str] = set()
    for position, quality in enumerate(result.qualities):
        if quality.code in seen:
            place = place_of(_QUALITY, position, len(result.qualities))
            xpath = f"{place}/NANG_LUC_PHAM_CHAT_ID"
            findings.append(Finding(code="CON-606", xpath=xpath, value=quality.code))
        seen.add(quality.code)
    return findings


def _required_results(record: PrimaryRecord) -> Sequence[Finding]:
    findings = []
    for position, line in enumerate(record.subjects):
        if line.achievement is None:
            xpath = _place_of(record, position, "KET_QUA_HOC_TAP_ID")
            findings.append(Finding(code="CON-604", xpath=xpath, value=line.subject_code))
    result = record.result
    required = (
        ("SO_BUOI_NGHI_CO_PHEP", result.excused_absences),
        ("SO_BUOI_NGHI_KHONG_PHEP", result.unexcused_absences),
        ("KET_QUA_GIAO_DUC_ID", result.completion),
    )
    for name, value in required:
        if value is None:
            findings.append(Finding(code="CON-604", xpath=f"{RESULT}/{name}"))
    return findings


def _required_qualities(result: PrimaryResult, programme: Programme) -> Sequence[Finding]:
    known = {quality.code for quality in result.qualities if quality.level is not None}
    return [
        Finding(code="CON-604", xpath=QUALITIES_PLACE, value=code)
        for code in QUALITIES
        if code not in known and code not in programme.spared_qualities
    ]


def _required_tests(
    record: PrimaryRecord, curriculum: Curriculum, programme: Programme
) -> Sequence[Finding]:
    findings = []
    marked = {line.subject_code for line in record.subjects if line.test_mark is not None}
    for position, line in enumerate(record.subjects):
        code = line.subject_code
        tested = code in programme.compulsory and curriculum.subjects[code].tested
        elsewhere = code in ONE_TEST and not marked.isdisjoint(ONE_TEST)
        if tested and code not in marked and not elsewhere:
            xpath = _place_of(record, position, "DIEM_KIEM_TRA")
            findings.append(Finding(code="CON-706", xpath=xpath, value=code))
    return findings


def _completion(record: PrimaryRecord, programme: Programme) -> Sequence[Finding]:
    """Recompute the result of the year, before and after re-assessment."""
    said = record.result.completion
    if said is None or programme.missing({line.subject_code for line in record.subjects}):
        return ()
    possible = dict.fromkeys(completions(record))
    if not possible or said in possible:
        return ()
    value = f"{said} ≠ {'/'.join(possible)}"
    return (Finding(code="CON-703", xpath=f"{RESULT}/KET_QUA_GIAO_DUC_ID", value=value),)


def completions(record: PrimaryRecord) -> tuple[Completion, ...]:
    """Rate a year as first assessed and as re-assessed; nothing where a value is missing."""
    levels = [quality.level for quality in record.result.qualities]
    first = [line.achievement for line in record.subjects]
    again = [line.reassessed or line.achievement for line in record.subjects]
    tests = [line.test_mark for line in record.subjects]
    # The mark of the test that was taken again stands nowhere.
    left = [line.test_mark for line in record.subjects if line.reassessed is None]
    if None in levels or None in first:
        return ()
    return rate_completion(first, levels, tests), rate_completion(again, levels, left)


def rate_completion(
    achievements: Sequence[Achievement | None],
    qualities: Sequence[QualityLevel | None],
    tests: Sequence[int | None],
) -> Completion:
    """Rate a year (article 9): the weakest subject, quality and test mark decide."""
    lowest = min((test for test in tests if test is not None), default=EXCELLENT_MARK)
    if (
        Achievement.NOT_COMPLETED in achievements
        or QualityLevel.NEEDS_EFFORT in qualities
        or lowest < PASSING_MARK
    ):
        return Completion.NOT_COMPLETED
    best = set(achievements) <= {Achievement.COMPLETED_WELL} and set(qualities) <= {
        QualityLevel.GOOD
    }
    if not best or lowest < GOOD_MARK:
        return Completion.COMPLETED
    return Completion.GOOD if lowest < EXCELLENT_MARK else Completion.EXCELLENT


def _promotion(record: PrimaryRecord) -> Sequence[Finding]:
    """Whoever has not completed the year is promoted only after re-assessment (article 11)."""
    result = record.result
    if not result.promoted or result.completion is not Completion.NOT_COMPLETED:
        return ()
    if Completion.NOT_COMPLETED not in completions(record)[1:]:
        return ()
    xpath = f"{RESULT}/KET_QUA_GIAO_DUC_ID"
    return (Finding(code="CON-701", xpath=xpath, value=result.completion.value),)


def _award(result: PrimaryResult) -> Sequence[Finding]:
    needed = AWARDS.get((result.award or "").casefold())
    if needed is None or result.completion is needed:
        return ()
    value = shortened(result.award or "")
    return (Finding(code="CON-702", xpath=f"{RESULT}/KHEN_THUONG", value=value),)


def _measures(result: PrimaryResult) -> Sequence[Finding]:
    measured = (("CHIEU_CAO", result.height, HEIGHTS), ("CAN_NANG", result.weight, WEIGHTS))
    return [
        Finding(code="CON-707", xpath=f"{RESULT}/{name}", value=str(value))
        for name, value, (least, most) in measured
        if value is not None and not least <= value <= most
    ]
