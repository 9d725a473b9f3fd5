"""What the journal keeps of packages: what their bytes and the repository's keys do not say.

Every function here is the last step of a transaction: it reads what that has written, so an entry
says what the rows say. A crash after it leaves an entry about something that nobody was told; its
repetition gets a higher order.
"""

from base64 import b64encode
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.intake.package import Item, Package, findings_to_json
from app.intake.queue import Lease
from app.intake.tables import package_holds
from app.journal import Journal, Kind
from app.journal.entry import as_written
from app.register.journaling import changes_by


async def journal_receipt(journal: Journal, connection: AsyncConnection, package: Package) -> None:
    """Keep that a package was received, from whom, and which bytes it is.

    Raises:
        Unavailable: the vault cannot take it now.
    """
    body = {
        "package_id": package.package_id,
        "client_id": package.client_id,
        "digest": package.digest,
        "size": package.size,
        "received_at": package.received_at,
    }
    await journal.write(connection, Kind.RECEIVED, as_written(body), at=package.received_at)


async def journal_decision(
    journal: Journal,
    connection: AsyncConnection,
    lease: Lease,
    columns: dict[str, Any],
    items: Sequence[Item],
) -> None:
    """Keep what became of a package and of each of its items, and what it changed in the register.

    Args:
        journal: where to.
        connection: the decision's transaction.
        lease: the package.
        columns: what the decision wrote into the row of the package.
        items: what it wrote about the items.

    Raises:
        Unavailable: the vault cannot take it now.
    """
    codes = [item.transcript_code for item in items if item.transcript_code is not None]
    body = {
        "package_id": lease.package_id,
        "client_id": lease.client_id,
        "digest": lease.digest,
        **columns,
        "hold": await _hold_of(connection, lease.package_id),
        "items": [item_columns(item) for item in items],
        **await changes_by(connection, lease.package_id, codes),
    }
    await journal.write(connection, Kind.DECIDED, as_written(body), at=columns["finished_at"])


async def journal_reply(
    journal: Journal, connection: AsyncConnection, package_id: UUID, body: bytes, *, at: datetime
) -> None:
    """Keep the reply as it was signed: signed again it might have other octets.

    Raises:
        Unavailable: the vault cannot take it now.
    """
    told = {
        "package_id": package_id,
        "body": b64encode(body).decode(),
        "created_at": at,
    }
    await journal.write(connection, Kind.REPLIED, as_written(told), at=at)


async def journal_reading(
    journal: Journal, connection: AsyncConnection, package_id: UUID, *, at: datetime
) -> None:
    """Keep that the sender has read the reply.

    Raises:
        Unavailable: the vault cannot take it now.
    """
    body = {"package_id": package_id, "read_at": at}
    await journal.write(connection, Kind.READ, as_written(body), at=at)


async def journal_discards(
    journal: Journal,
    connection: AsyncConnection,
    package_ids: Iterable[UUID],
    digest: str,
    *,
    at: datetime,
) -> None:
    """Keep that the bytes of packages are gone.

    Raises:
        Unavailable: the vault cannot take it now.
    """
    for package_id in package_ids:
        body = {"package_id": package_id, "digest": digest, "discarded_at": at}
        await journal.write(connection, Kind.DISCARDED, as_written(body), at=at)


def item_columns(item: Item) -> dict[str, Any]:
    """Name the columns of an item, but for its package."""
    return {
        "ordinal": item.ordinal,
        "student_code": item.student_code,
        "result": item.result.value,
        "transcript_code": item.transcript_code,
        "original_sha256": item.original_sha256,
        "findings": findings_to_json(item.findings),
    }


async def _hold_of(connection: AsyncConnection, package_id: UUID) -> dict[str, Any] | None:
    """Tell which version of the package is locked until when, as it was written down."""
    statement = select(
        package_holds.c.vault_version.label("version"),
        package_holds.c.retained_until.label("until"),
        package_holds.c.held_at,
    ).where(package_holds.c.package_id == package_id)
    row = (await connection.execute(statement)).mappings().one_or_none()
    return None if row is None else as_written(row)
