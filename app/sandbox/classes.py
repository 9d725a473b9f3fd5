"""Synthetic classes of every grade and level: everything that their transcripts will say."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from app.sandbox.remarks import PRIMARY_REMARKS, REMARKS, SUMMARIES
from app.sandbox.results import (
    PRIMARY_AWARDS,
    Marks,
    PrimaryMarks,
    Subject,
    award,
    completion_of,
    make_marks,
    make_primary_marks,
    make_qualities,
    study_rating,
    taken_in,
    year_mark,
)
from app.sandbox.school import SyntheticSchool, Teacher
from app.sandbox.stream import Stream
from app.sandbox.students import Kind, Student, kind_of, make_student
from app.transcripts.content import Achievement, Completion, Mark, QualityLevel, Rating
from app.transcripts.curriculum import CURRICULA, PRIMARY, THCS, Programme

WARDS_FROM = 2025
"""The first school year whose transcripts name no district: districts ended on 1 July 2025."""

_WEAKEST, _STRONGEST = 58, 96
"""Mean marks of students in tenths: nobody fails but those who are re-assessed after the summer."""
_FAILED, _MENDED = Decimal("3.0"), Decimal("5.0")
"""The marks of one subject of a student who is re-assessed, before and after the summer."""
_FAILED_TEST = 4
"""The test mark of a primary pupil who is re-assessed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassSpec:
    """Which class to make up.

    Attributes:
        start_year: the year in which the school year begins.
        level: CAP_HOC_ID; its curriculum has the grade.
        grade: 1 to 12.
        issued_on: NGAY_KY_PHAT_HANH.
        teachers_sign: whether subject teachers have slots; only in primary school may they not.
    """

    seed: str
    start_year: int
    level: str = THCS.level
    grade: int
    class_name: str
    students: int
    issued_on: date
    teachers_sign: bool = True

    @property
    def programme(self) -> Programme:
        """What the class is taught.

        Raises:
            ValueError: the level has no such grade.
        """
        programme = CURRICULA[self.level].programme_of(f"{self.grade:02d}")
        if programme is None:
            raise ValueError(self.grade)
        return programme


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectYear:
    """One subject of one student's year."""

    subject: Subject
    marks: Marks | PrimaryMarks
    remark: str
    teacher: Teacher


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondaryResult:
    """What a year of a secondary level came to.

    Attributes:
        conduct: of both semesters and the year; None where nobody assessed the student.
        study: the ratings of the first semester, the second semester and the year.
        study_reassessed: after the summer, where that was needed.
    """

    conduct: Rating | None
    study: tuple[Rating, Rating, Rating] | None
    study_reassessed: Rating | None
    absences: int
    award: str | None
    summary: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PrimaryResult:
    """What a year of primary school came to.

    Attributes:
        height: in centimetres.
        weight: in kilograms.
        absences: half-day sessions, excused and not excused.
        completion: None where nobody assessed the pupil.
    """

    height: int
    weight: int
    absences: tuple[int, int]
    qualities: tuple[tuple[str, QualityLevel], ...]
    completion: Completion | None
    award: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StudentYear:
    """All that one transcript says.

    Attributes:
        register_number: SO_SO_DANG_BO.
    """

    school: SyntheticSchool
    spec: ClassSpec
    class_id: str
    register_number: str
    kind: Kind
    student: Student
    subjects: tuple[SubjectYear, ...]
    result: SecondaryResult | PrimaryResult
    homeroom: Teacher


@dataclass(frozen=True, slots=True, kw_only=True)
class _Class:
    """What the students of one class share, and where their chance comes from."""

    stream: Stream
    spec: ClassSpec
    school: SyntheticSchool
    subjects: tuple[Subject, ...]
    homeroom: Teacher


def make_class(spec: ClassSpec, school: SyntheticSchool) -> tuple[StudentYear, ...]:
    """Make up a class; the same spec and school always give the same.

    Raises:
        ValueError: the level has no such grade.
    """
    seed = (spec.seed, "class", school.code, str(spec.start_year), spec.class_name)
    stream = Stream(*seed)
    homeroom = stream.choice(school.teachers)
    if spec.level == PRIMARY.level:
        homeroom = school.teacher_of("02")
    # Running numbers of different classes of a school must differ: the class draws its thousand.
    first = 1000 * stream.below(1000) + 1
    subjects = taken_in(Stream(*seed, "chosen"), spec.level, spec.programme)
    group = _Class(stream=stream, spec=spec, school=school, subjects=subjects, homeroom=homeroom)
    make = _primary_year if spec.level == PRIMARY.level else _secondary_year
    return tuple(make(group, first + place, kind_of(place)) for place in range(spec.students))


