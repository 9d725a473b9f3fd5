from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import text

from app.db import Database
from app.directory.schools import (
    EVER,
    School,
    SchoolHistory,
    SchoolPeriod,
    find_school,
    history_of,
    predecessors_of,
    register_school,
    tenures_of,
    write_history,
)
from app.errors import InvalidRequest

NOW = datetime(2026, 6, 10, 8, tzinfo=UTC)
SCHOOL = School(code="01000123", name="Trường THCS Mẫu", province_code="01")
RENAMED = replace(SCHOOL, name="Trường THCS Mẫu Mới", levels=("03",))


async def test_a_registered_school_is_found_by_its_code(
    database: Database, worker_database: Database
) -> None:
    async with database.begin() as connection:
        await register_school(connection, SCHOOL, NOW)
    async with worker_database.read() as connection:
        assert await find_school(connection, "01000123") == SCHOOL
        assert await find_school(connection, "1000123") is None
        assert await history_of(connection, "1000123") is None
        assert tenures_of(None) == ()


async def test_registering_again_gives_the_new_name_and_keeps_what_was_before(
    database: Database,
) -> None:
    async with database.begin() as connection:
        for days, school in enumerate((SCHOOL, SCHOOL, RENAMED, RENAMED)):
            await register_school(connection, school, NOW + timedelta(days=days))
        assert await find_school(connection, SCHOOL.code) == RENAMED
        first_day = await connection.scalar(text("SELECT created_at FROM schools"))
        history = await history_of(connection, SCHOOL.code)
    assert first_day == NOW
    assert history is not None
    assert history.periods == (
        SchoolPeriod(
            valid_from=EVER, valid_to=date(2026, 6, 11), name=SCHOOL.name, province_code="01"
        ),
        SchoolPeriod(
            valid_from=date(2026, 6, 12), name=RENAMED.name, levels=("03",), province_code="01"
        ),
    )
    assert [tenure.levels for tenure in tenures_of(history)] == [(), ("03",)]


async def test_a_name_of_the_same_day_takes_the_place_of_the_wrong_one(database: Database) -> None:
    async with database.begin() as connection:
        await register_school(connection, SCHOOL, NOW)
        for name in ("Trường THCS Mâu", RENAMED.name):
            corrected = replace(RENAMED, name=name)
            await register_school(connection, corrected, NOW + timedelta(days=1))
        history = await history_of(connection, SCHOOL.code)
    assert history is not None
    assert [period.name for period in history.periods] == [SCHOOL.name, RENAMED.name]


async def test_a_school_of_a_code_that_changed_meaning_begins_with_the_new_province(
    database: Database,
) -> None:
    moved = replace(SCHOOL, code="24000123", province_code="24")
    async with database.begin() as connection:
        await register_school(connection, moved, NOW)
        history = await history_of(connection, moved.code)
    assert history is not None
    assert [period.valid_from for period in history.periods] == [date(2025, 7, 1)]


@pytest.mark.parametrize("code", ["02", "99", ""])
async def test_a_province_that_does_not_exist_today_is_refused(
    database: Database, code: str
) -> None:
    nowhere = School(code="1", name="Trường Mẫu", province_code=code)
    async with database.begin() as connection:
        with pytest.raises(InvalidRequest):
            await register_school(connection, nowhere, NOW)


async def test_a_school_has_taken_over_whoever_named_it_and_whoever_they_had_taken_over(
    database: Database, worker_database: Database
) -> None:
    # d → c → b → a; a and b name each other; e goes to a only later.
    merged = {"d": "c", "c": "b", "b": "a", "a": "b", "e": "a"}
    async with database.begin() as connection:
        for code, successor in merged.items():
            period = SchoolPeriod(
                valid_from=EVER,
                valid_to=date(2026, 6, 10 if code == "e" else 9),
                name=SCHOOL.name,
                province_code="01",
                successor_code=successor,
            )
            await write_history(connection, SchoolHistory(code=code, periods=(period,)), NOW)
    async with worker_database.read() as connection:
        assert await predecessors_of(connection, "a", on=NOW.date()) == {"b", "c", "d"}
        assert await predecessors_of(connection, "c", on=NOW.date()) == {"d"}
        assert await predecessors_of(connection, "d", on=NOW.date()) == frozenset()
        assert "e" in await predecessors_of(connection, "a", on=date(2026, 6, 11))
