"""The queue takes turns between lanes, however long one of them is."""

from datetime import UTC, datetime, timedelta
from statistics import median
from time import perf_counter
from uuid import uuid4

import pytest
from sqlalchemy import text

from app.clients.accounts import create_client
from app.clients.grants import Grant, add_grant
from app.db import Database
from app.directory.schools import School, register_school
from app.intake.lanes import lane_of
from app.intake.package import Package, State
from app.intake.packages import add_package
from app.intake.queue import lease_next, place_in_queue

START = datetime(2026, 6, 10, 2, 30, tzinfo=UTC)
MANY = 10_000

FLOOD = text(
    """
    INSERT INTO packages (package_id, client_id, digest, size, state, received_at, lane, turn)
    SELECT gen_random_uuid(), 'hub-lon', 'd' || n, 1, '00',
        TIMESTAMPTZ '2026-06-10 02:00Z' + n * interval '1 millisecond', :lane, n
    FROM generate_series(1, :many) AS n
    """
)

FINISH = text(
    """
    UPDATE packages SET state = '04', finished_at = now(), replied_at = now(), read_at = now()
    WHERE turn > 150
    """
)


@pytest.fixture
async def senders(database: Database) -> None:
    """A hub for two provinces and a school's own software in a third."""
    async with database.begin() as connection:
        for code, province in (("79000701", "79"), ("01000701", "01"), ("48000701", "48")):
            school = School(code=code, name="Trường THCS Mẫu", province_code=province)
            await register_school(connection, school, START)
        for client_id in ("hub-lon", "truong-nho"):
            await create_client(
                connection, client_id=client_id, name="Mẫu", scopes=(), secret=None, now=START
            )
        for province in ("79", "01"):
            grant = Grant(province_code=province, valid_from=START)
            await add_grant(connection, "hub-lon", grant)


def package(client_id: str = "hub-lon") -> Package:
    return Package(
        package_id=uuid4(),
        client_id=client_id,
        digest=uuid4().hex * 2,
        size=1,
        state=State.RECEIVED,
        received_at=START + timedelta(hours=1),
    )


async def send(database: Database, sent: Package, claimed: str | None) -> None:
    async with database.begin() as connection:
        lane = await lane_of(connection, sent, claimed)
        assert await add_package(connection, sent, lane=lane)


async def take(worker: Database, count: int) -> list[str]:
    taken = []
    for _ in range(count):
        async with worker.begin() as connection:
            lease = await lease_next(connection, owner=uuid4().hex)
        assert lease is not None
        taken.append(str(lease.package_id))
    return taken


async def seconds_of_a_take(worker: Database) -> float:
    """The median of many, which a busy machine does not disturb."""
    seconds = []
    for _ in range(40):
        began = perf_counter()
        await take(worker, 1)
        seconds.append(perf_counter() - began)
    return median(seconds)


@pytest.mark.usefixtures("senders")
async def test_ten_thousand_packages_of_a_hub_delay_other_provinces_by_two(
    database: Database, web_database: Database, worker_database: Database
) -> None:
    async with database.begin() as connection:
        await connection.execute(FLOOD, {"many": MANY, "lane": "hub-lon/79"})
    await take(worker_database, 5)
    own, other = package(), package("truong-nho")
    await send(web_database, own, "01000701")
    await send(web_database, other, None)
    async with database.read() as connection:
        told = await place_in_queue(connection, other.package_id, now=other.received_at)
    assert told.position <= 5 + 3
    assert {str(own.package_id), str(other.package_id)} <= set(await take(worker_database, 3))


@pytest.mark.usefixtures("senders")
async def test_taking_the_next_package_costs_the_same_in_a_long_queue(
    database: Database, worker_database: Database
) -> None:
    await send(database, package(), "79000701")
    async with database.begin() as connection:
        await connection.execute(FLOOD, {"many": MANY, "lane": "hub-lon/79"})
        await connection.execute(text("ANALYZE packages"))
    long = await seconds_of_a_take(worker_database)
    async with database.begin() as connection:
        await connection.execute(FINISH)
        await connection.execute(text("ANALYZE packages"))
    assert long < 5 * await seconds_of_a_take(worker_database)


@pytest.mark.usefixtures("senders")
@pytest.mark.parametrize(
    ("client_id", "claimed", "lane"),
    [
        ("hub-lon", "79000701", "hub-lon/79"),
        ("hub-lon", "01000701", "hub-lon/01"),
        ("hub-lon", "48000701", "hub-lon"),
        ("hub-lon", "khong-co", "hub-lon"),
        ("hub-lon", None, "hub-lon"),
        ("truong-nho", "79000701", "truong-nho"),
    ],
)
async def test_a_claimed_province_counts_only_where_the_client_may_send(
    web_database: Database, client_id: str, claimed: str | None, lane: str
) -> None:
    async with web_database.read() as connection:
        assert await lane_of(connection, package(client_id), claimed) == lane
