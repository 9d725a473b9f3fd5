"""Marks, levels, ratings and titles of a year.

Thông tư 22/2021/TT-BGDĐT for secondary levels, Thông tư 27/2020/TT-BGDĐT for primary school.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from app.sandbox.stream import Stream
from app.transcripts.content import Achievement, Completion, Mark, QualityLevel, Rating
from app.transcripts.curriculum import CURRICULA, QUALITIES, Programme

TENTH = Decimal("0.1")
"""Marks have one decimal."""
MOST_SUBJECTS = 6
"""The number of subjects that decides a secondary rating or title (articles 9 and 15)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A subject of a level.

    Attributes:
        code: MON_HOC_ID in the sector's list of this level.
        by_comment: assessed by Đ or CĐ and not by marks.
        tested: has a periodic test in primary school.
    """

    code: str
    name: str
    by_comment: bool = False
    tested: bool = False


def taught_at(level: str) -> tuple[Subject, ...]:
    """List every subject that a school of the level teaches, in the order of the transcript."""
    programmes = CURRICULA[level].programmes
    codes = dict.fromkeys(code for one in programmes for code in (*one.compulsory, *one.chosen))
    return tuple(_subject(level, code) for code in codes)


def taken_in(stream: Stream, level: str, programme: Programme) -> tuple[Subject, ...]:
    """List what a class takes: everything compulsory and as many chosen subjects as it must."""
    left = list(programme.chosen)
    while len(left) > programme.choices:
        left.remove(stream.choice(left))
    return tuple(_subject(level, code) for code in (*programme.compulsory, *left))


def _subject(level: str, code: str) -> Subject:
    known = CURRICULA[level].subjects[code]
    return Subject(code=code, name=known.name, by_comment=known.by_comment, tested=known.tested)


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """The marks of one subject: first semester, second semester, year, after the summer."""

    semester_1: Mark = None
    semester_2: Mark = None
    year: Mark = None
    reassessed: Mark = None

    @property
    def final(self) -> Mark:
        """The mark that counts in the end."""
        return self.year if self.reassessed is None else self.reassessed


@dataclass(frozen=True, slots=True, kw_only=True)
class PrimaryMarks:
    """What one primary subject came to: level, test mark from 1 to 10, level after the summer."""

    achievement: Achievement | None = None
    test: int | None = None
    reassessed: Achievement | None = None


def make_marks(stream: Stream, subject: Subject, ability: int) -> Marks:
    """Make up the marks of one subject for a student whose mean lies near `ability` tenths."""
    if subject.by_comment:
        return Marks(semester_1=Rating.PASSED, semester_2=Rating.PASSED, year=Rating.PASSED)
    first = _mark(ability - 8 + stream.below(14))
    second = _mark(ability - 6 + stream.below(15))
    return Marks(semester_1=first, semester_2=second, year=year_mark(first, second))


def year_mark(semester_1: Decimal, semester_2: Decimal) -> Decimal:
    """Weigh the second semester twice, to one decimal (article 9 clause 2)."""
    return ((semester_1 + 2 * semester_2) / 3).quantize(TENTH, ROUND_HALF_UP)


def study_rating(marks: Sequence[Mark]) -> Rating:
    """Rate the learning of a semester or a year whose comments are all Đ (article 9 clause 2)."""
    numbers = [mark for mark in marks if isinstance(mark, Decimal)]
    for rating, lowest, most in (
        (Rating.GOOD, Decimal("6.5"), Decimal("8.0")),
        (Rating.FAIR, Decimal("5.0"), Decimal("6.5")),
        (Rating.PASSED, Decimal("3.5"), Decimal("5.0")),
    ):
        if min(numbers) >= lowest and _at_least(most, numbers):
            return rating
    return Rating.NOT_PASSED


def award(conduct: Rating, study: Rating, marks: Sequence[Mark]) -> str | None:
    """Name the title of the year, None where there is none (article 15 clause 1)."""
    if (conduct, study) != (Rating.GOOD, Rating.GOOD):
        return None
    numbers = [mark for mark in marks if isinstance(mark, Decimal)]
    return "Học sinh Xuất sắc" if _at_least(Decimal("9.0"), numbers) else "Học sinh Giỏi"


EXCELLENT_ABILITY, GOOD_ABILITY = 85, 75
"""From which ability, in tenths, a pupil completes the year excellently or well."""


def make_primary_marks(stream: Stream, subject: Subject, ability: int) -> PrimaryMarks:
    """Make up the level of one primary subject; Toán is what the weaker pupils are weaker in."""
    lowest, most = (9, 10) if ability >= EXCELLENT_ABILITY else (7, 8)
    achievement = Achievement.COMPLETED_WELL
    if ability < GOOD_ABILITY:
        lowest, most = 5, 8
        if subject.code == "01" or stream.below(2):
            achievement = Achievement.COMPLETED
    test = lowest + stream.below(most - lowest + 1)
    return PrimaryMarks(achievement=achievement, test=test if subject.tested else None)


def make_qualities(
    stream: Stream, programme: Programme, ability: int
) -> tuple[tuple[str, QualityLevel], ...]:
    """Make up the levels of all qualities and competences that the grade assesses."""
    weaker = (QualityLevel.GOOD, QualityLevel.REACHED)
    return tuple(
        (code, QualityLevel.GOOD if ability >= GOOD_ABILITY else stream.choice(weaker))
        for code in QUALITIES
        if code not in programme.spared_qualities
    )


def completion_of(ability: int, marks: Sequence[PrimaryMarks]) -> Completion:
    """Name the result of a primary year (Thông tư 27/2020/TT-BGDĐT, article 9)."""
    if any(each.achievement is Achievement.NOT_COMPLETED for each in marks):
        return Completion.NOT_COMPLETED
    if ability < GOOD_ABILITY:
        return Completion.COMPLETED
    return Completion.EXCELLENT if ability >= EXCELLENT_ABILITY else Completion.GOOD


PRIMARY_AWARDS = {
    Completion.EXCELLENT: "Học sinh Xuất sắc",
    Completion.GOOD: "Học sinh Tiêu biểu hoàn thành tốt trong học tập và rèn luyện",
}
"""Result of the year → title (Thông tư 27/2020/TT-BGDĐT, article 13)."""


def _at_least(limit: Decimal, numbers: Sequence[Decimal]) -> bool:
    # Continuing education has fewer subjects with marks.
    return sum(number >= limit for number in numbers) >= min(MOST_SUBJECTS, len(numbers))


def _mark(tenths: int) -> Decimal:
    return min(Decimal(10), max(Decimal(0), Decimal(tenths) / 10)).quantize(TENTH)
