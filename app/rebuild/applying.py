"""The second pass: write what was chosen, in the order in which it happened."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from app.clients.restoring import absent_clients, add_disabled, without_rights
from app.directory.restoring import restore_school
from app.errors import IntegrityFailure, NotFound
from app.intake.claims import HEAD_BYTES
from app.intake.originals import Contradiction, records_of
from app.intake.restoring import (
    UNTIL_REINSTATED,
    queue_again,
    restore_decision,
    restore_discard,
    restore_reading,
    restore_received,
    restore_reply,
)
from app.rebuild.choosing import senders_of_work, was_void
from app.rebuild.gathering import PAGE, Source, entries_of, entry_of
from app.rebuild.report import Tally, Thing
from app.rebuild.staging import Work, page_of_work
from app.rebuild.stop import Reason, Stopped
from app.register.record import NewRecord, Standing
from app.register.restoring import known_codes, restore_transcripts, restore_withdrawals
from app.register.standing import decide_standing
from app.trust.restoring import restore_certificate

PACKAGES_AT_ONCE = 4
"""Packages whose bytes are read and taken apart at the same time: at most 32 MiB each, and as much
again for their transcripts."""

Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuild:
    """What the second pass works with.

    Attributes:
        connection: the one transaction.
        now: the moment of the rebuild, for accounts that it has to make.
        advance: told of each so many things of a stage that are done.
    """

    connection: AsyncConnection
    source: Source
    tally: Tally
    now: datetime
    advance: Callable[[str, int], None]


async def apply(rebuild: Rebuild) -> None:
    """Restore everything that is lined up; each step rests on the ones before.

    Raises:
        Stopped: the bytes or the rows contradict the journal.
        Unavailable: the vault or the database is away.
    """
    try:
        await _restore_schools(rebuild)
        await _restore_clients(rebuild)
        await _restore_certificates(rebuild)
        await _restore_packages(rebuild)
        await _restore_decisions(rebuild)
        await _restore_steps(rebuild)
        await _restore_standings(rebuild)
    except IntegrityError as error:
        # The constraint's name says what, and holds nothing personal.
        name = getattr(error.orig.__cause__, "constraint_name", None) if error.orig else None
        raise Stopped(Reason.CONTRADICTORY, str(name)) from error


async def _restore_schools(rebuild: Rebuild) -> None:
    async for page in _pages(rebuild, "schools", PAGE):
        # One load may be of all schools: its note is read once for a page.
        names = list(dict.fromkeys(work.names[0] for work in page))
        wanted = {(work.names[0], work.subject) for work in page}
        async with aclosing(entries_of(rebuild.source, names)) as entries:
            async for name, entry in entries:
                for school in entry.body["schools"]:
                    code = school["school_code"]
                    if (name, code) in wanted:
                        periods = [p for p in entry.body["periods"] if p["school_code"] == code]
                        new = await restore_school(rebuild.connection, school, periods)
                        rebuild.tally.count(Thing.SCHOOLS, new=new)


async def _restore_clients(rebuild: Rebuild) -> None:
    senders = await senders_of_work(rebuild.connection)
    absent = await absent_clients(rebuild.connection, senders)
    await add_disabled(rebuild.connection, absent, rebuild.now)
    rebuild.tally.clients = absent
    rebuild.tally.restored[Thing.CLIENTS] += len(absent)
    rebuild.tally.present[Thing.CLIENTS] += len(senders) - len(absent)


async def _restore_certificates(rebuild: Rebuild) -> None:
    async for page in _pages(rebuild, "certificates", PAGE):
        names = [name for work in page for name in work.names]
        bodies = {name: entry.body async for name, entry in entries_of(rebuild.source, names)}
        for work in page:
            steps = [bodies[name] for name in work.names]
            restored = await restore_certificate(rebuild.connection, steps)
            rebuild.tally.count(Thing.CERTIFICATES, new=restored.changed)
            rebuild.tally.restored[Thing.CERTIFICATE_EVENTS] += restored.events


async def _restore_packages(rebuild: Rebuild) -> None:
    async for page in _pages(rebuild, "packages", PAGE):
        names = [work.names[0] for work in page]
        bodies = [entry.body async for _, entry in entries_of(rebuild.source, names)]
        added = await restore_received(rebuild.connection, bodies)
        rebuild.tally.restored[Thing.PACKAGES] += added
    async for page in _pages(rebuild, "undecided", PAGE):
        await _queue_again(rebuild, page)


async def _queue_again(rebuild: Rebuild, page: tuple[Work, ...]) -> None:
    """Queue packages that nobody decided; those of a sender without rights wait for them."""
    names = [work.names[0] for work in page]
    bodies = [entry.body async for _, entry in entries_of(rebuild.source, names)]
    senders = {body["client_id"] for body in bodies}
    powerless = await without_rights(rebuild.connection, senders)
    for body in bodies:
        head = await _head(rebuild.source, body)
        rest = UNTIL_REINSTATED if body["client_id"] in powerless else None
        new = await queue_again(rebuild.connection, body, head, rest=rest)
        rebuild.tally.count(Thing.PACKAGES, new=new)


async def _head(source: Source, body: Body) -> bytes:
    """Read the beginning of a package that waits for its decision."""
    try:
        return await source.vault.get_range(body["digest"], 0, min(body["size"], HEAD_BYTES))
    except (NotFound, IntegrityFailure) as error:
        raise Stopped(Reason.MISSING, body["digest"]) from error


async def _restore_decisions(rebuild: Rebuild) -> None:
    async for page in _pages(rebuild, "decisions", PACKAGES_AT_ONCE):
        read = (_read_decision(rebuild.source, work.names[0]) for work in page)
        for body, records in await asyncio.gather(*read):
            if not await restore_decision(rebuild.connection, body):
                continue
            package_id = UUID(body["package_id"])
            await restore_withdrawals(rebuild.connection, package_id, body["withdrawn"])
            await restore_transcripts(rebuild.connection, records)
            rebuild.tally.count(Thing.DECISIONS, new=True)
            rebuild.tally.restored[Thing.TRANSCRIPTS] += len(records)
            rebuild.tally.restored[Thing.WITHDRAWALS] += len(body["withdrawn"])


async def _read_decision(source: Source, name: str) -> tuple[Body, tuple[NewRecord, ...]]:
    """Read a decision, and from the package's bytes what it registered."""
    body = (await entry_of(source, name)).body
    if not body["transcripts"]:
        return body, ()
    try:
        content = await source.vault.get(body["digest"])
        return body, await asyncio.to_thread(records_of, content, body, keys=source.keys)
    except NotFound as error:
        raise Stopped(Reason.MISSING, body["digest"]) from error
    except IntegrityFailure as error:
        raise Stopped(Reason.ALTERED, body["digest"]) from error
    except Contradiction as error:
        reason = Reason.WRONG_KEY if error.reason == "code" else Reason.ALTERED
        raise Stopped(reason, f"{error.code} ({error.reason})") from error


