"""What a database has already stays as it is, whoever restores it again."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from app.db import Database
from app.directory.restoring import restore_school
from app.intake.restoring import (
    queue_again,
    restore_decision,
    restore_discard,
    restore_reading,
    restore_received,
    restore_reply,
)
from app.journal import Kind
from app.trust.restoring import restore_certificate
from tests.rebuilding import rows_of
from tests.remains import Remains, first
from tests.working import as_owner

pytestmark = pytest.mark.xdist_group("rebuild")

Body = Mapping[str, Any]


async def received(connection: AsyncConnection, body: Body) -> object:
    return await restore_received(connection, [body]) + await restore_received(connection, [])


async def queued(connection: AsyncConnection, body: Body) -> object:
    return await queue_again(connection, body, b"", rest=None)


async def certified(connection: AsyncConnection, body: Body) -> object:
    return (await restore_certificate(connection, [body])).changed


async def listed(connection: AsyncConnection, body: Body) -> object:
    return await restore_school(connection, body["schools"][0], body["periods"])


AGAIN: dict[str, tuple[Kind, Callable[[AsyncConnection, Body], Awaitable[object]]]] = {
    "receipt": (Kind.RECEIVED, received),
    "waiting package": (Kind.RECEIVED, queued),
    "decision": (Kind.DECIDED, restore_decision),
    "reply": (Kind.REPLIED, restore_reply),
    "reading": (Kind.READ, restore_reading),
    "discard": (Kind.DISCARDED, restore_discard),
    "certificate": (Kind.CERTIFICATE, certified),
    "school": (Kind.DIRECTORY, listed),
}


def test_nothing_is_written_twice(kept: Remains, database_url: str) -> None:
    kept.rebuilt(database_url)
    entries = kept.entries()

    async def again(database: Database) -> dict[str, object]:
        async with database.begin() as connection:
            return {
                name: await restore(connection, first(entries, kind).body)
                for name, (kind, restore) in AGAIN.items()
            }

    written = asyncio.run(as_owner(database_url, again))
    assert {name for name, new in written.items() if new} == set()
    assert asyncio.run(rows_of(database_url)) == kept.rows


def test_a_school_that_changed_since_is_brought_up_to_date(
    kept: Remains, database_url: str
) -> None:
    [entry] = [one for one in kept.entries() if one.kind is Kind.DIRECTORY]
    [school], [period] = entry.body["schools"], entry.body["periods"]

    async def names(database: Database) -> list[bool]:
        async with database.begin() as connection:
            before = await restore_school(connection, school | {"name": "Trường Mẫu Cũ"}, [])
            return [before, await restore_school(connection, school, [period])]

    assert asyncio.run(as_owner(database_url, names)) == [True, True]
    rows = asyncio.run(rows_of(database_url))
    assert (rows["schools"], rows["school_periods"]) == (
        kept.rows["schools"],
        kept.rows["school_periods"],
    )
