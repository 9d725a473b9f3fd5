"""How long the bytes of a package are kept: locked when it brought something in, else 90 days.

Expiry is a step of the worker and no lifecycle rule of the bucket: in a versioned bucket such a
rule puts a delete marker above locked versions too, it needs a tag on each refused version that
would have to be taken away when the same bytes are sent again, and a folder has none. The worker
removes one version by its id, which a store refuses while it is locked.
"""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import exists, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from app.audit.record import Action, record
from app.db import Database
from app.intake.decision import Decision, RefusedWhole, TakenApart, Withdrawing
from app.intake.journaling import journal_discards
from app.intake.tables import package_discards, package_holds, packages
from app.journal import Journal
from app.vault import Vault
from app.vault.vault import Held

REFUSED_KEPT = timedelta(days=90)
"""How long a package with nothing accepted is kept after the decision: for a sender to dispute it.
It holds children's records that nobody has a use for, so no longer."""

PAGE = 100
"""Digests looked up at a time."""


def may_bring_in(decision: Decision) -> bool:
    """Tell whether the commit may accept something, which only the register knows for certain.

    A package of which all turns out to conflict is then held for nothing: the safe side.
    """
    match decision:
        case RefusedWhole():
            return False
        case TakenApart():
            return any(judged.verdict.transcript is not None for judged in decision.judged)
        case Withdrawing():
            return True  # what takes a transcript out of force is kept as long as the transcript


async def note_hold(database: Database, package_id: UUID, held: Held, *, now: datetime) -> None:
    """Write down which version is locked until when, the first time that it is.

    In a transaction of its own, before the decision: it is true whatever becomes of that, and a
    repetition after a crash finds it written.
    """
    values = {
        "package_id": package_id,
        "vault_version": held.version,
        "retained_until": held.until,
        "held_at": now,
    }
    async with database.begin() as connection:
        await connection.execute(insert(package_holds).values(values).on_conflict_do_nothing())


async def discard_refused(
    database: Database, vault: Vault, journal: Journal, *, now: datetime
) -> int:
    """Remove the bytes of packages of which nothing was accepted, after their time.

    Repeatable, and several workers may do it at once. Rows, results and replies stay. After a crash
    between removal and row the next round finds no object and writes the row; one between the
    journal and the commit leaves an entry that the next round repeats with a higher order.

    Returns:
        How many objects are gone; what is still locked waits for a later round.

    Raises:
        Unavailable: the vault or the database cannot answer now, or the vault refuses to remove.
    """
    before, after, gone = now - REFUSED_KEPT, "", 0
    while True:
        async with database.read() as connection:
            digests = await _expired(connection, before=before, after=after)
        if not digests:
            return gone
        for digest in digests:
            # The same bytes sent again meanwhile: the vault then refuses, or has them anew.
            if await vault.discard(digest, before=before):
                await _note_discard(database, journal, digest, before=before, now=now)
                gone += 1
        after = digests[-1]


async def _expired(connection: AsyncConnection, *, before: datetime, after: str) -> list[str]:
    other = packages.alias("other")
    needed = (
        select(other.c.package_id)
        .outerjoin(package_holds, package_holds.c.package_id == other.c.package_id)
        .where(
            other.c.digest == packages.c.digest,
            or_(
                other.c.finished_at.is_(None),
                other.c.finished_at >= before,
                other.c.accepted > 0,
                package_holds.c.package_id.is_not(None),
            ),
        )
    )
    statement = (
        select(packages.c.digest)
        .distinct()
        .where(
            packages.c.accepted == 0,
            packages.c.finished_at < before,
            packages.c.digest > after,
            ~exists().where(package_discards.c.package_id == packages.c.package_id),
            ~needed.exists(),
        )
        .order_by(packages.c.digest)
        .limit(PAGE)
    )
    return list(await connection.scalars(statement))


async def _note_discard(
    database: Database, journal: Journal, digest: str, *, before: datetime, now: datetime
) -> None:
    refused = select(packages.c.package_id).where(
        packages.c.digest == digest,
        packages.c.accepted == 0,
        packages.c.finished_at < before,
        ~exists().where(package_discards.c.package_id == packages.c.package_id),
    )
    mine: list[UUID] = []
    async with database.begin() as connection:
        for package_id in list(await connection.scalars(refused)):
            values = {"package_id": package_id, "discarded_at": now}
            noted = await connection.execute(
                insert(package_discards).values(values).on_conflict_do_nothing()
            )
            if not noted.rowcount:  # another worker was faster
                continue
            mine.append(package_id)
            await record(
                connection,
                at=now,
                actor="worker",
                action=Action.PACKAGE_DISCARDED,
                object=str(package_id),
                detail={"digest": digest},
            )
        await journal_discards(journal, connection, mine, digest, at=now)
