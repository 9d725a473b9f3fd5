"""Registering webhooks and looking after them, over HTTP."""

from base64 import b64decode
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from app.clients.accounts import Kind
from app.db import Database
from app.webhooks.manage import MAX_WEBHOOKS
from app.webhooks.outbox import PACKAGE_FINISHED, announce
from app.webhooks.signing import secret_of
from tests.accounts import KEYS, Service, open_account, rows, running_service

URL = "https://phan-mem-mau.example/su-kien?token=mau"


@pytest.fixture
async def service(database: Database, database_url: str, tmp_path: Path) -> AsyncIterator[Service]:
    await open_account(database, "phan-mem-mau", Kind.HUB)
    await open_account(database, "phan-mem-khac", Kind.HUB)
    async with running_service(database_url, tmp_path) as running:
        yield running


async def register(service: Service, url: str = URL) -> dict[str, Any]:
    answer = await service.ask("phan-mem-mau", "POST", "/v1/webhooks", json={"url": url})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def told(service: Service, worker_database: Database, count: int) -> None:
    for number in range(count):
        service.clock.forward(seconds=1)
        async with worker_database.begin() as connection:
            data: dict[str, str | int | UUID | None] = {"total": number}
            await announce(connection, "phan-mem-mau", PACKAGE_FINISHED, data, now=service.clock())


async def test_a_secret_is_shown_once_and_lies_nowhere(
    service: Service, database: Database
) -> None:
    made = await register(service)
    secret = b64decode(made["secret"].removeprefix("whsec_"))
    assert secret == secret_of(KEYS.webhooks, UUID(made["webhook_id"]))
    listed = await service.ask("phan-mem-mau", "GET", "/v1/webhooks")
    assert listed.json() == {"items": [{k: v for k, v in made.items() if k != "secret"}]}
    (row,) = await rows(database, "SELECT w::text FROM webhooks AS w")
    assert made["secret"].removeprefix("whsec_") not in row[0]
    assert secret.hex() not in row[0]


async def test_each_change_is_in_the_audit_without_the_address(
    service: Service, database: Database, worker_database: Database
) -> None:
    made = await register(service)
    path = f"/v1/webhooks/{made['webhook_id']}"
    await told(service, worker_database, 1)
    page = (await service.ask("phan-mem-mau", "GET", f"{path}/deliveries")).json()
    delivery = page["items"][0]["delivery_id"]
    again = await service.ask("phan-mem-mau", "POST", f"{path}/deliveries/{delivery}/replay")
    assert again.status_code == 202
    assert (await service.ask("phan-mem-mau", "DELETE", path)).status_code == 204
    found = await rows(
        database,
        "SELECT actor, action, object, detail FROM audit WHERE action LIKE 'webhook.%' ORDER BY id",
    )
    assert found == [
        ("phan-mem-mau", action, made["webhook_id"], detail)
        for action, detail in (
            ("webhook.added", {"host": "phan-mem-mau.example"}),
            ("webhook.replayed", {"delivery": delivery}),
            ("webhook.ended", {}),
        )
    ]


async def test_an_address_is_registered_once_and_a_handful_in_all(service: Service) -> None:
    first = await register(service)
    again = await service.ask("phan-mem-mau", "POST", "/v1/webhooks", json={"url": URL})
    assert again.status_code == 409
    for number in range(1, MAX_WEBHOOKS):
        await register(service, f"{URL}{number}")
    one_more = await service.ask("phan-mem-mau", "POST", "/v1/webhooks", json={"url": f"{URL}x"})
    assert one_more.status_code == 409
    await service.ask("phan-mem-mau", "DELETE", f"/v1/webhooks/{first['webhook_id']}")
    assert (await register(service))["webhook_id"] != first["webhook_id"]


