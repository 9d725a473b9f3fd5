"""An operator's files in the database: told first, then taken whole or not at all."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from app.db import Database
from app.directory.loading import SourceFile, load_assignments, load_schools, load_staff
from app.directory.schools import find_school, history_of
from app.directory.staff import lists_of, staff_key
from app.errors import FileRefused, InvalidRequest
from app.journal import Journal
from app.signatures.staff import hash_personal_number

NOW = datetime(2026, 6, 10, 8, tzinfo=UTC)
KEY = staff_key(b"i" * 32)
SCHOOLS = (
    "school_code,name,levels,province_code,commune_code,commune_name,valid_from,valid_to,"
    "successor_code\n"
    "77000001,Trường THCS Mẫu Cũ,03,77,,,,2025-06-30,\n"
    "77000001,Trường THCS Mẫu,03,79,26506,Phường Mẫu,2025-07-01,,\n"
    "77000002,Trường THPT Mẫu,04,77,,,,2025-06-30,77000001\n"
)
STAFF = (
    "staff_code,name,personal_number,valid_from,valid_to\n"
    "GV1,Lê Văn Mẫu,079180000123,2020-08-01,\n"
    "GV2,Vũ Thị Mẫu,,2020-08-01,2025-01-31\n"
)
ASSIGNMENTS = (
    "school_year,class_id,subject_code,semester,staff_code\n"
    "2024,6A1,15,1,GV1\n"
    "2025,6A1,15,1,GV1\n"
    "2025,6A1,GVCN,1,GV1\n"
)


def file(content: str, *, write: bool = True) -> SourceFile:
    return SourceFile(content=content.encode(), now=NOW, write=write)


async def test_what_a_file_changes_is_told_before_and_taken_after(
    database: Database, journal: Journal, worker_database: Database
) -> None:
    async with database.begin() as connection:
        told = await load_schools(connection, journal, file(SCHOOLS, write=False))
        assert await find_school(connection, "77000001") is None
        assert await load_schools(connection, journal, file(SCHOOLS)) == told
        assert await load_schools(connection, journal, file(SCHOOLS)) == ()
    assert told == (
        "+ 77000001 | Trường THCS Mẫu Cũ | 03 | 77 |  | ..2025-06-30 | ",
        "+ 77000001 | Trường THCS Mẫu | 03 | 79 | 26506 Phường Mẫu | 2025-07-01.. | ",
        "+ 77000002 | Trường THPT Mẫu | 04 | 77 |  | ..2025-06-30 | 77000001",
    )
    async with worker_database.read() as connection:
        school = await find_school(connection, "77000001")
        closed = await history_of(connection, "77000002")
    assert school is not None
    assert (school.name, school.province_code, school.levels) == ("Trường THCS Mẫu", "79", ("03",))
    assert closed is not None
    assert closed.periods[-1].successor_code == "77000001"


async def test_only_the_schools_of_a_file_change_and_the_audit_names_it(
    database: Database, journal: Journal
) -> None:
    renamed = SCHOOLS.replace("Trường THPT Mẫu", "Trường THPT Mẫu Hai")
    head, *lines = renamed.splitlines()
    async with database.begin() as connection:
        await load_schools(connection, journal, file(SCHOOLS))
        told = await load_schools(connection, journal, file(f"{head}\n{lines[-1]}\n"))
        assert await find_school(connection, "77000001") is not None
        query = "SELECT actor, action, object, detail->>'changes' FROM audit ORDER BY id"
        rows = [tuple(row) for row in await connection.execute(text(query))]
    assert [line[:2] for line in told] == ["- ", "+ "]
    assert rows == [
        ("operator", "directory.loaded", "schools", "3"),
        ("operator", "directory.loaded", "schools", "2"),
    ]


async def test_a_file_with_a_fault_changes_nothing(database: Database, journal: Journal) -> None:
    async with database.begin() as connection:
        with pytest.raises(FileRefused):
            await load_schools(
                connection, journal, file(SCHOOLS + "77000003,Trường Mẫu,03,99,,,,,\n")
            )
        assert await find_school(connection, "77000001") is None


async def test_the_lists_of_a_school_are_read_for_the_years_that_matter(
    database: Database, journal: Journal, worker_database: Database
) -> None:
    async with database.begin() as connection:
        await load_schools(connection, journal, file(SCHOOLS))
        assert await lists_of(connection, "77000001", key=KEY, day=NOW) is None
        assert len(await load_staff(connection, file(STAFF), "77000001", KEY)) == 2
        assert await load_staff(connection, file(STAFF), "77000001", KEY) == ()
        assert len(await load_assignments(connection, file(ASSIGNMENTS), "77000001")) == 3
    async with worker_database.read() as connection:
        lists = await lists_of(connection, "77000001", key=KEY, day=NOW)
        later = await lists_of(connection, "77000001", key=KEY, day=NOW.replace(year=2027))
    assert lists is not None
    assert later is not None
    hashes = [member.personal_number_hash for member in lists.members]
    assert hashes == [hash_personal_number(KEY, "079180000123"), None]
    assert [one.school_year for one in lists.assignments] == [2024, 2025, 2025]
    assert [one.school_year for one in later.assignments] == [2025, 2025]


async def test_assignments_of_other_years_stay(database: Database, journal: Journal) -> None:
    head, _, _, homeroom = ASSIGNMENTS.splitlines()
    async with database.begin() as connection:
        await load_schools(connection, journal, file(SCHOOLS))
        await load_staff(connection, file(STAFF), "77000001", KEY)
        await load_assignments(connection, file(ASSIGNMENTS), "77000001")
        told = await load_assignments(connection, file(f"{head}\n{homeroom}\n"), "77000001")
        lists = await lists_of(connection, "77000001", key=KEY, day=NOW)
        assert await load_assignments(connection, file(f"{head}\n"), "77000001") == ()
    assert told == ("- 2025 | 6A1 | 15 | 1 | GV1",)
    assert lists is not None
    assert [(one.school_year, one.subject_code) for one in lists.assignments] == [
        (2024, "15"),
        (2025, "GVCN"),
    ]


async def test_an_emptied_staff_list_is_none(database: Database, journal: Journal) -> None:
    async with database.begin() as connection:
        await load_schools(connection, journal, file(SCHOOLS))
        await load_staff(connection, file(STAFF), "77000001", KEY)
        told = await load_staff(connection, file(STAFF.splitlines()[0]), "77000001", KEY)
        assert [line[:2] for line in told] == ["- ", "- "]
        assert await lists_of(connection, "77000001", key=KEY, day=NOW) is None


async def test_lists_of_a_school_that_the_directory_does_not_have_are_refused(
    database: Database,
) -> None:
    async with database.begin() as connection:
        with pytest.raises(InvalidRequest):
            await load_staff(connection, file(STAFF), "77000001", KEY)
        with pytest.raises(InvalidRequest):
            await load_assignments(connection, file(ASSIGNMENTS), "77000001")


async def test_no_personal_number_is_kept(database: Database, journal: Journal) -> None:
    async with database.begin() as connection:
        await load_schools(connection, journal, file(SCHOOLS))
        await load_staff(connection, file(STAFF), "77000001", KEY)
        kept = [str(row) for row in await connection.execute(text("SELECT * FROM school_staff"))]
    assert kept
    assert "079180000123" not in "".join(kept)
