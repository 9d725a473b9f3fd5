import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from app.db import Database, connect, migrate
from app.errors import StartRefused, Unavailable

NOWHERE = "postgresql://hocba:secret@127.0.0.1:1/hocba"
ADD = "INSERT INTO schools VALUES (:code, :name, '01', now())"
SCHOOL = {"code": "01000001", "name": "Trường THCS Mẫu"}


async def count_schools(database: Database) -> int:
    async with database.read() as connection:
        return int(await connection.scalar(text("SELECT count(*) FROM schools")) or 0)


async def execute(database: Database, *statements: str) -> None:
    async with database.begin() as connection:
        for statement in statements:
            await connection.execute(text(statement))


async def test_a_transaction_commits_when_its_block_ends(database: Database) -> None:
    async with database.begin() as connection:
        await connection.execute(text(ADD), SCHOOL)
    assert await count_schools(database) == 1


async def test_a_transaction_leaves_nothing_when_its_block_raises(database: Database) -> None:
    async def fail() -> None:
        async with database.begin() as connection:
            await connection.execute(text(ADD), SCHOOL)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert await count_schools(database) == 0


async def test_a_reader_cannot_write(database: Database) -> None:
    with pytest.raises(DBAPIError, match="read-only"):
        async with database.read() as connection:
            await connection.execute(text(ADD), SCHOOL)


async def test_a_reader_sees_one_moment_in_every_statement(database: Database) -> None:
    async with database.read() as connection:
        before = await connection.scalar(text("SELECT count(*) FROM schools"))
        async with database.begin() as other:
            await other.execute(text(ADD), SCHOOL)
        assert await connection.scalar(text("SELECT count(*) FROM schools")) == before
    assert await count_schools(database) == 1


async def test_a_connection_acts_as_its_role_in_utc(web_database: Database) -> None:
    async with web_database.read() as connection:
        row = (
            await connection.execute(
                text("SELECT current_user, current_setting('timezone'), session_user")
            )
        ).one()
    assert tuple(row) == ("hocba_web", "UTC", "hocba")


async def test_a_database_that_cannot_be_reached_is_unavailable() -> None:
    database = connect(NOWHERE, role="hocba_web")
    with pytest.raises(Unavailable) as refused:
        async with database.read():
            pass
    assert refused.value.part == "database"
    await database.dispose()


async def test_a_connection_lost_in_a_transaction_is_unavailable_and_the_next_one_works(
    database: Database,
) -> None:
    async def lose() -> None:
        end = text("SELECT pg_terminate_backend(:pid, 5000)")
        async with database.begin() as connection:
            pid = await connection.scalar(text("SELECT pg_backend_pid()"))
            async with database.begin() as other:
                await other.execute(end, {"pid": pid})
            await connection.execute(text("SELECT 1"))

    with pytest.raises(Unavailable):
        await lose()
    assert await count_schools(database) == 0


async def test_a_statement_over_its_time_limit_is_unavailable(database: Database) -> None:
    with pytest.raises(Unavailable):
        await execute(database, "SET LOCAL statement_timeout = 10", "SELECT pg_sleep(5)")


async def test_a_database_that_takes_no_changes_is_unavailable_for_them_alone(
    database: Database, database_url: str
) -> None:
    name = database_url.rpartition("/")[2]
    await execute(database, f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    restored = connect(database_url, role="hocba_web")
    try:
        assert await count_schools(restored) == 0
        with pytest.raises(Unavailable):
            await execute(restored, "DELETE FROM revoked_tokens")
    finally:
        await restored.dispose()


async def test_a_lock_that_is_not_given_in_time_is_unavailable(database: Database) -> None:
    async with database.begin() as holder:
        await holder.execute(text("LOCK TABLE schools"))
        with pytest.raises(Unavailable):
            await execute(database, "SET LOCAL lock_timeout = 10", "LOCK TABLE schools")


async def test_a_refused_row_does_not_repeat_its_values_in_the_error(database: Database) -> None:
    async with database.begin() as connection:
        await connection.execute(text(ADD), SCHOOL)
    with pytest.raises(IntegrityError) as refused:
        async with database.begin() as connection:
            await connection.execute(text(ADD), SCHOOL)
    error: BaseException | None = refused.value
    while error is not None:
        assert SCHOOL["code"] not in str(error)
        assert SCHOOL["name"] not in str(error)
        error = error.__cause__


def test_a_database_that_cannot_be_reached_stops_the_start() -> None:
    with pytest.raises(StartRefused) as refused:
        migrate(NOWHERE)
    assert "secret" not in refused.value.reason
