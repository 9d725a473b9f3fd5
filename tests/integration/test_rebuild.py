"""Rebuilding a database: what it held comes back, row for row, and what is in doubt stops it."""

import asyncio
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import text

from app.db import Database, connect
from app.errors import StartRefused
from app.intake.queue import lease_next
from app.intake.restoring import release_waiting
from app.journal import Journal, Kind
from app.rebuild.run import LOCK
from app.vault.vault import object_key
from tests.rebuilding import SENDER, rows_of, run_rebuild
from tests.remains import FreshDatabase, Remains, first, rolled_back
from tests.working import NOW, as_owner

pytestmark = pytest.mark.xdist_group("rebuild")

DRY = "--dry-run"


@pytest.fixture
def mine(kept: Remains, tmp_path: Path) -> Remains:
    """The same remains, to be changed."""
    return kept.copied(tmp_path / "mine")


def test_every_row_comes_back_as_it_was(kept: Remains, database_url: str) -> None:
    assert all(kept.rows.values()), "the history leaves no table empty"
    kept.rebuilt(database_url)
    assert asyncio.run(rows_of(database_url)) == kept.rows


def test_a_dry_run_says_the_same_and_writes_nothing(kept: Remains, database_url: str) -> None:
    empty = asyncio.run(rows_of(database_url))
    told = kept.rebuilt(database_url, DRY)
    assert asyncio.run(rows_of(database_url)) == empty
    assert kept.rebuilt(database_url) == told


@pytest.mark.parametrize("share", [0.25, 0.5, 0.75, 0.9])
def test_a_database_older_than_its_vault_is_completed(
    kept: Remains, mine: Remains, database_url: str, share: float
) -> None:
    entries = kept.entries()
    mine.remove(entries[round(len(entries) * share) :])
    mine.rebuilt(database_url)
    assert asyncio.run(rows_of(database_url)) != kept.rows
    kept.rebuilt(database_url)
    assert asyncio.run(rows_of(database_url)) == kept.rows
    again = kept.rebuilt(database_url)
    assert {restored for restored, _ in again.values()} == {"0"}


def test_the_next_order_is_above_every_one_that_was_read(mine: Remains, database_url: str) -> None:
    # As if it came from a server whose clock is far ahead.
    late = replace(mine.entries()[-1], order=5_000_000_000_000)
    mine.add(late)
    mine.rebuilt(database_url)

    async def next_order(database: Database) -> int:
        async with database.begin() as connection:
            return int(await connection.scalar(text("SELECT next_journal_order()")))

    assert asyncio.run(as_owner(database_url, next_order)) == late.order + 1


def test_what_was_rolled_back_and_done_again_is_told_apart(
    kept: Remains, mine: Remains, database_url: str
) -> None:
    entries = kept.entries()
    moment = NOW - timedelta(days=1)
    mine.add(rolled_back(first(entries, Kind.RECEIVED), package_id=str(uuid4())))
    mine.add(rolled_back(first(entries, Kind.DECIDED), finished_at=moment.isoformat()))
    mine.add(rolled_back(first(entries, Kind.REPLIED), body="", created_at=moment.isoformat()))
    mine.add(rolled_back(first(entries, Kind.READ), read_at=moment.isoformat()))
    mine.add(rolled_back(first(entries, Kind.STANDING), standing="final", cause=None))
    mine.add(rolled_back(first(entries, Kind.DIRECTORY), periods=[]))
    approval = first(entries, Kind.CERTIFICATE)
    event = approval.body["event"] | {"at": moment.isoformat()}
    mine.add(rolled_back(approval, event=event))
    mine.rebuilt(database_url)
    assert asyncio.run(rows_of(database_url)) == kept.rows


def test_a_decision_that_a_later_one_excludes_leaves_its_package_undecided(
    kept: Remains, mine: Remains, database_url: str
) -> None:
    entries = kept.entries()
    [waiting] = [one for one in entries if one.body.get("package_id") == kept.history.undecided]
    committed = first(entries, Kind.DECIDED)
    mine.add(
        rolled_back(committed, package_id=kept.history.undecided, digest=waiting.body["digest"])
    )
    done = run_rebuild(mine.settings(database_url))
    assert "1 kết quả chưa từng được xác nhận" in done.output
    assert asyncio.run(rows_of(database_url)) == kept.rows


def test_what_was_rolled_back_last_is_taken_as_said(
    kept: Remains, mine: Remains, fresh_database: FreshDatabase
) -> None:
    package_id = str(uuid4())
    [waiting] = [
        one for one in kept.entries() if one.body.get("package_id") == kept.history.undecided
    ]
    with fresh_database() as url:
        kept.rebuilt(url)

        async def roll_back() -> None:
            journal = Journal(vault=mine.vault, key=mine.key, retention=timedelta(days=90))
            database = connect(url, role="hocba_worker")
            body = waiting.body | {"package_id": package_id, "client_id": "phan-mem-khac"}
            async with database.begin() as connection:
                await journal.write(connection, Kind.RECEIVED, body, at=NOW)
                await connection.rollback()
            await database.dispose()

        asyncio.run(roll_back())
    with fresh_database() as url:
        mine.rebuilt(url)
        rows = asyncio.run(rows_of(url))
        [added] = set(rows["packages"]) - set(kept.rows["packages"])
        assert package_id in added
        assert rows | {"packages": []} == kept.rows | {"packages": []}


