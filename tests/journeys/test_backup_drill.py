"""The drill: a database is lost whole and comes back, with every answer that was ever given.

`make drill` runs it alone and prints what it measured.
"""

import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from typer.testing import CliRunner

from app.__main__ import cli
from app.db import migrate
from app.sandbox.client import Answer, Client
from app.sandbox.scenario import Scenario
from app.vault import open_vault
from tests.cluster import Cluster, backed_up_cluster
from tests.deployment import (
    CLIENT_ID,
    PATIENCE,
    Deployment,
    deployed,
    enrol,
    scenario_of_today,
    write_keys_and_trust,
)
from tests.inspection import Stores, faults_of

CLASS = 2
"""Transcripts of one package: few, because it is the packages that get lost."""


@dataclass(slots=True)
class School:
    """School software that remembers every answer it got.

    Attributes:
        packages: the bytes that it sent, by the id that it was told.
        codes: of its accepted transcripts.
    """

    scenario: Scenario
    packages: dict[str, bytes] = field(default_factory=dict)
    codes: list[str] = field(default_factory=list)
    client: Client = field(init=False)

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


@dataclass(slots=True)
class Site:
    """A service over a cluster that is backed up.

    Attributes:
        folder: holds keys, trust and the folders of its vaults.
        settings: every variable of its processes.
        secret: of its client's account.
    """

    folder: Path
    cluster: Cluster
    scenario: Scenario
    settings: dict[str, str]
    secret: str

    @contextmanager
    def serving(self) -> Iterator[tuple[Deployment, Client]]:
        """Run web process and worker until the block ends."""
        self.settings["HOCBA_DATABASE_URL"] = self.cluster.url
        with (
            deployed(self.folder, self.settings, "web", "worker") as service,
            Client(service.url, CLIENT_ID, self.secret) as client,
        ):
            yield service, client

    def run(self, *words: str) -> None:
        """Run one of the operator's commands."""
        self.settings["HOCBA_DATABASE_URL"] = self.cluster.url
        done = CliRunner().invoke(cli, words, env=self.settings)
        assert done.exit_code == 0, done.output

    def faults(self) -> list[str]:
        """Look at everything as an outsider would."""
        stores = Stores(
            database_url=self.cluster.url,
            vault=open_vault(self.settings["HOCBA_VAULT_URL"]),
            reply_certificate=self.folder / "keys" / "reply-certificate.pem",
        )
        return asyncio.run(faults_of(stores))


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """What happened before the disaster.

    Attributes:
        moment: to which the database will be restored.
        then, later: every answer at that moment, and at the end.
        unarchived: seconds until the last commit was in the WAL archive.
    """

    moment: str
    then: dict[str, Any]
    later: dict[str, Any]
    unarchived: float


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    scenario = scenario_of_today(4 * CLASS)
    settings = {
        "HOCBA_HOME": str(tmp_path),
        "HOCBA_VAULT_URL": (tmp_path / "vault").as_uri(),
        "HOCBA_VERIFICATION_PROCESSES": "1",
        **write_keys_and_trust(tmp_path, scenario),
    }
    with backed_up_cluster() as cluster:
        migrate(cluster.url)
        secret = asyncio.run(enrol(cluster.url, scenario, tmp_path))
        yield Site(
            folder=tmp_path, cluster=cluster, scenario=scenario, settings=settings, secret=secret
        )


def test_what_is_lost_whole_comes_back_with_every_answer_that_was_ever_given(site: Site) -> None:
    school = School(scenario=site.scenario)
    # 1 A service at work: a base backup, a moment to go back to, and what comes after it.
    story = tell(site, school)
    # 2 Database and vault are gone; a copy of the vault is left, and the backups.
    copy = (site.folder / "copy").as_uri()
    site.run("vault", "copy", "--to", copy)
    site.run("vault", "compare", "--with", copy, "--read")
    site.cluster.lose()
    (site.folder / "vault").rename(site.folder / "lost")
    site.settings["HOCBA_VAULT_URL"] = copy
    # 3 The database as it was at the moment, so older than the vault.
    start = monotonic()
    site.cluster.restore(story.moment)
    restored = monotonic()
    assert set(site.cluster.ask("SELECT package_id::text FROM packages")) == set(story.then) - set(
        school.codes
    )
    # 4 What came after it.
    site.cluster.allow_changes()
    site.run("rebuild")
    rebuilt = monotonic()
    site.run("fsck")
    with site.serving() as (_, school.client):
        assert school.answers() == story.later
        school.send_class(4)  # and it goes on
    assert site.faults() == []
    sys.stdout.write(  # for whoever runs `make drill`
        f"\nWAL in the archive after {story.unarchived:.1f} s; database restored in"
        f" {restored - start:.1f} s, completed from the vault in {rebuilt - restored:.1f} s:"
        f" all {len(story.later)} answers as before, {len(story.later) - len(story.then)} of them"
        " younger than the restored database\n"
    )


def tell(site: Site, school: School) -> Story:
    """Send packages and withdrawals before and after a moment; everything is killed at the end."""
    with site.serving() as (service, school.client):
        school.send_class(1)
        site.cluster.back_up()
        school.send_class(2)
        school.withdraw(school.codes[0], number=11)
        then = school.answers()
        (moment,) = site.cluster.ask("SELECT clock_timestamp()::text")
        school.send_class(3)
        school.withdraw(school.codes[2], number=12)
        school.client.acknowledge_reply(next(iter(then)))
        later, start = school.answers(), monotonic()
        site.cluster.await_archive()
        story = Story(moment=moment, then=then, later=later, unarchived=monotonic() - start)
        service.kill("web", "worker")
    return story
