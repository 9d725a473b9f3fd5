"""The worker: leases that run out, failures that end, stores that go away and come back."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from typing_extensions import override

from app.errors import Unavailable
from app.vault.directory import DirectoryVault
from tests.working import IMPATIENT, XML, Repository, Timing

LEASED = "SELECT state, leased_by, leases FROM packages"


class FlakyVault(DirectoryVault):
    """A real vault whose reads are refused or held up, as the test wants."""

    def __init__(self, root: Path) -> None:
        super().__init__(root, unnamed_files=True)
        self.refusals = 0
        self.reached = asyncio.Event()
        self.open = asyncio.Event()
        self.open.set()

    @override
    async def get(self, digest: str) -> bytes:
        self.reached.set()
        if self.refusals:
            self.refusals -= 1
            raise Unavailable(part="vault")
        await self.open.wait()
        return await super().get(digest)


@pytest.fixture
def flaky(repository: Repository) -> FlakyVault:
    return FlakyVault(repository.vault_folder)


def submit(repository: Repository, package: bytes | None = None) -> str:
    content = repository.scenario.package if package is None else package
    answer = repository.client().post("/v1/packages", content=content, headers=XML)
    package_id: str = answer.json()["package_id"]
    return package_id


def result_of(repository: Repository, package_id: str) -> tuple[int, list[str]]:
    answer = repository.replied(repository.client(), package_id)
    return answer["accepted"], [error["code"] for error in answer["errors"]]


def test_a_lease_that_ran_out_is_taken_over(repository: Repository) -> None:
    package_id = submit(repository)
    repository.execute(
        "UPDATE packages SET state = '01', leased_by = 'tho-da-chet', leases = 1, "
        "lease_expires_at = now() - interval '1 second'"
    )
    repository.start_worker()
    assert result_of(repository, package_id) == (6, [])


def test_a_package_in_other_hands_is_left_alone(repository: Repository) -> None:
    submit(repository)
    repository.execute(
        "UPDATE packages SET state = '01', leased_by = 'tho-khac', leases = 1, "
        "lease_expires_at = now() + interval '1 hour'"
    )
    repository.start_worker()
    repository.thread.run(asyncio.sleep(0.3))
    assert repository.execute(LEASED) == [("01", "tho-khac", 1)]


@pytest.mark.tampered("its bytes are replaced")
def test_a_package_that_fails_three_times_ends_as_refused(repository: Repository) -> None:
    package_id = submit(repository)
    [kept] = repository.vault_folder.rglob("sha256/*/*/*")
    kept.chmod(0o644)
    kept.write_bytes(b"<hong/>")
    repository.start_worker()
    assert result_of(repository, package_id) == (0, ["PKG-199"])
    assert repository.execute("SELECT count(*) FROM package_replies")[0][0] == 1


def test_a_package_that_took_three_workers_with_it_ends_as_refused(
    repository: Repository,
) -> None:
    package_id = submit(repository)
    repository.execute(
        "UPDATE packages SET state = '01', leased_by = 'tho-da-chet', leases = 3, "
        "lease_expires_at = now() - interval '1 second'"
    )
    repository.start_worker()
    assert result_of(repository, package_id) == (0, ["PKG-199"])


def test_a_crash_after_the_decision_only_leaves_the_reply_to_be_made(
    repository: Repository,
) -> None:
    package_id = submit(repository)
    repository.start_worker()
    result_of(repository, package_id)
    repository.stop_worker()
    # As the row stood between the two commits; the reply is append-only, so its guard steps aside.
    reply = "SELECT body FROM package_replies"
    before = repository.execute(reply)
    repository.execute("ALTER TABLE package_replies DISABLE TRIGGER USER")
    repository.execute("DELETE FROM package_replies")
    repository.execute(
        "UPDATE packages SET state = '02', replied_at = NULL, leased_by = 'tho-da-chet', "
        "lease_expires_at = now() - interval '1 second'"
    )
    repository.start_worker()
    assert result_of(repository, package_id) == (6, [])
    assert repository.execute(reply) == before


def test_a_vault_that_is_away_costs_no_attempt(repository: Repository, flaky: FlakyVault) -> None:
    flaky.refusals = 5
    package_id = submit(repository)
    repository.start_worker(vault=flaky)
    assert result_of(repository, package_id) == (6, [])


def test_a_database_that_drops_every_connection_is_outlived(
    repository: Repository, flaky: FlakyVault
) -> None:
    package_id = submit(repository)
    repository.start_worker(vault=flaky)
    for _ in range(5):
        repository.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = "
            "current_database() AND application_name = 'hocba hocba_worker'"
        )
        repository.thread.run(asyncio.sleep(0.05))
    assert result_of(repository, package_id) == (6, [])


def test_a_worker_that_is_stopped_hands_back_what_it_holds(
    repository: Repository, flaky: FlakyVault
) -> None:
    flaky.open.clear()
    package_id = submit(repository)
    repository.start_worker(vault=flaky)
    repository.thread.run(asyncio.wait_for(flaky.reached.wait(), 10))
    repository.stop_worker()
    assert repository.execute(LEASED) == [("01", None, 0)]
    repository.start_worker()
    assert result_of(repository, package_id) == (6, [])


def test_a_long_check_keeps_its_lease(repository: Repository, flaky: FlakyVault) -> None:
    flaky.open.clear()
    package_id = submit(repository)
    lease = timedelta(milliseconds=400)
    repository.start_worker(vault=flaky, timing=Timing(lease=lease, idle=0.02))
    repository.thread.run(asyncio.sleep(1))
    [(state, owner, leases)] = repository.execute(LEASED)
    assert (state, leases) == ("01", 1)
    assert owner
    repository.thread.loop.call_soon_threadsafe(flaky.open.set)
    assert result_of(repository, package_id) == (6, [])


def test_a_worker_that_lost_its_lease_writes_nothing(
    repository: Repository, flaky: FlakyVault
) -> None:
    flaky.open.clear()
    submit(repository)
    repository.start_worker(vault=flaky, timing=IMPATIENT)
    repository.thread.run(asyncio.wait_for(flaky.reached.wait(), 10))
    repository.execute(
        "UPDATE packages SET leased_by = 'tho-khac', lease_expires_at = now() + interval '1 hour'"
    )
    repository.thread.loop.call_soon_threadsafe(flaky.open.set)
    repository.thread.run(asyncio.sleep(1.5))
    assert repository.execute(LEASED) == [("01", "tho-khac", 1)]
    assert repository.execute("SELECT count(*) FROM package_items")[0][0] == 0
    assert repository.execute("SELECT count(*) FROM transcripts")[0][0] == 0


def test_logs_name_packages_and_codes_and_no_child(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    package_id = submit(repository)
    repository.start_worker()
    result_of(repository, package_id)
    repository.stop_worker()
    logged = capsys.readouterr()
    text = logged.out + logged.err
    assert package_id in text
    names = [row.student_name for row in repository.execute("SELECT student_name FROM transcripts")]
    codes = [one.student_code for one in repository.scenario.transcripts]
    assert not [word for word in (*names, *codes) if word in text]
