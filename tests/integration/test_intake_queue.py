"""The queue's rules, on the database alone."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from app.clients.accounts import create_client
from app.db import Database
from app.intake.package import Package, State
from app.intake.packages import add_package, find_package
from app.intake.queue import (
    Lease,
    estimate,
    hand_back,
    lease_next,
    place_in_queue,
    put_off,
    renew,
)

START = datetime(2026, 6, 10, 2, 30, tzinfo=UTC)


@pytest.fixture
async def clients(database: Database) -> None:
    async with database.begin() as connection:
        for client_id in ("so-lon", "truong-nho"):
            await create_client(
                connection,
                client_id=client_id,
                name="Mẫu",
                scopes=(),
                schools=(),
                secret="mat-khau-mau-cua-hang-doi-thu-nghiem",  # noqa: S106 -- reason: synthetic
                now=START,
            )


async def add(database: Database, client_id: str, minute: int) -> UUID:
    package = Package(
        package_id=uuid4(),
        client_id=client_id,
        digest=uuid4().hex * 2,
        size=1,
        state=State.RECEIVED,
        received_at=START + timedelta(minutes=minute),
    )
    async with database.begin() as connection:
        assert await add_package(connection, package)
    return package.package_id


async def lease(database: Database, owner: str = "tho", seconds: float = 60) -> Lease | None:
    async with database.begin() as connection:
        return await lease_next(connection, owner=owner, duration=timedelta(seconds=seconds))


@pytest.mark.usefixtures("clients")
async def test_the_oldest_package_comes_first_and_moves_to_processing(
    database: Database, worker_database: Database
) -> None:
    oldest = await add(database, "so-lon", 1)
    await add(database, "so-lon", 2)
    taken = await lease(worker_database)
    assert taken is not None
    assert taken.package_id == oldest
    assert (taken.state, taken.attempt) == (State.PROCESSING, 1)


@pytest.mark.usefixtures("clients")
async def test_a_client_with_one_package_goes_before_the_second_of_another(
    database: Database, worker_database: Database
) -> None:
    for minute in range(3):
        await add(database, "so-lon", minute)
    late = await add(database, "truong-nho", 30)
    await lease(worker_database)
    taken = await lease(worker_database)
    assert taken is not None
    assert taken.package_id == late


async def test_an_empty_queue_gives_nothing(worker_database: Database) -> None:
    assert await lease(worker_database) is None


@pytest.mark.usefixtures("clients")
async def test_two_workers_at_once_take_different_packages(
    database: Database, worker_database: Database
) -> None:
    await add(database, "so-lon", 1)
    await add(database, "so-lon", 2)
    async with worker_database.begin() as first, worker_database.begin() as second:
        one = await lease_next(first, owner="mot")
        other = await lease_next(second, owner="hai")
    assert one is not None
    assert other is not None
    assert one.package_id != other.package_id


@pytest.mark.usefixtures("clients")
async def test_a_lease_is_renewed_only_by_its_holder(
    database: Database, worker_database: Database
) -> None:
    await add(database, "so-lon", 1)
    lost = await lease(worker_database, "mot", seconds=-1)
    held = await lease(worker_database, "hai")
    assert lost is not None
    assert held is not None
    assert held.attempt == 2
    async with worker_database.begin() as connection:
        assert not await renew(connection, lost)
        assert await renew(connection, held)


@pytest.mark.usefixtures("clients")
async def test_a_package_handed_back_was_never_tried_and_one_put_off_was(
    database: Database, worker_database: Database
) -> None:
    await add(database, "so-lon", 1)
    first = await lease(worker_database)
    assert first is not None
    async with worker_database.begin() as connection:
        await hand_back(connection, first)
    second = await lease(worker_database)
    assert second is not None
    assert second.attempt == 1
    async with worker_database.begin() as connection:
        await put_off(connection, second, delay=timedelta(0))
    third = await lease(worker_database)
    assert third is not None
    assert third.attempt == 2


@pytest.mark.usefixtures("clients")
async def test_a_failed_package_rests_longer_each_time(
    database: Database, worker_database: Database
) -> None:
    await add(database, "so-lon", 1)
    rests = []
    for _ in range(2):
        taken = await lease(worker_database)
        assert taken is not None
        async with worker_database.begin() as connection:
            await put_off(connection, taken, delay=timedelta(hours=1))
        async with database.begin() as connection:
            rests.append(
                await connection.scalar(text("SELECT lease_expires_at - now() FROM packages"))
            )
            await connection.execute(text("UPDATE packages SET lease_expires_at = NULL"))
    assert rests[1] > rests[0] * 1.5
    assert await lease(worker_database) is not None


@pytest.mark.usefixtures("clients")
async def test_a_pending_package_knows_its_place_in_the_queue(database: Database) -> None:
    first = await add(database, "so-lon", 1)
    second = await add(database, "so-lon", 2)
    async with database.read() as connection:
        one = await find_package(connection, "so-lon", first)
        two = await find_package(connection, "so-lon", second)
        assert await find_package(connection, "truong-nho", first) is None
        assert one is not None
        assert two is not None
        places = [
            await place_in_queue(connection, package.package_id, now=package.received_at)
            for package in (one, two)
        ]
    assert [place.position for place in places] == [1, 2]
    assert [place.seconds for place in places] == [2, 4]


@pytest.mark.parametrize(
    ("position", "decided", "seconds", "estimated"),
    [(1, 0, 60.0, 2), (10, 0, 0.0, 20), (10, 3, 4.9, 20), (10, 30, 60.0, 20), (1, 7, 60.0, 9)],
)
def test_the_wait_is_estimated_from_the_pace_of_the_workers(
    position: int, decided: int, seconds: float, estimated: int
) -> None:
    assert estimate(position, decided, seconds) == estimated
