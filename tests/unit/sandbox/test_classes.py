import re
from dataclasses import replace
from datetime import date

import pytest

from app.sandbox.classes import ClassSpec, StudentYear, make_class
from app.sandbox.people import Gender, full_name, personal_number
from app.sandbox.pki import make_pki
from app.sandbox.results import taught_at
from app.sandbox.school import SyntheticSchool, _subject_groups, make_school
from app.sandbox.stream import Stream
from app.sandbox.transcript_writer import write_transcript
from app.transcripts.document import open_document
from app.transcripts.profile import HOC_BA_1_THCS
from tests.scenarios import keys

SPEC = ClassSpec(
    seed="mau",
    start_year=2025,
    grade=6,
    class_name="6A1",
    students=45,
    issued_on=date(2026, 6, 10),
)


@pytest.fixture(scope="module")
def school() -> SyntheticSchool:
    return make_school(make_pki(keys()), issued_year=2025)


@pytest.fixture(scope="module")
def years(school: SyntheticSchool) -> tuple[StudentYear, ...]:
    return make_class(SPEC, school)


def test_the_same_spec_gives_the_same_class(
    school: SyntheticSchool, years: tuple[StudentYear, ...]
) -> None:
    assert make_class(SPEC, school) == years
    assert make_class(replace(SPEC, seed="khac"), school) != years


def test_students_have_codes_of_their_own(years: tuple[StudentYear, ...]) -> None:
    codes = {year.student.code for year in years}
    assert len(codes) == SPEC.students
    assert all(len(code) <= 20 and code.startswith("79000701") for code in codes)


def test_classes_of_one_school_share_no_student(school: SyntheticSchool) -> None:
    classes = (make_class(replace(SPEC, class_name=name), school) for name in ("6A1", "6A2", "6A3"))
    codes = [year.student.code for one in classes for year in one]
    assert len(set(codes)) == len(codes)


def test_every_name_says_that_it_is_a_specimen(
    school: SyntheticSchool, years: tuple[StudentYear, ...]
) -> None:
    people = [
        name
        for year in years
        for one in [year.student]
        for name in (one.full_name, one.father.full_name, one.mother.full_name)
    ]
    staff = [school.principal.full_name, *(teacher.full_name for teacher in school.teachers)]
    assert all(" Mẫu " in name for name in people + staff)
    assert len(set(staff)) == len(staff)


def test_a_child_has_the_family_name_of_its_father(years: tuple[StudentYear, ...]) -> None:
    for year in years:
        assert year.student.full_name.split()[0] == year.student.father.full_name.split()[0]


def test_some_students_have_no_personal_number_and_some_only_a_year_of_birth(
    school: SyntheticSchool,
) -> None:
    students = [year.student for year in make_class(replace(SPEC, students=300), school)]
    unnumbered = [one for one in students if one.personal_number is None]
    assert 25 <= len(unnumbered) <= 60
    assert any(one.birth_date == "2014" for one in students)
    numbered = [one.personal_number for one in students if one.personal_number]
    assert all(re.fullmatch(r"079[23]14\d{6}", number) for number in numbered)


def test_a_personal_number_says_province_century_gender_and_year() -> None:
    number = personal_number(gender=Gender.FEMALE, birth_year=2013, number=123)
    assert number == "079313000123"
    assert personal_number(gender=Gender.MALE, birth_year=1985, number=1) == "079085000001"


def test_a_name_can_keep_the_family_name() -> None:
    assert full_name(Stream("mau"), Gender.MALE, "Đỗ").startswith("Đỗ ")


def test_each_subject_has_one_teacher(school: SyntheticSchool) -> None:
    taught = [subject for teacher in school.teachers for subject in teacher.subjects]
    assert sorted(taught) == sorted(subject.code for subject in taught_at("03"))
    assert len({teacher.id for teacher in school.teachers}) == len(school.teachers)
    for teacher in school.teachers:
        assert all(school.teacher_of(subject) == teacher for subject in teacher.subjects)


def test_schools_have_nine_to_twelve_teachers() -> None:
    groups = [_subject_groups(Stream("mau", str(number))) for number in range(100)]
    assert {len(one) for one in groups} == {9, 10, 11, 12}
    for one in groups:
        codes = [code for group in one for code in group]
        assert sorted(codes) == sorted(subject.code for subject in taught_at("03"))


@pytest.mark.parametrize("grade", [6, 7, 8, 9])
def test_every_transcript_is_clean_under_the_schema(school: SyntheticSchool, grade: int) -> None:
    for year in make_class(replace(SPEC, grade=grade, class_name=f"{grade}A2"), school):
        assert open_document(write_transcript(year), HOC_BA_1_THCS).findings == ()


def test_the_last_grade_ends_with_completion(school: SyntheticSchool) -> None:
    (year,) = make_class(replace(SPEC, grade=9, students=1), school)
    assert "Hoàn thành chương trình giáo dục trung học cơ sở".encode() in write_transcript(year)


def test_districts_are_named_only_while_they_existed(school: SyntheticSchool) -> None:
    def written(start_year: int) -> bytes:
        (year,) = make_class(replace(SPEC, start_year=start_year, students=1), school)
        return write_transcript(year)

    assert b"QUAN_HUYEN" in written(2024)
    assert b"QUAN_HUYEN" not in written(2025)
    assert open_document(written(2024), HOC_BA_1_THCS).findings == ()


def test_a_transcript_has_line_feeds_and_no_byte_order_mark(
    years: tuple[StudentYear, ...],
) -> None:
    for year in years:
        xml = write_transcript(year)
        assert xml.startswith(b'<?xml version="1.0" encoding="UTF-8"?>\n<HOC_BA>\n')
        assert b"\r" not in xml
        assert xml.endswith(b"</HOC_BA>\n")