def _secondary_year(group: _Class, number: int, kind: Kind) -> StudentYear:
    stream = group.stream
    ability = _WEAKEST + stream.below(_STRONGEST - _WEAKEST)
    marks = [make_marks(stream, subject, ability) for subject in group.subjects]
    if kind is Kind.REASSESSED:
        first, second = _FAILED, _FAILED
        marks[0] = Marks(
            semester_1=first,
            semester_2=second,
            year=year_mark(first, second),
            reassessed=_MENDED,
        )
    years: list[Mark] = [each.year for each in marks]
    study = (
        study_rating([each.semester_1 for each in marks]),
        study_rating([each.semester_2 for each in marks]),
        study_rating(years),
    )
    again = study_rating([each.final for each in marks])
    conduct = Rating.FAIR if stream.below(10) == 0 else Rating.GOOD
    student = _student(group, number, kind)
    remarks = [stream.choice(REMARKS[again]) for _ in marks]
    result = SecondaryResult(
        conduct=conduct,
        study=study,
        study_reassessed=again if kind is Kind.REASSESSED else None,
        absences=stream.below(6),
        award=award(conduct, study[2], years),
        summary=SUMMARIES[again],
    )
    if kind is Kind.NOT_ASSESSED:
        marks = [Marks() for _ in marks]
        result = replace(result, conduct=None, study=None, award=None)
    return _year(group, student, kind, zip(marks, remarks, strict=True), result)


def _primary_year(group: _Class, number: int, kind: Kind) -> StudentYear:
    stream, grade = group.stream, group.spec.grade
    ability = _WEAKEST + stream.below(_STRONGEST - _WEAKEST)
    marks = [make_primary_marks(stream, subject, ability) for subject in group.subjects]
    if kind is Kind.REASSESSED:
        marks[0] = PrimaryMarks(
            achievement=Achievement.NOT_COMPLETED,
            test=_FAILED_TEST,
            reassessed=Achievement.COMPLETED,
        )
    completion = completion_of(ability, marks)
    result = PrimaryResult(
        height=100 + 6 * grade + stream.below(15),
        weight=14 + 3 * grade + stream.below(10),
        absences=(stream.below(6), stream.below(2)),
        qualities=make_qualities(stream, group.spec.programme, ability),
        completion=completion,
        award=PRIMARY_AWARDS.get(completion),
    )
    student = _student(group, number, kind)
    remarks = [stream.choice(PRIMARY_REMARKS) for _ in marks]
    if kind is Kind.NOT_ASSESSED:
        marks = [PrimaryMarks() for _ in marks]
        result = replace(result, qualities=(), completion=None, award=None)
    return _year(group, student, kind, zip(marks, remarks, strict=True), result)


def _year(
    group: _Class,
    student: Student,
    kind: Kind,
    lines: Iterable[tuple[Marks | PrimaryMarks, str]],
    result: SecondaryResult | PrimaryResult,
) -> StudentYear:
    spec, school = group.spec, group.school
    return StudentYear(
        school=school,
        spec=spec,
        class_id=f"{school.code}-{spec.class_name}-{spec.start_year}",
        register_number=f"{student.code[-6:]}/{CURRICULA[spec.level].name}",
        kind=kind,
        student=student,
        subjects=tuple(
            SubjectYear(
                subject=subject,
                marks=marks,
                remark=remark,
                teacher=school.teacher_of(subject.code),
            )
            for subject, (marks, remark) in zip(group.subjects, lines, strict=True)
        ),
        result=result,
        homeroom=group.homeroom,
    )


def _student(group: _Class, number: int, kind: Kind) -> Student:
    spec = group.spec
    return make_student(
        group.stream,
        f"{group.school.code}{spec.start_year % 100:02d}{number:06d}",
        # Children start grade 1 in the year in which they turn six.
        birth_year=spec.start_year - 5 - spec.grade,
        number=number,
        kind=kind,
    )
