"""The service as an operator runs it: processes of the program, which a test may kill.

They use the stores, keys and trust that their settings name, and end with the test run whatever
becomes of that.
"""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from time import monotonic, sleep

import httpx

from app.db import connect
from app.journal import Journal
from app.keys import load_journal_key
from app.main import read_clock
from app.sandbox.enrolment import enrol_school, open_account
from app.sandbox.pki import write_trust_bundle
from app.sandbox.repository_keys import make_repository_keys
from app.sandbox.scenario import Scenario, make_scenario
from app.vault import open_vault
from tests.scenarios import KEY_CACHE, SEED
from tests.scenarios import keys as scenario_keys

ROOT = Path(__file__).parent.parent
CLIENT_ID = "phan-mem-mau"
PATIENCE = 60.0
"""Seconds for a start: two of them alone, more beside a full test run on two cores."""

POLL_SECONDS = 0.02

_COMMANDS = {
    "web": ("serve", "--no-worker"),
    "worker": ("work",),
    "all": ("serve",),
}
_ANSWERING = {"web", "all"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Running:
    process: subprocess.Popen[bytes]
    log: Path


class Deployment:
    """The processes of one service; the names are web, worker, and all for both in one command."""

    def __init__(self, folder: Path, settings: dict[str, str]) -> None:
        """Prepare the service.

        Args:
            folder: where the processes write their logs.
            settings: every variable HOCBA_…; the port is chosen here.
        """
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._folder = folder
        self._environment = program_environment(settings | {"HOCBA_PORT": str(self.port)})
        self._running: dict[str, _Running] = {}

    def start(self, *names: str) -> None:
        """Start processes; they get ready while the caller goes on."""
        for name in names:
            file = self._folder / f"{name}-{len(self._logs())}.log"
            with file.open("wb") as log:
                process = subprocess.Popen(  # noqa: S603 -- reason: our own program
                    command_line(*_COMMANDS[name]),
                    cwd=ROOT,
                    env=self._environment,
                    stdout=log,
                    stderr=log,
                )
            self._running[name] = _Running(process=process, log=file)

    def await_ready(self) -> None:
        """Wait until every process does its work."""
        deadline = monotonic() + PATIENCE
        while not all(self._is_ready(name) for name in self._running):
            assert monotonic() < deadline, self.words()
            sleep(POLL_SECONDS)

    def kill(self, *names: str) -> list[int]:
        """End processes as a power cut would; gives their process ids."""
        victims = [self._running.pop(name).process for name in names]
        for victim in victims:
            assert victim.poll() is None, self.words()
            victim.send_signal(signal.SIGKILL)
        for victim in victims:
            victim.wait()
        return [victim.pid for victim in victims]

    def pid(self, name: str) -> int:
        """Give the process id of a running process."""
        return self._running[name].process.pid

    def stop(self) -> None:
        """End what still runs, the clean way."""
        for running in self._running.values():
            running.process.terminate()
        for running in self._running.values():
            running.process.wait(PATIENCE)
        self._running.clear()

    def words(self) -> str:
        """Give what all processes wrote, for a failed test."""
        return "\n".join(file.read_text(errors="replace") for file in self._logs())

    def _logs(self) -> list[Path]:
        return sorted(self._folder.glob("*.log"))

    def _is_ready(self, name: str) -> bool:
        running = self._running[name]
        assert running.process.poll() is None, self.words()
        if name != "web" and b'"worker.started"' not in running.log.read_bytes():
            return False
        try:
            return name not in _ANSWERING or httpx.get(f"{self.url}/readyz").is_success
        except httpx.TransportError:
            return False


@contextmanager
def deployed(folder: Path, settings: dict[str, str], *names: str) -> Iterator[Deployment]:
    """Run processes until the block ends; gives them when they are ready."""
    deployment = Deployment(folder, settings)
    deployment.start(*names)
    try:
        deployment.await_ready()
        yield deployment
    finally:
        deployment.stop()


def command_line(*words: str) -> list[str]:
    """Write a command of the program that the kernel ends when the test process dies."""
    return ["setpriv", "--pdeathsig", "KILL", sys.executable, "-m", "app", *words]


def program_environment(settings: dict[str, str]) -> dict[str, str]:
    """Give a process the settings and no others; its byte code is compiled once for all."""
    own = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("HOCBA_") and name != "PYTHONDONTWRITEBYTECODE"
    }
    return own | {"PYTHONPYCACHEPREFIX": str(ROOT / ".cache" / "bytecode")} | settings


def scenario_of_today(students: int) -> Scenario:
    """Make a class that a service with a real clock accepts today."""
    # Of yesterday, because a class of today may be made later in the day than now.
    yesterday = read_clock().date() - timedelta(days=1)
    return make_scenario(SEED, today=yesterday, students=students, cache=KEY_CACHE)


def write_keys_and_trust(folder: Path, scenario: Scenario) -> dict[str, str]:
    """Write the folders `keys` and `trust`, the same for every folder; gives their settings."""
    make_repository_keys(folder / "keys", today=scenario.spec.issued_on, keys=scenario_keys())
    write_trust_bundle(folder / "trust", scenario.pki)
    return {"HOCBA_KEYS_DIR": str(folder / "keys"), "HOCBA_TRUST_DIR": str(folder / "trust")}


async def enrol(database_url: str, scenario: Scenario, folder: Path) -> str:
    """Make the school known and open the account `CLIENT_ID` for it; gives its secret.

    The journal is that of the folder's vault and keys.
    """
    database = connect(database_url, role=None, pool_size=1)
    since = scenario.spec.issued_on - timedelta(days=200)
    try:
        await enrol_school(
            database, journal_of(folder), scenario.school, approved_from=since, now=read_clock()
        )
        return await open_account(database, scenario.school, client_id=CLIENT_ID, now=read_clock())
    finally:
        await database.dispose()


def journal_of(folder: Path) -> Journal:
    """Give the journal of a service whose vault and keys lie in a folder."""
    return Journal(
        vault=open_vault((folder / "vault").as_uri()),
        key=load_journal_key(folder / "keys"),
        retention=timedelta(days=90),
    )


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port
