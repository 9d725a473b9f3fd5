"""The drill: a database is lost whole and comes back, with every answer that was ever given.

`make drill` runs it alone and prints what it measured.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

import asyncpg
import pytest

from app.db import migrate
from app.sandbox.client import Answer, Client, Refused
from app.sandbox.scenario import Scenario
from tests.cluster import Cluster, backed_up_cluster
from tests.deployment import (
    CLIENT_ID,
    PATIENCE,
    POLL_SECONDS,
    deployed,
    enrol,
    scenario_of_today,
    write_keys_and_trust,
)

CLASS = 2
"""Transcripts of one package: few, because it is the packages that get lost."""


@dataclass(slots=True)
class School:
    """School software that remembers every answer it got.

    Attributes:
        packages: the bytes that it sent, by the id that it was told.
        codes: of its accepted transcripts.
    """

    client: Client
    scenario: Scenario
    packages: dict[str, bytes] = field(default_factory=dict)
    codes: list[str] = field(default_factory=list)

    def send(self, package: bytes) -> Answer:
        """Send a package and wait for its reply."""
        name = self.client.submit(package)["package_id"]
        answer = self.client.await_reply(name, seconds=PATIENCE)
        assert (answer["state"], answer["rejected"]) == ("03", 0), answer
        self.packages[name] = package
        return answer

    def send_class(self, number: int) -> Answer:
        """Send the transcripts of the class's next students."""
        some = self.scenario.transcripts[(number - 1) * CLASS : number * CLASS]
        answer = self.send(self.scenario.repackaged(some, number=number))
        self.codes += [item["transcript_code"] for item in answer["items"]]
        return answer

    def withdraw(self, code: str, *, number: int) -> Answer:
        """Withdraw one transcript."""
        return self.send(self.scenario.withdrawing([(code, "Nhập sai điểm")], number=number))

    def answers(self) -> dict[str, Any]:
        """Ask for everything again."""
        return {
            **{name: self.of_package(name) for name in self.packages},
            **{code: self.of_transcript(code) for code in self.codes},
        }

    def of_transcript(self, code: str) -> tuple[Answer, bytes, Answer, Answer]:
        """Ask for all that is known of a transcript."""
        asked = self.client
        public = {**asked.verification(code), "checked_at": None}
        return asked.transcript(code), asked.transcript_original(code), asked.report(code), public

    def of_package(self, name: str) -> tuple[Answer, Answer, bytes]:
        """Ask for a package, and send it again."""
        assert self.client.original(name) == self.packages[name]
        answer = self.client.package(name)
        # The same bytes get the same answer.
        return answer, self.client.submit(self.packages[name]), self.client.reply(name)


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    with backed_up_cluster() as running:
        yield running


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, str]:
    return {
        "HOCBA_HOME": str(tmp_path),
        "HOCBA_VAULT_URL": (tmp_path / "vault").as_uri(),
        "HOCBA_VERIFICATION_PROCESSES": "1",
        **write_keys_and_trust(tmp_path, scenario_of_today(3 * CLASS)),
    }


def test_a_database_lost_whole_is_restored_to_a_moment(
    cluster: Cluster, settings: dict[str, str], tmp_path: Path
) -> None:
    scenario = scenario_of_today(3 * CLASS)
    migrate(cluster.url)
    secret = asyncio.run(enrol(cluster.url, scenario))
    with (
        deployed(
            tmp_path, settings | {"HOCBA_DATABASE_URL": cluster.url}, "web", "worker"
        ) as service,
        Client(service.url, CLIENT_ID, secret) as client,
    ):
        school = School(client=client, scenario=scenario)
        school.send_class(1)
        cluster.back_up()
        school.send_class(2)
        school.withdraw(school.codes[0], number=11)
        moment, then = asyncio.run(now_at(cluster.url)), school.answers()
        school.send_class(3)
        school.withdraw(school.codes[2], number=12)
        client.acknowledge_reply(list(school.packages)[1])
        after = school.answers()
        archived(cluster)
        service.kill("web", "worker")
    cluster.lose()
    cluster.restore(moment)
    with (
        deployed(tmp_path, settings | {"HOCBA_DATABASE_URL": cluster.url}, "web") as service,
        Client(service.url, CLIENT_ID, secret) as client,
    ):
        school.client = client
        for name in then:
            ask = school.of_package if name in school.packages else school.of_transcript
            assert ask(name) == then[name]
        for name in set(after) - set(then):
            with pytest.raises(Refused):
                school.client.package(name)


async def now_at(url: str) -> str:
    connection = await asyncpg.connect(url)
    try:
        return str(await connection.fetchval("SELECT clock_timestamp()"))
    finally:
        await connection.close()


def archived(cluster: Cluster) -> float:
    """Wait until what is committed now is in the archive; gives the seconds that took."""
    return asyncio.run(_archived(cluster.url))


async def _archived(url: str) -> float:
    start = monotonic()
    connection = await asyncpg.connect(url)
    try:
        # A record of our own, because a segment without any is never closed.
        mark = "SELECT pg_walfile_name(pg_logical_emit_message(true, 'drill', ''))"
        segment = await connection.fetchval(mark)
        kept = "SELECT last_archived_wal >= $1 FROM pg_stat_archiver"
        while not await connection.fetchval(kept, segment):
            assert monotonic() - start < PATIENCE
            await asyncio.sleep(POLL_SECONDS)
    finally:
        await connection.close()
    return monotonic() - start
