"""Marks, ratings and titles of a lower secondary year (Thông tư 22/2021/TT-BGDĐT)."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from app.sandbox.stream import Stream
from app.transcripts.content import Mark, Rating

TENTH = Decimal("0.1")
"""Marks have one decimal."""
MOST_SUBJECTS = 6
"""The number of subjects that decides a rating or a title (articles 9 and 15)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A subject of the lower secondary programme.

    Attributes:
        code: MON_HOC_ID in the sector's list of this level.
        by_comment: assessed by Đ or CĐ and not by marks.
    """

    code: str
    name: str
    by_comment: bool = False


SUBJECTS = (
    Subject(code="19", name="Ngữ văn"),
    Subject(code="15", name="Toán"),
    Subject(code="69", name="Ngoại ngữ 1"),
    Subject(code="26", name="Giáo dục công dân"),
    Subject(code="05", name="Lịch sử và Địa lí"),
    Subject(code="66", name="Khoa học tự nhiên"),
    Subject(code="27", name="Công nghệ"),
    Subject(code="32", name="Tin học"),
    Subject(code="88", name="Giáo dục thể chất", by_comment=True),
    Subject(code="97", name="Nghệ thuật", by_comment=True),
    Subject(code="91", name="Hoạt động trải nghiệm, hướng nghiệp", by_comment=True),
    Subject(code="99", name="Nội dung giáo dục của địa phương", by_comment=True),
)
"""Every compulsory subject, in the order of the printed transcript."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """The marks of one subject: first semester, second semester, year."""

    semester_1: Mark
    semester_2: Mark
    year: Mark


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


def _at_least(limit: Decimal, numbers: Sequence[Decimal]) -> bool:
    return sum(number >= limit for number in numbers) >= MOST_SUBJECTS


def _mark(tenths: int) -> Decimal:
    return min(Decimal(10), max(Decimal(0), Decimal(tenths) / 10)).quantize(TENTH)
