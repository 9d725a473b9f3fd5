from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from lxml import etree

from app.transcripts.content import Mark, Rating, SecondaryRecord, Transcript
from app.transcripts.content_reader import read_transcript
from app.transcripts.curriculum import THCS
from app.transcripts.finding import Finding
from app.transcripts.limits import TRANSCRIPT_LIMITS
from app.transcripts.profile import HOC_BA_1_THCS
from app.transcripts.rules import check_rules
from app.transcripts.xml import read_xml
from tests.vectors.transcripts import levels

ROOT = read_xml(levels.THCS.encode(), TRANSCRIPT_LIMITS)
VALID = read_transcript(etree.tostring(ROOT[0], method="c14n"), HOC_BA_1_THCS)
assert isinstance(VALID.record, SecondaryRecord)
RECORD = VALID.record
LINE = "BANG_DIEM_HOC_BA/DIEM_TONG_KET"
RESULT = "TONG_KET_HOC_BA"


def check(transcript: Transcript) -> list[tuple[str, str, str | None]]:
    start = "/HOC_BA/DU_LIEU_HOC_BA/THONG_TIN_HOC_BA/"
    return [(f.code, (f.xpath or "").removeprefix(start), f.value) for f in check_rules(transcript)]


def with_record(**changes: Any) -> Transcript:
    return replace(VALID, record=replace(RECORD, **changes))


def with_line(position: int, **changes: Any) -> Transcript:
    lines = list(RECORD.subjects)
    lines[position - 1] = replace(lines[position - 1], **changes)
    return with_record(subjects=tuple(lines))


def with_result(**changes: Any) -> Transcript:
    return with_record(result=replace(RECORD.result, **changes))


def awarded(award: str, years: Sequence[Mark], **result: Any) -> tuple[Finding, ...]:
    """A year whose ratings nobody recomputes, because it has no other subjects."""
    line = replace(RECORD.subjects[0], semester_1=None, semester_2=None)
    codes = [code for code, subject in THCS.subjects.items() if not subject.by_comment]
    lines = tuple(
        replace(line, subject_code=code, year=year)
        for code, year in zip(codes, years, strict=False)
    )
    good = {"conduct_1": None, "conduct": Rating.GOOD, "study": Rating.GOOD, "award": award}
    changed = with_record(subjects=lines, result=replace(RECORD.result, **good | result))
    return tuple(found for found in check_rules(changed) if found.code != "CON-704")


def test_a_consistent_transcript_breaks_no_rule() -> None:
    assert check(VALID) == []


def test_a_school_year_ends_one_year_after_its_start() -> None:
    assert check(replace(VALID, end_year=2026)) == [("CON-600", "NAM_KET_THUC", "2024-2026")]


def test_the_grade_belongs_to_the_level() -> None:
    assert check(replace(VALID, grade="10")) == [("CON-600", "KHOI_ID", "10")]


def test_a_grade_of_another_level_leaves_only_the_levels_subjects_to_check() -> None:
    changed = replace(with_line(1, subject_code="40"), grade="10")
    assert [code for code, *_ in check(changed)] == ["CON-600", "CON-601"]


def test_a_subject_code_of_another_level_is_unknown() -> None:
    changed = with_record(
        subjects=(*RECORD.subjects, replace(RECORD.subjects[0], subject_code="01"))
    )
    assert check(changed) == [("CON-601", f"{LINE}[13]/MON_HOC_ID", "01")]


def test_a_subject_stands_once() -> None:
    changed = with_record(subjects=(*RECORD.subjects, RECORD.subjects[0]))
    assert check(changed) == [("CON-602", f"{LINE}[13]/MON_HOC_ID", "19")]


def test_a_single_line_has_no_position() -> None:
    single = with_record(subjects=(replace(RECORD.subjects[0], subject_code="01"),))
    assert check(single)[0] == ("CON-601", f"{LINE}/MON_HOC_ID", "01")


def test_missing_compulsory_subjects_are_one_warning() -> None:
    cut = with_record(subjects=RECORD.subjects[2:])
    assert check(cut) == [("CON-704", "BANG_DIEM_HOC_BA", "19, 15")]


def test_a_passport_needs_a_nationality() -> None:
    foreigner = replace(VALID.student, passport_number="M1234567", personal_number=None)
    assert check(replace(VALID, student=foreigner)) == []
    stateless = replace(foreigner, nationality=None)
    assert check(replace(VALID, student=stateless)) == [("CON-708", "NGUOI_HOC/SO_HO_CHIEU", None)]


def test_a_subject_with_marks_takes_no_comment() -> None:
    assert check(with_line(2, semester_1=Rating.PASSED)) == [
        ("CON-603", f"{LINE}[2]/DIEM_HOC_KY_1", "Đ")
    ]


@pytest.mark.parametrize("code", ["88", "91", "97", "99"])
def test_a_subject_by_comment_takes_no_mark(code: str) -> None:
    place = [line.subject_code for line in RECORD.subjects].index(code) + 1
    changed = with_line(place, reassessed=Decimal("8.0"))
    assert check(changed) == [("CON-603", f"{LINE}[{place}]/DIEM_SAU_DANH_GIA_LAI", "8.0")]


