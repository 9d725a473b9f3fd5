"""What is left of a repository whose database is lost: its folder, and how its rows were."""

import asyncio
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from app.intake.processes import VerificationProcesses
from app.journal import Entry, Kind, encode
from app.journal.reading import read_journal
from app.keys import load_journal_key
from app.main import read_clock
from app.vault import Vault, open_vault
from app.vault.naming import note_key, note_name
from tests.rebuilding import (
    History,
    counted,
    discard_refused_packages,
    make_history,
    rows_of,
    run_rebuild,
)
from tests.scenarios import scenario_of
from tests.working import STUDENTS, LoopThread, running_repository

FreshDatabase = Callable[[], AbstractContextManager[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Remains:
    """A folder with vault, keys and trust, what had happened, and the rows of that time."""

    folder: Path
    history: History
    rows: dict[str, list[str]]

    @property
    def vault(self) -> Vault:
        return open_vault((self.folder / "vault").as_uri())

    @property
    def key(self) -> bytes:
        return load_journal_key(self.folder / "keys")

    def settings(self, database_url: str) -> dict[str, str]:
        return {
            "HOCBA_HOME": str(self.folder),
            "HOCBA_KEYS_DIR": str(self.folder / "keys"),
            "HOCBA_TRUST_DIR": str(self.folder / "trust"),
            "HOCBA_VAULT_URL": (self.folder / "vault").as_uri(),
            "HOCBA_DATABASE_URL": database_url,
        }

    def copied(self, folder: Path) -> "Remains":
        """The same in a folder of one's own."""
        shutil.copytree(self.folder, folder)
        return replace(self, folder=folder)

    def entries(self) -> list[Entry]:
        """Read the whole journal."""

        async def read() -> list[Entry]:
            return [entry async for entry in read_journal(self.vault, self.key)]

        return asyncio.run(read())

    def note(self, entry: Entry) -> Path:
        """Name the file of an entry."""
        name = note_name(entry.order, encode(entry, self.key))
        return self.folder / "vault" / note_key(name)

    def add(self, entry: Entry) -> None:
        """Write an entry of this repository's own key."""
        content = encode(entry, self.key)
        until = read_clock() + timedelta(days=1)
        asyncio.run(self.vault.note(note_name(entry.order, content), content, until=until))

    def remove(self, entries: Sequence[Entry]) -> None:
        """Lose entries, as no vault does."""
        for entry in entries:
            self.note(entry).unlink()

    def rebuilt(self, database_url: str, *words: str) -> dict[str, tuple[str, str]]:
        """Rebuild and give the printed numbers."""
        done = run_rebuild(self.settings(database_url), *words)
        assert done.exit_code == 0, done.output
        return counted(done.output)


@contextmanager
def lost_repository(
    folder: Path, fresh_database: FreshDatabase, thread: LoopThread
) -> Iterator[Remains]:
    """Let a repository have a history, and give what is left of it without its database."""
    trust = scenario_of(STUDENTS).pki.trust
    with (
        fresh_database() as url,
        VerificationProcesses(processes=1, trust=trust) as processes,
    ):
        thread.run(processes.start())
        with running_repository(url, folder, thread, processes) as repository:
            history = make_history(repository)
            discard_refused_packages(repository)
        rows = asyncio.run(rows_of(url))
    yield Remains(folder=folder, history=history, rows=rows)


def first(entries: Sequence[Entry], kind: Kind) -> Entry:
    """Give the first entry of a kind."""
    return next(entry for entry in entries if entry.kind is kind)


def rolled_back(entry: Entry, **changes: Any) -> Entry:
    """Make an entry whose transaction was rolled back before the one that was committed."""
    return replace(entry, order=entry.order - 1, body=entry.body | changes)
