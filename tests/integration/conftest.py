"""A whole repository for each test of this folder; its verification processes serve a whole run."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.intake.processes import VerificationProcesses
from app.secondopinion.sampling import EVERYTHING
from tests.scenarios import scenario_of
from tests.working import STUDENTS, LoopThread, Repository, running_repository


@pytest.fixture(scope="session")
def loop_thread() -> Iterator[LoopThread]:
    thread = LoopThread()
    yield thread
    thread.close()


@pytest.fixture(scope="session")
def processes(loop_thread: LoopThread) -> Iterator[VerificationProcesses]:
    trust = scenario_of(STUDENTS).pki.trust
    # Every transcript that a test gets accepted has passed both engines.
    with VerificationProcesses(processes=2, trust=trust, sampling=EVERYTHING) as started:
        loop_thread.run(started.start())
        yield started


@pytest.fixture
def repository(
    database_url: str, tmp_path: Path, loop_thread: LoopThread, processes: VerificationProcesses
) -> Iterator[Repository]:
    """A running repository without a worker: the test starts one when it wants results."""
    with running_repository(database_url, tmp_path, loop_thread, processes) as running:
        yield running
