"""Writing packages anew from what the journal says of them: each function adds or moves forward.

For `app.rebuild` alone, in its one transaction as the owner. A row that is there already stays as
it is, so that a repetition changes nothing. The bodies are those that the flows of this package
write into the journal.
"""

from base64 import b64decode
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import any_, func, literal, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.dialects.postgresql import UUID as PGUUID
from sqlalchemy.ext.asyncio import AsyncConnection

from app.intake.claims import claimed_school
from app.intake.lanes import lane_of
from app.intake.package import Package, PackageKey, State
from app.intake.packages import add_package, claim_message, mark_read
from app.intake.tables import (
    package_discards,
    package_holds,
    package_items,
    package_replies,
    packages,
)

UNTIL_REINSTATED = timedelta(days=36_500)
"""How long no worker takes a package whose sender has no rights any more: it would be refused for
want of a grant, and its bytes could never be accepted again. `release_waiting` ends it."""

Body = Mapping[str, Any]


async def shut_out_workers(connection: AsyncConnection) -> int:
    """Let nobody else write packages until the transaction ends; gives how many are leased now.

    Raises:
        Unavailable: somebody holds rows for longer than the database's lock time-out.
    """
    await connection.execute(text("LOCK TABLE packages IN EXCLUSIVE MODE"))
    leased = select(func.count()).where(
        packages.c.leased_by.is_not(None),
        packages.c.lease_expires_at > func.clock_timestamp(),
    )
    return (await connection.execute(leased)).scalar_one()


async def states_of(connection: AsyncConnection, package_ids: Iterable[UUID]) -> dict[UUID, State]:
    """Find how far each package is; those that are not there are left out."""
    wanted = literal(sorted(package_ids), ARRAY(PGUUID))
    statement = select(packages.c.package_id, packages.c.state).where(
        packages.c.package_id == any_(wanted)
    )
    return {row.package_id: State(row.state) for row in await connection.execute(statement)}


async def restore_received(connection: AsyncConnection, bodies: Sequence[Body]) -> int:
    """Add packages that were decided later; gives how many were not there.

    They never wait in the queue again, so that their turn says nothing.
    """
    received = [_package(body) for body in bodies]
    rows = [
        {
            "package_id": package.package_id,
            "client_id": package.client_id,
            "digest": package.digest,
            "size": package.size,
            "state": package.state.value,
            "received_at": package.received_at,
            "lane": package.client_id,
        }
        for package in received
    ]
    statement = insert(packages).values(rows).on_conflict_do_nothing()
    return (await connection.execute(statement)).rowcount if rows else 0


async def queue_again(
    connection: AsyncConnection, body: Body, head: bytes, *, rest: timedelta | None
) -> bool:
    """Add a package that nobody decided, with lane and turn as at its receipt; False when there.

    Args:
        connection: an open transaction.
        body: its receipt.
        head: the beginning of its bytes, which names its school.
        rest: how long no worker may take it; None for not at all.
    """
    package = _package(body)
    lane = await lane_of(connection, package, claimed_school(head))
    return await add_package(connection, package, lane=lane, rest=rest)


async def release_waiting(connection: AsyncConnection, client_id: str) -> int:
    """Let workers take the packages that waited for their sender's rights; gives how many."""
    statement = (
        update(packages)
        .where(
            packages.c.client_id == client_id,
            packages.c.state == State.RECEIVED,
            packages.c.leased_by.is_(None),
            packages.c.lease_expires_at.is_not(None),
        )
        .values(lease_expires_at=None)
    )
    return (await connection.execute(statement)).rowcount


async def restore_decision(connection: AsyncConnection, body: Body) -> bool:
    """Write what became of a package and of its items; False when it is decided already.

    The register is not touched: its rows follow from the package's bytes.
    """
    package_id = UUID(body["package_id"])
    statement = (
        update(packages)
        .where(packages.c.package_id == package_id, packages.c.state < State.DECIDED)
        .values(
            state=State.DECIDED,
            message_id=body["message_id"],
            purpose=body["purpose"],
            school_code=body["school_code"],
            province_code=body["province_code"],
            total=body["total"],
            accepted=body["accepted"],
            rejected=body["rejected"],
            errors=body["errors"],
            finished_at=_moment(body["finished_at"]),
            leased_by=None,
            lease_expires_at=None,
            leases=0,
        )
    )
    if (await connection.execute(statement)).rowcount != 1:
        return False
    if body["message_id"] is not None and body["school_code"] is not None:
        await claim_message(
            connection,
            PackageKey(package_id=package_id, digest=body["digest"]),
            school_code=body["school_code"],
            message_id=body["message_id"],
        )
    await _write_items(connection, package_id, body["items"])
    await _write_hold(connection, package_id, body["hold"])
    return True


async def restore_reply(connection: AsyncConnection, body: Body) -> bool:
    """Write the reply that was signed and move its package to 03; False when it is there."""
    package_id, created_at = UUID(body["package_id"]), _moment(body["created_at"])
    statement = (
        update(packages)
        .where(packages.c.package_id == package_id, packages.c.state == State.DECIDED)
        .values(
            state=State.REPLIED,
            replied_at=created_at,
            leased_by=None,
            lease_expires_at=None,
            leases=0,
        )
    )
    if (await connection.execute(statement)).rowcount != 1:
        return False
    values = {
        "package_id": package_id,
        "body": b64decode(body["body"], validate=True),
        "created_at": created_at,
    }
    await connection.execute(insert(package_replies).values(values))
    return True


async def restore_reading(connection: AsyncConnection, body: Body) -> bool:
    """Move a package to 04 at the time when its sender read the reply; False when it is there."""
    return await mark_read(connection, UUID(body["package_id"]), _moment(body["read_at"]))


async def restore_discard(connection: AsyncConnection, body: Body) -> bool:
    """Note that the bytes of a refused package are gone; False when it is noted."""
    values = {
        "package_id": UUID(body["package_id"]),
        "discarded_at": _moment(body["discarded_at"]),
    }
    statement = insert(package_discards).values(values).on_conflict_do_nothing()
    return (await connection.execute(statement)).rowcount == 1


async def _write_items(
    connection: AsyncConnection, package_id: UUID, items: Sequence[Body]
) -> None:
    rows = [
        {
            "package_id": package_id,
            "ordinal": item["ordinal"],
            "student_code": item["student_code"],
            "result": item["result"],
            "transcript_code": item["transcript_code"],
            "original_sha256": item["original_sha256"],
            "findings": item["findings"],
        }
        for item in items
    ]
    if rows:
        await connection.execute(insert(package_items), rows)


async def _write_hold(connection: AsyncConnection, package_id: UUID, hold: Body | None) -> None:
    if hold is None:
        return
    values = {
        "package_id": package_id,
        "vault_version": hold["version"],
        "retained_until": _moment(hold["until"]),
        "held_at": _moment(hold["held_at"]),
    }
    # A hold is written before the decision: an older database may have it already.
    await connection.execute(insert(package_holds).values(values).on_conflict_do_nothing())


def _package(body: Body) -> Package:
    return Package(
        package_id=UUID(body["package_id"]),
        client_id=body["client_id"],
        digest=body["digest"],
        size=body["size"],
        state=State.RECEIVED,
        received_at=_moment(body["received_at"]),
    )


def _moment(text_: str) -> datetime:
    return datetime.fromisoformat(text_)
