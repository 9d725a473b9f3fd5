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
from urllib.parse import urlsplit

import asyncpg

from app.embedded import EmbeddedPostgres
from app.embedded.account import Account, account_for, as_account, place_for, run
from app.embedded.binaries import _candidates, _copied
from app.embedded.server import _make_cluster
from tests.deployment import POLL_SECONDS, ROOT
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
        lost = self._data.rename(self._data.with_name("lost"))
        shutil.rmtree(lost, ignore_errors=True)  # its last children may be writing yet

    def run(self, script: str, *arguments: str | Path) -> "subprocess.CompletedProcess[str]":
        """Run one of the scripts as PostgreSQL's account, with the way to the server."""
        address = urlsplit(self.url)
        return subprocess.run(  # noqa: S603 -- reason: our own scripts, no shell reads the arguments
            [str(self.folder / "scripts" / script), *map(str, arguments)],
            cwd="/",
            env={
                "PATH": f"{self._programs}:/usr/bin:/bin",
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
        """Bring the lost database back as it was at a moment, and wait until it is."""
        self._own(self._data)  # only root makes a folder in there
        done = self.run("restore.sh", self.backups, self.wal, self._data, target)
        assert done.returncode == 0, done.stderr
        self.start()
        asyncio.run(self._recovered())

    async def _recovered(self) -> None:
        # While it recovers the server answers already, and with older rows.
        connection = await asyncpg.connect(self.url)
        try:
            while await connection.fetchval("SELECT pg_is_in_recovery()"):
                await connection.execute("SELECT pg_sleep($1)", POLL_SECONDS)
        finally:
            await connection.close()


def _programs_for(place: Path, account: Account | None) -> Path:
    """Choose a PostgreSQL that can verify its backups: that program of the wheel's 18.4 crashes."""
    (whole, *_) = (
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
    cluster = Cluster(folder)
    try:
        yield cluster
    finally:
        cluster.stop()
        shutil.rmtree(folder)
