"""Entries are written in an order that survives crashes, and read back in it."""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from typing_extensions import override

from app.db import Database
from app.errors import Unavailable
from app.journal import Entry, Journal, JournalFault, Kind, encode, open_journal, read_journal
from app.main import read_clock
from app.sandbox.repository_keys import make_repository_keys
from app.settings import Settings
from app.vault.directory import DirectoryVault
from app.vault.naming import note_name
from tests.scenarios import keys
from tests.vaults import Store

KEY = b"j" * 32
NOW = read_clock()
LATER = NOW + timedelta(days=400)
ORDER = text("SELECT next_journal_order()")


class HangingVault(DirectoryVault):
    """A real folder that takes no note in time."""

    @override
    async def note(self, name: str, content: bytes, *, until: datetime) -> None:
        await asyncio.sleep(60)


def journal_in(store: Store) -> Journal:
    return Journal(vault=store.vault, key=KEY, retention=timedelta(days=400))


async def write(database: Database, journal: Journal, **body: object) -> None:
    async with database.begin() as connection:
        await journal.write(connection, Kind.READ, body, at=NOW)


async def entries_in(journal: Journal) -> list[Entry]:
    return [entry async for entry in read_journal(journal.vault, KEY)]


async def orders(database: Database, number: int) -> list[int]:
    async with database.begin() as connection:
        return [(await connection.execute(ORDER)).scalar_one() for _ in range(number)]


async def test_what_is_written_is_read_in_its_order(
    web_database: Database, worker_database: Database, store: Store
) -> None:
    journal = journal_in(store)
    for number in range(20):
        await write((web_database, worker_database)[number % 2], journal, number=number)
    found = await entries_in(journal)
    assert [entry.body for entry in found] == [{"number": number} for number in range(20)]
    assert {(entry.kind, entry.at) for entry in found} == {(Kind.READ, NOW)}
    assert sorted({entry.order for entry in found}) == [entry.order for entry in found]
    names = await journal.vault.notes()
    rest = [entry async for entry in read_journal(journal.vault, KEY, after=names[4])]
    assert rest == found[5:]


async def test_no_order_is_given_twice(database: Database, web_database: Database) -> None:
    given = await asyncio.gather(*(orders(base, 30) for base in (database, web_database) * 3))
    assert len({order for some in given for order in some}) == 180
    assert all(some == sorted(some) for some in given)


async def test_an_order_is_given_back_by_nobody(web_database: Database) -> None:
    before: list[int] = []

    async def fail() -> None:
        async with web_database.begin() as connection:
            before.append((await connection.execute(ORDER)).scalar_one())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    (after,) = await orders(web_database, 1)
    assert after > before[0]


async def test_orders_go_on_above_what_a_crashed_server_forgot(
    database: Database, web_database: Database
) -> None:
    (before,) = await orders(web_database, 1)
    async with database.begin() as connection:  # as if the server had lost its last log records
        await connection.execute(text("SELECT setval('journal_order', 41)"))
    await asyncio.sleep(0.02)  # a server takes longer to come up
    (after,) = await orders(web_database, 1)
    assert after > before


async def test_orders_go_on_above_a_clock_that_was_set_back(
    database: Database, web_database: Database
) -> None:
    far = 9_000_000_000_000_000
    async with database.begin() as connection:
        await connection.execute(text(f"SELECT setval('journal_order', {far})"))
    assert await orders(web_database, 2) == [far + 1, far + 2]


async def test_taking_an_order_holds_up_nobody(database: Database, web_database: Database) -> None:
    async with database.begin() as connection:
        await connection.execute(ORDER)
        await asyncio.wait_for(orders(web_database, 1), 5)


async def test_only_who_writes_may_take_an_order(
    web_database: Database, verifier_database: Database
) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"):
        await orders(verifier_database, 1)
    with pytest.raises(ProgrammingError, match="permission denied"):
        async with web_database.begin() as connection:
            await connection.execute(text("SELECT setval('journal_order', 1)"))


async def test_a_vault_that_hangs_ends_the_transaction(
    web_database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.journal.writing.WRITE_SECONDS", 0.05)
    vault = HangingVault(tmp_path, unnamed_files=False)
    journal = Journal(vault=vault, key=KEY, retention=timedelta(days=1))
    with pytest.raises(Unavailable) as outage:
        await write(web_database, journal)
    assert outage.value.part == "vault"


@pytest.mark.parametrize(
    ("order", "content", "reason"),
    [
        (2, b"no entry", "compression"),
        (2, encode(Entry(kind=Kind.READ, order=2, at=NOW, body={}), KEY[:-1] + b"k"), "mac"),
        (3, encode(Entry(kind=Kind.READ, order=2, at=NOW, body={}), KEY), "name"),
    ],
)
async def test_a_note_that_is_no_entry_is_named(
    store: Store, order: int, content: bytes, reason: str
) -> None:
    name = note_name(order, content)
    await store.vault.note(name, content, until=LATER)
    with pytest.raises(JournalFault) as fault:
        await entries_in(journal_in(store))
    assert (fault.value.reason, fault.value.name) == (reason, name)


async def test_an_altered_note_is_named(store: Store) -> None:
    name = note_name(2, b"as it was")
    store.overwrite(name, b"altered")
    with pytest.raises(JournalFault) as fault:
        await entries_in(journal_in(store))
    assert (fault.value.reason, fault.value.name) == ("altered", name)


async def test_a_note_that_goes_while_it_is_read_is_named(tmp_path: Path) -> None:
    class Forgetful(DirectoryVault):
        @override
        async def notes(self, *, after: str = "", limit: int = 1000) -> tuple[str, ...]:
            return (note_name(1, b"gone"),)

    (tmp_path / "sha256").mkdir()
    with pytest.raises(JournalFault) as fault:
        async for _ in read_journal(Forgetful(tmp_path, unnamed_files=False), KEY):
            pass
    assert fault.value.reason == "missing"


async def test_a_command_opens_the_journal_that_the_settings_name(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    make_repository_keys(settings.keys_folder, today=NOW.date(), keys=keys())
    journal = await open_journal(settings)
    assert journal.key == (settings.keys_folder / "journal.key").read_bytes()
    assert journal.retention == settings.retention
    assert journal.key.hex() not in repr(journal)
    assert str(journal.key) not in repr(journal)
