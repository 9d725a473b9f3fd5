"""What the first pass learns of every entry: small keys in temporary tables, never whole entries.

They live in the rebuild's own transaction, so PostgreSQL bears the size of the journal, and this
process does not.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_TABLES = (
    # `known` is how far the database has the package already.
    """
    CREATE TEMPORARY TABLE rebuild_entries (
        name text NOT NULL, place bigint NOT NULL, kind text NOT NULL, subject text NOT NULL,
        client text, digest text, known text
    ) ON COMMIT DROP
    """,
    # Two decisions of which each claims the same for another holder were not both committed.
    """
    CREATE TEMPORARY TABLE rebuild_claims (
        name text NOT NULL, claim text NOT NULL, holder text NOT NULL
    ) ON COMMIT DROP
    """,
    """
    CREATE TEMPORARY TABLE rebuild_needs (name text NOT NULL, code text NOT NULL) ON COMMIT DROP
    """,
    """
    CREATE TEMPORARY TABLE rebuild_work (
        stage text NOT NULL, number bigint NOT NULL, subject text NOT NULL, names text[] NOT NULL
    ) ON COMMIT DROP
    """,
)

_ADD_ENTRIES = """
    INSERT INTO rebuild_entries (name, place, kind, subject, client, digest, known)
    SELECT name, place, kind, subject, client, digest, known FROM unnest(
        CAST(:name AS text[]), CAST(:place AS bigint[]), CAST(:kind AS text[]),
        CAST(:subject AS text[]), CAST(:client AS text[]), CAST(:digest AS text[]),
        CAST(:known AS text[])
    ) AS told (name, place, kind, subject, client, digest, known)
"""
_ADD_CLAIMS = """
    INSERT INTO rebuild_claims (name, claim, holder)
    SELECT name, claim, holder FROM unnest(
        CAST(:name AS text[]), CAST(:claim AS text[]), CAST(:holder AS text[])
    ) AS told (name, claim, holder)
"""
_ADD_NEEDS = """
    INSERT INTO rebuild_needs (name, code)
    SELECT name, code FROM unnest(CAST(:name AS text[]), CAST(:code AS text[])) AS told (name, code)
"""

_PREPARE = (
    "CREATE INDEX ON rebuild_entries (kind, subject, place)",
    "CREATE INDEX ON rebuild_claims (claim)",
    "ANALYZE rebuild_entries, rebuild_claims, rebuild_needs",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What is kept of one entry while all are read.

    Attributes:
        place: its order in the journal.
        subject: what it is about: a package id, a code, a certificate's key, a school.
        client: whose package, for a receipt.
        digest: which bytes, for a receipt and for a discard.
        known: the state of its package in the database; None when it is not there.
        claims: (what only one committed decision can have, who has it).
        needs: codes that must be registered before.
    """

    name: str
    place: int
    kind: str
    subject: str
    client: str | None = None
    digest: str | None = None
    known: str | None = None
    claims: tuple[tuple[str, str], ...] = ()
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One thing to restore: what it is, and the notes that say it, in their order."""

    number: int
    subject: str
    names: tuple[str, ...]


async def make_stage(connection: AsyncConnection) -> None:
    """Make the temporary tables; they go with the transaction."""
    for statement in _TABLES:
        await connection.execute(text(statement))


async def stage(connection: AsyncConnection, told: Sequence[Told]) -> None:
    """Write down what is kept of some entries."""
    columns = ("name", "place", "kind", "subject", "client", "digest", "known")
    await connection.execute(
        text(_ADD_ENTRIES), {name: [getattr(one, name) for one in told] for name in columns}
    )
    claims = [(one.name, *claim) for one in told for claim in one.claims]
    if claims:
        names, whats, holders = (list(column) for column in zip(*claims, strict=True))
        await connection.execute(
            text(_ADD_CLAIMS), {"name": names, "claim": whats, "holder": holders}
        )
    needs = [(one.name, code) for one in told for code in one.needs]
    if needs:
        names, codes = (list(column) for column in zip(*needs, strict=True))
        await connection.execute(text(_ADD_NEEDS), {"name": names, "code": codes})


async def prepare_choice(connection: AsyncConnection) -> None:
    """Make what was staged quick to ask, once all of it is there."""
    for statement in _PREPARE:
        await connection.execute(text(statement))


async def page_of_work(
    connection: AsyncConnection, stage_: str, *, after: int, limit: int
) -> tuple[Work, ...]:
    """Read the next things to do of a stage, in their order."""
    statement = """
        SELECT number, subject, names FROM rebuild_work
        WHERE stage = :stage AND number > :after ORDER BY number LIMIT :limit
    """
    rows = await connection.execute(
        text(statement), {"stage": stage_, "after": after, "limit": limit}
    )
    return tuple(
        Work(number=row.number, subject=row.subject, names=tuple(row.names)) for row in rows
    )


async def count_work(connection: AsyncConnection) -> dict[str, int]:
    """Count what is to do, by stage."""
    rows = await connection.execute(
        text("SELECT stage, count(*) AS number FROM rebuild_work GROUP BY stage")
    )
    return {row.stage: row.number for row in rows}
