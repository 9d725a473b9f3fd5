"""Schools and classes of every level, and the kinds of students in them."""

from dataclasses import replace
from datetime import date
from functools import cache

import pytest

from app.sandbox.classes import ClassSpec, PrimaryResult, SecondaryResult, StudentYear, make_class
from app.sandbox.pki import make_pki
from app.sandbox.results import (
    Marks,
    PrimaryMarks,
    completion_of,
    make_primary_marks,
    taken_in,
    taught_at,
)
from app.sandbox.scenario import level_of, make_scenario, with_changed_mark
from app.sandbox.school import SyntheticSchool, make_school
from app.sandbox.signing import NotReady
from app.sandbox.stream import Stream
from app.sandbox.students import Kind
from app.sandbox.transcript_writer import write_transcript
from app.transcripts.content import Achievement, Completion, Rating
from app.transcripts.curriculum import CURRICULA, GDTX, THPT
from tests.scenarios import KEY_CACHE, SEED, TODAY, keys

LEVELS = {"02": 4, "03": 9, "04": 10, "05": 12}
"""A level and one of its grades."""


@cache
def school_of(level: str) -> SyntheticSchool:
    return make_school(make_pki(keys()), issued_year=2025, level=level)


@cache
def class_of(level: str, students: int = 30) -> tuple[StudentYear, ...]:
    spec = ClassSpec(
        seed=SEED,
        start_year=2025,
        level=level,
        grade=LEVELS[level],
        class_name=f"{LEVELS[level]}A1",
        students=students,
        issued_on=date(2026, 6, 10),
    )
    return make_class(spec, school_of(level))


def the(kind: Kind, level: str) -> StudentYear:
    return next(year for year in class_of(level) if year.kind is kind)


@pytest.mark.parametrize("level", LEVELS)
def test_every_subject_of_a_school_has_one_teacher(level: str) -> None:
    school = school_of(level)
    taught = [subject for teacher in school.teachers for subject in teacher.subjects]
    assert sorted(taught) == sorted(subject.code for subject in taught_at(level))
    assert (school.level, len({one.id for one in school.teachers})) == (
        level,
        len(school.teachers),
    )


def test_schools_of_different_levels_have_codes_and_names_of_their_own() -> None:
    schools = [school_of(level) for level in LEVELS]
    assert len({one.code for one in schools}) == len({one.name for one in schools}) == 4
    assert all("Mẫu" in one.name for one in schools)
    assert {one.principal.position for one in schools} == {"Hiệu trưởng", "Giám đốc"}


def test_a_primary_class_has_its_main_teacher_as_homeroom_teacher() -> None:
    for year in class_of("02"):
        assert year.homeroom == school_of("02").teacher_of("02")


@pytest.mark.parametrize("level", LEVELS)
def test_a_usual_class_has_every_kind_of_student_twice_in_thirty(level: str) -> None:
    kinds = [year.kind for year in class_of(level)]
    assert all(kinds.count(kind) == 2 for kind in Kind if kind is not Kind.ORDINARY)


@pytest.mark.parametrize("level", LEVELS)
def test_a_foreigner_has_a_passport_instead_of_a_personal_number(level: str) -> None:
    student = the(Kind.FOREIGN, level).student
    assert student.personal_number is None
    assert student.nationality != "Việt Nam"
    written = write_transcript(the(Kind.FOREIGN, level)).decode()
    assert f"<SO_HO_CHIEU>{student.passport_number}</SO_HO_CHIEU>" in written
    assert f"<QUOC_TICH>{student.nationality}</QUOC_TICH>" in written


@pytest.mark.parametrize("level", LEVELS)
def test_who_is_not_assessed_has_no_result(level: str) -> None:
    year = the(Kind.NOT_ASSESSED, level)
    assert {each.marks for each in year.subjects} <= {Marks(), PrimaryMarks()}
    written = write_transcript(year).decode()
    assert "<CO_KHUYET_TAT_KHONG_DANH_GIA>1<" in written
    assert all(name not in written for name in ("DIEM_CA_NAM", "KET_QUA_HOC_TAP", "KHEN_THUONG"))


