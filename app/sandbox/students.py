"""Children who do not exist, among them every kind that a school must be able to report."""

from dataclasses import dataclass
from datetime import date
from enum import Enum, auto

from app.sandbox.people import (
    ETHNIC_GROUPS,
    HOME_PROVINCES,
    Gender,
    Parent,
    choose_gender,
    full_name,
    parent,
    passport_number,
    personal_number,
)
from app.sandbox.stream import Stream


class Kind(Enum):
    """What is special about a student."""

    ORDINARY = auto()
    FOREIGN = auto()
    NOT_ASSESSED = auto()
    REASSESSED = auto()
    BORN_IN_A_MONTH = auto()


_KINDS = {11: Kind.FOREIGN, 12: Kind.NOT_ASSESSED, 13: Kind.REASSESSED, 14: Kind.BORN_IN_A_MONTH}
_KINDS_EVERY = 15
"""The last four of each fifteen students are special, so that a usual class has three of each."""

_PARTLY_KNOWN = 40
"""One student in so many has a birth date known only as a year, as in the sector's data."""
_UNNUMBERED = 15
"""One student in so many has no personal number."""
_NATIONALITIES = ("Hàn Quốc", "Nhật Bản", "Lào", "Campuchia")


@dataclass(frozen=True, slots=True, kw_only=True)
class Student:
    """A child who does not exist.

    Attributes:
        birth_date: "YYYY-MM-DD", or "YYYY-MM" or "YYYY" where no more is known.
        personal_number: None for some; foreigners have a passport number instead.
    """

    code: str
    full_name: str
    gender: Gender
    birth_date: str
    ethnic_group: str
    nationality: str
    personal_number: str | None
    passport_number: str | None
    home_province: str
    house_number: int
    father: Parent
    mother: Parent


def kind_of(place: int) -> Kind:
    """Tell what is special about the student at a place of the class, counted from 0."""
    return _KINDS.get(place % _KINDS_EVERY, Kind.ORDINARY)


def make_student(
    stream: Stream, code: str, *, birth_year: int, number: int, kind: Kind = Kind.ORDINARY
) -> Student:
    """Make up a child.

    Args:
        stream: where chance comes from.
        code: NGUOI_HOC_ID.
        birth_year: the year of birth.
        number: the last six digits of the numbers that identify it.
        kind: what is special.
    """
    gender = choose_gender(stream)
    name = full_name(stream, gender)
    day = date(birth_year, 1 + stream.below(12), 1 + stream.below(28)).isoformat()
    known = stream.below(_PARTLY_KNOWN) > 0
    foreign = kind is Kind.FOREIGN
    numbered = stream.below(_UNNUMBERED) > 0 and not foreign
    if kind is Kind.BORN_IN_A_MONTH:
        day = day[: len("YYYY-MM")]
    return Student(
        code=code,
        full_name=name,
        gender=gender,
        birth_date=day if known else str(birth_year),
        ethnic_group=stream.choice(ETHNIC_GROUPS),
        nationality=_NATIONALITIES[number % len(_NATIONALITIES)] if foreign else "Việt Nam",
        personal_number=personal_number(gender=gender, birth_year=birth_year, number=number)
        if numbered
        else None,
        passport_number=passport_number(number) if foreign else None,
        home_province=stream.choice(HOME_PROVINCES),
        house_number=1 + stream.below(200),
        father=parent(stream, Gender.MALE, name.split()[0]),
        mother=parent(stream, Gender.FEMALE),
    )
