"""Accounts that a rebuild left without any right, and how the Ministry gives it back."""

import pytest

from app.clients.accounts import SCOPES_OF, Kind, Scope, create_client
from app.clients.act import Act
from app.clients.grants import Grant
from app.clients.manage import Dossier, read_client
from app.clients.restoring import (
    Reinstatement,
    absent_clients,
    add_disabled,
    reinstate_client,
    without_rights,
)
from app.db import Database
from app.errors import Conflict, InvalidRequest, NotFound
from tests.accounts import NOW, rows

GIVEN = Reinstatement(
    kind=Kind.SCHOOL, grants=(Grant(province_code="79", level="03", valid_from=NOW),)
)


async def reinstated(database: Database, given: Reinstatement = GIVEN) -> str:
    act = Act(database=database, actor="operator", now=NOW)
    async with act.begin() as connection:
        return await reinstate_client(connection, act, "truong-mau", given)


async def left_behind(database: Database) -> Dossier:
    async with database.begin() as connection:
        absent = await absent_clients(connection, ["truong-mau", "truong-mau"])
        await add_disabled(connection, absent, NOW)
        assert await absent_clients(connection, ["truong-mau"]) == ()
        await add_disabled(connection, (), NOW)
        assert await without_rights(connection, ["truong-mau", "khac"]) == {"truong-mau"}
    return await read_client(database, "truong-mau")


async def test_an_account_comes_back_without_any_right(database: Database) -> None:
    found = await left_behind(database)
    assert found.account.name == "khôi phục: truong-mau"
    assert (found.account.enabled, found.account.scopes) == (False, frozenset())
    assert (found.grants, found.secrets, found.keys) == ((), (), ())


async def test_the_ministry_gives_back_kind_grants_and_a_new_secret(database: Database) -> None:
    await left_behind(database)
    secret = await reinstated(database)
    found = await read_client(database, "truong-mau")
    assert len(secret) > 30
    async with database.read() as connection:
        assert await without_rights(connection, ["truong-mau"]) == frozenset()
    assert (found.account.kind, found.account.enabled) == (Kind.SCHOOL, True)
    assert found.account.scopes == SCOPES_OF[Kind.SCHOOL]
    assert [(one.province_code, one.level) for one in found.grants] == [("79", "03")]
    assert len(found.secrets) == 1
    told = await rows(database, "SELECT actor, action, object, detail FROM audit")
    detail = {"kind": "school", "enabled": True, "grants": 1}
    assert told == [("operator", "client.changed", "truong-mau", detail)]


async def test_only_what_was_lost_is_given_back(database: Database) -> None:
    with pytest.raises(NotFound):
        await reinstated(database)
    async with database.begin() as connection:
        await create_client(
            connection,
            client_id="truong-mau",
            name="Trường Mẫu",
            scopes=[Scope.PACKAGES_READ],
            secret=None,
            now=NOW,
        )
    with pytest.raises(Conflict):
        await reinstated(database)


async def test_a_malformed_grant_leaves_the_account_as_it_was(database: Database) -> None:
    before = await left_behind(database)
    wrong = Reinstatement(kind=Kind.HUB, grants=(Grant(level="09", valid_from=NOW),))
    with pytest.raises(InvalidRequest):
        await reinstated(database, wrong)
    assert await read_client(database, "truong-mau") == before
