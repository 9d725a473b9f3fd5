"""What the directory and the registry say reaches the verdict on a package."""

from datetime import UTC, datetime

from app.db import Database
from app.directory.loading import SourceFile, load_assignments, load_staff
from app.directory.staff import staff_key
from app.sandbox.school import SyntheticSchool
from tests.working import NOW, Repository, as_owner

DAY = "2026-06-10"


def codes_of(answer: dict[str, object]) -> set[str]:
    items: list[dict[str, list[dict[str, str]]]] = answer["items"]  # type: ignore[assignment]  # reason: the answer's shape
    return {error["code"] for item in items for error in item["errors"]}


def test_a_transcript_is_held_to_the_province_of_its_own_day(repository: Repository) -> None:
    [day] = repository.scenario.transcripts[0].xml.decode().split("<NGAY_KY_PHAT_HANH>")[1:]
    day = day[:10]
    repository.execute("UPDATE schools SET province_code = '01'")
    repository.execute(
        "UPDATE school_periods SET valid_to = CAST(:day AS date)", day=datetime.fromisoformat(day)
    )
    repository.execute(
        "INSERT INTO school_periods (school_code, valid_from, name, levels, province_code) "
        "SELECT school_code, CAST(:day AS date) + 1, name, '{03}', '01' FROM schools",
        day=datetime.fromisoformat(day),
    )
    repository.start_worker()
    assert repository.package()["accepted"] == len(repository.scenario.transcripts)


def test_a_level_that_the_school_does_not_teach_is_refused(repository: Repository) -> None:
    repository.execute("UPDATE school_periods SET levels = '{02}'")
    repository.start_worker()
    answer = repository.package()
    assert (answer["accepted"], codes_of(answer)) == (0, {"SIG-510"})


def test_what_arrives_after_the_school_took_its_certificate_back_is_refused(
    repository: Repository,
) -> None:
    repository.execute(
        "UPDATE certificates SET revoked_from = :since WHERE role = 'KY_PHAT_HANH'", since=NOW
    )
    repository.start_worker()
    answer = repository.package()
    assert answer["accepted"] == 0
    assert "SIG-520" in {error["code"] for error in answer["errors"]}


def test_a_pending_or_refused_certificate_is_none(repository: Repository) -> None:
    repository.execute("UPDATE certificates SET state = '01' WHERE role = 'CBQL'")
    repository.start_worker()
    answer = repository.package()
    assert (answer["accepted"], codes_of(answer)) == (0, {"SIG-500"})


def test_loaded_lists_are_what_teachers_are_held_to(repository: Repository) -> None:
    school = repository.scenario.school
    key = staff_key(repository.keys.identity)

    async def load(database: Database) -> None:
        async with database.begin() as connection:
            await load_staff(connection, source(staff_file(school)), school.code, key)
            await load_assignments(connection, source(assignment_file(school)), school.code)

    repository.thread.run(as_owner(repository.database_url, load))
    repository.start_worker()
    answer = repository.package()
    assert answer["accepted"] == len(repository.scenario.transcripts)
    warned = school.teachers[0]
    assert {
        (error["code"], error["slot"]) for item in answer["items"] for error in item["errors"]
    } == {("SIG-522", f"GVBM[{warned.id}]")}
    code = answer["items"][0]["transcript_code"]
    report = repository.client().get(f"/v1/transcripts/{code}/report").json()
    evidence = {
        check["reason"]["code"]
        for slot in report["slots"]
        if slot["role"] == "GVBM"
        for check in slot["checks"]
        if check["name"] == "authority"
    }
    assert evidence == {"SIG-593"}


def source(text: str) -> SourceFile:
    return SourceFile(content=text.encode(), now=datetime(2026, 6, 1, tzinfo=UTC), write=True)


def staff_file(school: SyntheticSchool) -> str:
    head = "staff_code,name,personal_number,valid_from,valid_to"
    return "\n".join((head, *(f"{one.id},{one.full_name},,2020-08-01," for one in school.teachers)))


def assignment_file(school: SyntheticSchool) -> str:
    """Everybody teaches what they teach, but the first teacher, whom nobody assigned."""
    head = "school_year,class_id,subject_code,semester,staff_code"
    lines = (
        f"2025,{school.code}-6A1-2025,{subject},1,{teacher.id}"
        for teacher in school.teachers[1:]
        for subject in (*teacher.subjects, "GVCN")
    )
    return "\n".join((head, *lines))
