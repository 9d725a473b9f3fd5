"""The worker's rounds of discarding, beside other workers and while the vault is away."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs
from typing_extensions import override

from app.db import connect
from app.errors import Unavailable
from app.intake.keeping import REFUSED_KEPT
from app.intake.process import Processing
from app.main import read_clock
from app.vault.directory import DirectoryVault, open_directory
from app.worker.discarding import keep_discarding
from tests.working import Repository


class TroubledVault(DirectoryVault):
    """A real vault that fails to discard."""

    trouble: Exception | None = None

    @override
    async def discard(self, digest: str, *, before: datetime) -> bool:
        if self.trouble is not None:
            raise self.trouble
        return await super().discard(digest, before=before)


@pytest.fixture
def vault(repository: Repository) -> TroubledVault:
    """The vault of a repository that has refused two packages whole."""
    repository.start_worker()
    for content in (b"khong phai XML", b"cung khong phai XML"):
        repository.package(content)
    repository.stop_worker()
    opened = open_directory(repository.vault_folder)
    return TroubledVault(opened.root, unnamed_files=opened.unnamed_files)


def do_rounds(repository: Repository, vault: TroubledVault, workers: int = 1) -> list[Any]:
    """Let workers do their first round at the same time; gives what they logged."""
    later = read_clock() + REFUSED_KEPT + timedelta(days=1)

    async def run() -> None:
        database = connect(repository.database_url, role="hocba_worker")
        parts = Processing(
            database=database,
            vault=vault,
            keys=repository.keys,
            processes=repository.processes,
            clock=lambda: later,
        )
        stop = asyncio.Event()
        rounds = [asyncio.create_task(keep_discarding(parts, stop)) for _ in range(workers)]
        await asyncio.sleep(0.05)
        stop.set()
        await asyncio.gather(*rounds)
        await database.dispose()

    with capture_logs() as lines:
        repository.thread.run(run())
    return [(line["event"], line["log_level"]) for line in lines]


def discarded(repository: Repository) -> int:
    (row,) = repository.execute("SELECT count(*) FROM package_discards")
    count: int = row[0]
    return count


def test_workers_that_discard_at_once_write_each_package_down_once(
    repository: Repository, vault: TroubledVault
) -> None:
    do_rounds(repository, vault, workers=4)
    assert discarded(repository) == 2
    assert repository.execute("SELECT count(*) FROM audit WHERE action = 'package.discarded'") == [
        (2,)
    ]


@pytest.mark.parametrize(
    ("trouble", "line"),
    [
        (Unavailable(part="vault"), ("discarding.waits", "warning")),
        (RuntimeError("a fault of ours"), ("discarding.failed", "error")),
    ],
)
def test_a_round_that_fails_is_made_up_for_by_the_next(
    repository: Repository, vault: TroubledVault, trouble: Exception, line: tuple[str, str]
) -> None:
    vault.trouble = trouble
    assert do_rounds(repository, vault) == [line]
    assert discarded(repository) == 0
    vault.trouble = None
    assert do_rounds(repository, vault) == [("discarding.done", "info")]
    assert discarded(repository) == 2


def test_an_idle_round_says_nothing(repository: Repository) -> None:
    opened = open_directory(repository.vault_folder)
    vault = TroubledVault(opened.root, unnamed_files=opened.unnamed_files)
    assert do_rounds(repository, vault) == []
