"""Events on their way to real receivers: order, repeats, refusals, and who waits for whom."""

import asyncio
import hmac
from base64 import b64decode
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import httpx
import pytest

from app.clients.accounts import Kind
from app.db import Database
from app.webhooks.deliver import Courier, deliver_event, take_event
from app.webhooks.deliveries import KEPT, discard_finished
from app.webhooks.outbox import PACKAGE_FINISHED, announce
from app.webhooks.sending import Reach
from app.webhooks.signing import secret_of
from app.worker.delivering import keep_delivering
from tests.accounts import NOW, Clock, open_account, rows
from tests.receiver import receiving

KEY = b"k" * 32


@pytest.fixture
async def clock(database: Database) -> Clock:
    await open_account(database, "phan-mem-mau", Kind.HUB)
    return Clock()


@pytest.fixture
async def courier(worker_database: Database, clock: Clock) -> AsyncIterator[Courier]:
    with ThreadPoolExecutor(4) as resolver:
        yield Courier(
            database=worker_database,
            key=KEY,
            reach=Reach(
                sandbox=True, resolver=resolver, tls=httpx.create_ssl_context(), seconds=2.0
            ),
            clock=clock,
            jitter=lambda: 1.0,
        )


async def register(database: Database, url: str) -> UUID:
    webhook_id = uuid4()
    await rows(
        database,
        "INSERT INTO webhooks (webhook_id, client_id, url, created_at) "
        "VALUES (:id, 'phan-mem-mau', :url, :at)",
        id=webhook_id,
        url=url,
        at=NOW,
    )
    return webhook_id


async def tell(courier: Courier, number: int) -> None:
    """Queue an event, a second after the one before."""
    at = NOW + timedelta(seconds=number)
    async with courier.database.begin() as connection:
        data: dict[str, str | int | UUID | None] = {"total": number}
        await announce(connection, "phan-mem-mau", PACKAGE_FINISHED, data, now=at)


async def send_due(courier: Courier) -> int:
    """Send one after the other until nothing is due."""
    sent = 0
    while (due := await take_event(courier)) is not None:
        await deliver_event(courier, due)
        sent += 1
    return sent


async def states(database: Database) -> list[tuple[object, ...]]:
    return await rows(
        database,
        "SELECT state, attempts, last_status, last_fault FROM webhook_deliveries "
        "ORDER BY created_at",
    )


async def test_events_arrive_in_their_order_and_signed(
    database: Database, courier: Courier, clock: Clock
) -> None:
    async with receiving() as receiver:
        webhook_id = await register(database, receiver.url)
        for number in (1, 2, 3):
            await tell(courier, number)
        clock.forward(seconds=5)
        assert await send_due(courier) == 3
    bodies = [body for _, body in receiver.came]
    assert [f'"total":{number}}}' in body.decode() for number, body in enumerate(bodies, 1)] == [
        True
    ] * 3
    assert len(set(receiver.ids)) == 3
    for headers, body in receiver.came:
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        expected = hmac.digest(secret_of(KEY, webhook_id), signed, "sha256")
        assert b64decode(headers["webhook-signature"].removeprefix("v1,")) == expected
        assert headers["webhook-timestamp"] == str(int(clock().timestamp()))
        assert headers["content-type"] == "application/json"
        assert headers["host"] == f"127.0.0.1:{receiver.port}"
    assert await states(database) == [("delivered", 1, 204, None)] * 3


async def test_a_refused_event_is_tried_again_and_those_behind_it_wait(
    database: Database, courier: Courier, clock: Clock
) -> None:
    async with receiving(500, 503) as receiver:
        await register(database, receiver.url)
        await tell(courier, 0)
        await tell(courier, 1)
        sent = []
        for seconds in (0, 4, 1, 9, 1):
            clock.forward(seconds=seconds)
            sent.append(await send_due(courier))
    assert sent == [1, 0, 1, 0, 2]
    first, second, third, fourth = receiver.ids
    assert first == second == third != fourth
    stamps = [int(headers["webhook-timestamp"]) for headers, _ in receiver.came]
    assert [stamp - stamps[0] for stamp in stamps] == [0, 5, 15, 15]
    assert await states(database) == [("delivered", 3, 204, None), ("delivered", 1, 204, None)]


async def test_a_redirect_is_not_followed(database: Database, courier: Courier) -> None:
    async with receiving() as target, receiving(302, 307) as receiver:
        receiver.location = target.url
        await register(database, receiver.url)
        await tell(courier, 0)
        await send_due(courier)
    assert target.came == []
    assert await states(database) == [("pending", 1, 302, "status")]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433"])
async def test_production_reaches_no_inside_address_whatever_its_name(
    database: Database, courier: Courier, host: str
) -> None:
    production = replace(courier, reach=replace(courier.reach, sandbox=False))
    async with receiving() as receiver:
        await register(database, f"https://{host}:{receiver.port}/x")
        await tell(courier, 0)
        await send_due(production)
    assert receiver.tasks == []
    assert await states(database) == [("pending", 1, None, "address")]


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("https://khong-co.invalid/x", "resolution"),
        ("http://127.0.0.1:1/x", "transport"),
        (f"https://{'a' * 64}.example/x", "resolution"),
    ],
)
async def test_a_receiver_that_cannot_be_reached_is_tried_again(
    database: Database, courier: Courier, url: str, fault: str
) -> None:
    await register(database, url)
    await tell(courier, 0)
    await send_due(courier)
    assert await states(database) == [("pending", 1, None, fault)]


