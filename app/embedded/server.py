"""The supervisor: make a cluster, start its server, attach to a running one, stop it."""

import fcntl
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from app.embedded.account import ENVIRONMENT, Account, account_for, as_account, place_for, run
from app.embedded.binaries import binaries_for
from app.errors import StartRefused
from app.lifeline import die_with

START_SECONDS = 60
"""Patience for a start: after a crash it replays at most a checkpoint's worth of changes."""

STOP_SECONDS = 30
"""Patience for a clean stop; then the server is ended at once and recovers at its next start."""

START_ATTEMPTS = 3
"""Another program may take the free port between our look and the server's bind: try again."""

POLL_SECONDS = 0.02
"""Pause between looks at the server's state file; a start takes about 50 ms."""

_USER = "hocba"
_BUILTIN_LOCALE_SINCE = 17  # the first version whose own collation is the same on every machine
_STATUS_LINE, _PORT_LINE = 7, 3  # of postmaster.pid (PostgreSQL's miscadmin.h)
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    # A failed statement and the key of a refused row are personal data: neither is logged.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Server:
    """A live server, as its `postmaster.pid` and the kernel describe it."""

    parent: int
    port: str
    status: str


def _server_of(data: Path) -> _Server | None:
    """Find the live server of a cluster; a stale state file or a reused process id is none."""
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
        process = Path("/proc", str(int(lines[0])))
        if os.fsencode(data) not in (process / "cmdline").read_bytes().split(b"\0"):
            return None
        parent = int((process / "stat").read_text().rpartition(")")[2].split()[1])
    except (FileNotFoundError, ProcessLookupError, IndexError, ValueError):
        return None
    lines += [""] * (_STATUS_LINE + 1 - len(lines))
    return _Server(parent=parent, port=lines[_PORT_LINE], status=lines[_STATUS_LINE].strip())


def _attached_port(place: Path) -> str | None:
    """Find the port of a server that a living owner keeps; None when there is no server.

    A server whose owner died is stopping, whatever its state file still says: wait for its end.
    """
    for _ in _until(START_SECONDS):
        server = _server_of(place / "data")
        if server is None:
            return None
        if server.status == "ready" and (place / "owner").read_text() == str(server.parent):
            return server.port
    raise StartRefused(f"máy chủ dữ liệu của {place} chưa sẵn sàng mà cũng chưa dừng")


def _make_cluster(place: Path, binaries: Path, account: Account | None, *extra: str) -> None:
    """Create a cluster under a temporary name; only a complete one gets the name `data`."""
    data, password = place / "data.new", place / "password"
    shutil.rmtree(data, ignore_errors=True)
    password.unlink(missing_ok=True)
    data.mkdir(mode=0o700)
    with open(password, "x", opener=_private) as file:
        file.write(secrets.token_urlsafe(32))
    if account is not None:
        for path in (data, password):
            os.chown(path, account.uid, account.gid)
    options = ("--encoding=UTF8", "--auth=scram-sha-256", "--data-checksums", *extra)
    files = (f"--pgdata={data}", f"--pwfile={password}", f"--username={_USER}")
    answer = run(account, str(binaries / "initdb"), *files, *options)
    if answer.returncode != 0:
        raise StartRefused(f"initdb thất bại: {answer.stderr.strip()}")
    data.rename(place / "data")


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _until(seconds: float) -> Iterator[None]:
    """Repeat every `POLL_SECONDS` for so long."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        yield
        time.sleep(POLL_SECONDS)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def _locked(home: Path) -> Iterator[None]:
    """Let one process at a time start the server of this home folder."""
    with (home / "postgres.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


class EmbeddedPostgres:
    """A PostgreSQL server of this process's own, or one that a living process already owns.

    A context manager that stops on leaving what it started. The cluster survives a kill of the
    owner at any moment; its superuser's password lies in a file that only the account can read.
    """

    def __init__(self, options: Mapping[str, str] | None = None) -> None:
        """Prepare a server.

        Args:
            options: server settings on top of the fixed ones, such as `{"fsync": "off"}` in tests.
        """
        self._options = dict(options or {})
        self._child: subprocess.Popen[bytes] | None = None

    def start(self, home: Path) -> str:
        """Start the server of this home folder, or attach to the one that runs.

        Must be called from the main thread: the kernel ties the server to the thread that forks it.

        Returns:
            The URL of the database with its user and password; it never belongs into a log.

        Raises:
            StartRefused: no usable binaries or account, or the server does not become ready.
        """
        if sys.platform != "linux":
            raise StartRefused("PostgreSQL đi kèm chỉ chạy trên Linux: hãy đặt HOCBA_DATABASE_URL")
        if threading.current_thread() is not threading.main_thread():
            raise StartRefused("PostgreSQL đi kèm phải được khởi động từ luồng chính")
        try:
            home.mkdir(parents=True, exist_ok=True)
            with _locked(home):
                account = account_for(home / "postgres" / "data")
                place = place_for(home.resolve(), account)
                port = _attached_port(place) or self._launch(place, account)
                password = (place / "password").read_text()
        except OSError as error:
            raise StartRefused(f"không khởi động được PostgreSQL đi kèm: {error}") from error
        return f"postgresql://{_USER}:{password}@127.0.0.1:{port}/postgres"

    def _launch(self, place: Path, account: Account | None) -> str:
        """Start the server, on a new cluster if there is none; returns its port."""
        binaries, major = binaries_for(place, account)
        if not (place / "data").exists():
            builtin = ("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C")
            locale = builtin if major >= _BUILTIN_LOCALE_SINCE else ("--locale=C.UTF-8",)
            unsafe = ("--no-sync",) if self._options.get("fsync") == "off" else ()
            _make_cluster(place, binaries, account, *locale, *unsafe)
        # `_attached_port` found no server. After a restart of the machine or container the file may
        # name a process that lives but is another: PostgreSQL would refuse it for ever.
        (place / "data" / "postmaster.pid").unlink(missing_ok=True)
        for _ in range(START_ATTEMPTS):
            port = str(_free_port())
            (place / "owner").write_text(str(os.getpid()))
            self._child = child = self._spawn(place, binaries, account, port)
            for _ in _until(START_SECONDS):
                server = _server_of(place / "data")
                if server is not None and server.status == "ready":
                    return port
                if child.poll() is not None:
                    break
        self.stop()
        raise StartRefused(f"PostgreSQL không khởi động: xem {place / 'server.log'}")

    def _spawn(
        self, place: Path, binaries: Path, account: Account | None, port: str
    ) -> subprocess.Popen[bytes]:
        settings = _SETTINGS | self._options | {"port": port}
        tie = partial(die_with, os.getpid(), signal.SIGINT)  # SIGINT: the clean, fast shutdown
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with (place / "server.log").open("ab") as log:
            return subprocess.Popen(  # noqa: S603 -- reason: our own program and paths, and no shell
                [str(binaries / "postgres"), "-D", str(place / "data"), *options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env=ENVIRONMENT,
                start_new_session=True,  # Ctrl-C in a terminal stops the owner, then the server
                preexec_fn=tie,  # noqa: PLW1509 -- reason: one system call, from the main thread
                **as_account(account),
            )

    def stop(self) -> None:
        """Stop the server cleanly if this object started it; safe to call twice."""
        child, self._child = self._child, None
        if child is None:
            return
        child.send_signal(signal.SIGINT)
        try:
            child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            child.send_signal(signal.SIGQUIT)
            child.wait(STOP_SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
