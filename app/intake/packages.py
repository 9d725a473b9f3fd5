"""Reading and writing package rows; every function runs in the caller's transaction."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, RowMapping, func, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from app.clients.accounts import Caller
from app.clients.partition import PlaceColumns, visible_packages
from app.intake.lanes import next_turn
from app.intake.package import (
    Item,
    Listing,
    Package,
    PackageKey,
    Result,
    State,
    findings_from_json,
)
from app.intake.tables import message_ids, package_items, package_replies, packages

_COLUMNS = (
    packages.c.package_id,
    packages.c.client_id,
    packages.c.digest,
    packages.c.size,
    packages.c.state,
    packages.c.received_at,
    packages.c.message_id,
    packages.c.purpose,
    packages.c.school_code,
    packages.c.province_code,
    packages.c.total,
    packages.c.accepted,
    packages.c.rejected,
    packages.c.errors,
    packages.c.finished_at,
    packages.c.replied_at,
    packages.c.read_at,
)


async def newest_accepted(connection: AsyncConnection) -> str | None:
    """Give the digest of the newest package with anything accepted: nobody may have removed it."""
    statement = (
        select(packages.c.digest)
        .where(packages.c.finished_at.is_not(None), packages.c.accepted > 0)
        .order_by(packages.c.finished_at.desc())
        .limit(1)
    )
    return (await connection.execute(statement)).scalar_one_or_none()


async def add_package(
    connection: AsyncConnection,
    package: Package,
    *,
    lane: str | None = None,
    rest: timedelta | None = None,
) -> bool:
    """Insert a received package; False when the client's same bytes are there already.

    It waits its turn in the lane; without one in that of the client's other packages. No worker
    takes it before its rest is over.

    Waits for a concurrent transaction that inserts the same bytes, so that afterwards one row is
    there whatever became of the other.
    """
    statement = (
        insert(packages)
        .values(
            package_id=package.package_id,
            client_id=package.client_id,
            digest=package.digest,
            size=package.size,
            state=package.state,
            received_at=package.received_at,
            lane=lane or package.client_id,
            turn=next_turn(lane or package.client_id),
            # As if a worker had died with it.
            lease_expires_at=None if rest is None else func.clock_timestamp() + rest,
        )
        .on_conflict_do_nothing(index_elements=["client_id", "digest"])
        .returning(packages.c.package_id)
    )
    return (await connection.execute(statement)).first() is not None


async def find_package(
    connection: AsyncConnection, client_id: str, package_id: UUID
) -> Package | None:
    """Find one of the client's packages; another client's is None like an unknown one."""
    return await _find(connection, _sent_by(client_id), packages.c.package_id == package_id)


async def find_visible_package(
    connection: AsyncConnection, caller: Caller, package_id: UUID, now: datetime
) -> Package | None:
    """Find a package that the caller may read; one outside its partition is None like unknown."""
    return await _find(connection, _visible(caller, now), packages.c.package_id == package_id)


async def find_by_digest(
    connection: AsyncConnection, client_id: str, digest: str
) -> Package | None:
    """Find one of the client's packages by the SHA-256 of its bytes."""
    return await _find(connection, _sent_by(client_id), packages.c.digest == digest)


async def items_of(connection: AsyncConnection, package_id: UUID) -> tuple[Item, ...]:
    """Read what became of each transcript, in the order of the package."""
    statement = (
        select(
            package_items.c.ordinal,
            package_items.c.student_code,
            package_items.c.result,
            package_items.c.transcript_code,
            package_items.c.original_sha256,
            package_items.c.findings,
        )
        .where(package_items.c.package_id == package_id)
        .order_by(package_items.c.ordinal)
    )
    return tuple(
        Item(
            ordinal=row.ordinal,
            student_code=row.student_code,
            result=Result(row.result),
            transcript_code=row.transcript_code,
            original_sha256=row.original_sha256,
            findings=findings_from_json(row.findings),
        )
        for row in await connection.execute(statement)
    )


