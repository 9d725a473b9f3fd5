"""The first pass: read every note of the journal, prove it, and keep only small keys of it."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from app.intake.originals import level_of
from app.intake.restoring import states_of
from app.journal import Entry, JournalFault, Kind
from app.journal.reading import read_entry
from app.keys import RegisterKeys
from app.rebuild.staging import Told, stage
from app.rebuild.stop import Reason, Stopped
from app.transcripts.codes import transcript_code
from app.vault import Vault

AT_ONCE = 16
"""Notes read at the same time: a store answers in milliseconds, and it is the wait that counts."""

PAGE = 500
"""Notes listed and staged at a time. One is a few hundred bytes, a decision up to some MB; they
are read `AT_ONCE` at a time and only keys are kept."""

MANY = 100
"""Decisions from which on processes take packages apart: a class takes 70 ms, a start a second."""

USED_ID = "PKG-108"
"""A package refused with this did not get its message id."""

_PACKAGE_KINDS = frozenset({Kind.RECEIVED, Kind.DECIDED, Kind.REPLIED, Kind.READ, Kind.DISCARDED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What everything is made from.

    Attributes:
        journal_key: of the MACs; see `app.journal`.
        processes: take packages apart when there are many; None lets threads do it.
        many: decisions from which on they do.
    """

    vault: Vault
    keys: RegisterKeys
    journal_key: bytes
    processes: Executor | None = None
    many: int = MANY


async def gather(
    connection: AsyncConnection, source: Source, *, advance: Callable[[int], None]
) -> None:
    """Read and prove the whole journal and stage the keys of its entries.

    Args:
        connection: the rebuild's transaction.
        source: what to read.
        advance: told of each so many notes that are read.

    Raises:
        Stopped: a note is unreadable, altered or of a newer version, or `codes.key` is another.
        Unavailable: the vault or the database is away.
    """
    after = ""
    while names := await source.vault.notes(after=after, limit=PAGE):
        told: list[Told] = []
        async for name, entry in entries_of(source, names):
            told += tell(name, entry, codes=source.keys.codes)
        await stage(connection, await _with_states(connection, told))
        after = names[-1]
        advance(len(names))


async def entries_of(source: Source, names: Sequence[str]) -> AsyncGenerator[tuple[str, Entry]]:
    """Read and prove notes, some at the same time; gives them in the order of the names.

    Raises:
        Stopped: as `gather`.
    """
    for start in range(0, len(names), AT_ONCE):
        some = names[start : start + AT_ONCE]
        entries = await asyncio.gather(*(entry_of(source, name) for name in some))
        for name, entry in zip(some, entries, strict=True):
            yield name, entry


async def entry_of(source: Source, name: str) -> Entry:
    """Read and prove one note.

    Raises:
        Stopped: as `gather`.
    """
    try:
        return await read_entry(source.vault, source.journal_key, name)
    except JournalFault as fault:
        raise Stopped(Reason.UNREADABLE, f"{name}: {fault.reason}") from fault


def tell(name: str, entry: Entry, *, codes: bytes) -> tuple[Told, ...]:
    """Keep the keys of one entry, one for each thing that it is about.

    Raises:
        Stopped: it is not formed as its kind says, or `codes` gives other codes than it names.
    """
    try:
        return tuple(_tell(name, entry, codes))
    except (KeyError, TypeError, ValueError) as error:
        raise Stopped(Reason.UNREADABLE, name) from error


def _tell(name: str, entry: Entry, codes: bytes) -> Iterable[Told]:
    body, place, kind = entry.body, entry.order, entry.kind.value
    match entry.kind:
        case Kind.RECEIVED:
            yield Told(
                name=name,
                place=place,
                kind=kind,
                subject=str(UUID(body["package_id"])),
                client=body["client_id"],
                digest=body["digest"],
            )
        case Kind.DECIDED:
            _require_codes(body["transcripts"], codes)
            yield Told(
                name=name,
                place=place,
                kind=kind,
                subject=str(UUID(body["package_id"])),
                claims=tuple(_claims(body)),
                needs=tuple(_needs(body)),
            )
        case Kind.REPLIED | Kind.READ | Kind.DISCARDED:
            yield Told(
                name=name,
                place=place,
                kind=kind,
                subject=str(UUID(body["package_id"])),
                digest=body.get("digest"),
            )
        case Kind.STANDING:
            yield Told(name=name, place=place, kind=kind, subject=body["code"])
        case Kind.CERTIFICATE:
            row = body["row"]
            subject = f"{row['certificate_sha256']}/{row['school_code']}/{row['role']}"
            yield Told(name=name, place=place, kind=kind, subject=subject)
        case Kind.DIRECTORY:
            for school in body["schools"]:
                yield Told(name=name, place=place, kind=kind, subject=school["school_code"])


def _require_codes(transcripts: Iterable[Mapping[str, Any]], key: bytes) -> None:
    for told in transcripts:
        if transcript_code(key, bytes.fromhex(told["original_sha256"])) != told["code"]:
            raise Stopped(Reason.WRONG_KEY, told["code"])


def _claims(body: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    """Name what only one committed decision can have, and who has it after this one."""
    package = body["package_id"]
    students = {item["transcript_code"]: item["student_code"] for item in body["items"]}
    for told in body["transcripts"]:
        yield f"code:{told['code']}", package
        # The register keeps a version once for a school year, school, student and level.
        student = students[told["code"]]
        place = (told["school_year"], body["school_code"], student, level_of(told))
        yield f"version:{'/'.join(map(str, (*place, told['version'])))}", package
    for told in body["withdrawn"]:
        yield f"withdrawn:{told['code']}", package
    used = any(finding["code"] == USED_ID for finding in body["errors"])
    if body["school_code"] is not None and body["message_id"] is not None and not used:
        # Several clients may bring the same bytes: then they share the id.
        yield f"message:{body['school_code']}/{body['message_id']}", body["digest"]


def _needs(body: Mapping[str, Any]) -> Iterable[str]:
    """Name the transcripts without which this decision could not have been made."""
    yield from (told["code"] for told in body["withdrawn"])
    for told in body["transcripts"]:
        if told["previous_code"] is not None:
            yield told["previous_code"]


async def _with_states(connection: AsyncConnection, told: Sequence[Told]) -> list[Told]:
    """Add how far the database has each package."""
    ids = {UUID(one.subject) for one in told if one.kind in _PACKAGE_KINDS}
    states = await states_of(connection, ids) if ids else {}
    return [
        replace(one, known=states.get(UUID(one.subject))) if one.kind in _PACKAGE_KINDS else one
        for one in told
    ]
