"""A whole repository for each test of this folder; its verification processes serve a whole run."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from app.intake.processes import VerificationProcesses
from app.journal import Journal
from app.secondopinion.sampling import EVERYTHING
from app.vault import open_vault
from tests.mixture import Site, let_everything_happen
from tests.remains import FreshDatabase, Remains, lost_repository
from tests.scenarios import scenario_of
from tests.vaults import KINDS, Store, bucket_store, folder_store
from tests.working import STUDENTS, LoopThread, Repository, running_repository

NewDatabase = Callable[[], AbstractContextManager[str]]


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
    request: pytest.FixtureRequest,
    database_url: str,
    tmp_path: Path,
    loop_thread: LoopThread,
    processes: VerificationProcesses,
) -> Iterator[Repository]:
    """A running repository without a worker: the test starts one when it wants results.

    Whatever a test leaves behind must pass fsck, but where it says that it tampered.
    """
    tampered = request.node.get_closest_marker("tampered") is not None
    with running_repository(
        database_url, tmp_path, loop_thread, processes, tampered=tampered
    ) as running:
        yield running


@pytest.fixture(scope="session")
def mixture(
    fresh_database: NewDatabase,
    tmp_path_factory: pytest.TempPathFactory,
    loop_thread: LoopThread,
) -> Iterator[Site]:
    """A repository at rest in which everything has happened once; only copies are changed."""
    blind = replace(scenario_of(STUDENTS).pki.trust, evidence=())
    with (
        fresh_database() as url,
        VerificationProcesses(processes=1, trust=blind) as processes,
    ):
        loop_thread.run(processes.start())
        folder = tmp_path_factory.mktemp("mixture")
        with running_repository(url, folder, loop_thread, processes) as repository:
            made = let_everything_happen(repository)
        yield made


@pytest.fixture
def site(
    mixture: Site, copied_database: Callable[[str], AbstractContextManager[str]], tmp_path: Path
) -> Iterator[Site]:
    """A copy of the mixture, to be damaged."""
    with copied_database(mixture.database_url) as url:
        yield mixture.copied(url, tmp_path)


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
