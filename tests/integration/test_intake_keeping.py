"""What becomes of a package's bytes: locked when it brought something in, else gone in time."""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest
from typing_extensions import override

from app.db import connect
from app.errors import Unavailable
from app.intake.keeping import REFUSED_KEPT, discard_refused
from app.journal import Kind
from app.main import read_clock
from app.vault.directory import DirectoryVault
from app.vault.vault import Held
from tests.inspection import Stores, faults_of
from tests.journals import agree, bodies, break_journal, mend_journal
from tests.working import NOW, XML, Repository

REFUSED = b"khong phai XML"
HOLDS = """
    SELECT p.digest, h.vault_version, h.retained_until
    FROM package_holds h JOIN packages p USING (package_id)
"""
DISCARDS = """
    SELECT p.digest, a.detail ->> 'digest'
    FROM package_discards d JOIN packages p USING (package_id)
    JOIN audit a ON a.object = d.package_id::text AND a.action = 'package.discarded'
"""


class LocklessVault(DirectoryVault):
    """A real vault that cannot lock until it may."""

    def __init__(self, root: Path) -> None:
        super().__init__(root, unnamed_files=False)
        self.may_lock = False
        self.refused = asyncio.Event()

    @override
    async def hold(self, digest: str, until: datetime) -> Held:
        if not self.may_lock:
            self.refused.set()
            raise Unavailable(part="vault")
        return await super().hold(digest, until)


@pytest.fixture
def working(repository: Repository) -> Repository:
    repository.start_worker()
    return repository


def discard(repository: Repository, now: datetime) -> int:
    async def run() -> int:
        database = connect(repository.database_url, role="hocba_worker")
        try:
            return await discard_refused(database, repository.vault, repository.journal, now=now)
        finally:
            await database.dispose()

    return repository.thread.run(run())


def old_enough() -> datetime:
    """Give a moment at which everything is old enough: by the test's clock and by the disk's."""
    return max(NOW, read_clock()) + REFUSED_KEPT + timedelta(days=1)


def test_a_package_that_brings_something_in_is_held_and_it_is_written_down(
    working: Repository,
) -> None:
    answer = working.package()
    assert answer["accepted"] == 6
    assert working.execute(HOLDS) == [(answer["digest"], None, NOW + timedelta(days=90))]
    originals = working.vault_folder / "sha256"
    (kept,) = [path for path in originals.rglob("*") if path.is_file()]
    assert kept.stat().st_mode & 0o777 == 0o444


def test_nothing_is_accepted_while_the_bytes_cannot_be_locked(repository: Repository) -> None:
    vault = LocklessVault(repository.vault_folder)
    repository.start_worker(vault=vault)
    client = repository.client()
    sent = client.post("/v1/packages", content=repository.scenario.package, headers=XML)
    repository.thread.run(vault.refused.wait())
    assert repository.execute("SELECT count(*) FROM transcripts") == [(0,)]
    assert repository.execute(HOLDS) == []
    vault.may_lock = True
    assert repository.replied(client, sent.json()["package_id"])["accepted"] == 6
    assert len(repository.execute(HOLDS)) == 1


def test_a_package_refused_whole_is_not_held(working: Repository) -> None:
    working.package(REFUSED)
    assert working.execute(HOLDS) == []


def test_a_refused_package_expires_after_ninety_days(working: Repository) -> None:
    accepted, refused = working.package(), working.package(REFUSED)
    assert discard(working, NOW + REFUSED_KEPT) == 0
    assert discard(working, old_enough()) == 1
    assert working.execute(DISCARDS) == [(refused["digest"], refused["digest"])]
    client = working.client()
    assert client.get(refused["links"]["original"]).status_code == httpx.codes.NOT_FOUND
    assert client.get(accepted["links"]["original"]).content == working.scenario.package
    assert discard(working, old_enough()) == 0


def test_an_expired_package_keeps_its_answer(working: Repository) -> None:
    refused = working.package(REFUSED)
    discard(working, old_enough())
    again = working.package(REFUSED)
    assert (again["package_id"], again["errors"]) == (refused["package_id"], refused["errors"])
    assert working.client().get(again["links"]["reply"]).is_success


def test_what_a_crash_left_removed_is_written_down_later(working: Repository) -> None:
    refused = working.package(REFUSED)
    working.thread.run(working.vault.discard(refused["digest"], before=old_enough()))
    break_journal(working.vault_folder)
    with pytest.raises(Unavailable):
        discard(working, old_enough())
    assert working.execute(DISCARDS) == []
    mend_journal(working.vault_folder)
    assert discard(working, old_enough()) == 1
    assert working.execute(DISCARDS) == [(refused["digest"], refused["digest"])]
    assert len(bodies(agree(working), Kind.DISCARDED)) == 1


def test_bytes_that_another_package_still_needs_stay(working: Repository) -> None:
    refused = working.package(REFUSED)
    working.stop_worker()
    working.add_client("phan-mem-khac")
    other = working.client("phan-mem-khac")
    assert other.post("/v1/packages", content=REFUSED, headers=XML).status_code < 300
    assert discard(working, old_enough()) == 0
    assert working.execute(DISCARDS) == []
    assert working.client().get(refused["links"]["original"]).content == REFUSED


async def test_nothing_is_found_wrong_with_what_expired(working: Repository) -> None:
    working.package()
    working.package(REFUSED)
    discard(working, old_enough())
    certificate = working.vault_folder.parent / "keys" / "reply-certificate.pem"
    stores = Stores(
        database_url=working.database_url, vault=working.vault, reply_certificate=certificate
    )
    assert await faults_of(stores) == []
