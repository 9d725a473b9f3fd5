"""The journal of a test's repository, and the rows that it must agree with."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import text

from app.db import Database
from app.journal import Entry, Kind, read_journal
from app.journal.entry import as_written
from app.vault import Vault
from tests.working import Repository, as_owner

PACKAGE = """
    SELECT package_id, client_id, digest, message_id, purpose, school_code, province_code, total,
        accepted, rejected, errors, finished_at
    FROM packages WHERE finished_at IS NOT NULL ORDER BY received_at, finished_at
"""
ITEMS = """
    SELECT ordinal, student_code, result, transcript_code, original_sha256, findings
    FROM package_items WHERE package_id = CAST(:package AS uuid) ORDER BY ordinal
"""
HOLD = """
    SELECT vault_version AS version, retained_until AS until, held_at
    FROM package_holds WHERE package_id = CAST(:package AS uuid)
"""
TRANSCRIPTS = """
    SELECT t.transcript_code AS code, t.school_year, version, previous_code, t.original_sha256,
        byte_offset, byte_length, accepted_at, CAST(report AS text) AS report,
        trust_snapshot_sha256 AS provisional_under
    FROM transcripts t LEFT JOIN transcript_standings s
        ON s.transcript_code = t.transcript_code AND s.standing = 'provisional'
    WHERE package_id = CAST(:package AS uuid) ORDER BY t.transcript_code
"""
WITHDRAWN = """
    SELECT transcript_code AS code, cause, reason, at FROM transcript_withdrawals
    WHERE package_id = CAST(:package AS uuid) ORDER BY transcript_code
"""
TABLES = {
    Kind.RECEIVED: "SELECT package_id, client_id, digest, size, received_at FROM packages",
    Kind.REPLIED: "SELECT package_id, body, created_at FROM package_replies",
    Kind.READ: "SELECT package_id, read_at FROM packages WHERE read_at IS NOT NULL",
    Kind.DISCARDED: """
        SELECT package_id, digest, discarded_at FROM package_discards JOIN packages
        USING (package_id)
    """,
    Kind.STANDING: """
        SELECT transcript_code AS code, standing, code AS cause, trust_snapshot_sha256, at
        FROM transcript_standings WHERE standing <> 'provisional'
    """,
}
"""The rows that correspond to the entries of each kind one to one."""

EVENTS = """
    SELECT certificate_sha256, school_code, role, at, actor, event, valid_from, valid_to,
        revoked_from, reason
    FROM certificate_events ORDER BY id
"""


async def entries_in(vault: Vault, key: bytes) -> list[Entry]:
    return [entry async for entry in read_journal(vault, key)]


def journal_of(repository: Repository, kind: Kind | None = None) -> list[Entry]:
    """Read a repository's journal, or the entries of one kind, in order."""
    entries = repository.thread.run(entries_in(repository.vault, repository.keys.journal))
    return [entry for entry in entries if kind in {None, entry.kind}]


def bodies(entries: Iterable[Entry], kind: Kind) -> list[dict[str, Any]]:
    return [entry.body for entry in entries if entry.kind is kind]


def rows(repository: Repository, statement: str, **parameters: Any) -> list[dict[str, Any]]:
    """Select rows as a body holds them."""

    async def select(database: Database) -> list[dict[str, Any]]:
        async with database.read() as connection:
            found = await connection.execute(text(statement), parameters)
            return [as_written(row) for row in found.mappings()]

    return repository.thread.run(as_owner(repository.database_url, select))


def decided(repository: Repository) -> list[dict[str, Any]]:
    """Write from the rows what the entries about decisions must say."""
    return [
        package
        | {
            "hold": next(iter(rows(repository, HOLD, package=package["package_id"])), None),
            "items": rows(repository, ITEMS, package=package["package_id"]),
            "transcripts": rows(repository, TRANSCRIPTS, package=package["package_id"]),
            "withdrawn": rows(repository, WITHDRAWN, package=package["package_id"]),
        }
        for package in rows(repository, PACKAGE)
    ]


def agree(repository: Repository) -> Sequence[Entry]:
    """Require that the journal says of every row what the row says, and no more; gives it."""
    entries = journal_of(repository)
    for kind, statement in TABLES.items():
        assert in_one_order(bodies(entries, kind)) == in_one_order(rows(repository, statement)), (
            kind
        )
    assert in_one_order(bodies(entries, Kind.DECIDED)) == in_one_order(decided(repository))
    certificates = bodies(entries, Kind.CERTIFICATE)
    assert [one["event"] for one in certificates] == rows(repository, EVENTS)
    assert _newest(one["row"] for one in certificates) == _newest(
        rows(repository, "SELECT * FROM certificates")
    )
    directory = bodies(entries, Kind.DIRECTORY)
    for name, table in (("schools", "schools"), ("periods", "school_periods")):
        told = in_one_order(row for one in directory for row in one[name])
        kept = in_one_order(rows(repository, f"SELECT * FROM {table}"))  # noqa: S608 -- reason: our own names
        assert sorted(set(told)) == kept
    return entries


def break_journal(vault_folder: Path) -> None:
    """Put a file where the journal's folder was: the vault takes originals and no note."""
    (vault_folder / "journal").rename(vault_folder / "journal-away")
    (vault_folder / "journal").touch()


def mend_journal(vault_folder: Path) -> None:
    (vault_folder / "journal").unlink()
    (vault_folder / "journal-away").rename(vault_folder / "journal")


def in_one_order(told: Iterable[dict[str, Any]]) -> list[str]:
    """Write bodies so that those of the journal can be compared with those of the rows."""
    return sorted(json.dumps(one, sort_keys=True, ensure_ascii=False) for one in told)


def _newest(told: Iterable[dict[str, Any]]) -> dict[tuple[str, ...], dict[str, Any]]:
    return {(one["certificate_sha256"], one["school_code"], one["role"]): one for one in told}
