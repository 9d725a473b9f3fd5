"""A stage for each test module of this folder; verification processes serve all of them."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from app.intake.processes import VerificationProcesses
from app.main import WebParts
from app.vault import Vault
from tests.faults.breaking import BreakingVault
from tests.faults.ground import entered, laid, staged
from tests.faults.stage import Stage
from tests.scenarios import scenario_of
from tests.working import NOW, LoopThread, running_repository
from tests.working import STUDENTS as CLASS


@pytest.fixture(scope="session")
def loop_thread() -> Iterator[LoopThread]:
    thread = LoopThread()
    yield thread
    thread.close()


@pytest.fixture(scope="session")
def blind(loop_thread: LoopThread) -> Iterator[VerificationProcesses]:
    """Verification that knows nothing of revocation, so that it accepts provisionally."""
    trust = replace(scenario_of(CLASS).pki.trust, evidence=())
    with VerificationProcesses(processes=1, trust=trust) as started:
        loop_thread.run(started.start())
        yield started


@pytest.fixture(scope="session")
def seeing(loop_thread: LoopThread) -> Iterator[VerificationProcesses]:
    """Verification that knows of revocation."""
    trust = scenario_of(CLASS).pki.trust
    with VerificationProcesses(processes=1, trust=trust) as started:
        loop_thread.run(started.start())
        yield started


async def copy_notes(source: Vault, target: Vault) -> None:
    """Take the journal of the enrolment to where the stage keeps everything."""
    await target.check()
    for name in await source.notes():
        await target.note(name, await source.read_note(name), until=NOW + timedelta(days=365))


@pytest.fixture(scope="session")
def lay_stage(
    loop_thread: LoopThread, blind: VerificationProcesses, seeing: VerificationProcesses
) -> Callable[..., AbstractContextManager[Stage]]:
    """Make a stage over a migrated database, and over a folder or the vault that is opened."""

    @contextmanager
    def lay(url: str, folder: Path, opened: Callable[[], Vault] | None = None) -> Iterator[Stage]:
        with entered(loop_thread, laid(url)) as ground:
            vaults: dict[str, BreakingVault] = {}

            def broken(parts: WebParts) -> WebParts:
                inner = {side: opened() if opened else parts.vault for side in ("web", "worker")}
                vaults.update({side: BreakingVault(vault) for side, vault in inner.items()})
                return replace(
                    parts,
                    database=ground.database("web"),
                    vault=vaults["web"],
                    clock=ground.clocks["web"],
                )

            with running_repository(
                url,
                folder,
                loop_thread,
                blind,
                tampered=True,  # the stage has fsck look at its own vault
                changed=broken,
            ) as repository:
                if opened:
                    loop_thread.run(copy_notes(repository.vault, opened()))
                setting = staged(repository, ground, vaults, seeing)
                with entered(loop_thread, setting) as stage:
                    yield stage

    return lay


@pytest.fixture(scope="module")
def stage(
    fresh_database: Callable[[], AbstractContextManager[str]],
    tmp_path_factory: pytest.TempPathFactory,
    lay_stage: Callable[..., AbstractContextManager[Stage]],
) -> Iterator[Stage]:
    """A repository over PostgreSQL and a folder, for all lives of a module."""
    with fresh_database() as url, lay_stage(url, tmp_path_factory.mktemp("stage")) as made:
        yield made
