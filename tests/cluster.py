"""A PostgreSQL that an operator backs up: it archives its WAL, can be lost whole, and restored.

The scripts of `deploy/backup` do the work, as PostgreSQL's own account where the tests run as root.
"""

import asyncio
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from time import monotonic, sleep
from typing import Any
from urllib.parse import urlsplit

import asyncpg

from app.embedded import EmbeddedPostgres
from app.embedded.account import Account, account_for, as_account, place_for, run
from app.embedded.binaries import _candidates, _copied
from app.embedded.server import _make_cluster
from tests.deployment import PATIENCE, POLL_SECONDS, ROOT
from tests.memory import roomy_memory

SCRIPTS = ROOT / "deploy" / "backup"

ARCHIVE_SECONDS = 1
"""A segment is closed after so long; in production after a minute."""


class Cluster:
    """One PostgreSQL with its WAL archive and its base backups.

    Attributes:
        folder: holds all of it: `postgres`, `wal`, `backups` and the scripts.
        url: of the running server, as its owner.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.wal, self.backups = folder / "wal", folder / "backups"
        account = account_for(folder / "postgres" / "data")
        self._account = as_account(account)
        place = place_for(folder, account)
        self._programs = _programs_for(place, account)
        _make_cluster(place, self._programs, account, "--locale=C.UTF-8")
        shutil.copytree(SCRIPTS, folder / "scripts")  # the account may not enter the checkout
        for made in (self.wal, self.backups):
            self._own(made)
        self.start()

    @property
    def _data(self) -> Path:
        return (self.folder / "postgres").resolve() / "data"

    def _own(self, folder: Path) -> None:
        folder.mkdir(mode=0o700)
        if self._account:
            os.chown(folder, self._account["user"], self._account["group"])

    def start(self) -> None:
        """Start the server and wait until it answers."""
        self._server = EmbeddedPostgres(
            {
                "archive_mode": "on",
                "archive_command": f'{self.folder}/scripts/archive-wal.sh "%p" {self.wal}/%f',
                "archive_timeout": str(ARCHIVE_SECONDS),
            }
        )
        self.url = self._server.start(self.folder)

    def stop(self) -> None:
        """Stop the server in order."""
        self._server.stop()

    def lose(self) -> None:
        """Kill the server and remove every file of the database."""
        os.kill(int((self._data / "postmaster.pid").read_text().splitlines()[0]), signal.SIGKILL)
        self._server.stop()
        lost = self._data.rename(Path(mkdtemp(dir=self._data.parent)) / "data")
        shutil.rmtree(lost, ignore_errors=True)  # its last children may be writing yet

    def ask(self, statement: str) -> list[Any]:
        """Give a statement to the server; gives the first column."""

        async def fetch() -> list[Any]:
            connection = await asyncpg.connect(self.url)
            try:
                return [row[0] for row in await connection.fetch(statement)]
            finally:
                await connection.close()

        return asyncio.run(fetch())

    def await_archive(self) -> None:
        """Wait until what is committed now is in the archive."""
        # A record of our own, because a segment without any is never closed.
        mark = "SELECT pg_walfile_name(pg_logical_emit_message(true, 'drill', ''))"
        (segment,), end = self.ask(mark), monotonic() + PATIENCE
        kept = f"SELECT last_archived_wal >= '{segment}' FROM pg_stat_archiver"  # noqa: S608 -- reason: our own value
        while self.ask(kept) != [True]:
            assert monotonic() < end
            sleep(POLL_SECONDS)

    def run(self, program: str, *arguments: str | Path) -> "subprocess.CompletedProcess[str]":
        """Run a script or a program of PostgreSQL as its account, with the way to the server."""
        address = urlsplit(self.url)
        return subprocess.run(  # noqa: S603 -- reason: our own scripts, no shell reads the arguments
            ["/usr/bin/env", program, *map(str, arguments)],
            cwd="/",
            env={
                "PATH": f"{self.folder}/scripts:{self._programs}:/usr/bin:/bin",
                "PGHOST": str(address.hostname),
                "PGPORT": str(address.port),
                "PGUSER": str(address.username),
                "PGPASSWORD": str(address.password),
            },
            capture_output=True,
            text=True,
            check=False,
            **self._account,
        )

    def back_up(self) -> Path:
        """Take a base backup; gives its folder."""
        done = self.run("base-backup.sh", self.backups)
        assert done.returncode == 0, done.stderr
        return Path(done.stdout.strip())

    def restore(self, target: str) -> None:
        """Bring the lost database back as it was at a moment; it takes no changes yet."""
        self._own(self._data)  # only root makes a folder in there
        done = self.run("restore.sh", self.backups, self.wal, self._data, target)
        assert done.returncode == 0, done.stderr
        self.start()
        self.await_recovery()

    def await_recovery(self) -> None:
        """Wait until the server has recovered and keeps its archive as it should."""
        # While it recovers the server answers already, and with older rows.
        while self.ask("SELECT pg_is_in_recovery()") == [True]:
            sleep(POLL_SECONDS)
        # Until its first checkpoint, which may take 5 minutes, it does not keep to archive_timeout.
        self.ask("CHECKPOINT")

    def allow_changes(self) -> None:
        """Open the restored database for changes, as the operator does before `rebuild`."""
        self.ask("ALTER SYSTEM RESET default_transaction_read_only")
        self.ask("SELECT pg_reload_conf()")
        while self.ask("SHOW default_transaction_read_only") != ["off"]:
            sleep(POLL_SECONDS)


def _programs_for(place: Path, account: Account | None) -> Path:
    """Choose a PostgreSQL that can verify its backups: that program of the wheel's 18.4 crashes."""
    whole = next(
        binaries
        for binaries in _candidates()
        if run(None, str(binaries / "pg_verifybackup"), "--version").returncode == 0
    )
    return whole if account is None else _copied(whole, place)


@contextmanager
def backed_up_cluster() -> Iterator[Cluster]:
    """Run a cluster in a folder that every account may enter."""
    folder = Path(mkdtemp(prefix="hocba-drill-", dir=roomy_memory()))
    folder.chmod(0o755)
    try:
        cluster = Cluster(folder)
        try:
            yield cluster
        finally:
            cluster.stop()
    finally:
        shutil.rmtree(folder)