Damage = Callable[[Remains], object]


def shorten(file: Path) -> None:
    content = file.read_bytes()
    file.unlink()
    file.write_bytes(content[:-1])


def swap_key(remains: Remains, name: str) -> None:
    (remains.folder / "keys" / name).unlink()
    (remains.folder / "keys" / name).write_bytes(os.urandom(32))


def original(remains: Remains, package_id: str) -> Path:
    [entry] = [
        one
        for one in remains.entries()
        if one.kind is Kind.RECEIVED and one.body["package_id"] == package_id
    ]
    return remains.folder / "vault" / object_key(entry.body["digest"])


def forge(remains: Remains, kind: Kind, **changes: object) -> None:
    """Let the journal say something else, with the right key: no such entry was ever written."""
    entry = first(remains.entries(), kind)
    remains.add(replace(entry, order=entry.order + 1, body=entry.body | changes))


def with_transcript(remains: Remains, **changes: object) -> None:
    told = first(remains.entries(), Kind.DECIDED).body["transcripts"]
    forge(remains, Kind.DECIDED, transcripts=[told[0] | changes, *told[1:]])


OTHER = sha256(b"khac").hexdigest()

DAMAGES: dict[str, tuple[Damage, str]] = {
    "a shortened note": (
        lambda mine: shorten(mine.note(mine.entries()[3])), "mục sổ ghi không đọc được"
    ),
    "another journal key": (lambda mine: swap_key(mine, "journal.key"), "journal.key"),
    "another code key": (lambda mine: swap_key(mine, "codes.key"), "codes.key"),
    "an entry of another form": (
        lambda mine: forge(mine, Kind.REPLIED, package_id="?"), "mục sổ ghi không đọc được"
    ),
    "no receipt": (
        lambda mine: mine.remove([first(mine.entries(), Kind.RECEIVED)]), "sổ ghi thiếu"
    ),
    "a standing of what was never accepted": (
        lambda mine: forge(mine, Kind.STANDING, code="KHONGCO"), "sổ ghi thiếu"
    ),
    "no school": (
        lambda mine: mine.remove([first(mine.entries(), Kind.DIRECTORY)]), "sổ ghi mâu thuẫn"
    ),
    "a lost original": (
        lambda mine: original(mine, mine.history.packages[0]).unlink(), "không còn bản gốc"
    ),
    "an altered original": (
        lambda mine: shorten(original(mine, mine.history.packages[0])), "không khớp với sổ ghi"
    ),
    "a lost original that waits": (
        lambda mine: original(mine, mine.history.undecided).unlink(), "không còn bản gốc"
    ),
    "another place in the package": (
        lambda mine: with_transcript(mine, byte_offset=0), "không khớp với sổ ghi"
    ),
    "another student's place": (
        lambda mine: with_transcript(
            mine, **{name: first(mine.entries(), Kind.DECIDED).body["transcripts"][1][name]
            for name in ("byte_offset", "byte_length")}
        ),
        "không khớp với sổ ghi",
    ),
    "another school year": (
        lambda mine: with_transcript(mine, school_year=2019), "không khớp với sổ ghi"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", DAMAGES)
def test_what_is_in_doubt_stops_it_before_anything_is_written(
    mine: Remains, database_url: str, name: str
) -> None:
    damage, sentence = DAMAGES[name]
    damage(mine)
    empty = asyncio.run(rows_of(database_url))
    done = run_rebuild(mine.settings(database_url))
    assert done.exit_code == 2, done.output
    assert "Dừng, chưa ghi gì" in done.output
    assert sentence in done.output
    assert asyncio.run(rows_of(database_url)) == empty


def test_it_does_not_run_beside_a_worker(kept: Remains, database_url: str) -> None:
    kept.rebuilt(database_url)

    async def lease(database: Database) -> None:
        async with database.begin() as connection:
            assert await lease_next(connection, owner="tho-mau") is None, "its sender may nothing"
            assert await release_waiting(connection, SENDER) == 1
            assert await lease_next(connection, owner="tho-mau") is not None

    asyncio.run(as_owner(database_url, lease))
    done = run_rebuild(kept.settings(database_url))
    assert isinstance(done.exception, StartRefused)
    assert "worker đang xử lý 1 gói tin" in done.exception.reason


def test_it_does_not_run_beside_another(kept: Remains, database_url: str) -> None:
    async def beside(database: Database) -> BaseException | None:
        async with database.begin() as connection:
            await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
            return (await asyncio.to_thread(run_rebuild, kept.settings(database_url))).exception

    refused = asyncio.run(as_owner(database_url, beside))
    assert isinstance(refused, StartRefused)
    assert "rebuild khác" in refused.reason


def test_it_wants_the_schema_of_the_program(kept: Remains, blank_database: FreshDatabase) -> None:
    with blank_database() as url:
        refused = run_rebuild(kept.settings(url)).exception
    assert isinstance(refused, StartRefused)
    assert "migrate" in refused.reason


def test_an_empty_vault_gives_an_empty_database(mine: Remains, database_url: str) -> None:
    mine.remove(mine.entries())
    told = mine.rebuilt(database_url)
    assert {restored for restored, _ in told.values()} == {"0"}
