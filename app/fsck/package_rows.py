"""What the database says of some packages, in one moment, in values of this package's own."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.register.record import TranscriptRecord

PAGE = 20
"""Packages looked at in one transaction: their rows and replies take some megabytes."""

NOWHERE = UUID(int=0)
"""Before every package id."""

_PACKAGE = """
    SELECT p.package_id, p.client_id, p.digest, p.size, p.state, p.received_at, p.message_id,
        p.purpose,
        p.school_code, p.total, p.accepted, p.rejected,
        jsonb_path_query_array(p.errors, '$[*].code') AS codes,
        p.finished_at, p.replied_at, p.read_at, p.leased_by, p.leases,
        p.lease_expires_at IS NOT NULL AS lease_ends,
        p.lease_expires_at - clock_timestamp() AS lease_left,
        h.vault_version, h.retained_until, d.discarded_at,
        r.body AS reply
    FROM packages AS p
    LEFT JOIN package_holds AS h ON h.package_id = p.package_id
    LEFT JOIN package_discards AS d ON d.package_id = p.package_id
    LEFT JOIN package_replies AS r ON r.package_id = p.package_id
"""

_AFTER = text(f"{_PACKAGE} WHERE p.package_id > :after ORDER BY p.package_id LIMIT :limit")
_NAMED = text(f"{_PACKAGE} WHERE p.package_id = ANY(:ids) ORDER BY p.package_id")

_ITEMS = text("""
    SELECT package_id, ordinal, student_code, result, transcript_code, original_sha256,
        jsonb_path_query_array(findings, '$[*].code') AS codes
    FROM package_items WHERE package_id = ANY(:ids) ORDER BY package_id, ordinal
""")

RECORD_COLUMNS = ", ".join(f"t.{field.name}" for field in fields(TranscriptRecord))

# From the items through the index of codes: the register itself has no index on packages.
_REGISTERED = text(f"""
    SELECT i.package_id AS of_package, {RECORD_COLUMNS},
        w.at AS taken_back_at, w.package_id AS taken_back_by
    FROM package_items AS i
    JOIN transcript_codes AS c ON c.transcript_code = i.transcript_code
    JOIN transcripts AS t
        ON t.school_year = c.school_year AND t.transcript_code = c.transcript_code
    LEFT JOIN transcript_withdrawals AS w ON w.transcript_code = t.transcript_code
    WHERE i.package_id = ANY(:ids) AND i.result = '01'
""")  # noqa: S608 -- reason: the names of our own columns

_RECORDS = text("""
    SELECT object, action, count(*) AS times FROM recorded_acts
    WHERE object = ANY(:names) GROUP BY object, action
""")

_REBUILT = text("SELECT max(at) FROM recorded_acts WHERE action = 'database.rebuilt'")


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemRow:
    """One row of `package_items`; `codes` are those of its findings."""

    ordinal: int
    student_code: str | None
    result: str
    transcript_code: str | None
    original_sha256: str | None
    codes: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """A row of the register and its withdrawal, if it has one."""

    record: TranscriptRecord
    taken_back_at: datetime | None
    taken_back_by: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageRow:
    """One row of `packages` with the rows of which it has at most one.

    Attributes:
        codes: of the findings about the package itself.
        lease_left: until the lease runs out by the database's clock, negative when it has.
    """

    package_id: UUID
    client_id: str
    digest: str
    size: int
    state: str
    received_at: datetime
    message_id: str | None
    purpose: str | None
    school_code: str | None
    total: int | None
    accepted: int | None
    rejected: int | None
    codes: list[str]
    finished_at: datetime | None
    replied_at: datetime | None
    read_at: datetime | None
    leased_by: str | None
    leases: int
    lease_ends: bool
    lease_left: timedelta | None
    vault_version: str | None
    retained_until: datetime | None
    discarded_at: datetime | None
    reply: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageRows:
    """Everything that the database says of one package.

    Attributes:
        registered: the register's rows of its accepted items, by code.
        records: action → how often the audit has it.
        rebuilt: whether the database was rebuilt from the vault since, which keeps no audit.
    """

    row: PackageRow
    items: Sequence[ItemRow]
    registered: Mapping[str, Registered]
    records: Mapping[str, int]
    rebuilt: bool

    @property
    def name(self) -> str:
        """What findings call it."""
        return str(self.row.package_id)

    @property
    def brought(self) -> tuple[TranscriptRecord, ...]:
        """The transcripts that lie in this package."""
        return tuple(
            one.record
            for one in self.registered.values()
            if one.record.package_id == self.row.package_id
        )


async def count_packages(connection: AsyncConnection) -> int:
    """Count the packages, for a progress bar."""
    return int(await connection.scalar(text("SELECT count(*) FROM packages")) or 0)


async def packages_after(connection: AsyncConnection, after: UUID) -> list[PackageRows]:
    """Read the next packages in the order of their ids."""
    return await _load(connection, _AFTER, {"after": after, "limit": PAGE})


async def packages_named(connection: AsyncConnection, ids: Sequence[UUID]) -> list[PackageRows]:
    """Read some packages again."""
    return await _load(connection, _NAMED, {"ids": list(ids)})


async def _load(
    connection: AsyncConnection, statement: TextClause, values: dict[str, Any]
) -> list[PackageRows]:
    rows = [PackageRow(**row) for row in (await connection.execute(statement, values)).mappings()]
    if not rows:
        return []
    ids = {"ids": [row.package_id for row in rows]}
    items: dict[UUID, list[ItemRow]] = defaultdict(list)
    for found in (await connection.execute(_ITEMS, ids)).mappings():
        item = dict(found)
        items[item.pop("package_id")].append(ItemRow(**item))
    registered: dict[UUID, dict[str, Registered]] = defaultdict(dict)
    for found in (await connection.execute(_REGISTERED, ids)).mappings():
        kept = dict(found)
        package, at = kept.pop("of_package"), kept.pop("taken_back_at")
        by = kept.pop("taken_back_by")
        registered[package][kept["transcript_code"]] = Registered(
            record=TranscriptRecord(**kept), taken_back_at=at, taken_back_by=by
        )
    records: dict[str, dict[str, int]] = defaultdict(dict)
    names = {"names": [str(one) for one in ids["ids"]]}
    for object_, action, times in await connection.execute(_RECORDS, names):
        records[object_][action] = times
    rebuilt_at = await connection.scalar(_REBUILT)
    return [
        PackageRows(
            row=row,
            items=items[row.package_id],
            registered=registered[row.package_id],
            records=records[str(row.package_id)],
            rebuilt=rebuilt_at is not None and row.received_at <= rebuilt_at,
        )
        for row in rows
    ]
