"""What the database says of the things that the journal tells about."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.fsck.journal_checks import DECIDED, REPLIED, entry_key
from app.fsck.package_checks import READ
from app.journal import Kind

PAGE = 1000
"""Rows that must have an entry, looked at in one transaction."""

NOWHERE = UUID(int=0)

_GIVEN = text("SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM journal_order")

_STANDINGS = text("""
    SELECT c.transcript_code, s.standing, s.at
    FROM transcript_codes AS c
    LEFT JOIN transcript_standings AS s
        ON s.transcript_code = c.transcript_code AND s.standing <> 'provisional'
    WHERE c.transcript_code = ANY(:codes)
""")

_EVENTS = text("""
    SELECT certificate_sha256, school_code, role, event, at FROM certificate_events
    WHERE certificate_sha256 = ANY(:digests)
""")

_SCHOOLS = text("SELECT school_code FROM schools WHERE school_code = ANY(:codes)")

# Pages of all rows, of which some are needed: no statement takes longer the fewer those are.
_PACKAGES = text("""
    SELECT p.package_id, p.state, d.package_id IS NOT NULL AS discarded,
        p.received_at >= :since AS needed
    FROM packages AS p LEFT JOIN package_discards AS d ON d.package_id = p.package_id
    WHERE p.package_id > :after ORDER BY p.package_id LIMIT :limit
""")

_DECIDED_STANDINGS = text("""
    SELECT transcript_code, standing, at >= :since AS needed FROM transcript_standings
    WHERE standing <> 'provisional' AND transcript_code > :after
    ORDER BY transcript_code LIMIT :limit
""")

_ALL_EVENTS = text("""
    SELECT id, certificate_sha256, school_code, role, event, at, at >= :since AS needed
    FROM certificate_events WHERE id > :after ORDER BY id LIMIT :limit
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What some entries tell about, as far as the database knows it.

    Attributes:
        standings: code → (standing, moment) of what was decided on, None where nothing was.
        events: (digest, school, role, event, moment) of certificates.
        schools: their codes.
    """

    standings: dict[str, tuple[str, datetime] | None]
    events: set[tuple[str, str, str, str, datetime]]
    schools: set[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A row that must have an entry.

    Attributes:
        name: what a finding calls it.
    """

    kind: Kind
    name: str
    key: int


async def last_order(connection: AsyncConnection) -> int:
    """Read the highest order that the database has given; 0 when none."""
    return int(await connection.scalar(_GIVEN) or 0)


async def known_of(
    connection: AsyncConnection,
    *,
    codes: Iterable[str],
    certificates: Iterable[str],
    schools: Iterable[str],
) -> Known:
    """Look up what entries tell about."""
    standings = await connection.execute(_STANDINGS, {"codes": list(codes)})
    events = await connection.execute(_EVENTS, {"digests": list(certificates)})
    known = await connection.scalars(_SCHOOLS, {"codes": list(schools)})
    return Known(
        standings={
            row.transcript_code: None if row.standing is None else (row.standing, row.at)
            for row in standings
        },
        events={
            (row.certificate_sha256, row.school_code, row.role, row.event, row.at) for row in events
        },
        schools=set(known),
    )


async def packages_wanting(
    connection: AsyncConnection, after: UUID, since: datetime
) -> tuple[list[Wanted], UUID | None]:
    """List which entries the next packages must have, and where to go on."""
    values = {"after": after, "since": since, "limit": PAGE}
    rows = (await connection.execute(_PACKAGES, values)).all()
    wanted = [
        Wanted(kind=kind, name=str(row.package_id), key=entry_key(kind, str(row.package_id)))
        for row in rows
        if row.needed
        for kind in _kinds_of(row)
    ]
    return wanted, rows[-1].package_id if len(rows) == PAGE else None


def _kinds_of(row: Any) -> list[Kind]:
    needed = {
        Kind.RECEIVED: True,
        Kind.DECIDED: row.state >= DECIDED,
        Kind.REPLIED: row.state >= REPLIED,
        Kind.READ: row.state == READ,
        Kind.DISCARDED: row.discarded,
    }
    return [kind for kind, is_needed in needed.items() if is_needed]


async def standings_wanting(
    connection: AsyncConnection, after: str, since: datetime
) -> tuple[list[Wanted], str | None]:
    """List which entries the next decided standings must have, and where to go on."""
    values = {"after": after, "since": since, "limit": PAGE}
    rows = (await connection.execute(_DECIDED_STANDINGS, values)).all()
    wanted = [
        Wanted(
            kind=Kind.STANDING,
            name=row.transcript_code,
            key=entry_key(Kind.STANDING, row.transcript_code, row.standing),
        )
        for row in rows
        if row.needed
    ]
    return wanted, rows[-1].transcript_code if len(rows) == PAGE else None


async def events_wanting(
    connection: AsyncConnection, after: int, since: datetime
) -> tuple[list[Wanted], int | None]:
    """List which entries the next events of certificates must have, and where to go on."""
    values = {"after": after, "since": since, "limit": PAGE}
    rows = (await connection.execute(_ALL_EVENTS, values)).all()
    wanted = [
        Wanted(
            kind=Kind.CERTIFICATE,
            name=row.certificate_sha256,
            key=event_key((row.certificate_sha256, row.school_code, row.role, row.event, row.at)),
        )
        for row in rows
        if row.needed
    ]
    return wanted, rows[-1].id if len(rows) == PAGE else None


def event_key(event: tuple[str, str, str, str, datetime]) -> int:
    """Name an event of a certificate."""
    *names, at = event
    return entry_key(Kind.CERTIFICATE, *names, f"{at.timestamp():.6f}")