@pytest.mark.parametrize("level", ["03", "04", "05"])
def test_who_failed_was_assessed_again_after_the_summer(level: str) -> None:
    year = the(Kind.REASSESSED, level)
    assert isinstance(year.result, SecondaryResult)
    assert year.result.study == (Rating.NOT_PASSED,) * 3
    assert year.result.study_reassessed in {Rating.PASSED, Rating.FAIR, Rating.GOOD}
    assert year.result.award is None
    assert b"<DIEM_SAU_DANH_GIA_LAI>5.0<" in write_transcript(year)


def test_a_pupil_who_failed_was_assessed_again() -> None:
    year = the(Kind.REASSESSED, "02")
    assert isinstance(year.result, PrimaryResult)
    assert year.result.completion is Completion.NOT_COMPLETED
    assert b"<KET_QUA_SAU_DANH_GIA_LAI_ID>H<" in write_transcript(year)


@pytest.mark.parametrize("level", LEVELS)
def test_some_birth_dates_are_known_only_to_the_month(level: str) -> None:
    assert len(the(Kind.BORN_IN_A_MONTH, level).student.birth_date) in {7, 4}


@pytest.mark.parametrize(
    ("ability", "achievement", "tests", "completion"),
    [
        (90, Achievement.COMPLETED_WELL, {9, 10}, Completion.EXCELLENT),
        (80, Achievement.COMPLETED_WELL, {7, 8}, Completion.GOOD),
        (60, Achievement.COMPLETED, {5, 6, 7, 8}, Completion.COMPLETED),
    ],
)
def test_a_pupils_marks_follow_the_ability(
    ability: int, achievement: Achievement, tests: set[int], completion: Completion
) -> None:
    maths = next(one for one in taught_at("02") if one.code == "01")
    made = [make_primary_marks(Stream(str(n)), maths, ability) for n in range(40)]
    assert {one.achievement for one in made} == {achievement}
    assert {one.test for one in made} == tests
    assert completion_of(ability, made) is completion


def test_classes_of_upper_secondary_choose_four_subjects_of_their_own() -> None:
    (programme,) = THPT.programmes
    taken = [{one.code for one in taken_in(Stream(str(n)), "04", programme)} for n in range(10)]
    assert all(len(one) == 12 and set(programme.compulsory) < one for one in taken)
    assert len({frozenset(one) for one in taken}) > 1


def test_a_class_without_teachers_slots_has_no_list_of_them() -> None:
    year = class_of("02")[0]
    assert b"DANH_SACH_GVBM" in write_transcript(year)
    silent = replace(year, spec=replace(year.spec, teachers_sign=False))
    assert b"DANH_SACH_GVBM" not in write_transcript(silent)


def test_a_class_of_a_grade_that_the_level_has_not_cannot_be_made() -> None:
    spec = replace(class_of("02")[0].spec, grade=6)
    with pytest.raises(ValueError, match="6"):
        make_class(spec, school_of("02"))


def test_the_level_follows_from_the_grade_unless_continuing_education_is_meant() -> None:
    assert [level_of(grade) for grade in (1, 5, 6, 9, 10, 12)] == [
        "02",
        "02",
        "03",
        "03",
        "04",
        "04",
    ]
    assert {level_of(int(grade), continuing=True) for grade in GDTX.grades} == {"05"}
    for grade, continuing in ((0, False), (13, False), (5, True)):
        with pytest.raises(NotReady):
            level_of(grade, continuing=continuing)


def test_a_scenario_of_a_primary_grade_is_signed_and_packed() -> None:
    scenario = make_scenario(SEED, today=TODAY, students=1, cache=KEY_CACHE, grade=2)
    assert (scenario.school.level, scenario.spec.grade) == ("02", 2)
    assert scenario.spec.class_name == "2A1"
    assert b"<KHOI_ID>02</KHOI_ID>" in scenario.transcripts[0].xml


@pytest.mark.parametrize(("test", "better"), [("9", "10"), ("10", "9"), ("5", "10")])
def test_a_primary_test_mark_is_changed(test: str, better: str) -> None:
    changed = with_changed_mark(f"<DIEM_KIEM_TRA>{test}</DIEM_KIEM_TRA>".encode())
    assert changed == f"<DIEM_KIEM_TRA>{better}</DIEM_KIEM_TRA>".encode()


def test_the_last_grade_of_each_level_ends_with_completion() -> None:
    for level, curriculum in CURRICULA.items():
        last = int(curriculum.grades[-1])
        year = replace(class_of(level)[0], spec=replace(class_of(level)[0].spec, grade=last))
        assert "Hoàn thành chương trình".encode() in write_transcript(year)
