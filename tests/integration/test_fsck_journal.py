"""The journal and the rows tell of the same, or fsck says which of them does not."""

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from app.db import connect
from app.fsck.examination import Examination
from app.fsck.examine import examine
from app.fsck.findings import Code, Severity
from app.fsck.progress import Options, Progress, Stage
from app.fsck.report import Report
from app.intake.journaling import journal_reading
from app.intake.packages import mark_read
from app.journal import Journal, Kind
from app.keys import load_worker_keys
from tests.inspection import EVERYTHING_AT_REST
from tests.mixture import Site
from tests.working import NOW

pytestmark = pytest.mark.xdist_group("mixture")

FORGET_CLASS = (
    "DELETE FROM package_items WHERE {CLASS}",
    "DELETE FROM package_holds WHERE {CLASS}",
    "DELETE FROM package_replies WHERE {CLASS}",
    "DELETE FROM packages WHERE total = 6",
)


async def report_of(
    site: Site,
    options: Options = EVERYTHING_AT_REST,
    save: Callable[[Progress], Awaitable[None]] | None = None,
) -> Report:
    """Examine the journal alone."""
    database = connect(site.database_url, role="hocba_worker", pool_size=2)
    hooks: dict[str, Any] = {} if save is None else {"save": save}
    parts = Examination(
        database=database,
        vault=site.stores.vault,
        keys=load_worker_keys(site.folder / "keys"),
        processes=None,
        options=options,
        environment="sandbox",
        progress=Progress(started_at=NOW, seed="", stage=Stage.JOURNAL),
        second_look=0,
        **hooks,
    )
    try:
        return await examine(parts, clock=lambda: NOW)
    finally:
        await database.dispose()


def notes_in(site: Site) -> list[Path]:
    """The journal's files in their order."""
    return sorted(path for path in (site.vault_folder / "journal").rglob("*") if path.is_file())


async def journal_of(site: Site) -> Journal:
    key = load_worker_keys(site.folder / "keys").journal
    return Journal(vault=site.stores.vault, key=key, retention=timedelta(days=90))


async def test_a_sound_journal_has_an_entry_for_every_change(mixture: Site) -> None:
    report = await report_of(mixture)
    assert (report.clean, report.findings) == (True, ())
    assert report.counts == {"entries": len(notes_in(mixture))}
    assert len(notes_in(mixture)) > 5 * 3


async def test_a_damaged_entry_is_found_and_its_change_misses_it(site: Site) -> None:
    note = notes_in(site)[-1]
    content = bytearray(note.read_bytes())
    content[-1] ^= 1
    note.chmod(0o600)
    note.write_bytes(content)
    report = await report_of(site)
    assert report.found == {Code.JOURNAL_ALTERED: 1, Code.JOURNAL_MISSING: 1}
    assert report.findings[0].object == note.name
    assert report.findings[0].detail == "altered"


async def test_each_entry_that_is_gone_is_missed(site: Site) -> None:
    notes = notes_in(site)
    for note in notes:
        note.unlink()
    report = await report_of(site)
    # A load of the directory leaves no row that must have an entry.
    assert report.found == {Code.JOURNAL_MISSING: len(notes) - 1}
    kinds = {finding.detail for finding in report.findings}
    assert kinds == {
        "package.received",
        "package.decided",
        "package.replied",
        "package.read",
        "package.discarded",
        "transcript.standing",
        "certificate.changed",
    }


async def test_another_key_proves_no_entry(site: Site) -> None:
    (site.folder / "keys" / "journal.key").write_bytes(b"k" * 32)
    report = await report_of(site)
    assert report.found[Code.JOURNAL_ALTERED] == len(notes_in(site))
    assert {one.detail for one in report.findings if one.code is Code.JOURNAL_ALTERED} == {"mac"}


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE packages SET received_at = received_at - interval '1 s' WHERE {CLASS}",
        "UPDATE packages SET size = size + 1 WHERE {CLASS}",
        "UPDATE packages SET message_id = 'khac' WHERE {CLASS}",
        "UPDATE packages SET total = total + 1 WHERE {CLASS}",
        "UPDATE package_items SET student_code = 'khac' WHERE ordinal = 2 AND {CLASS}",
        "UPDATE package_items SET findings = '[]' WHERE ordinal = 1 AND {CLASS}",
        "DELETE FROM package_holds WHERE {CLASS}",
        "UPDATE package_holds SET retained_until = held_at WHERE {CLASS}",
        "UPDATE transcripts SET original_sha256 = 'khong' WHERE {CLASS}",
        "UPDATE package_replies SET body = 'khac' WHERE {CLASS}",
    ],
)
async def test_rows_that_say_something_else_than_their_entry_are_found(
    site: Site, statement: str
) -> None:
    await site.tamper(statement)
    assert (await report_of(site)).found == {Code.JOURNAL_DIFFERS: 1}


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        # What came before its loss was never decided: it may as well have been rolled back.
        (FORGET_CLASS, {Code.JOURNAL_AHEAD: 3, Code.JOURNAL_UNCOMMITTED: 1}),
        (
            (
                """UPDATE packages SET state = '01', finished_at = NULL, replied_at = NULL,
                    read_at = NULL WHERE {CLASS}""",
                "DELETE FROM package_replies WHERE {CLASS}",
            ),
            {Code.JOURNAL_AHEAD: 2, Code.JOURNAL_UNCOMMITTED: 1},
        ),
        (
            (
                """UPDATE packages SET state = '01', finished_at = NULL, replied_at = NULL
                WHERE package_id IN (SELECT package_id FROM package_discards)""",
                "DELETE FROM package_discards",
            ),
            {Code.JOURNAL_AHEAD: 2, Code.JOURNAL_UNCOMMITTED: 1},
        ),
        (("SELECT setval('journal_order', 1)",), {Code.JOURNAL_AHEAD: 1}),
    ],
    ids=["package", "decision", "discard", "order"],
)
async def test_a_database_that_is_older_than_its_vault_is_found(
    site: Site, statements: tuple[str, ...], expected: dict[Code, int]
) -> None:
    await site.tamper(*statements)
    assert (await report_of(site)).found == expected


