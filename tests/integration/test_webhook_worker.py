"""A package is sent, and its sender is told: the whole way, and the worker's job in trouble."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from structlog.testing import capture_logs

from app.db import connect
from app.intake.process import Processing
from app.main import read_clock
from app.webhooks.deliver import Courier
from app.worker.delivering import courier_of, keep_delivering
from tests.receiver import Receiver, receiving
from tests.working import Repository


@pytest.fixture
def parts(repository: Repository) -> Iterator[Processing]:
    database = connect(repository.database_url, role="hocba_worker")
    yield Processing(
        database=database,
        vault=repository.vault,
        keys=repository.keys,
        processes=repository.processes,
        clock=read_clock,
    )
    repository.thread.run(database.dispose())


async def delivered(courier: Courier, receiver: Receiver) -> list[tuple[dict[str, str], bytes]]:
    stop = asyncio.Event()
    job = asyncio.create_task(keep_delivering(courier, stop, idle=0.02))
    await asyncio.wait_for(receiver.arrived.wait(), 10)
    stop.set()
    await job
    return receiver.came


def test_a_sender_is_told_of_its_finished_package_and_of_no_child(
    repository: Repository, parts: Processing
) -> None:
    client = repository.client()

    async def receive() -> list[tuple[dict[str, str], bytes]]:
        async with receiving() as receiver:
            made = await asyncio.to_thread(client.post, "/v1/webhooks", json={"url": receiver.url})
            assert made.status_code == 201, made.text
            await asyncio.to_thread(repository_package)
            with courier_of(parts, sandbox=True) as courier:
                return await delivered(courier, receiver)

    answers: list[dict[str, Any]] = []

    def repository_package() -> None:
        headers = {"Content-Type": "application/xml", "Prefer": "wait=20"}
        sent = client.post("/v1/packages", content=repository.scenario.package, headers=headers)
        for _ in range(200):
            answer = client.get(f"/v1/packages/{sent.json()['package_id']}").json()
            if answer["state"] == "03":
                answers.append(answer)
                return

    repository.start_worker()
    ((_, body),) = repository.thread.run(receive())
    (answer,) = answers
    event = json.loads(body)
    assert event["type"] == "package.finished"
    names = ("package_id", "message_id", "state", "total", "accepted", "rejected")
    assert event["data"] == {name: answer[name] for name in names} | {
        "link": answer["links"]["self"]
    }


def test_a_database_that_is_away_or_refuses_is_outlived(
    repository: Repository, parts: Processing
) -> None:
    nowhere = connect("postgresql://hocba@127.0.0.1:1/nowhere", role=None)
    powerless = connect(repository.database_url, role="hocba_verifier")

    async def run() -> None:
        for database in (nowhere, powerless):
            stop = asyncio.Event()
            with courier_of(parts, sandbox=True) as courier:
                cut_off = replace(courier, database=database)
                job = asyncio.create_task(keep_delivering(cut_off, stop, idle=0.01))
                await asyncio.sleep(0.2)
                stop.set()
                await job
            await database.dispose()

    with capture_logs() as lines:
        repository.thread.run(run())
    assert {line["event"] for line in lines} == {"webhooks.wait", "webhooks.failed"}
