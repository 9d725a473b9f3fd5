"""Synthetic lower secondary classes: everything that their transcripts will say."""

from dataclasses import dataclass
from datetime import date

from app.sandbox.people import (
    ETHNIC_GROUPS,
    HOME_PROVINCES,
    Gender,
    Parent,
    choose_gender,
    full_name,
    parent,
    personal_number,
)
from app.sandbox.results import SUBJECTS, Marks, Subject, award, make_marks, study_rating
from app.sandbox.school import SyntheticSchool, Teacher
from app.sandbox.stream import Stream
from app.transcripts.content import Mark, Rating

WARDS_FROM = 2025
"""The first school year whose transcripts name no district: districts ended on 1 July 2025."""

_REMARKS = {
    Rating.GOOD: (
        "Nắm chắc kiến thức, trình bày cẩn thận.",
        "Chủ động, sáng tạo trong học tập.",
        "Tiếp thu nhanh, vận dụng tốt vào thực tế.",
    ),
    Rating.FAIR: (
        "Hiểu bài, cần luyện tập thêm dạng bài nâng cao.",
        "Có cố gắng, hoàn thành tốt nhiệm vụ được giao.",
        "Tích cực phát biểu, cần cẩn thận hơn khi trình bày.",
    ),
    Rating.PASSED: (
        "Đạt yêu cầu của môn học, cần chăm chỉ hơn.",
        "Cần ôn tập thường xuyên để nắm chắc kiến thức.",
        "Tham gia đầy đủ các hoạt động của môn học.",
    ),
}
_SUMMARIES = {
    Rating.GOOD: "Chăm ngoan, hòa đồng, học tập tốt và giúp đỡ bạn bè.",
    Rating.FAIR: "Ngoan, có ý thức học tập, cần phát huy hơn nữa.",
    Rating.PASSED: "Ngoan, cần cố gắng nhiều hơn trong học tập.",
}
_WEAKEST, _STRONGEST = 58, 96
"""Mean marks of students in tenths: nobody fails, because summer re-tests come after the issue."""
_PARTLY_KNOWN = 40
"""One student in so many has a birth date known only as a year, as in the sector's data."""
_UNNUMBERED = 15
"""One student in so many has no personal number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassSpec:
    """Which class to make up.

    Attributes:
        start_year: the year in which the school year begins.
        grade: 6 to 9.
        issued_on: NGAY_KY_PHAT_HANH.
    """

    seed: str
    start_year: int
    grade: int
    class_name: str
    students: int
    issued_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Student:
    """A child who does not exist.

    Attributes:
        birth_date: "YYYY-MM-DD", or "YYYY" where no more is known.
    """

    code: str
    full_name: str
    gender: Gender
    birth_date: str
    ethnic_group: str
    personal_number: str | None
    home_province: str
    house_number: int
    father: Parent
    mother: Parent


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectYear:
    """One subject of one student's year."""

    subject: Subject
    marks: Marks
    remark: str
    teacher: Teacher


@dataclass(frozen=True, slots=True, kw_only=True)
class StudentYear:
    """All that one transcript says.

    Attributes:
        register_number: SO_SO_DANG_BO.
        study: the ratings of the first semester, the second semester and the year.
    """

    school: SyntheticSchool
    spec: ClassSpec
    class_id: str
    register_number: str
    student: Student
    subjects: tuple[SubjectYear, ...]
    conduct: Rating
    study: tuple[Rating, Rating, Rating]
    absences: int
    award: str | None
    summary: str
    homeroom: Teacher


def make_class(spec: ClassSpec, school: SyntheticSchool) -> tuple[StudentYear, ...]:
    """Make up a class; the same spec and school always give the same."""
    stream = Stream(spec.seed, "class", school.code, str(spec.start_year), spec.class_name)
    homeroom = stream.choice(school.teachers)
    # Running numbers of different classes of a school must differ: the class draws its thousand.
    first = 1000 * stream.below(1000) + 1
    return tuple(
        _student_year(stream, spec, school, homeroom, number)
        for number in range(first, first + spec.students)
    )


def _student_year(
    stream: Stream, spec: ClassSpec, school: SyntheticSchool, homeroom: Teacher, number: int
) -> StudentYear:
    ability = _WEAKEST + stream.below(_STRONGEST - _WEAKEST)
    marks = [(subject, make_marks(stream, subject, ability)) for subject in SUBJECTS]
    years: list[Mark] = [each.year for _, each in marks]
    study = (
        study_rating([each.semester_1 for _, each in marks]),
        study_rating([each.semester_2 for _, each in marks]),
        study_rating(years),
    )
    conduct = Rating.FAIR if stream.below(10) == 0 else Rating.GOOD
    return StudentYear(
        school=school,
        spec=spec,
        class_id=f"{school.code}-{spec.class_name}-{spec.start_year}",
        register_number=f"{number:06d}/THCS",
        student=_student(stream, spec, school, number),
        subjects=tuple(
            SubjectYear(
                subject=subject,
                marks=each,
                remark=stream.choice(_REMARKS[study[2]]),
                teacher=school.teacher_of(subject.code),
            )
            for subject, each in marks
        ),
        conduct=conduct,
        study=study,
        absences=stream.below(6),
        award=award(conduct, study[2], years),
        summary=_SUMMARIES[study[2]],
        homeroom=homeroom,
    )


def _student(stream: Stream, spec: ClassSpec, school: SyntheticSchool, number: int) -> Student:
    gender = choose_gender(stream)
    name = full_name(stream, gender)
    # Children start grade 1 in the year in which they turn six.
    birth_year = spec.start_year - 5 - spec.grade
    day = date(birth_year, 1 + stream.below(12), 1 + stream.below(28))
    known = stream.below(_PARTLY_KNOWN) > 0
    numbered = stream.below(_UNNUMBERED) > 0
    return Student(
        code=f"{school.code}{spec.start_year % 100:02d}{number:06d}",
        full_name=name,
        gender=gender,
        birth_date=day.isoformat() if known else str(birth_year),
        ethnic_group=stream.choice(ETHNIC_GROUPS),
        personal_number=personal_number(gender=gender, birth_year=birth_year, number=number)
        if numbered
        else None,
        home_province=stream.choice(HOME_PROVINCES),
        house_number=1 + stream.below(200),
        father=parent(stream, Gender.MALE, name.split()[0]),
        mother=parent(stream, Gender.FEMALE),
    )
