from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from app.audit.record import Action, record
from app.db import Database

NOW = datetime(2026, 6, 10, 8, tzinfo=UTC)


async def test_each_process_adds_what_it_may_not_read(
    database: Database, web_database: Database, worker_database: Database
) -> None:
    for process in (web_database, worker_database):
        async with process.begin() as connection:
            await record(
                connection,
                at=NOW,
                actor="pm-mau",
                action=Action.PACKAGE_RECEIVED,
                object="0c1f",
                detail={"size": 5},
                trace_id="ab" * 16,
            )
    async with database.read() as connection:
        query = text("SELECT at, actor, action, object, detail, trace_id FROM audit")
        rows = (await connection.execute(query)).all()
    row = (NOW, "pm-mau", "package.received", "0c1f", {"size": 5}, "ab" * 16)
    assert [tuple(found) for found in rows] == [row, row]


async def test_a_decision_that_is_rolled_back_is_not_recorded(database: Database) -> None:
    async def fail() -> None:
        async with database.begin() as connection:
            await record(
                connection, at=NOW, actor="worker", action=Action.PACKAGE_PROCESSED, object="0c1f"
            )
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    async with database.read() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM audit")) == 0
