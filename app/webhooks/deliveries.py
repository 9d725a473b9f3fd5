"""Taking the next event that is due, and recording what came of it.

A webhook is leased, not an event: so its events go out one after the other, whatever the number of
workers, and a receiver that is slow or dead holds one place and its own events only. The webhook
that was served longest ago comes first.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, func, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.clients.accounts import is_enabled
from app.webhooks.sending import Outcome
from app.webhooks.tables import webhook_deliveries, webhooks

LEASE_TIME = timedelta(seconds=60)
"""Six times what an attempt may take: only a dead worker loses a lease."""

FIRST_REST = timedelta(seconds=5)
LONGEST_REST = timedelta(hours=6)
"""Rests between attempts double from the first to the second: a restarted receiver is served within
seconds, one that is down for days is asked four times a day."""

GIVE_UP_AFTER = timedelta(days=3)
"""A receiver that broke on a Friday evening is mended on Monday."""

KEPT = timedelta(days=30)
"""How long an event that is over can be listed and replayed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """An event in the hands of one worker.

    Attributes:
        enabled: whether its client may still be told anything.
        owner: unique to this lease.
        attempts: those before this one.
        failures: of the receiver since it last took an event.
    """

    webhook_id: UUID
    url: str
    enabled: bool
    delivery_id: UUID
    body: str
    attempts: int
    failures: int
    queued_at: datetime
    owner: str


_NEXT = text(
    """
    SELECT webhook.webhook_id, webhook.client_id, webhook.url, webhook.failures
    FROM webhooks AS webhook CROSS JOIN LATERAL (
        SELECT next_at FROM webhook_deliveries AS delivery
        WHERE delivery.webhook_id = webhook.webhook_id AND delivery.state = 'pending'
        ORDER BY queued_at, delivery_id LIMIT 1
    ) AS head
    WHERE webhook.ended_at IS NULL AND head.next_at <= :now
        AND (webhook.lease_expires_at IS NULL OR webhook.lease_expires_at < clock_timestamp())
    ORDER BY webhook.lease_expires_at NULLS FIRST
    LIMIT 1 FOR UPDATE OF webhook SKIP LOCKED
    """
)
"""One look at an index for each webhook; there are some hundreds."""


async def lease_due(connection: AsyncConnection, *, owner: str, now: datetime) -> Due | None:
    """Take the first event of a free webhook, None when none is due."""
    webhook = (await connection.execute(_NEXT, {"now": now})).one_or_none()
    if webhook is None:
        return None
    # Asked again under the lock: another worker may just have finished the event seen before.
    columns = webhook_deliveries.c
    head = (
        select(
            columns.delivery_id, columns.body, columns.attempts, columns.queued_at, columns.next_at
        )
        .where(columns.webhook_id == webhook.webhook_id, columns.state == text("'pending'"))
        .order_by(columns.queued_at, columns.delivery_id)
        .limit(1)
    )
    row = (await connection.execute(head)).one_or_none()
    if row is None or row.next_at > now:
        return None
    await connection.execute(
        update(webhooks)
        .where(webhooks.c.webhook_id == webhook.webhook_id)
        .values(leased_by=owner, lease_expires_at=func.clock_timestamp() + LEASE_TIME)
    )
    return Due(
        webhook_id=webhook.webhook_id,
        url=webhook.url,
        enabled=await is_enabled(connection, webhook.client_id),
        delivery_id=row.delivery_id,
        body=row.body,
        attempts=row.attempts,
        failures=webhook.failures,
        queued_at=row.queued_at,
        owner=owner,
    )


async def record_outcome(
    connection: AsyncConnection, due: Due, outcome: Outcome, *, now: datetime, jitter: float
) -> str | None:
    """Record an attempt and free the webhook; gives the event's new state, None if nothing was.

    Nothing is recorded when the lease was lost: whoever has it sends and records the event again.

    Args:
        connection: an open transaction.
        due: what was sent.
        outcome: what came of it.
        now: when it was over.
        jitter: from 0 to 1, drawn at random: receivers that failed together are not asked together.
    """
    good = outcome.fault is None
    freed = (
        update(webhooks)
        .where(webhooks.c.webhook_id == due.webhook_id, webhooks.c.leased_by == due.owner)
        .values(
            leased_by=None,
            lease_expires_at=func.clock_timestamp(),
            failures=0 if good else due.failures + 1,
        )
    )
    if (await connection.execute(freed)).rowcount != 1:
        return None
    columns = webhook_deliveries.c
    await connection.execute(
        update(webhook_deliveries)
        .where(columns.delivery_id == due.delivery_id)
        .values(
            state="delivered" if good else "pending",
            attempts=due.attempts + 1,
            last_status=outcome.status,
            last_fault=outcome.fault,
            finished_at=now if good else None,
        )
    )
    if good:
        return "delivered"
    next_at = now + rest_after(due.failures, jitter)
    last_queued = next_at - GIVE_UP_AFTER if due.enabled else now
    await _let_rest(connection, due.webhook_id, next_at, last_queued=last_queued, now=now)
    return "dead" if due.queued_at <= last_queued else "pending"


async def _let_rest(
    connection: AsyncConnection,
    webhook_id: UUID,
    next_at: datetime,
    *,
    last_queued: datetime,
    now: datetime,
) -> None:
    """Give up what would be too old after the rest, and let the first of the others wait for it.

    All that is too old goes at once: a dead receiver is not asked again for each event.
    """
    columns = webhook_deliveries.c
    pending = (columns.webhook_id == webhook_id, columns.state == text("'pending'"))
    await connection.execute(
        update(webhook_deliveries)
        .where(*pending, columns.queued_at <= last_queued)
        .values(state="dead", finished_at=now)
    )
    first = (
        select(columns.delivery_id)
        .where(*pending)
        .order_by(columns.queued_at, columns.delivery_id)
        .limit(1)
        .scalar_subquery()
    )
    await connection.execute(
        update(webhook_deliveries).where(columns.delivery_id == first).values(next_at=next_at)
    )


def rest_after(failures: int, jitter: float) -> timedelta:
    """Tell how long a receiver rests that failed so often before: half of the doubled rest to all.

    Its failures count and not the event's, so that one that is down is not asked for every event.
    """
    doublings = min(failures, 16)  # 5 s doubled 16 times is four days, beyond the longest rest
    whole = min(FIRST_REST * (1 << doublings), LONGEST_REST)
    return whole * (0.5 + jitter / 2)


async def discard_finished(connection: AsyncConnection, *, now: datetime) -> int:
    """Delete events that are long over or whose webhook is; gives their number."""
    columns = webhook_deliveries.c
    ended = select(webhooks.c.webhook_id).where(webhooks.c.ended_at < now - KEPT)
    over = or_(columns.finished_at < now - KEPT, columns.webhook_id.in_(ended))
    return (await connection.execute(delete(webhook_deliveries).where(over))).rowcount
