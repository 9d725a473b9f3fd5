"""Properties of the rules: they never raise, and better marks never make a worse result."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from app.sandbox.classes import ClassSpec, make_class
from app.sandbox.pki import make_pki
from app.sandbox.results import study_rating
from app.sandbox.school import SyntheticSchool, make_school
from app.sandbox.transcript_writer import write_transcript
from app.signatures.catalogue import CATALOGUE
from app.transcripts.content import (
    Achievement,
    Completion,
    Mark,
    PrimaryRecord,
    QualityLevel,
    Rating,
    SecondaryRecord,
    Transcript,
)
from app.transcripts.content_reader import read_transcript
from app.transcripts.curriculum import CURRICULA
from app.transcripts.document import open_document
from app.transcripts.primary_rules import rate_completion
from app.transcripts.profile import HOC_BA_1
from app.transcripts.rules import check_rules
from app.transcripts.secondary_rules import (
    RATINGS,
    possible_ratings,
    rate_conduct,
    rate_study,
)
from tests.scenarios import TODAY, keys
from tests.vectors.transcripts import levels

TENTHS = st.integers(0, 100).map(lambda tenths: Decimal(tenths) / 10)
MARKS = st.one_of(TENTHS, st.sampled_from([Rating.PASSED, Rating.NOT_PASSED]))
YEARS = st.lists(MARKS, min_size=1, max_size=14)
MAYBE = st.one_of(st.none(), MARKS)
ACHIEVEMENTS = list(Achievement)
COMPLETIONS = list(reversed(Completion))
"""From the lowest to the highest."""


def read(text: str) -> Transcript:
    document = open_document(text.encode(), HOC_BA_1)
    assert document.findings == ()
    return read_transcript(etree.tostring(document.root[0], method="c14n"), document.profile)


@cache
def school_of(level: str) -> SyntheticSchool:
    return make_school(make_pki(keys()), issued_year=2025, level=level)


@given(marks=YEARS, place=st.integers(0, 13), better=MARKS)
def test_a_better_mark_never_lowers_the_rating(
    marks: Sequence[Mark], place: int, better: Mark
) -> None:
    place %= len(marks)
    old = marks[place]
    if isinstance(old, Rating):
        better = Rating.PASSED
    else:
        better = max(old, better) if isinstance(better, Decimal) else old
    raised = [*marks[:place], better, *marks[place + 1 :]]
    assert RATINGS.index(rate_study(raised, 6)) >= RATINGS.index(rate_study(marks, 6))


@given(marks=YEARS)
def test_a_rating_is_given_back_by_one_step_at_most(marks: Sequence[Mark]) -> None:
    plain, *raised = possible_ratings(marks, 6)
    assert plain is rate_study(marks, 6)
    assert [RATINGS.index(one) for one in raised] in ([], [RATINGS.index(plain) + 1])


@given(marks=st.lists(TENTHS, min_size=6, max_size=12))
def test_the_rules_and_the_sandbox_rate_alike(marks: list[Mark]) -> None:
    assert rate_study([*marks, Rating.PASSED], 6) is study_rating(marks)


@given(first=st.sampled_from(RATINGS), second=st.sampled_from(RATINGS))
def test_a_years_conduct_lies_between_its_semesters_near_the_second(
    first: Rating, second: Rating
) -> None:
    year = RATINGS.index(rate_conduct(first, second))
    bounds = sorted((RATINGS.index(first), RATINGS.index(second)))
    assert bounds[0] <= year <= bounds[1]
    assert abs(year - RATINGS.index(second)) <= 1


@given(
    achievements=st.lists(st.sampled_from(ACHIEVEMENTS), min_size=1, max_size=12),
    qualities=st.lists(st.sampled_from(QualityLevel), max_size=15),
    tests=st.lists(st.one_of(st.none(), st.integers(1, 10)), max_size=7),
    place=st.integers(0, 11),
)
def test_a_better_subject_never_lowers_a_primary_year(
    achievements: list[Achievement],
    qualities: list[QualityLevel],
    tests: list[int | None],
    place: int,
) -> None:
    before = rate_completion(achievements, qualities, tests)
    achievements[place % len(achievements)] = Achievement.COMPLETED_WELL
    after = rate_completion(achievements, [QualityLevel.GOOD for _ in qualities], tests)
    assert COMPLETIONS.index(after) >= COMPLETIONS.index(before)


@given(first=TENTHS, second=TENTHS, year=TENTHS)
def test_only_the_weighted_mean_is_no_warning(
    first: Decimal, second: Decimal, year: Decimal
) -> None:
    valid = read(levels.THCS)
    assert isinstance(valid.record, SecondaryRecord)
    line = replace(valid.record.subjects[0], semester_1=first, semester_2=second, year=year)
    lines = (line, *valid.record.subjects[1:])
    codes = {
        one.code
        for one in check_rules(replace(valid, record=replace(valid.record, subjects=lines)))
    }
    mean = ((first + second + second) / 3).quantize(Decimal("0.1"), ROUND_HALF_UP)
    assert ("CON-700" in codes) == (year != mean)
    assert codes <= {"CON-700", "CON-703"}


@settings(max_examples=60)
@given(data=st.data(), text=st.sampled_from([levels.THCS, levels.THPT, levels.GDTX]))
def test_no_secondary_record_makes_the_rules_stumble(data: st.DataObject, text: str) -> None:
    valid = read(text)
    assert isinstance(valid.record, SecondaryRecord)
    codes = st.sampled_from([*CURRICULA["03"].subjects, *CURRICULA["04"].subjects, "x"])
    lines = tuple(
        replace(
            line,
            subject_code=data.draw(st.one_of(st.just(line.subject_code), codes)),
            semester_1=data.draw(MAYBE),
            semester_2=data.draw(MAYBE),
            year=data.draw(MAYBE),
            reassessed=data.draw(MAYBE),
        )
        for line in valid.record.subjects[: data.draw(st.integers(0, 12))]
    )
    rating = st.one_of(st.none(), st.sampled_from(Rating))
    result = replace(
        valid.record.result,
        conduct_1=data.draw(rating),
        conduct_2=data.draw(rating),
        conduct=data.draw(rating),
        study=data.draw(rating),
        study_reassessed=data.draw(rating),
        absences=data.draw(st.one_of(st.none(), st.integers(0, 999))),
        promoted=data.draw(st.booleans()),
        award=data.draw(st.sampled_from([None, "Học sinh Giỏi", "Học sinh Xuất sắc", "Giải Nhất"])),
    )
    changed = replace(
        valid,
        record=SecondaryRecord(subjects=lines, result=result),
        not_assessed=data.draw(st.booleans()),
        grade=data.draw(st.sampled_from(["01", "09", "10", "12"])),
    )
    assert all(found.code in CATALOGUE for found in check_rules(changed))


@settings(max_examples=60)
@given(data=st.data())
def test_no_primary_record_makes_the_rules_stumble(data: st.DataObject) -> None:
    valid = read(levels.PRIMARY)
    assert isinstance(valid.record, PrimaryRecord)
    level = st.one_of(st.none(), st.sampled_from(Achievement))
    lines = tuple(
        replace(
            line,
            subject_code=data.draw(st.sampled_from([line.subject_code, "19", "04", "01"])),
            achievement=data.draw(level),
            test_mark=data.draw(st.one_of(st.none(), st.integers(1, 10))),
            reassessed=data.draw(level),
        )
        for line in valid.record.subjects[: data.draw(st.integers(0, 12))]
    )
    measures = st.one_of(st.none(), st.integers(0, 9999).map(lambda tenths: Decimal(tenths) / 10))
    result = replace(
        valid.record.result,
        height=data.draw(measures),
        weight=data.draw(measures),
        qualities=valid.record.result.qualities[: data.draw(st.integers(0, 15))] * 2,
        completion=data.draw(st.one_of(st.none(), st.sampled_from(Completion))),
        promoted=data.draw(st.booleans()),
    )
    changed = replace(
        valid,
        record=PrimaryRecord(subjects=lines, result=result),
        not_assessed=data.draw(st.booleans()),
        grade=data.draw(st.sampled_from(["01", "03", "05", "06"])),
    )
    assert all(found.code in CATALOGUE for found in check_rules(changed))


@pytest.mark.parametrize("level", CURRICULA)
@settings(max_examples=8)
@given(data=st.data())
def test_what_the_sandbox_writes_reads_back_without_a_finding(
    level: str, data: st.DataObject
) -> None:
    spec = ClassSpec(
        seed=data.draw(st.text("abc", min_size=1, max_size=8)),
        start_year=data.draw(st.integers(2023, 2030)),
        level=level,
        grade=int(data.draw(st.sampled_from(CURRICULA[level].grades))),
        class_name="A1",
        students=15,
        issued_on=TODAY,
    )
    for year in make_class(spec, school_of(level)):
        transcript = read(write_transcript(year).decode())
        assert check_rules(transcript) == ()
        written = [each.subject.code for each in year.subjects]
        assert [line.subject_code for line in transcript.subjects] == written
        assert transcript.student.passport_number == year.student.passport_number
