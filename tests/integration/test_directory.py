from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from app.db import Database
from app.directory.provinces import PROVINCES
from app.directory.schools import School, find_school, register_school
from app.errors import InvalidRequest

NOW = datetime(2026, 6, 10, 8, tzinfo=UTC)
SCHOOL = School(code="01000123", name="Trường THCS Mẫu", province_code="01")


async def test_a_registered_school_is_found_by_its_code(
    database: Database, worker_database: Database
) -> None:
    async with database.begin() as connection:
        await register_school(connection, SCHOOL, NOW)
    async with worker_database.read() as connection:
        assert await find_school(connection, "01000123") == SCHOOL
        assert await find_school(connection, "1000123") is None


async def test_registering_again_gives_the_new_name_and_keeps_the_first_day(
    database: Database,
) -> None:
    renamed = School(code=SCHOOL.code, name="Trường THCS Mẫu Mới", province_code="01")
    async with database.begin() as connection:
        await register_school(connection, SCHOOL, NOW)
        await register_school(connection, renamed, NOW + timedelta(days=1))
        assert await find_school(connection, SCHOOL.code) == renamed
        first_day = await connection.scalar(text("SELECT created_at FROM schools"))
    assert first_day == NOW


async def test_a_province_that_does_not_exist_is_refused(database: Database) -> None:
    nowhere = School(code="1", name="Trường Mẫu", province_code="02")
    async with database.begin() as connection:
        with pytest.raises(InvalidRequest):
            await register_school(connection, nowhere, NOW)


def test_there_are_34_provinces() -> None:
    assert len(PROVINCES) == len(set(PROVINCES.values())) == 34
