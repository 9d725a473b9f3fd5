"""The queue of packages: leases that run out, lanes that take turns, with a count of attempts.

The rows of `packages` are the queue. Times are the database's clock, the only one that all workers
share. A lease is told by its own unique owner, so a worker that lost one can commit nothing: every
write of the flow asks `holds`.
"""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, func, literal_column, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.intake.package import State
from app.intake.tables import packages

LEASE_TIME = timedelta(seconds=20)
"""How long a package stays with a silent worker: renewed every quarter of it, so only a dead worker
or one cut off from the database loses a lease."""

MAX_LEASES = 3
"""Attempts at a package: a worker may die once by accident and once more by bad luck; a package
that takes three attempts with it is poison."""

RETRY_DELAY = timedelta(seconds=2)
"""Rest after the first failed attempt, so that a passing fault has passed; doubled each time."""

MAX_DOUBLINGS = 7
"""A reply that cannot be made is tried again every four minutes, for ever, and alarms each time."""

PACE_WINDOW = timedelta(minutes=1)
"""What counts as lately: long enough for some packages, short enough to follow a worker's start."""

PACE_LEAST_SECONDS = 5.0
"""A shorter time shows no pace: one package more or less would double it."""

SECONDS_PER_PACKAGE = 2.0
"""What a package of one class takes one worker, until it is known better."""

_QUEUED: ColumnElement[bool] = literal_column("packages.state IN ('00', '01', '02')")
"""Written out: a parameter would keep PostgreSQL from using the queue's index."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """A package in the hands of one worker.

    Attributes:
        owner: unique to this lease.
        attempt: which lease of the package's present state this is, from 1.
    """

    package_id: UUID
    client_id: str
    digest: str
    state: State
    received_at: datetime
    owner: str
    attempt: int


async def lease_next(
    connection: AsyncConnection, *, owner: str, duration: timedelta = LEASE_TIME
) -> Lease | None:
    """Take the next free package, None when there is none; a received one moves to state 01.

    The order is that of the turns which packages were given when they came (see `lanes`), so a hub
    that sends a province at once does not hold up one school, and finding the next is one look at
    an index however long the queue is.
    """
    free = (
        select(packages.c.package_id)
        .where(
            _QUEUED,
            or_(
                packages.c.lease_expires_at.is_(None),
                packages.c.lease_expires_at < func.clock_timestamp(),
            ),
        )
        .order_by(packages.c.turn, packages.c.received_at)
        .limit(1)
        .with_for_update(of=packages, skip_locked=True)
    )
    package_id = (await connection.execute(free)).scalar_one_or_none()
    if package_id is None:
        return None
    return await _take(connection, package_id, owner=owner, duration=duration)


async def renew(
    connection: AsyncConnection, lease: Lease, *, duration: timedelta = LEASE_TIME
) -> bool:
    """Prolong a lease; False when another worker has taken the package over."""
    statement = (
        update(packages)
        .where(_held(lease))
        .values(lease_expires_at=func.clock_timestamp() + duration)
    )
    return (await connection.execute(statement)).rowcount == 1


async def holds(connection: AsyncConnection, lease: Lease, *, state: State) -> bool:
    """Lock the package for this transaction; false when the lease or the state has moved on."""
    statement = (
        select(packages.c.package_id)
        .where(_held(lease), packages.c.state == state)
        .with_for_update()
    )
    return (await connection.execute(statement)).first() is not None


async def hand_back(connection: AsyncConnection, lease: Lease) -> None:
    """Free a package that was not tried to the end, as if it had never been leased."""
    await connection.execute(
        update(packages)
        .where(_held(lease))
        .values(
            leased_by=None, lease_expires_at=None, leases=func.greatest(packages.c.leases - 1, 0)
        )
    )


async def put_off(
    connection: AsyncConnection, lease: Lease, *, delay: timedelta = RETRY_DELAY
) -> None:
    """Free a package whose attempt failed, after a growing rest; the attempt counts."""
    rest = delay * 2 ** min(lease.attempt - 1, MAX_DOUBLINGS)
    await connection.execute(
        update(packages)
        .where(_held(lease))
        .values(leased_by=None, lease_expires_at=func.clock_timestamp() + rest)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuePlace:
    """How long a package may still wait: at most `position` packages, about `seconds`."""

    position: int
    seconds: int


async def place_in_queue(
    connection: AsyncConnection, package_id: UUID, *, now: datetime
) -> QueuePlace:
    """Estimate when a waiting package will be decided.

    The workers' pace is what they decided since the queue last began, of the last minute at most.
    """
    waiting = packages.c.state.in_((State.RECEIVED, State.PROCESSING))
    me = packages.alias("me")
    ahead = (
        select(
            func.count()
            .filter(
                tuple_(packages.c.turn, packages.c.received_at)
                <= tuple_(me.c.turn, me.c.received_at)
            )
            .label("position"),
            func.min(packages.c.received_at).label("oldest"),
        )
        .select_from(packages.join(me, me.c.package_id == package_id))
        .where(waiting)
    )
    queue = (await connection.execute(ahead)).one()
    since = max(queue.oldest or now, now - PACE_WINDOW)
    decided = select(func.count()).where(packages.c.finished_at > since)
    done: int = (await connection.execute(decided)).scalar_one()
    return QueuePlace(
        position=max(queue.position, 1),
        seconds=estimate(max(queue.position, 1), done, (now - since).total_seconds()),
    )


def estimate(position: int, decided: int, seconds: float) -> int:
    """Estimate seconds until a place in the queue is decided, from what was decided lately."""
    if decided == 0 or seconds < PACE_LEAST_SECONDS:
        return math.ceil(position * SECONDS_PER_PACKAGE)
    return math.ceil(position * seconds / decided)


def _held(lease: Lease) -> ColumnElement[bool]:
    return (packages.c.package_id == lease.package_id) & (packages.c.leased_by == lease.owner)


async def _take(
    connection: AsyncConnection, package_id: UUID, *, owner: str, duration: timedelta
) -> Lease:
    """Write the lease into a row that this transaction has locked."""
    working = func.coalesce(
        func.nullif(packages.c.state, State.RECEIVED.value), State.PROCESSING.value
    )
    statement = (
        update(packages)
        .where(packages.c.package_id == package_id)
        .values(
            state=working,
            leased_by=owner,
            lease_expires_at=func.clock_timestamp() + duration,
            leases=packages.c.leases + 1,
        )
        .returning(
            packages.c.client_id,
            packages.c.digest,
            packages.c.state,
            packages.c.received_at,
            packages.c.leases,
        )
    )
    row = (await connection.execute(statement)).one()
    return Lease(
        package_id=package_id,
        client_id=row.client_id,
        digest=row.digest,
        state=State(row.state),
        received_at=row.received_at,
        owner=owner,
        attempt=row.leases,
    )
