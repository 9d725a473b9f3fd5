"""The stage of the journal: entries and rows must tell of the same, in both directions."""

import asyncio
from array import array
from bisect import bisect_left
from collections import deque
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from app.fsck.examination import Examination
from app.fsck.findings import Code, Finding
from app.fsck.journal_checks import Match, entry_key, match_package
from app.fsck.journal_rows import (
    NOWHERE,
    Known,
    Wanted,
    event_key,
    events_wanting,
    known_of,
    last_order,
    packages_wanting,
    standings_wanting,
)
from app.fsck.package_rows import PackageRows, packages_named
from app.fsck.progress import MAX_FINDINGS, Step
from app.journal import Entry, JournalFault, Kind
from app.journal.reading import read_entry

PAGE = 10
"""Entries read at a time, with all rows that they tell about: the largest decision, with reports on
300 transcripts, takes some 6 MB."""

KEPT = 10 * MAX_FINDINGS
"""Findings remembered by the names of their entries: a journal gone wrong altogether is one."""

ORDERS_PER_SECOND = 100
"""An order is never below the server's clock in hundredths of a second (`next_journal_order`)."""

_PACKAGE_KINDS = {Kind.RECEIVED, Kind.DECIDED, Kind.REPLIED, Kind.READ, Kind.DISCARDED}
_CODES = {
    Match.DIFFERENT: Code.JOURNAL_DIFFERS,
    Match.UNCOMMITTED: Code.JOURNAL_UNCOMMITTED,
    Match.AHEAD: Code.JOURNAL_AHEAD,
}

NEWEST = 200
"""Entries looked at again when something seems missing: what was not committed yet at first."""

EVER = datetime(1970, 1, 1, tzinfo=UTC)
"""Before every row."""


@dataclass(slots=True)
class _Reading:
    """What has been read of the journal.

    Attributes:
        after: the last name, or where to begin.
        keys: what the entries of committed changes are about; 8 octets each.
        unsettled: the newest entries about what had not been committed.
        findings: by the name of the entry.
    """

    after: str
    keys: "array[int]" = field(default_factory=lambda: array("Q"))
    unsettled: deque[str] = field(default_factory=lambda: deque(maxlen=NEWEST))
    findings: dict[str, Finding] = field(default_factory=dict)

    def note(self, name: str, finding: Finding) -> None:
        """Keep what is wrong with an entry, among the first of them."""
        if len(self.findings) < KEPT:
            self.findings[name] = finding


async def examine_journal(parts: Examination, *, now: datetime) -> Step:
    """Examine the journal as far back as the options say, in one step.

    A crash begins it again. The account is saved after each page all the same, so that whoever
    leases the run keeps it.

    Raises:
        Unavailable: the database or the vault cannot answer now.
    """
    days = parts.options.journal_days
    since = EVER if days is None else now - timedelta(days=days)
    reading = _Reading(after="" if days is None else _name_before(since))
    parts.progress.counts["entries"] = 0
    await _read_on(parts, reading)
    missing = await _missing(parts, _sorted(reading), since)
    if missing:
        # Rows and entries that came while this one read.
        await asyncio.sleep(parts.second_look)
        await _compare(parts, reading, tuple(reading.unsettled))
        await _read_on(parts, reading)
        keys = _sorted(reading)
        missing = [one for one in missing if not _has(keys, one.key)]
    lost = (
        Finding(code=Code.JOURNAL_MISSING, object=one.name, detail=one.kind.value)
        for one in missing
    )
    return Step(
        findings=(*reading.findings.values(), *lost, *await _ahead(parts, reading)),
        counts={},
        cursor=None,
    )


def _name_before(moment: datetime) -> str:
    """Make a name that sorts before every entry of a moment."""
    order = max(int(moment.timestamp() * ORDERS_PER_SECOND), 0)
    return f"{order:016d}-{'0' * 64}"


async def _read_on(parts: Examination, reading: _Reading) -> None:
    """Read from where the last reading ended, and compare with the rows."""
    while names := await parts.vault.notes(after=reading.after, limit=PAGE):
        await _compare(parts, reading, names)
        reading.after = names[-1]
        parts.progress.counts["entries"] += len(names)
        await parts.save(parts.progress)
        parts.show(parts.progress)


async def _compare(parts: Examination, reading: _Reading, names: Sequence[str]) -> None:
    """Hold entries to the rows, as both are now."""
    entries: dict[str, Entry] = {}
    for name, read in zip(
        names, await asyncio.gather(*(_read(parts, name) for name in names)), strict=True
    ):
        if isinstance(read, Entry):
            entries[name] = read
        else:
            reading.note(name, read)
    told = entries.values()
    async with parts.database.read() as connection:
        packages = await _packages_of(connection, told)
        known = await known_of(
            connection,
            codes={one.body["code"] for one in told if one.kind is Kind.STANDING},
            certificates={
                one.body["row"]["certificate_sha256"]
                for one in told
                if one.kind is Kind.CERTIFICATE
            },
            schools={
                school["school_code"]
                for one in told
                if one.kind is Kind.DIRECTORY
                for school in one.body["schools"]
            },
        )
    for name, entry in entries.items():
        _take(reading, name, entry, _match(entry, packages, known))


