"""What a client reads of packages; what tells of a child is audited before it is shown."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from app.audit.record import Action, record
from app.clients.accounts import Caller, Scope
from app.db import Database
from app.errors import NotFound
from app.intake.journaling import journal_reading
from app.intake.package import Item, Package, State
from app.intake.packages import (
    find_by_digest,
    find_visible_package,
    items_of,
    mark_read,
    reply_of,
)
from app.intake.queue import place_in_queue
from app.journal import Journal
from app.vault import Vault


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Who reads, when and in which trace.

    Raises:
        NotAllowed: from every function below, when the caller lacks `packages:read`.
    """

    caller: Caller
    now: datetime
    trace_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A package and what became of its transcripts; no items before the decision."""

    package: Package
    items: tuple[Item, ...]


async def show_package(database: Database, package: Package, reader: Reader) -> Shown:
    """Add the items to a package that the reader may see, and record that they were read.

    One that is pending gets its place in the queue instead.
    """
    if not package.decided:
        async with database.read() as connection:
            place = await place_in_queue(connection, package.package_id, now=reader.now)
        waiting = replace(package, position=place.position, estimated_seconds=place.seconds)
        return Shown(package=waiting, items=())
    async with database.begin() as connection:
        items = await items_of(connection, package.package_id)
        if items:
            await _record(connection, reader, Action.PACKAGE_READ, package)
    return Shown(package=package, items=items)


async def read_package_by_digest(database: Database, digest: str, reader: Reader) -> Shown:
    """Read one of the packages that the reader itself sent by the SHA-256 of its bytes.

    Raises:
        NotFound: there is none, or it is another client's.
    """
    reader.caller.require(Scope.PACKAGES_READ)
    async with database.read() as connection:
        package = await find_by_digest(connection, reader.caller.client_id, digest)
    if package is None:
        raise NotFound
    return await show_package(database, package, reader)


async def read_original(
    database: Database, vault: Vault, package_id: UUID, reader: Reader
) -> tuple[Package, bytes]:
    """Read the bytes of a package that the reader may see exactly as they were received.

    Raises:
        NotFound: there is none, or it lies outside what the reader may see.
        IntegrityFailure: the kept bytes are not the ones received: an incident.
    """
    package = await find_visible(database, package_id, reader)
    async with database.begin() as connection:
        await _record(connection, reader, Action.ORIGINAL_READ, package)
    return package, await vault.get(package.digest)


async def read_reply(database: Database, package_id: UUID, reader: Reader) -> bytes:
    """Read the signed reply to a package that the reader may see.

    Raises:
        NotFound: there is none yet, or it lies outside what the reader may see.
    """
    package = await find_visible(database, package_id, reader)
    async with database.begin() as connection:
        body = await reply_of(connection, package.package_id)
        if body is None:
            raise NotFound
        await _record(connection, reader, Action.REPLY_READ, package)
    return body


async def acknowledge_reply(
    database: Database, journal: Journal, package_id: UUID, reader: Reader
) -> None:
    """Record that the sender has read the reply: state 04. Repeating it changes nothing.

    A crash before the commit leaves state 03 and perhaps an entry of the journal that nobody was
    told of.

    Raises:
        NotFound: there is no reply yet, or it is another client's.
        Unavailable: the database or the vault cannot take it now.
    """
    package = await find_visible(database, package_id, reader)
    if package.client_id != reader.caller.client_id:
        raise NotFound
    async with database.begin() as connection:
        if await mark_read(connection, package.package_id, reader.now):
            await _record(connection, reader, Action.REPLY_ACKNOWLEDGED, package)
            await journal_reading(journal, connection, package.package_id, at=reader.now)
        elif package.state not in {State.REPLIED, State.READ}:
            raise NotFound


async def find_visible(database: Database, package_id: UUID, reader: Reader) -> Package:
    """Find a package that the reader may see; nothing of it is told by that, or recorded.

    Raises:
        NotFound: there is none, or it lies outside what the reader may see.
    """
    reader.caller.require(Scope.PACKAGES_READ)
    async with database.read() as connection:
        package = await find_visible_package(connection, reader.caller, package_id, reader.now)
    if package is None:
        raise NotFound
    return package


async def _record(
    connection: AsyncConnection, reader: Reader, action: Action, package: Package
) -> None:
    await record(
        connection,
        at=reader.now,
        actor=reader.caller.client_id,
        action=action,
        object=str(package.package_id),
        detail=reader.caller.stated,
        trace_id=reader.trace_id,
    )