async def test_a_slow_receiver_is_left_and_delays_nobody_else(
    database: Database, courier: Courier, clock: Clock
) -> None:
    stop = asyncio.Event()
    patient = replace(courier, reach=replace(courier.reach, seconds=0.6))
    async with receiving() as slow, receiving() as quick:
        slow.gate.clear()
        await register(database, slow.url)
        await register(database, quick.url)
        for number in range(5):
            await tell(courier, number)
        clock.forward(seconds=5)
        job = asyncio.create_task(keep_delivering(patient, stop, idle=0.02))
        await asyncio.wait_for(slow.arrived.wait(), 5)
        for _ in range(100):
            if len(quick.came) == 5:
                break
            await asyncio.sleep(0.01)
        assert (len(slow.came), len(quick.came)) == (1, 5)
        stop.set()
        await job
    held = "SELECT state, last_fault FROM webhook_deliveries WHERE last_fault IS NOT NULL"
    assert await rows(database, held) == [("pending", "timeout")]


async def test_an_event_that_was_sent_and_not_recorded_is_sent_again_under_its_id(
    database: Database, courier: Courier
) -> None:
    async with receiving() as receiver:
        await register(database, receiver.url)
        await tell(courier, 0)
        receiver.gate.clear()
        due = await take_event(courier)
        assert due is not None
        dying = asyncio.create_task(deliver_event(courier, due))
        await receiver.arrived.wait()
        dying.cancel()
        await asyncio.gather(dying, return_exceptions=True)
        receiver.gate.set()
        assert await send_due(courier) == 0
        await rows(database, "UPDATE webhooks SET lease_expires_at = now() - interval '1 s'")
        assert await send_due(courier) == 1
    assert len(receiver.came) == 2
    assert len(set(receiver.ids)) == 1


async def test_who_lost_the_lease_records_nothing(database: Database, courier: Courier) -> None:
    async with receiving(500) as receiver:
        await register(database, receiver.url)
        await tell(courier, 0)
        late = await take_event(courier)
        assert late is not None
        await rows(database, "UPDATE webhooks SET lease_expires_at = now() - interval '1 s'")
        other = await take_event(courier)
        assert other is not None
        await deliver_event(courier, late)
        assert await states(database) == [("pending", 0, None, None)]
        await deliver_event(courier, other)
    assert await states(database) == [("delivered", 1, 204, None)]


async def test_after_three_days_an_event_is_dead_and_the_next_has_its_turn(
    database: Database, courier: Courier, clock: Clock
) -> None:
    async with receiving(*[500] * 100) as receiver:
        await register(database, receiver.url)
        await tell(courier, 0)
        for _ in range(40):
            clock.forward(hours=2)
            await send_due(courier)
        assert [row[0] for row in await states(database)] == ["dead"]
        assert 12 < len(receiver.came) < 40
        receiver.statuses.clear()
        async with courier.database.begin() as connection:
            await announce(connection, "phan-mem-mau", PACKAGE_FINISHED, {}, now=clock())
        await send_due(courier)
    assert [row[0] for row in await states(database)] == ["dead", "delivered"]


async def test_a_dead_receiver_is_not_asked_for_every_event(
    database: Database, courier: Courier, clock: Clock
) -> None:
    async with receiving(*[500] * 100) as receiver:
        await register(database, receiver.url)
        for number in range(50):
            await tell(courier, number)
        for _ in range(40):
            clock.forward(hours=2)
            await send_due(courier)
        assert {row[0] for row in await states(database)} == {"dead"}
        assert len(receiver.came) < 40
        receiver.statuses.clear()
        async with courier.database.begin() as connection:
            await announce(connection, "phan-mem-mau", PACKAGE_FINISHED, {}, now=clock())
        await send_due(courier)
    assert await rows(database, "SELECT failures FROM webhooks") == [(0,)]


async def test_a_disabled_client_is_told_nothing(database: Database, courier: Courier) -> None:
    async with receiving() as receiver:
        await register(database, receiver.url)
        await tell(courier, 0)
        await rows(database, "UPDATE clients SET enabled = false")
        await send_due(courier)
    assert receiver.came == []
    assert await states(database) == [("dead", 1, None, "client-disabled")]


async def test_events_go_a_month_after_they_are_over(
    database: Database, courier: Courier, clock: Clock
) -> None:
    async with receiving() as receiver:
        await register(database, receiver.url)
        await tell(courier, 0)
        await send_due(courier)
        await tell(courier, 1)
    async with courier.database.begin() as connection:
        assert await discard_finished(connection, now=clock() + KEPT) == 0
        assert await discard_finished(connection, now=clock() + KEPT + timedelta(days=1)) == 1
    assert [row[0] for row in await states(database)] == ["pending"]