def _take(reading: _Reading, name: str, entry: Entry, match: Match) -> None:
    if match in {Match.SAME, Match.DIFFERENT}:
        reading.keys.append(_key_of(entry))
    if match is Match.SAME:
        reading.findings.pop(name, None)
        return
    if match is Match.UNCOMMITTED and name not in reading.unsettled:
        reading.unsettled.append(name)
    reading.note(name, Finding(code=_CODES[match], object=name, detail=entry.kind.value))


async def _read(parts: Examination, name: str) -> Entry | Finding:
    async with parts.pace:
        try:
            return await read_entry(parts.vault, parts.keys.journal, name)
        except JournalFault as fault:
            return Finding(code=Code.JOURNAL_ALTERED, object=name, detail=fault.reason)


async def _packages_of(
    connection: AsyncConnection, entries: Iterable[Entry]
) -> dict[UUID, PackageRows]:
    ids = {UUID(one.body["package_id"]) for one in entries if one.kind in _PACKAGE_KINDS}
    if not ids:
        return {}
    return {rows.row.package_id: rows for rows in await packages_named(connection, sorted(ids))}


def _match(entry: Entry, packages: Mapping[UUID, PackageRows], known: Known) -> Match:
    body = entry.body
    match entry.kind:
        case Kind.STANDING:
            if body["code"] not in known.standings:
                return Match.AHEAD
            told = (body["standing"], datetime.fromisoformat(body["at"]))
            return Match.SAME if known.standings[body["code"]] == told else Match.UNCOMMITTED
        case Kind.CERTIFICATE:
            return Match.SAME if _event_of(entry) in known.events else Match.UNCOMMITTED
        case Kind.DIRECTORY:
            codes = {school["school_code"] for school in body["schools"]}
            return Match.SAME if codes <= known.schools else Match.UNCOMMITTED
        case _:
            return match_package(entry, packages.get(UUID(body["package_id"])))


def _key_of(entry: Entry) -> int:
    match entry.kind:
        case Kind.STANDING:
            return entry_key(entry.kind, entry.body["code"], entry.body["standing"])
        case Kind.CERTIFICATE:
            return event_key(_event_of(entry))
        case Kind.DIRECTORY:
            return entry_key(entry.kind)
        case _:
            return entry_key(entry.kind, entry.body["package_id"])


def _event_of(entry: Entry) -> tuple[str, str, str, str, datetime]:
    event = entry.body["event"]
    return (
        event["certificate_sha256"],
        event["school_code"],
        event["role"],
        event["event"],
        datetime.fromisoformat(event["at"]),
    )


async def _missing(parts: Examination, keys: "array[int]", since: datetime) -> list[Wanted]:
    """List the rows whose entry was not read, at most `MAX_FINDINGS`."""
    missing: list[Wanted] = []
    async for wanted in _wanted(parts, since):
        missing += [one for one in wanted if not _has(keys, one.key)]
        if len(missing) > MAX_FINDINGS:
            break
    return missing


async def _wanted(parts: Examination, since: datetime) -> AsyncIterator[list[Wanted]]:
    package: UUID | None = NOWHERE
    while package is not None:
        async with parts.database.read() as connection:
            wanted, package = await packages_wanting(connection, package, since)
        yield wanted
    code: str | None = ""
    while code is not None:
        async with parts.database.read() as connection:
            wanted, code = await standings_wanting(connection, code, since)
        yield wanted
    event: int | None = 0
    while event is not None:
        async with parts.database.read() as connection:
            wanted, event = await events_wanting(connection, event, since)
        yield wanted


def _sorted(reading: _Reading) -> "array[int]":
    return array("Q", sorted(reading.keys))


def _has(keys: "array[int]", key: int) -> bool:
    place = bisect_left(keys, key)
    return place < len(keys) and keys[place] == key


async def _ahead(parts: Examination, reading: _Reading) -> tuple[Finding, ...]:
    """Find a journal whose last entry this database cannot have given an order to."""
    if not parts.progress.counts["entries"]:
        return ()
    async with parts.database.read() as connection:
        given = await last_order(connection)
    name = reading.after
    if int(name.partition("-")[0]) <= given:
        return ()
    return (Finding(code=Code.JOURNAL_AHEAD, object=name, detail="order"),)
