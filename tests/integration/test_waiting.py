"""What bounds the waiting of requests and of dry runs."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from app.clients.accounts import Caller, Scope
from app.db import Database
from app.errors import Unavailable
from app.intake.decision import RefusedWhole
from app.intake.reading import Reader
from app.intake.receive import Submission
from app.intake.validate import TRUST_AGE, DryRuns, Validated
from app.intake.waiting import POLL_SECONDS, Decisions
from app.sandbox.pki import write_trust_bundle
from tests.scenarios import scenario_of
from tests.working import NOW, STUDENTS

READER = Reader(
    caller=Caller(client_id="pm-mau", name="Mẫu", scopes=frozenset(Scope)), now=NOW, trace_id="x"
)


async def decided_package(database: Database) -> UUID:
    package_id = uuid4()
    async with database.begin() as connection:
        await connection.execute(
            text(
                "INSERT INTO clients (client_id, name, kind, scopes, created_at) "
                "VALUES ('pm-mau', 'Mẫu', 'hub', '{}', now())"
            )
        )
        await connection.execute(
            text(
                "INSERT INTO packages (package_id, client_id, digest, size, state, received_at, "
                "finished_at) VALUES (:id, 'pm-mau', 'aa', 1, '02', now(), now())"
            ),
            {"id": package_id},
        )
    return package_id


async def seconds_of(waiting: asyncio.Task[None]) -> float:
    loop = asyncio.get_running_loop()
    began = loop.time()
    await waiting
    return loop.time() - began


async def test_whoever_comes_when_too_many_wait_is_answered_at_once(
    database: Database, web_database: Database
) -> None:
    decided = await decided_package(database)
    decisions = Decisions(web_database, limit=2)
    pending = [
        asyncio.create_task(decisions.wait(package_id, seconds=2 * POLL_SECONDS))
        for package_id in (uuid4(), decided)
    ]
    await asyncio.sleep(0)
    assert await seconds_of(asyncio.create_task(decisions.wait(uuid4(), seconds=60))) < 1
    await asyncio.gather(*pending)
    # places come free, and looking begins again
    assert await seconds_of(asyncio.create_task(decisions.wait(decided, seconds=60))) < 30


async def validated(runs: DryRuns, reader: Reader) -> Validated:
    async def body() -> AsyncIterator[bytes]:
        yield scenario_of(STUDENTS).package[:4000]

    return await runs.validate(Submission(body=body()), reader)


async def test_a_dry_run_without_an_end_is_given_up_and_the_next_one_works(
    web_database: Database, tmp_path: Path
) -> None:
    write_trust_bundle(tmp_path, scenario_of(STUDENTS).pki)
    hasty = DryRuns(web_database, trust_folder=tmp_path, provisional=True, seconds=0.01)
    with pytest.raises(Unavailable) as refused:
        await validated(hasty, READER)
    assert (refused.value.part, refused.value.retry_after) == ("validation", 10)
    await asyncio.to_thread(hasty.close)


async def test_a_dry_run_trusts_what_is_trusted_by_then(
    web_database: Database, tmp_path: Path
) -> None:
    write_trust_bundle(tmp_path, scenario_of(STUDENTS).pki)
    runs = DryRuns(web_database, trust_folder=tmp_path, provisional=True)
    later = replace(READER, now=NOW + TRUST_AGE + timedelta(seconds=1))
    for reader in (READER, READER, later):
        run = await validated(runs, reader)
        assert isinstance(run.decision, RefusedWhole)
        assert run.items == ()
    await asyncio.to_thread(runs.close)
