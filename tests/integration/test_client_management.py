"""The Ministry manages accounts over HTTP; each change is audited and a secret is told once."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from joserfc.jwk import ECKey

from app.clients.accounts import Kind
from app.db import Database
from app.directory.schools import School, register_school
from tests.accounts import NOW, SECRET, Service, open_account, rows, running_service

PUBLIC_KEY = ECKey.generate_key("P-256").as_dict(private=False) | {"kid": "k1", "alg": "ES256"}
NEW = {"client_id": "hub-moi", "name": "Phần mềm Mẫu", "kind": "hub"}
HERE = "/v1/clients/hub-moi"


@pytest.fixture
async def service(database: Database, database_url: str, tmp_path: Path) -> AsyncIterator[Service]:
    async with database.begin() as connection:
        school = School(code="79000701", name="Trường THCS Mẫu", province_code="79")
        await register_school(connection, school, NOW)
    await open_account(database, "bo", Kind.MINISTRY)
    async with running_service(database_url, tmp_path) as running:
        yield running


async def manage(service: Service, method: str, path: str, body: Any = None) -> httpx.Response:
    return await service.ask("bo", method, path, json=body)


async def log_in(service: Service, secret: str) -> int:
    form = {
        "grant_type": "client_credentials",
        "client_id": "hub-moi",
        "client_secret": secret,
    }
    return (await service.http.post("/v1/oauth/token", data=form)).status_code


async def audited(database: Database) -> list[Any]:
    found = await rows(
        database,
        "SELECT actor, action, object, detail FROM audit WHERE action LIKE 'client.%' ORDER BY id",
    )
    return [row[1] for row in found if (row[0], row[2]) == ("bo", "hub-moi")]


async def test_a_new_account_gets_a_secret_that_is_told_once(
    service: Service, database: Database
) -> None:
    grant = {"school": "79000701", "level": "03", "valid_to": "2026-12-31T00:00:00+07:00"}
    made = await manage(service, "POST", "/v1/clients", NEW | {"grants": [grant]})
    assert (made.status_code, made.headers["Location"]) == (201, HERE)
    secret = made.json()["client_secret"]
    assert await log_in(service, secret) == 200
    shown = await manage(service, "GET", HERE)
    assert secret not in shown.text
    assert shown.json()["scopes"] == [
        "certificates:read",
        "certificates:write",
        "packages:read",
        "packages:write",
        "transcripts:read",
        "webhooks:manage",
    ]
    [kept] = shown.json()["grants"]
    assert (kept["school"], kept["province"], kept["level"]) == ("79000701", None, "03")
    assert (kept["valid_from"], kept["valid_to"]) == (
        "2026-07-01T15:00:00+07:00",
        "2026-12-31T00:00:00+07:00",
    )
    assert secret not in str(await rows(database, "SELECT * FROM audit"))
    assert await audited(database) == ["client.created"]
    assert (await manage(service, "POST", "/v1/clients", NEW)).status_code == 409


async def test_an_account_with_a_public_key_has_no_secret(service: Service) -> None:
    made = await manage(service, "POST", "/v1/clients", NEW | {"key": PUBLIC_KEY})
    assert made.json()["client_secret"] is None
    assert made.json()["secrets"] == []
    assert [(key["name"], key["algorithm"]) for key in made.json()["keys"]] == [("k1", "ES256")]


@pytest.mark.parametrize(
    ("changes", "parameter"),
    [
        ({"scopes": ["clients:manage"]}, "scopes"),
        ({"scopes": []}, "scopes"),
        ({"kind": "relying_party", "scopes": ["packages:read"]}, "scopes"),
        ({"key": PUBLIC_KEY | {"d": "AA"}}, "key"),
        ({"grants": [{"school": "00000000"}]}, "school_code"),
        (
            {"grants": [{"valid_to": "2020-01-01T00:00:00Z"}]},
            "valid_to",
        ),
        ({"client_id": "có dấu"}, "client_id"),
        ({"name": "a\nb"}, "name"),
        ({"la": 1}, "la"),
    ],
    ids=range(9),
)
async def test_an_account_that_may_not_be_is_refused_and_leaves_nothing(
    service: Service, database: Database, changes: dict[str, Any], parameter: str
) -> None:
    answer = await manage(service, "POST", "/v1/clients", NEW | changes)
    assert (answer.status_code, answer.json()["parameter"]) == (422, parameter)
    assert await rows(database, "SELECT client_id FROM clients") == [("bo",)]


async def test_a_disabled_account_is_out_with_its_tokens_and_comes_back(
    service: Service, database: Database
) -> None:
    await open_account(database, "hub-moi", Kind.HUB)
    await service.token("hub-moi")
    path = "/v1/packages/0e9d7a52-3c41-4f0b-9a6e-5b1f8c2d7e10"
    for enabled, status in ((False, 401), (True, 404)):
        answer = await manage(service, "PATCH", HERE, {"enabled": enabled})
        assert answer.json()["enabled"] is enabled
        assert (await service.ask("hub-moi", "GET", path)).status_code == status
    narrowed = {"name": "Tên mới Mẫu", "scopes": ["packages:write"]}
    answer = await manage(service, "PATCH", HERE, narrowed)
    assert (answer.json()["name"], answer.json()["scopes"]) == ("Tên mới Mẫu", ["packages:write"])
    assert (await service.ask("hub-moi", "GET", path)).status_code == 403
    wrong = await manage(service, "PATCH", HERE, {"scopes": ["clients:manage"]})
    assert wrong.status_code == 422
    assert (await manage(service, "PATCH", HERE, {})).status_code == 200
    assert await audited(database) == ["client.changed"] * 3


async def test_ending_a_credential_ends_the_tokens_got_with_it(
    service: Service, database: Database
) -> None:
    await open_account(database, "hub-moi", Kind.HUB)
    path = "/v1/packages/0e9d7a52-3c41-4f0b-9a6e-5b1f8c2d7e10"
    service.clock.forward(minutes=1)
    rotated = await manage(service, "POST", f"{HERE}/secrets", {"overlap_seconds": 3600})
    assert rotated.status_code == 201
    await manage(service, "POST", f"{HERE}/keys", {"key": PUBLIC_KEY})
    old, new = (await manage(service, "GET", HERE)).json()["secrets"]
    assert (old["expires_at"], new["expires_at"]) == ("2026-07-01T16:01:00+07:00", None)
    for place in (f"secrets/{old['name']}", "keys/k1", "tokens/revoke"):
        service.tokens.pop("hub-moi", None)
        await service.token("hub-moi", rotated.json()["client_secret"])
        assert (await service.ask("hub-moi", "GET", path)).status_code == 404
        method = "POST" if place == "tokens/revoke" else "DELETE"
        assert (await manage(service, method, f"{HERE}/{place}")).status_code == 204
        assert (await service.ask("hub-moi", "GET", path)).status_code == 401
    assert await log_in(service, SECRET) == 401
    assert await log_in(service, rotated.json()["client_secret"]) == 200
    for place in (f"secrets/{old['name']}", "keys/k1"):
        assert (await manage(service, "DELETE", f"{HERE}/{place}")).status_code == 404
    again = await manage(service, "POST", f"{HERE}/keys", {"key": PUBLIC_KEY})
    assert again.status_code == 409
    assert await audited(database) == [
        "client.secret-added",
        "client.key-added",
        "client.secret-ended",
        "client.key-ended",
        "client.tokens-revoked",
    ]


@pytest.mark.parametrize("overlap", [-1, 40 * 86400])
async def test_an_overlap_has_bounds(service: Service, overlap: int) -> None:
    answer = await manage(service, "POST", f"{HERE}/secrets", {"overlap_seconds": overlap})
    assert (answer.status_code, answer.json()["parameter"]) == (422, "overlap_seconds")


async def test_a_grant_is_added_and_ended_and_stays_in_the_record(
    service: Service, database: Database
) -> None:
    await open_account(database, "hub-moi", Kind.HUB)
    added = await manage(service, "POST", f"{HERE}/grants", {"province": "79"})
    [grant] = added.json()["grants"]
    future = {"level": "02", "valid_from": "2027-01-01T00:00:00Z"}
    later = (await manage(service, "POST", f"{HERE}/grants", future)).json()["grants"][1]
    service.clock.forward(seconds=1)
    for one in (grant, later):
        path = f"{HERE}/grants/{one['grant_id']}"
        assert (await manage(service, "DELETE", path)).status_code == 204
    ended = (await manage(service, "GET", HERE)).json()["grants"]
    assert [one["valid_to"] for one in ended] == [
        "2026-07-01T15:00:01+07:00",
        "2027-01-01T07:00:00+07:00",
    ]
    path = f"{HERE}/grants/{grant['grant_id']}"
    assert (await manage(service, "DELETE", path)).status_code == 404
    assert await audited(database) == ["client.grant-added"] * 2 + ["client.grant-ended"] * 2


async def test_accounts_are_listed_in_pages(service: Service, database: Database) -> None:
    for client_id in ("a", "b", "c"):
        await open_account(database, client_id, Kind.SCHOOL)
    first = (await manage(service, "GET", "/v1/clients?kind=school&limit=2")).json()
    assert [one["client_id"] for one in first["items"]] == ["a", "b"]
    second = (
        await manage(service, "GET", f"/v1/clients?kind=school&limit=2&after={first['next']}")
    ).json()
    assert ([one["client_id"] for one in second["items"]], second["next"]) == (["c"], None)
    everything = (await manage(service, "GET", "/v1/clients")).json()["items"]
    assert [one["client_id"] for one in everything] == ["a", "b", "bo", "c"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "", None),
        ("PATCH", "", {"name": "Mẫu"}),
        ("POST", "/secrets", {}),
        ("POST", "/keys", {"key": PUBLIC_KEY}),
        ("POST", "/grants", {}),
        ("POST", "/tokens/revoke", None),
    ],
)
async def test_an_unknown_account_is_not_found(
    service: Service, method: str, path: str, body: Any
) -> None:
    assert (await manage(service, method, HERE + path, body)).status_code == 404
