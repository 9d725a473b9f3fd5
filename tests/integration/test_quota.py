"""Each client's share of requests, kept in PostgreSQL for all web processes together."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from app.clients.accounts import Kind
from app.clients.quota import READING, WRITING, Quota, Taken, headers_of, quota_for, take
from app.db import Database, connect
from app.limits import LIMITS
from tests.accounts import Service, open_account, rows, running_service

SLOW = Quota(name="write", burst=5, per_second=0.01)
PENDING = "/v1/packages/0e9d7a52-3c41-4f0b-9a6e-5b1f8c2d7e10"
XML = {"Content-Type": "application/xml"}


@pytest.fixture
async def service(database: Database, database_url: str, tmp_path: Path) -> AsyncIterator[Service]:
    await open_account(database, "truong-mau", Kind.SCHOOL)
    await open_account(database, "truong-khac", Kind.SCHOOL)
    async with running_service(database_url, tmp_path) as running:
        yield running


async def wind(database: Database, seconds: float) -> None:
    """Let time pass for every bucket."""
    passed = "UPDATE client_buckets SET full_at = full_at - :seconds * interval '1 second'"
    await rows(database, passed, seconds=seconds)


async def test_an_empty_bucket_lets_nothing_pass_until_a_token_is_back(
    database: Database, web_database: Database
) -> None:
    taken = [await take(web_database, "a", SLOW) for _ in range(6)]
    assert [one.allowed for one in taken] == [True] * 5 + [False]
    assert [one.remaining for one in taken] == [4, 3, 2, 1, 0, 0]
    assert 80 <= taken[-1].next_in <= 100
    await wind(database, 250)
    assert [(await take(web_database, "a", SLOW)).allowed for _ in range(3)] == [True, True, False]


async def test_a_bucket_is_never_fuller_than_full(
    database: Database, web_database: Database
) -> None:
    await take(web_database, "a", SLOW)
    await wind(database, 1_000_000)
    assert (await take(web_database, "a", SLOW)).remaining == 4


async def test_several_processes_at_once_give_out_exactly_what_is_there(
    database_url: str,
) -> None:
    processes = [connect(database_url, role="hocba_web", pool_size=4) for _ in range(3)]
    try:
        taken = await asyncio.gather(*(take(one, "a", SLOW) for one in processes * 5))
    finally:
        for one in processes:
            await one.dispose()
    assert sum(one.allowed for one in taken) == SLOW.burst


async def test_clients_and_buckets_do_not_share(web_database: Database) -> None:
    reading = Quota(name="read", burst=1, per_second=0.01)
    for _ in range(6):
        await take(web_database, "a", SLOW)
    assert (await take(web_database, "b", SLOW)).allowed
    assert (await take(web_database, "a", reading)).allowed


@pytest.mark.parametrize("kind", Kind)
def test_whoever_may_send_can_always_follow(kind: Kind) -> None:
    assert READING[kind].burst >= WRITING[kind].burst
    assert READING[kind].per_second >= WRITING[kind].per_second


@pytest.mark.parametrize(
    ("method", "path", "quota"),
    [
        ("GET", "/v1/packages/x", READING),
        ("HEAD", "/v1/packages/x", READING),
        ("POST", "/v1/packages/x/reply/read", READING),
        ("POST", "/v1/packages", WRITING),
        ("PATCH", "/v1/clients/x", WRITING),
    ],
)
def test_a_request_is_paid_from_its_bucket(method: str, path: str, quota: object) -> None:
    assert quota_for(Kind.HUB, method, path) is quota[Kind.HUB]  # type: ignore[index]  # reason: a column of the table above


def test_a_full_bucket_has_nothing_to_wait_for() -> None:
    full = Taken(quota=SLOW, allowed=True, remaining=5, next_in=0)
    assert headers_of(full) == {
        "RateLimit-Policy": '"write";q=5;w=500',
        "RateLimit": '"write";r=5',
    }


async def test_every_answer_to_a_client_tells_its_share(service: Service) -> None:
    answer = await service.ask("truong-mau", "GET", PENDING)
    assert answer.status_code == 404
    assert answer.headers["RateLimit-Policy"] == '"read";q=600;w=60'
    assert answer.headers["RateLimit"] == '"read";r=599;t=1'
    assert "RateLimit" not in (await service.http.get(PENDING)).headers


async def test_a_client_that_has_sent_too_much_waits_but_still_reads(
    service: Service, database: Database
) -> None:
    async def send(client_id: str) -> httpx.Response:
        return await service.ask(client_id, "POST", "/v1/packages", content=b"<x/>", headers=XML)

    first = await send("truong-mau")
    assert first.headers["RateLimit"] == '"write";r=59;t=1'
    await wind(database, -1_000_000)
    refused = await send("truong-mau")
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "1")
    assert refused.headers["RateLimit"] == '"write";r=0;t=1'
    assert (refused.json()["code"], refused.json()["retry_after"]) == ("too-many-requests", 1)
    assert (await service.ask("truong-mau", "GET", PENDING)).status_code == 404
    assert (await send("truong-khac")).status_code == 202


async def test_the_limits_are_told_to_everybody(service: Service) -> None:
    answer = await service.http.get("/v1/limits")
    assert answer.json() == LIMITS.model_dump(mode="json")
    assert answer.headers["Cache-Control"] == "public, max-age=3600"
    told = {one["kind"]: one for one in answer.json()["clients"]}
    assert told["school"]["write"] == {"burst": 60, "per_second": 1.0}
    assert answer.json()["package_bytes"] == 32 * 1024 * 1024
