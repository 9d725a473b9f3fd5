"""What the migration of the directory makes of schools and certificates that were there before."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractContextManager, asynccontextmanager
from datetime import date
from hashlib import sha256

from alembic import command
from sqlalchemy import text

from app import db
from app.db import Database, connect, migrate
from app.directory.schools import EVER, histories_of
from app.trust.candidate import key_digest
from app.trust.registry import registrations_of
from tests.scenarios import scenario_of
from tests.verdicts import STUDENTS

BEFORE = (
    """
    INSERT INTO schools (school_code, name, province_code, created_at)
    VALUES (:school, 'Trường Mẫu', '79', now()), ('24000001', 'Trường Mẫu', '24', now())
    """,
    """
    INSERT INTO certificates (certificate_sha256, school_code, role, der, approved_from,
        approved_by, approved_at)
    VALUES (:digest, :school, 'CBQL', :der, '2025-08-01', 'operator', now())
    """,
)
NewDatabase = Callable[[], AbstractContextManager[str]]


@asynccontextmanager
async def opened(url: str) -> AsyncGenerator[Database]:
    database = connect(url, role=None)
    yield database
    await database.dispose()


def test_certificates_and_schools_of_before_get_their_history(blank_database: NewDatabase) -> None:
    school = scenario_of(STUDENTS).school
    der = school.certificates[0].der

    async def fill(url: str) -> None:
        async with opened(url) as database, database.begin() as connection:
            for statement in BEFORE:
                values = {"school": school.code, "digest": sha256(der).hexdigest(), "der": der}
                await connection.execute(text(statement), values)

    async def read(url: str) -> tuple[object, ...]:
        async with opened(url) as database, database.read() as connection:
            kept = await registrations_of(connection, school.code)
            histories = await histories_of(connection, [school.code, "24000001"])
            events = text("SELECT event, actor, valid_from FROM certificate_events")
            [event] = await connection.execute(events)
            key = await connection.scalar(text("SELECT key_sha256 FROM certificates"))
        begins = [history.periods[0].valid_from for history in histories.values()]
        return len(kept), tuple(event), key, begins

    config = db._alembic()
    with blank_database() as url:
        config.attributes["url"] = url
        command.upgrade(config, "0003")
        asyncio.run(fill(url))
        migrate(url)
        assert asyncio.run(read(url)) == (
            1,
            ("approved", "operator", date(2025, 8, 1)),
            key_digest(der),
            [date(2025, 7, 1), EVER],
        )
        command.downgrade(config, "0003")
        migrate(url)