async def test_standings_of_transcripts_that_nobody_knows_are_found(site: Site) -> None:
    await site.tamper("DELETE FROM transcript_codes")
    found = (await report_of(site)).found
    assert (
        found == {Code.JOURNAL_AHEAD: 6, Code.JOURNAL_MISSING: 0} or found[Code.JOURNAL_AHEAD] == 6
    )


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE packages SET finished_at = finished_at + interval '1 s' WHERE {CLASS}",
        "UPDATE packages SET replied_at = replied_at + interval '1 s' WHERE {CLASS}",
        "UPDATE packages SET read_at = read_at + interval '1 s' WHERE {CLASS}",
        "UPDATE package_discards SET discarded_at = discarded_at + interval '1 s'",
    ],
)
async def test_a_moment_without_its_entry_is_found(site: Site, statement: str) -> None:
    await site.tamper(statement)
    report = await report_of(site)
    assert report.found == {Code.JOURNAL_MISSING: 1, Code.JOURNAL_UNCOMMITTED: 1}


async def test_events_and_standings_of_other_moments_are_found(site: Site) -> None:
    await site.tamper(
        "UPDATE certificate_events SET at = at + interval '1 s'",
        "UPDATE transcript_standings SET at = at + interval '1 s' WHERE standing = 'final'",
    )
    report = await report_of(site)
    assert report.found == {Code.JOURNAL_MISSING: 2 + 6, Code.JOURNAL_UNCOMMITTED: 2 + 6}


async def test_what_was_rolled_back_is_told_and_is_no_fault(site: Site) -> None:
    journal = await journal_of(site)
    database = connect(site.database_url, role="hocba_worker")
    body = {"package_id": str(uuid4()), "client_id": "x", "digest": "ab" * 32, "size": 1}
    schools = {"schools": [{"school_code": "khong"}], "periods": []}
    for kind, told in ((Kind.RECEIVED, body), (Kind.DIRECTORY, schools)):
        async with AsyncExitStack() as stack:
            connection = await stack.enter_async_context(database.begin())
            await journal.write(connection, kind, told, at=NOW)
            await connection.rollback()
    await database.dispose()
    report = await report_of(site)
    assert report.found == {Code.JOURNAL_UNCOMMITTED: 2}
    assert report.clean
    assert {finding.severity for finding in report.findings} == {Severity.NOTE}


async def test_a_commit_while_the_journal_is_read_is_no_fault(site: Site) -> None:
    """The entry is there before its transaction ends, which it does between the two directions."""
    [(package,)] = await site.rows("SELECT package_id FROM packages WHERE purpose = '03'")
    database = connect(site.database_url, role=None)
    journal = await journal_of(site)
    async with AsyncExitStack() as stack:
        connection = await stack.enter_async_context(database.begin())
        await mark_read(connection, UUID(str(package)), NOW)
        await journal_reading(journal, connection, UUID(str(package)), at=NOW)

        async def save(progress: Progress) -> None:
            if progress.stage is Stage.JOURNAL and not closed:
                closed.append(progress.stage)
                await stack.aclose()

        closed: list[Stage] = []
        report = await report_of(site, save=save)
    await database.dispose()
    assert closed
    assert report.findings == ()


async def test_a_part_of_the_journal_is_said_to_be_a_part(site: Site) -> None:
    some = await report_of(site, Options(verify=0, journal_days=1))
    # By the test's clock the journal's orders lie far ahead: everything is read.
    assert some.counts == {"entries": len(notes_in(site))}
    assert any("sổ ghi" in words for words in some.not_checked)
