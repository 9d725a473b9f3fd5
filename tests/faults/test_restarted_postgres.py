"""PostgreSQL ends at once, by its own command or killed, and comes back on the same files."""

import asyncio
import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from threading import Event
from time import monotonic, sleep

import pytest

from app.db import migrate
from app.embedded import EmbeddedPostgres
from app.errors import StartRefused
from tests.faults.life import Fault, Flow
from tests.faults.places import at_statements
from tests.faults.stage import Stage
from tests.faults.trouble import Trouble, Way
from tests.working import LoopThread

LIVES = 1
"""Of each way, with a restart in every flow: each costs a second."""

PATIENCE = 60.0

IMMEDIATE = signal.SIGQUIT
"""PostgreSQL's own way to end at once (its manual, "Shutting Down the Server")."""

pytestmark = pytest.mark.xdist_group("faults-postgres")


@dataclass(slots=True)
class Machine:
    """A durable PostgreSQL that is ended and started by the main thread, on request of another."""

    home: Path
    server: EmbeddedPostgres
    asked: Event = field(default_factory=Event)
    done: Event = field(default_factory=Event)
    signals: Iterator[int] = field(default_factory=lambda: cycle((IMMEDIATE, signal.SIGKILL)))
    restarts: int = 0

    async def fall(self) -> None:
        """Have the server ended and started, and wait for it."""
        self.done.clear()
        self.asked.set()
        await asyncio.to_thread(self.done.wait)

    def serve(self, stage: Stage, thread: LoopThread, work: "Future[None]") -> None:
        """Restart whenever that is asked for, until the work is done."""
        while not work.done():
            if self.asked.wait(0.02):
                self.asked.clear()
                self.restart(stage, thread)
                self.done.set()
        work.result()

    def restart(self, stage: Stage, thread: LoopThread) -> None:
        """End the server without a word to anybody, and start it as a supervisor would."""
        pid = int((self.home / "postgres" / "data" / "postmaster.pid").read_text().split()[0])
        os.kill(pid, next(self.signals))
        child = self.server._child
        assert child is not None
        child.wait(PATIENCE)
        thread.run(stage.moved(self._started()))
        self.restarts += 1

    def _started(self) -> str:
        end = monotonic() + PATIENCE
        while True:
            try:
                return self.server.start(self.home)
            except StartRefused:  # what the dead one left behind has not ended yet
                assert monotonic() < end
                sleep(0.05)


@pytest.fixture(scope="module")
def machine(memory: str | None) -> Iterator[tuple[Machine, str]]:
    """A server of this module's own, with the settings of production, not those of tests."""
    home = Path(tempfile.mkdtemp(prefix="hocba-faults-", dir=memory))
    home.chmod(0o755)  # root's server runs as another account
    server = EmbeddedPostgres()
    url = server.start(home)
    migrate(url)
    yield Machine(home=home, server=server), url
    server.stop()
    shutil.rmtree(home)


@pytest.fixture(scope="module")
def stage(
    machine: tuple[Machine, str],
    tmp_path_factory: pytest.TempPathFactory,
    lay_stage: Callable[..., AbstractContextManager[Stage]],
) -> Iterator[Stage]:
    with lay_stage(machine[1], tmp_path_factory.mktemp("stage")) as made:
        yield made


@pytest.mark.parametrize("way", [Way.BEFORE, Way.AFTER])
def test_wherever_postgresql_restarts_a_package_ends_as_if_undisturbed(
    machine: tuple[Machine, str], stage: Stage, loop_thread: LoopThread, way: Way
) -> None:
    computer, _ = machine
    for wire in stage.wires.values():
        wire.disaster = computer.fall

    async def live() -> None:
        places = await stage.count_places()
        for faults in at_statements(places, Trouble(way=way), lives=LIVES):
            await stage.live(faults)
        await stage.assert_sound()

    before = computer.restarts
    computer.serve(stage, loop_thread, asyncio.run_coroutine_threadsafe(live(), loop_thread.loop))
    assert computer.restarts - before >= LIVES * len(Flow)


def test_what_was_committed_when_postgresql_died_is_there(
    machine: tuple[Machine, str], stage: Stage, loop_thread: LoopThread
) -> None:
    computer, _ = machine
    for wire in stage.wires.values():
        wire.disaster = computer.fall

    async def live() -> None:
        places = await stage.count_places()
        statements = places[Flow.RECEIVE].statements
        wrote = next(at for at, one in enumerate(statements) if one.startswith("INSERT INTO audit"))
        commit = statements.index("COMMIT;", wrote)
        life = await stage.live(
            {Flow.RECEIVE: (Fault(position=commit, trouble=Trouble(way=Way.AFTER)),)}
        )
        # What the sender repeated had been committed, so it was known.
        assert set(life.statuses[:1]) == {503}
        assert 202 not in life.statuses

    computer.serve(stage, loop_thread, asyncio.run_coroutine_threadsafe(live(), loop_thread.loop))
