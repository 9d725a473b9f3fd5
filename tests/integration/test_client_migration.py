"""Accounts of the version before keep their secret and their schools."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager

from alembic import command

from app import db
from app.clients.partition import Place, levels_open_to
from app.clients.proof import BySecret, prove_client
from app.clients.secrets import hash_secret
from app.db import connect, migrate
from tests.accounts import NOW, SECRET, rows

OLD = (
    "INSERT INTO schools VALUES ('79000701', 'Trường THCS Mẫu', '79', '2026-01-01')",
    "INSERT INTO clients VALUES ('hub-cu', 'Mẫu', :hash, '{packages:write}', true, '2026-01-01')",
    "INSERT INTO client_schools VALUES ('hub-cu', '79000701')",
)


def test_an_older_account_still_logs_in_and_sends_for_its_schools(
    blank_database: Callable[[], AbstractContextManager[str]],
) -> None:
    async def fill(url: str) -> None:
        database = connect(url, role=None)
        for statement in OLD:
            values = {"hash": hash_secret(SECRET)} if ":hash" in statement else {}
            await rows(database, statement, **values)
        await database.dispose()

    async def look(url: str) -> tuple[bool, bool]:
        web = connect(url, role="hocba_web")
        proof = BySecret(client_id="hub-cu", secret=SECRET)
        proven = await prove_client(web, proof, now=NOW, audiences=())
        place = Place(school_code="79000701", province_code="79")
        async with web.read() as connection:
            levels = await levels_open_to(connection, "hub-cu", place, NOW)
        await web.dispose()
        return proven.holds, bool(levels)

    config = db._alembic()
    with blank_database() as url:
        config.attributes["url"] = url
        command.upgrade(config, "0002")
        asyncio.run(fill(url))
        migrate(url)
        assert asyncio.run(look(url)) == (True, True)
