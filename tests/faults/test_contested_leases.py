"""Two workers have one package: a lease runs out while its holder is still at work."""

import asyncio
from contextlib import suppress
from dataclasses import replace

import pytest

from app.db import connect
from app.errors import Unavailable
from app.intake.process import Processing
from app.worker.loop import _turn
from tests.faults.life import Flow
from tests.faults.places import LONG, at_statements
from tests.faults.stage import TIMING, Stage
from tests.faults.trouble import Trouble, Way
from tests.working import LoopThread

LIVES = 5
"""Statements tried, when only a sample is."""

PACKAGES, WORKERS = 6, 3

pytestmark = pytest.mark.xdist_group("faults-leases")


def test_wherever_a_worker_loses_its_lease_the_package_is_decided_once(
    stage: Stage, loop_thread: LoopThread
) -> None:
    async def contest() -> None:
        places = await stage.count_places()
        decide = {Flow.DECIDE: places[Flow.DECIDE]}
        for faults in at_statements(decide, Trouble(way=Way.HELD), lives=LIVES):
            (fault,) = faults[Flow.DECIDE]
            await overtaken_at(stage, fault.position)
        await stage.assert_sound()

    loop_thread.run(contest(), seconds=LONG)


async def overtaken_at(stage: Stage, position: int) -> None:
    """Hold one worker up before a statement while its lease runs out and another one works."""
    life = stage.new_life()
    await stage.receive(life)
    await stage.warm("worker")
    wire = stage.wires["worker"]
    wire.listen(position, Trouble(way=Way.HELD))
    slow = asyncio.create_task(work(stage.parts, "tho-cham"))
    quick = connect(stage.stores.database_url, role="hocba_worker")
    try:
        await asyncio.wait_for(wire.held.wait(), 10)
        # Where the slow one holds the row itself, there is nothing to take over yet.
        await stage.let_leases_run_out()
        await work(replace(stage.parts, database=quick), "tho-nhanh")
    finally:
        wire.go_on.set()
        await quick.dispose()
        with suppress(Unavailable):
            await slow
    wire.listen()
    await stage.finish_queue()
    await stage.read(life)
    await stage.tell()
    await stage.recheck()
    await stage.assert_whole(life)


async def work(parts: Processing, name: str) -> None:
    while await _turn(parts, name, asyncio.Event(), TIMING):
        pass


def test_workers_that_race_for_packages_decide_each_once(
    stage: Stage, loop_thread: LoopThread
) -> None:
    async def race() -> None:
        lives = [stage.new_life() for _ in range(PACKAGES)]
        for life in lives:
            await stage.receive(life)
        databases = [
            connect(stage.stores.database_url, role="hocba_worker") for _ in range(WORKERS)
        ]
        try:
            racers = [replace(stage.parts, database=database) for database in databases]
            await asyncio.gather(*(work(parts, "tho-dua") for parts in racers))
        finally:
            for database in databases:
                await database.dispose()
        for life in lives:
            await stage.read(life)
        await stage.tell()
        await stage.recheck()
        for life in lives:
            await stage.assert_whole(life)
        await stage.assert_sound()

    loop_thread.run(race(), seconds=LONG)
