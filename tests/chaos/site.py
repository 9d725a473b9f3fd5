"""The parts of a service that may be killed: PostgreSQL, an S3 gateway, web processes, workers.

Everything is real and durable: PostgreSQL with fsync from the wheel, radosgw over a store that
outlives the gateway, and the program's own processes, started again as an operator's supervisor
would. A part that ends without being told to is a fault, unless it refused its start in one
sentence, as it must while a store is away.
"""

import os
import signal
import socket
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import Protocol

import httpx
import psutil

from app.embedded import EmbeddedPostgres, server
from tests.deployment import ROOT, command_line, free_port, program_environment

REFUSED = "Không khởi động được: "
"""How a process begins its one sentence when it does not start."""

AGAIN_SECONDS = 1.0
"""Pause before a process that refused its start is started again."""


class Part(Protocol):
    """Something that can be killed and started.

    Attributes:
        kind: what the summary calls it.
    """

    name: str
    kind: str

    def start(self) -> None:
        """Start it; returns at once, but for PostgreSQL."""

    def kill(self) -> None:
        """End it as a power cut would."""

    def stop(self) -> None:
        """End it the clean way."""


class Postgres:
    """A durable cluster on one port for all its lives."""

    name = kind = "postgresql"

    def __init__(self, home: Path) -> None:
        port = free_port()
        server._free_port = lambda: port
        self._home = home
        self._server = EmbeddedPostgres()
        self.url = self._server.start(home)

    def start(self) -> None:
        self._server = EmbeddedPostgres()
        assert self._server.start(self._home) == self.url

    def kill(self) -> None:
        child = self._server._child
        assert child is not None
        family = [psutil.Process(child.pid)]
        family += family[0].children(recursive=True)
        for process in family:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        child.wait()
        psutil.wait_procs(family, 10)

    def stop(self) -> None:
        self._server.stop()


class Gateway:
    """The S3 gateway of `tests.s3`, whose store lives on."""

    name = kind = "s3"

    def __init__(self) -> None:
        found = [one for one in psutil.Process().children() if one.name() == "radosgw"]
        self._pid = found[0].pid
        self._command = ["setpriv", "--pdeathsig", "KILL", *found[0].cmdline()]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(  # noqa: S603 -- reason: the command of tests.s3
            self._command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def kill(self) -> None:
        if self._process is None:  # still the one that tests.s3 started, and will wait for
            os.kill(self._pid, signal.SIGKILL)
            return
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        if self._process is not None:
            self.kill()


class Program:
    """A process of the program.

    Attributes:
        refusals: how often it refused its start.
        start_seconds: what its last start took, as far as `tend` saw it; None until it is up.
        faults: what became of it that should not.
        port: where a web process listens; None for a worker.
    """

    def __init__(self, name: str, *, folder: Path, settings: dict[str, str]) -> None:
        self.name = name
        self.kind = name.partition("-")[0]
        self.port = free_port() if self.kind == "web" else None
        self.refusals = 0
        self.start_seconds: float | None = None
        self._began = 0.0
        self.faults: list[str] = []
        self._command = command_line(*(["serve", "--no-worker"] if self.port else ["work"]))
        own = {} if self.port is None else {"HOCBA_PORT": str(self.port)}
        self._environment = program_environment(settings | own)
        self._folder = folder
        self._lives = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._again_at = 0.0

    @property
    def log(self) -> Path:
        """What its present life writes."""
        return self._folder / f"{self.name}-{self._lives:03d}.log"

    def start(self) -> None:
        self._lives += 1
        self._began, self.start_seconds = monotonic(), None
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603 -- reason: our own program
                self._command, cwd=ROOT, env=self._environment, stdout=log, stderr=log
            )

    def tend(self) -> None:
        """See it come up; start it again when it refused its start, else its end is a fault."""
        if self._process is None:
            return
        if self._process.poll() is None:
            if self.start_seconds is None and self.is_up():
                self.start_seconds = monotonic() - self._began
            return
        if self._again_at:
            if monotonic() >= self._again_at:
                self._again_at = 0.0
                self.start()
            return
        words = self.log.read_text(errors="replace").splitlines() or [""]
        if self._process.returncode == 1 and words[-1].startswith(REFUSED):
            self.refusals += 1
        else:
            self.faults.append(
                f"{self.name} ended with status {self._process.returncode}: {words[-1]}"
            )
        self._again_at = monotonic() + AGAIN_SECONDS

    def kill(self) -> None:
        self._end(lambda process: process.kill())

    def stop(self) -> None:
        self._end(lambda process: process.terminate())

    def _end(self, how: "Callable[[subprocess.Popen[bytes]], None]") -> None:
        process, self._process = self._process, None
        self._again_at = 0.0
        if process is not None and process.poll() is None:
            how(process)
            process.wait(60)

    def is_up(self) -> bool:
        """Tell whether it has come as far as its work, without asking it for any."""
        if self.port is None:
            return self.is_ready()
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=0.2).close()
        except OSError:
            return False
        return True

    def is_ready(self) -> bool:
        """Tell whether it does its work now."""
        if self._process is None or self._process.poll() is not None:
            return False
        if self.port is None:
            return b'"worker.started"' in self.log.read_bytes()
        try:
            return httpx.get(f"http://127.0.0.1:{self.port}/readyz", timeout=20).is_success
        except httpx.TransportError:
            return False