_STEPS = (
    ("replies", Thing.REPLIES, restore_reply),
    ("readings", Thing.READINGS, restore_reading),
    ("discards", Thing.DISCARDS, restore_discard),
)


async def _restore_steps(rebuild: Rebuild) -> None:
    for stage, thing, restore in _STEPS:
        async for page in _pages(rebuild, stage, PAGE):
            names = [work.names[0] for work in page]
            async with aclosing(entries_of(rebuild.source, names)) as entries:
                async for _, entry in entries:
                    new = await restore(rebuild.connection, entry.body)
                    rebuild.tally.count(thing, new=new)


async def _restore_standings(rebuild: Rebuild) -> None:
    async for page in _pages(rebuild, "standings", PAGE):
        registered = await known_codes(rebuild.connection, {work.subject for work in page})
        for code in {work.subject for work in page} - registered:
            if not await was_void(rebuild.connection, code):
                raise Stopped(Reason.INCOMPLETE, code)
        names = [work.names[0] for work in page if work.subject in registered]
        async with aclosing(entries_of(rebuild.source, names)) as entries:
            async for _, entry in entries:
                await _restore_standing(rebuild, entry.body)


async def _restore_standing(rebuild: Rebuild, body: Body) -> None:
    new = await decide_standing(
        rebuild.connection,
        transcript_code=body["code"],
        standing=Standing(body["standing"]),
        code=body["cause"],
        trust_snapshot_sha256=body["trust_snapshot_sha256"],
        at=datetime.fromisoformat(body["at"]),
    )
    rebuild.tally.count(Thing.STANDINGS, new=new)


async def _pages(rebuild: Rebuild, stage: str, limit: int) -> AsyncGenerator[tuple[Work, ...]]:
    after = 0
    while page := await page_of_work(rebuild.connection, stage, after=after, limit=limit):
        yield page
        after = page[-1].number
        rebuild.advance(stage, len(page))