async def reply_of(connection: AsyncConnection, package_id: UUID) -> bytes | None:
    """Read the signed reply; None until it is made."""
    statement = select(package_replies.c.body).where(package_replies.c.package_id == package_id)
    body: bytes | None = (await connection.execute(statement)).scalar_one_or_none()
    return body


async def mark_read(connection: AsyncConnection, package_id: UUID, now: datetime) -> bool:
    """Move a replied package to 04; False when it was not in 03, such as read already."""
    statement = (
        update(packages)
        .where(packages.c.package_id == package_id, packages.c.state == State.REPLIED)
        .values(state=State.READ, read_at=now)
    )
    return (await connection.execute(statement)).rowcount == 1


async def decided_among(
    connection: AsyncConnection, package_ids: Sequence[UUID]
) -> frozenset[UUID]:
    """Find which of some packages have their result."""
    statement = select(packages.c.package_id).where(
        packages.c.package_id.in_(package_ids), packages.c.finished_at.is_not(None)
    )
    return frozenset(await connection.scalars(statement))


async def page_of_packages(
    connection: AsyncConnection, caller: Caller, listing: Listing, now: datetime
) -> tuple[Package, ...]:
    """List the packages that a caller may read, newest first, without what was found about them.

    Gives one package more than the page when there is another page.
    """
    conditions: list[ColumnElement[bool]] = [
        column == wanted
        for column, wanted in (
            (packages.c.school_code, listing.school),
            (packages.c.province_code, listing.province),
            (packages.c.state, listing.state),
        )
        if wanted is not None
    ]
    if listing.since is not None:
        conditions.append(packages.c.received_at >= listing.since)
    if listing.until is not None:
        conditions.append(packages.c.received_at < listing.until)
    if listing.after is not None:
        place = tuple_(packages.c.received_at, packages.c.package_id)
        conditions.append(place < tuple_(listing.after.received_at, listing.after.package_id))
    statement = (
        select(*_COLUMNS)
        .where(_visible(caller, now), *conditions)
        .order_by(packages.c.received_at.desc(), packages.c.package_id.desc())
        .limit(listing.limit + 1)
    )
    return tuple(_package(row) for row in (await connection.execute(statement)).mappings())


def _sent_by(client_id: str) -> ColumnElement[bool]:
    return packages.c.client_id == client_id


def _visible(caller: Caller, now: datetime) -> ColumnElement[bool]:
    rows = PlaceColumns(school_code=packages.c.school_code, province_code=packages.c.province_code)
    return visible_packages(caller, packages.c.client_id, rows, now)


async def claim_message(
    connection: AsyncConnection, package: PackageKey, *, school_code: str, message_id: str
) -> str | None:
    """Take a school's message id for a package; None when it is taken now, or by the same bytes.

    Waits for a concurrent transaction that takes the same id. Nothing is kept unless the caller
    commits.

    Returns:
        The digest of the other bytes that have the id.
    """
    statement = insert(message_ids).values(
        school_code=school_code,
        message_id=message_id,
        package_id=package.package_id,
        digest=package.digest,
    )
    await connection.execute(statement.on_conflict_do_nothing())
    known = await find_message(connection, school_code, message_id)
    return None if known is None or known.digest == package.digest else known.digest


async def find_message(
    connection: AsyncConnection, school_code: str, message_id: str
) -> PackageKey | None:
    """Find which package has a school's message id."""
    statement = select(message_ids.c.package_id, message_ids.c.digest).where(
        message_ids.c.school_code == school_code, message_ids.c.message_id == message_id
    )
    row = (await connection.execute(statement)).one_or_none()
    return None if row is None else PackageKey(package_id=row.package_id, digest=row.digest)


async def _find(
    connection: AsyncConnection, partition: ColumnElement[bool], condition: ColumnElement[bool]
) -> Package | None:
    statement = select(*_COLUMNS).where(partition, condition)
    row = (await connection.execute(statement)).mappings().one_or_none()
    return None if row is None else _package(row)


def _package(row: RowMapping) -> Package:
    values: dict[str, Any] = dict(row)
    values["state"] = State(values["state"])
    values["errors"] = findings_from_json(values["errors"])
    return Package(**values)
