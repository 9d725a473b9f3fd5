"""A whole repository for each test of this folder; its verification processes serve a whole run."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from app.intake.processes import VerificationProcesses
from app.journal import Journal
from app.secondopinion.sampling import EVERYTHING
from app.vault import open_vault
from tests.remains import FreshDatabase, Remains, lost_repository
from tests.scenarios import scenario_of
from tests.vaults import KINDS, Store, bucket_store, folder_store
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


@pytest.fixture(scope="session")
def kept(
    tmp_path_factory: pytest.TempPathFactory,
    fresh_database: FreshDatabase,
    loop_thread: LoopThread,
) -> Iterator[Remains]:
    """What is left of a repository that has lost its database; of the xdist group "rebuild"."""
    folder = tmp_path_factory.mktemp("kept")
    with lost_repository(folder, fresh_database, loop_thread) as remains:
        yield remains


@pytest.fixture
def repository(
    database_url: str, tmp_path: Path, loop_thread: LoopThread, processes: VerificationProcesses
) -> Iterator[Repository]:
    """A running repository without a worker: the test starts one when it wants results."""
    with running_repository(database_url, tmp_path, loop_thread, processes) as running:
        yield running


@pytest.fixture(
    params=[
        pytest.param(kind, marks=pytest.mark.xdist_group("s3") if kind == "s3" else ())
        for kind in KINDS
    ]
)
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """A vault of each kind, ready for use."""
    if request.param == "s3":
        made = bucket_store(request.getfixturevalue("s3_server"))
    else:
        made = folder_store(tmp_path / "vault", unnamed_files=request.param == "directory")
    await made.vault.check()
    return made


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    """A journal in a folder of its own."""
    vault = open_vault((tmp_path / "journal").as_uri())
    return Journal(vault=vault, key=b"j" * 32, retention=timedelta(days=90))
