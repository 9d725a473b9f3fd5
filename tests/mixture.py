"""A repository at rest in which everything has happened once, and copies of it to be damaged."""

import shutil
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import text

from app.db import Database, connect
from app.intake.keeping import REFUSED_KEPT, discard_refused
from app.intake.process import Processing
from app.intake.recheck import recheck_provisional
from app.main import read_clock
from app.sandbox.packaging import SignedTranscript
from app.sandbox.scenario import with_changed_mark
from app.vault import open_vault
from tests.inspection import Stores
from tests.working import NOW, Repository

PLACES = {
    "CLASS": "package_id = (SELECT package_id FROM packages WHERE total = 6)",
    "TAKING": "package_id = (SELECT package_id FROM packages WHERE purpose = '03')",
    "ONE": """transcript_code = (
        SELECT min(transcript_code) FROM transcripts WHERE withdrawn_at IS NULL AND version = 1)""",
    "SECOND": "version = 2",
}
"""What damages name in braces, of a mixture."""

REFUSED_WHOLE = b"khong phai XML"
LATER = NOW + timedelta(hours=3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The stores of a repository that has come to rest."""

    database_url: str
    folder: Path

    @property
    def stores(self) -> Stores:
        return Stores(
            database_url=self.database_url,
            vault=open_vault(self.vault_folder.as_uri()),
            reply_certificate=self.folder / "keys" / "reply-certificate.pem",
        )

    @property
    def vault_folder(self) -> Path:
        return self.folder / "vault"

    def copied(self, database_url: str, folder: Path) -> "Site":
        """The same files in another folder, for a copy of the database."""
        for name in ("vault", "keys"):
            shutil.copytree(self.folder / name, folder / name)
        return Site(database_url=database_url, folder=folder)

    async def tamper(self, *statements: str) -> None:
        """Change what no program can, past triggers and references, as the server's superuser.

        Statements name some rows by the words of `PLACES` in braces.
        """
        database = connect(self.database_url, role=None)
        async with database.begin() as connection:
            await connection.execute(text("SET LOCAL session_replication_role = replica"))
            for statement in statements:
                await connection.execute(text(statement.format(**PLACES)))
        await database.dispose()

    async def rows(self, statement: str) -> list[Any]:
        database = connect(self.database_url, role=None)
        async with database.read() as connection:
            found = list(await connection.execute(text(statement)))
        await database.dispose()
        return found

    def object_of(self, digest: str) -> Path:
        """The file of an object."""
        return self.vault_folder / "sha256" / digest[:2] / digest[2:4] / digest


def let_everything_happen(repository: Repository) -> Site:
    """Accept, refuse, withdraw, issue anew, leave provisional, make final, expire, acknowledge.

    The repository's processes begin without any evidence about revocation.
    """
    trust = repository.processes.trust
    first, second, *rest = repository.scenario.transcripts
    spoilt = SignedTranscript(student_code=first.student_code, xml=with_changed_mark(first.xml))
    repository.start_worker()
    answer = repository.package(repository.scenario.repackaged([spoilt, second, *rest], number=2))
    assert (answer["accepted"], answer["rejected"]) == (len(rest) + 1, 1)
    repository.client().post(answer["links"]["reply"] + "/read")
    repository.package(repository.scenario.repackaged([first], number=3))
    informed = repository.scenario.pki.trust
    _as_worker(repository, lambda parts: _renewed(parts, informed))
    withdrawn = [item["transcript_code"] for item in answer["items"][1:3]]
    reasons = [(code, "Sai điểm mẫu") for code in withdrawn]
    repository.package(repository.scenario.withdrawing([*reasons, ("sai", None)], number=4))
    _as_worker(repository, lambda parts: _renewed(parts, replace(trust, evidence=())))
    anew = SignedTranscript(student_code=second.student_code, xml=second.xml + b"\n")
    repository.package(repository.scenario.repackaged([anew, rest[1]], number=5))
    repository.package(REFUSED_WHOLE)
    repository.stop_worker()
    _as_worker(repository, _expired)
    return Site(database_url=repository.database_url, folder=repository.vault_folder.parent)


async def _renewed(parts: Processing, trust: Any) -> None:
    await parts.processes.renew(trust)
    await recheck_provisional(parts)


async def _expired(parts: Processing) -> None:
    now = max(NOW, read_clock()) + REFUSED_KEPT + timedelta(days=1)
    assert await discard_refused(parts.database, parts.vault, parts.journal, now=now) == 1


def _as_worker(repository: Repository, act: Callable[[Processing], Awaitable[None]]) -> None:
    async def run() -> None:
        database: Database = connect(repository.database_url, role="hocba_worker")
        parts = Processing(
            database=database,
            vault=repository.vault,
            keys=repository.keys,
            processes=repository.processes,
            clock=lambda: LATER,
        )
        try:
            await act(parts)
        finally:
            await database.dispose()

    repository.thread.run(run())
