"""One rebuild: alone, everything read before anything is written, one transaction."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.audit.record import Action, record
from app.db import Database
from app.directory.restoring import shut_out_writers as shut_out_directory
from app.errors import StartRefused
from app.intake.restoring import shut_out_workers
from app.rebuild.applying import Rebuild, apply
from app.rebuild.choosing import choose, summary
from app.rebuild.gathering import Source, gather
from app.rebuild.report import Tally, Thing
from app.rebuild.staging import count_work, make_stage, prepare_choice
from app.register.restoring import shut_out_writers as shut_out_register
from app.trust.restoring import shut_out_writers as shut_out_registry

ACTOR = "rebuild"
"""Who a rebuild is in the audit."""

LOCK = 0x686F6362_72656275
"""The advisory lock that one rebuild at a time holds: "hocbrebu" in ASCII."""

SILENCE = "10min"
"""How long the transaction may wait for the vault between two statements, and how long one
statement over the whole journal may take."""

_PATIENTLY = """
    SELECT set_config('statement_timeout', :silence, true),
        set_config('idle_in_transaction_session_timeout', :silence, true)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Show:
    """Who is told how far a rebuild is.

    Attributes:
        read: told of each so many notes that were read.
        planned: told how much is to do, by stage.
        done: told of a stage and so many things of it that are done.
    """

    read: Callable[[int], None]
    planned: Callable[[dict[str, int]], None]
    done: Callable[[str, int], None]


async def rebuild(
    database: Database, source: Source, *, now: datetime, dry_run: bool, show: Show
) -> Tally:
    """Write into the database what the vault says and it does not have.

    One transaction, so a crash at any line leaves the database as it was. Repeatable: what is there
    stays, and a second run writes nothing. A dry run does all of it and undoes it.

    Args:
        database: as the owner, with a current schema; empty, or older than its vault.
        source: the vault and the keys.
        now: the moment of the run.
        dry_run: whether to write nothing.
        show: told how far it is.

    Raises:
        Stopped: something is in doubt; nothing was written.
        StartRefused: another rebuild or a worker is at work.
        Unavailable: the vault or the database is away, or somebody holds rows.
    """
    tally = Tally()
    async with database.begin() as connection:
        # 0 alone: a worker beside would decide anew what is being restored
        await _be_alone(connection)
        # 1 every entry is read and proven before anything is written
        await make_stage(connection)
        await gather(connection, source, advance=_counting(tally, show))
        # 2 what was committed, and in which order
        await prepare_choice(connection)
        await choose(connection)
        _note_choice(tally, await summary(connection))
        work = await count_work(connection)
        show.planned(work)
        # 3 the rows
        second = Rebuild(
            connection=connection, source=source, tally=tally, now=now, advance=show.done
        )
        await apply(second, work)
        if dry_run:
            await connection.rollback()
            return tally
        # 4 the next entry comes after all that were read, even if this is not committed
        await _advance_sequence(connection, tally.highest)
        if tally.changed:
            await _record(connection, tally, now)
    return tally


async def _be_alone(connection: AsyncConnection) -> None:
    await connection.execute(text(_PATIENTLY), {"silence": SILENCE})
    locked = await connection.scalar(
        text("SELECT pg_try_advisory_xact_lock(:lock)"), {"lock": LOCK}
    )
    if not locked:
        raise StartRefused("một lệnh rebuild khác đang chạy trên cơ sở dữ liệu này")
    leased = await shut_out_workers(connection)
    if leased:
        raise StartRefused(
            f"worker đang xử lý {leased} gói tin: hãy dừng mọi worker và tiến trình web trước"
        )
    await shut_out_directory(connection)
    await shut_out_registry(connection)
    await shut_out_register(connection)


def _counting(tally: Tally, show: Show) -> Callable[[int], None]:
    def read(notes: int) -> None:
        tally.notes += notes
        show.read(notes)

    return read


def _note_choice(tally: Tally, found: dict[str, int]) -> None:
    tally.present[Thing.PACKAGES] += found["packages"]
    tally.present[Thing.DECISIONS] += found["decisions"]
    tally.present[Thing.REPLIES] += found["replies"]
    tally.present[Thing.READINGS] += found["readings"]
    tally.void, tally.undecided = found["void"], found["undecided"]
    tally.highest = found["highest"]


async def _advance_sequence(connection: AsyncConnection, highest: int) -> None:
    """Let the journal's next order be above every one that was read; never lower it."""
    if highest:
        statement = """
            SELECT setval('journal_order', greatest(last_value, CAST(:highest AS bigint)))
            FROM journal_order
        """
        await connection.execute(text(statement), {"highest": highest})


async def _record(connection: AsyncConnection, tally: Tally, now: datetime) -> None:
    counts = {thing.value: number for thing, number in tally.restored.items() if number}
    await record(
        connection,
        at=now,
        actor=ACTOR,
        action=Action.DATABASE_REBUILT,
        object=str(tally.highest),
        detail={**counts, "void": tally.void, "undecided": tally.undecided},
    )
