"""One examination a night, by one worker, that the next one goes on with when it dies.

A large repository takes longer than a night: its run goes on, and the next begins when it is over.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from app.fsck.progress import Progress, progress_from_json, progress_to_json
from app.fsck.report import Report, report_to_json
from app.fsck.tables import fsck_runs

BEGIN_HOUR = 2
"""When the night begins, by the clock of Vietnam: the quietest hour of the service."""

LEASE_TIME = timedelta(minutes=5)
"""How long a silent worker keeps the run; a page takes seconds, at the slowest rate a minute."""

_VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")


@dataclass(frozen=True, slots=True, kw_only=True)
class NightlyRun:
    """A finished run.

    Attributes:
        errors: findings that ask somebody to act.
        report: as `report_to_json` wrote it.
    """

    night: date
    finished_at: datetime
    errors: int
    report: dict[str, Any]


def night_of(now: datetime) -> date:
    """Name the night that began last."""
    return (now.astimezone(_VIETNAM) - timedelta(hours=BEGIN_HOUR)).date()


async def take_run(
    connection: AsyncConnection, *, night: date, owner: str, fresh: Progress
) -> Progress | None:
    """Take a night's run, where a dead worker left it; None when it is done or in other hands.

    Args:
        connection: a transaction of its own.
        night: as `night_of` names it.
        owner: unique to this attempt.
        fresh: the account of a run that nobody has begun.
    """
    values = {
        "night": night,
        "started_at": fresh.started_at,
        "progress": progress_to_json(fresh),
    }
    await connection.execute(insert(fsck_runs).values(values).on_conflict_do_nothing())
    statement = (
        update(fsck_runs)
        .where(
            fsck_runs.c.night == night,
            fsck_runs.c.finished_at.is_(None),
            or_(
                fsck_runs.c.lease_expires_at.is_(None),
                fsck_runs.c.lease_expires_at < func.clock_timestamp(),
            ),
        )
        .values(leased_by=owner, lease_expires_at=func.clock_timestamp() + LEASE_TIME)
        .returning(fsck_runs.c.progress)
    )
    kept = (await connection.execute(statement)).scalar_one_or_none()
    return None if kept is None else progress_from_json(kept)


async def due_run(connection: AsyncConnection, now: datetime) -> date | None:
    """Name the run to work on: one that is not finished, however old, or tonight's."""
    begun = select(fsck_runs.c.night, fsck_runs.c.finished_at).order_by(fsck_runs.c.night.desc())
    last = (await connection.execute(begun.limit(1))).one_or_none()
    tonight = night_of(now)
    if last is None:
        return tonight
    night: date = last.night
    if last.finished_at is None:
        return night
    return tonight if night < tonight else None


async def keep_run(
    connection: AsyncConnection, *, night: date, owner: str, progress: Progress
) -> bool:
    """Write how far the run has come and keep it; false when another worker has taken it."""
    statement = (
        update(fsck_runs)
        .where(fsck_runs.c.night == night, fsck_runs.c.leased_by == owner)
        .values(
            progress=progress_to_json(progress),
            lease_expires_at=func.clock_timestamp() + LEASE_TIME,
        )
    )
    return (await connection.execute(statement)).rowcount == 1


async def leave_run(connection: AsyncConnection, *, night: date, owner: str) -> None:
    """Free a run that was not brought to its end."""
    await connection.execute(
        update(fsck_runs)
        .where(fsck_runs.c.night == night, fsck_runs.c.leased_by == owner)
        .values(leased_by=None, lease_expires_at=None)
    )


async def finish_run(
    connection: AsyncConnection, *, night: date, owner: str, report: Report
) -> bool:
    """Write the report; false when another worker has taken the run."""
    statement = (
        update(fsck_runs)
        .where(fsck_runs.c.night == night, fsck_runs.c.leased_by == owner)
        .values(
            finished_at=report.finished_at,
            errors=report.errors,
            report=report_to_json(report),
            leased_by=None,
            lease_expires_at=None,
        )
    )
    return (await connection.execute(statement)).rowcount == 1


async def last_run(connection: AsyncConnection) -> NightlyRun | None:
    """Read the last finished run."""
    statement = (
        select(fsck_runs.c.night, fsck_runs.c.finished_at, fsck_runs.c.errors, fsck_runs.c.report)
        .where(fsck_runs.c.finished_at.is_not(None))
        .order_by(fsck_runs.c.night.desc())
        .limit(1)
    )
    row = (await connection.execute(statement)).mappings().one_or_none()
    return None if row is None else NightlyRun(**row)