def test_a_year_mark_is_required() -> None:
    assert check(with_line(9, year=None)) == [("CON-604", f"{LINE}[9]/DIEM_CA_NAM", "88")]


@pytest.mark.parametrize(
    ("field", "name"),
    [
        ("conduct", "KET_QUA_REN_LUYEN_NAM_ID"),
        ("study", "KET_QUA_HOC_TAP_NAM_ID"),
        ("absences", "SO_BUOI_NGHI_HOC"),
    ],
)
def test_a_result_of_the_year_is_required(field: str, name: str) -> None:
    assert check(with_result(**{field: None})) == [("CON-604", f"{RESULT}/{name}", None)]


def test_a_student_who_is_not_assessed_needs_no_results() -> None:
    result = replace(RECORD.result, conduct=None, study=None, absences=None)
    lines = tuple(replace(line, year=None) for line in RECORD.subjects[2:])
    empty = with_record(result=result, subjects=lines)
    assert check(replace(empty, not_assessed=True)) == []


@pytest.mark.parametrize(
    ("first", "second", "year"),
    [("8.1", "8.7", "8.5"), ("7.0", "7.2", "7.1"), ("5.0", "5.1", "5.1"), ("6.6", "6.7", "6.7")],
)
def test_a_year_mark_is_the_weighted_mean_rounded_half_up(
    first: str, second: str, year: str
) -> None:
    marks = {"semester_1": Decimal(first), "semester_2": Decimal(second), "year": Decimal(year)}
    assert check(with_line(1, **marks)) == []


def test_another_year_mark_is_a_warning_with_the_expected_one() -> None:
    assert check(with_line(1, year=Decimal("8.8"))) == [
        ("CON-700", f"{LINE}[1]/DIEM_CA_NAM", "8.8 ≠ 7.2")
    ]


def test_a_year_mark_without_both_semesters_is_not_recomputed() -> None:
    assert check(with_line(1, semester_1=None)) == []


def test_promotion_without_passing_is_a_warning_at_each_cause() -> None:
    failed = with_result(conduct=Rating.NOT_PASSED, study_reassessed=Rating.NOT_PASSED, absences=46)
    assert [found for found in check(failed) if found[0] == "CON-701"] == [
        ("CON-701", f"{RESULT}/KET_QUA_REN_LUYEN_NAM_ID", "CĐ"),
        ("CON-701", f"{RESULT}/KET_QUA_HOC_TAP_HE_ID", "CĐ"),
        ("CON-701", f"{RESULT}/SO_BUOI_NGHI_HOC", "46"),
    ]


def test_a_result_after_the_summer_replaces_the_years() -> None:
    year = {"conduct_2": Rating.NOT_PASSED, "conduct": Rating.NOT_PASSED}
    assert check(with_result(**year, conduct_reassessed=Rating.PASSED, absences=45)) == []


def test_a_student_who_stays_down_may_have_failed() -> None:
    year = {"conduct_2": Rating.NOT_PASSED, "conduct": Rating.NOT_PASSED}
    assert check(with_result(**year, promoted=False, absences=90)) == []


def test_a_rating_that_does_not_follow_from_its_marks_is_a_warning() -> None:
    assert check(with_result(study_1=Rating.GOOD, study=Rating.PASSED)) == [
        ("CON-703", f"{RESULT}/KET_QUA_HOC_TAP_KY_1_ID", "T ≠ K"),
        ("CON-703", f"{RESULT}/KET_QUA_HOC_TAP_NAM_ID", "Đ ≠ K"),
    ]


def test_a_rating_without_all_its_marks_is_not_recomputed() -> None:
    assert check(replace(with_line(1, semester_1=None))) == []
    changed = with_line(1, semester_1=None)
    assert isinstance(changed.record, SecondaryRecord)
    result = replace(RECORD.result, study_1=Rating.GOOD)
    assert check(replace(changed, record=replace(changed.record, result=result))) == []


def test_a_years_conduct_follows_from_its_semesters() -> None:
    assert check(with_result(conduct=Rating.FAIR)) == [
        ("CON-703", f"{RESULT}/KET_QUA_REN_LUYEN_NAM_ID", "K ≠ T")
    ]
    assert check(with_result(conduct=Rating.FAIR, conduct_2=None)) == []


EIGHT = [Decimal("8.0")] * 8
SIX_NINES = [Decimal("9.0")] * 6 + [Decimal("8.0")] * 2


@pytest.mark.parametrize("award", ["Học sinh Giỏi", "HỌC SINH GIỎI", "Giải Nhất cấp huyện"])
def test_a_good_student_and_a_free_title_fit_good_results(award: str) -> None:
    assert awarded(award, EIGHT) == ()


def test_a_title_without_good_results_is_a_warning() -> None:
    (finding,) = awarded("Học sinh Giỏi", EIGHT, conduct=Rating.FAIR)
    assert (finding.code, finding.value) == ("CON-702", "Học sinh Giỏi")


def test_an_excellent_student_has_six_subjects_at_nine() -> None:
    assert awarded("Học sinh Xuất sắc", SIX_NINES) == ()
    (finding,) = awarded("Học sinh Xuất sắc", SIX_NINES[1:])
    assert finding.code == "CON-702"
