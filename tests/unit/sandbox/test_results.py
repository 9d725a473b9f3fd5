from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.sandbox.results import award, make_marks, study_rating, taught_at, year_mark
from app.sandbox.stream import Stream
from app.transcripts.content import Mark, Rating

SUBJECTS = taught_at("03")
COMMENTS: list[Mark] = [Rating.PASSED] * 4


def marks(*values: str) -> list[Mark]:
    return [*map(Decimal, values), *COMMENTS]


@pytest.mark.parametrize(
    ("first", "second", "year"),
    [("8.1", "8.7", "8.5"), ("8.0", "8.1", "8.1"), ("8.1", "8.0", "8.0"), ("10.0", "10.0", "10.0")],
)
def test_the_second_semester_counts_twice(first: str, second: str, year: str) -> None:
    assert str(year_mark(Decimal(first), Decimal(second))) == year


def test_there_are_twelve_subjects_and_four_have_no_marks() -> None:
    by_comment = {subject.code for subject in SUBJECTS if subject.by_comment}
    assert len(SUBJECTS) == 12
    assert by_comment == {"88", "97", "91", "99"}


@given(ability=st.integers(0, 120))
def test_marks_stay_between_zero_and_ten_with_one_decimal(ability: int) -> None:
    made = make_marks(Stream("mau", str(ability)), SUBJECTS[0], ability)
    for mark in (made.semester_1, made.semester_2, made.year):
        assert isinstance(mark, Decimal)
        assert 0 <= mark <= 10
        assert mark.as_tuple().exponent == -1


def test_a_comment_subject_has_no_marks() -> None:
    made = make_marks(Stream("mau"), SUBJECTS[-1], 80)
    assert (made.semester_1, made.semester_2, made.year) == (Rating.PASSED,) * 3


@pytest.mark.parametrize(
    ("numbers", "rating"),
    [
        (["8.0"] * 6 + ["6.5"] * 2, Rating.GOOD),
        (["8.0"] * 5 + ["7.9"] * 3, Rating.FAIR),
        (["8.0"] * 7 + ["6.4"], Rating.FAIR),
        (["6.5"] * 5 + ["6.4"] * 3, Rating.PASSED),
        (["9.0"] * 7 + ["4.9"], Rating.PASSED),
        (["5.0"] * 5 + ["4.9"] * 3, Rating.NOT_PASSED),
        (["9.0"] * 7 + ["3.4"], Rating.NOT_PASSED),
    ],
)
def test_ratings_follow_the_circular(numbers: list[str], rating: Rating) -> None:
    assert study_rating(marks(*numbers)) is rating


@pytest.mark.parametrize(
    ("conduct", "study", "numbers", "title"),
    [
        (Rating.GOOD, Rating.GOOD, ["9.0"] * 6 + ["8.0"] * 2, "Học sinh Xuất sắc"),
        (Rating.GOOD, Rating.GOOD, ["9.0"] * 5 + ["8.9"] * 3, "Học sinh Giỏi"),
        (Rating.FAIR, Rating.GOOD, ["9.0"] * 8, None),
        (Rating.GOOD, Rating.FAIR, ["9.0"] * 8, None),
    ],
)
def test_titles_need_both_ratings_to_be_good(
    conduct: Rating, study: Rating, numbers: list[str], title: str | None
) -> None:
    assert award(conduct, study, marks(*numbers)) == title
