from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from lxml import etree

from app.transcripts.content import Mark, Rating, Transcript
from app.transcripts.content_reader import read_transcript
from app.transcripts.finding import Finding
from app.transcripts.limits import TRANSCRIPT_LIMITS
from app.transcripts.profile import HOC_BA_1_THCS
from app.transcripts.rules import THCS_SUBJECTS, check_rules
from app.transcripts.xml import read_xml
from tests.vectors.transcripts.base import TRANSCRIPT

ROOT = read_xml(TRANSCRIPT.encode(), TRANSCRIPT_LIMITS)
VALID = read_transcript(etree.tostring(ROOT[0], method="c14n"), HOC_BA_1_THCS)
LINE = "BANG_DIEM_HOC_BA/DIEM_TONG_KET"
RESULT = "TONG_KET_HOC_BA"


def check(transcript: Transcript) -> list[tuple[str, str, str | None]]:
    start = "/HOC_BA/DU_LIEU_HOC_BA/THONG_TIN_HOC_BA/"
    return [(f.code, (f.xpath or "").removeprefix(start), f.value) for f in check_rules(transcript)]


def with_line(position: int, **changes: Any) -> Transcript:
    lines = list(VALID.subjects)
    lines[position - 1] = replace(lines[position - 1], **changes)
    return replace(VALID, subjects=tuple(lines))


def with_result(**changes: Any) -> Transcript:
    return replace(VALID, result=replace(VALID.result, **changes))


def with_years(years: Sequence[Mark]) -> Transcript:
    line = replace(VALID.subjects[0], semester_1=None, semester_2=None)
    codes = [code for code, subject in THCS_SUBJECTS.items() if not subject.by_comment]
    lines = (
        replace(line, subject_code=code, year=year)
        for code, year in zip(codes, years, strict=False)
    )
    return replace(VALID, subjects=tuple(lines))


def test_a_consistent_transcript_breaks_no_rule() -> None:
    assert check(VALID) == []


def test_a_school_year_ends_one_year_after_its_start() -> None:
    assert check(replace(VALID, end_year=2026)) == [("CON-600", "NAM_KET_THUC", "2024-2026")]


def test_the_grade_belongs_to_the_level() -> None:
    assert check(replace(VALID, grade="10")) == [("CON-600", "KHOI_ID", "10")]


def test_the_level_is_lower_secondary() -> None:
    assert check(replace(VALID, level="04")) == [("CON-600", "CAP_HOC_ID", "04")]


def test_a_subject_code_of_another_level_is_unknown() -> None:
    assert check(with_line(3, subject_code="01")) == [("CON-601", f"{LINE}[3]/MON_HOC_ID", "01")]


def test_a_subject_stands_once() -> None:
    assert check(with_line(2, subject_code="19")) == [("CON-602", f"{LINE}[2]/MON_HOC_ID", "19")]


def test_a_single_line_has_no_position() -> None:
    single = replace(VALID, subjects=(replace(VALID.subjects[0], subject_code="01"),))
    assert check(single) == [("CON-601", f"{LINE}/MON_HOC_ID", "01")]


def test_a_subject_with_marks_takes_no_comment() -> None:
    assert check(with_line(2, semester_1=Rating.PASSED)) == [
        ("CON-603", f"{LINE}[2]/DIEM_HOC_KY_1", "Đ")
    ]


@pytest.mark.parametrize("code", ["88", "91", "97", "99"])
def test_a_subject_by_comment_takes_no_mark(code: str) -> None:
    changed = with_line(3, subject_code=code, reassessed=Decimal("8.0"))
    assert check(changed) == [("CON-603", f"{LINE}[3]/DIEM_SAU_DANH_GIA_LAI", "8.0")]


def test_a_year_mark_is_required() -> None:
    assert check(with_line(3, year=None)) == [("CON-604", f"{LINE}[3]/DIEM_CA_NAM", "97")]


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
    empty = with_result(conduct=None, study=None, study_reassessed=None, absences=None)
    lines = tuple(replace(line, year=None) for line in empty.subjects)
    assert check(replace(empty, subjects=lines, not_assessed=True)) == []


@pytest.mark.parametrize(
    ("first", "second", "year"),
    [("8.1", "8.7", "8.5"), ("7.0", "7.2", "7.1"), ("5.0", "5.1", "5.1"), ("0.0", "0.1", "0.1")],
)
def test_a_year_mark_is_the_weighted_mean_rounded_half_up(
    first: str, second: str, year: str
) -> None:
    marks = {"semester_1": Decimal(first), "semester_2": Decimal(second), "year": Decimal(year)}
    assert check(with_line(1, **marks)) == []


def test_another_year_mark_is_a_warning_with_the_expected_one() -> None:
    assert check(with_line(1, year=Decimal("8.8"))) == [
        ("CON-700", f"{LINE}[1]/DIEM_CA_NAM", "8.8 ≠ 7.8")
    ]


def test_a_year_mark_without_both_semesters_is_not_recomputed() -> None:
    assert check(with_line(1, semester_1=None)) == []


def test_promotion_without_passing_is_a_warning_at_each_cause() -> None:
    failed = with_result(conduct=Rating.NOT_PASSED, study_reassessed=Rating.NOT_PASSED, absences=46)
    assert check(failed) == [
        ("CON-701", f"{RESULT}/KET_QUA_REN_LUYEN_NAM_ID", "CĐ"),
        ("CON-701", f"{RESULT}/KET_QUA_HOC_TAP_HE_ID", "CĐ"),
        ("CON-701", f"{RESULT}/SO_BUOI_NGHI_HOC", "46"),
    ]


def test_a_result_after_the_summer_replaces_the_years() -> None:
    passed = with_result(conduct=Rating.NOT_PASSED, conduct_reassessed=Rating.PASSED, absences=45)
    assert check(passed) == []


def test_a_student_who_stays_down_may_have_failed() -> None:
    assert check(with_result(promoted=False, study_reassessed=None, absences=90)) == []


def awarded(award: str, years: Sequence[Mark], **result: Any) -> tuple[Finding, ...]:
    good = {"conduct": Rating.GOOD, "study": Rating.GOOD, "study_reassessed": None} | result
    transcript = with_years(years)
    return check_rules(replace(transcript, result=replace(transcript.result, award=award, **good)))


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