async def test_an_address_that_may_not_be_told_is_refused_with_the_reason(
    service: Service,
) -> None:
    for url, reason in (
        ("http://phan-mem.example/x", "scheme"),
        ("https://10.0.0.1/x", "host"),
        ("https://phan-mem.example:25/x", "port"),
    ):
        answer = await service.ask("phan-mem-mau", "POST", "/v1/webhooks", json={"url": url})
        assert (answer.status_code, answer.json()["reason"]) == (422, reason)


async def test_the_webhooks_of_another_client_do_not_exist(
    service: Service, worker_database: Database
) -> None:
    made = await register(service)
    await told(service, worker_database, 1)
    path = f"/v1/webhooks/{made['webhook_id']}"
    own = await service.ask("phan-mem-mau", "GET", f"{path}/deliveries")
    delivery = own.json()["items"][0]["delivery_id"]
    asked = [
        ("GET", f"{path}/deliveries"),
        ("POST", f"{path}/deliveries/{delivery}/replay"),
        ("DELETE", path),
    ]
    answers = [await service.ask("phan-mem-khac", method, where) for method, where in asked]
    assert [answer.status_code for answer in answers] == [404] * 3
    assert (await service.ask("phan-mem-khac", "GET", "/v1/webhooks")).json() == {"items": []}
    after = await service.ask("phan-mem-mau", "GET", f"{path}/deliveries")
    assert after.json() == own.json()
    unknown = f"{path}/deliveries/{made['webhook_id']}/replay"
    assert (await service.ask("phan-mem-mau", "POST", unknown)).status_code == 404


async def test_another_clients_events_are_not_told(
    service: Service, database: Database, worker_database: Database
) -> None:
    await register(service)
    async with worker_database.begin() as connection:
        await announce(connection, "phan-mem-khac", PACKAGE_FINISHED, {}, now=service.clock())
    assert await rows(database, "SELECT delivery_id FROM webhook_deliveries") == []


async def test_deliveries_are_listed_in_pages_newest_first(
    service: Service, database: Database, worker_database: Database
) -> None:
    path = f"/v1/webhooks/{(await register(service))['webhook_id']}/deliveries"
    await told(service, worker_database, 5)
    await rows(
        database,
        "UPDATE webhook_deliveries SET state = 'dead', finished_at = now(), attempts = 9 "
        "WHERE body LIKE '%3}}'",
    )
    numbers, after = [], None
    for _ in range(3):
        parameters = {"limit": 2} | ({"after": after} if after else {})
        page = (await service.ask("phan-mem-mau", "GET", path, params=parameters)).json()
        numbers.append([item["body"]["data"]["total"] for item in page["items"]])
        after = page["next"]
    assert (numbers, after) == ([[4, 3], [2, 1], [0]], None)
    dead = await service.ask("phan-mem-mau", "GET", path, params={"state": "dead"})
    (item,) = dead.json()["items"]
    assert (item["body"]["data"], item["next_at"]) == ({"total": 3}, None)
    again = await service.ask("phan-mem-mau", "POST", f"{path}/{item['delivery_id']}/replay")
    assert {name: again.json()[name] for name in ("delivery_id", "state", "attempts")} == {
        "delivery_id": item["delivery_id"],
        "state": "pending",
        "attempts": 0,
    }


@pytest.mark.parametrize("after", ["x", "w6k=", "MjAyNi0wNy0wMSAx", "%00"])
async def test_a_cursor_of_nobodys_is_refused(service: Service, after: str) -> None:
    path = f"/v1/webhooks/{(await register(service))['webhook_id']}/deliveries"
    answer = await service.ask("phan-mem-mau", "GET", path, params={"after": after})
    assert (answer.status_code, answer.json()["parameter"]) == (422, "after")


async def test_a_cursor_without_a_zone_is_refused(service: Service) -> None:
    made = await register(service)
    after = "MjAyNi0wNy0wMSAwZTlkN2E1Mi0zYzQxLTRmMGItOWE2ZS01YjFmOGMyZDdlMTA="
    path = f"/v1/webhooks/{made['webhook_id']}/deliveries"
    answer = await service.ask("phan-mem-mau", "GET", path, params={"after": after})
    assert answer.status_code == 422
