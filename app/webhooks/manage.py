"""A client's own webhooks: registering, ending, looking at deliveries, sending one again.

Each change and its audit are one transaction. Another client's webhook does not exist.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Literal
from uuid import UUID

import httpx
from sqlalchemy import ColumnElement, and_, case, func, literal, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from app.audit.record import Action, record
from app.clients.accounts import Caller, Scope
from app.db import Database
from app.errors import Conflict, NotFound
from app.webhooks.tables import webhook_deliveries, webhooks

MAX_WEBHOOKS = 5
"""Addresses of one client: one per system that it runs, and one more while it moves."""


StateName = Literal["pending", "delivered", "dead"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Who asks, when and in which trace; made only for who may have webhooks."""

    database: Database
    caller: Caller
    now: datetime
    trace_id: str

    def __post_init__(self) -> None:
        self.caller.require(Scope.WEBHOOKS_MANAGE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """A registered address."""

    webhook_id: UUID
    url: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """An event on its way to one webhook, or over.

    Attributes:
        delivery_id: the header `webhook-id` of every attempt.
        next_at: when it is tried next, while it is pending.
    """

    delivery_id: UUID
    event: str
    body: str
    created_at: datetime
    state: StateName
    attempts: int
    next_at: datetime
    last_status: int | None
    last_fault: str | None
    finished_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class After:
    """Where a page of deliveries ended."""

    created_at: datetime
    delivery_id: UUID


_WEBHOOK = (webhooks.c.webhook_id, webhooks.c.url, webhooks.c.created_at)
_DELIVERY = tuple(webhook_deliveries.c[field.name] for field in fields(Delivery))


async def add_webhook(act: Act, webhook_id: UUID, url: str) -> Webhook:
    """Register an address that was read by `read_address`.

    Raises:
        Conflict: the client has this address, or as many as it may have.
    """
    async with act.database.begin() as connection:
        # Two requests of one client come one after the other, so that neither exceeds the number.
        await connection.execute(
            select(func.pg_advisory_xact_lock(func.hashtextextended(act.caller.client_id, 9)))
        )
        if len(await _living(connection, act.caller.client_id)) >= MAX_WEBHOOKS:
            raise Conflict
        statement = (
            insert(webhooks)
            .values(
                webhook_id=webhook_id,
                client_id=act.caller.client_id,
                url=url,
                created_at=act.now,
            )
            .on_conflict_do_nothing()
            .returning(webhooks.c.webhook_id)
        )
        if (await connection.execute(statement)).first() is None:
            raise Conflict
        await _note(
            connection, act, Action.WEBHOOK_ADDED, webhook_id, {"host": httpx.URL(url).host}
        )
    return Webhook(webhook_id=webhook_id, url=url, created_at=act.now)


async def list_webhooks(act: Act) -> Sequence[Webhook]:
    """List the caller's webhooks, oldest first."""
    async with act.database.read() as connection:
        return await _living(connection, act.caller.client_id)


async def end_webhook(act: Act, webhook_id: UUID) -> None:
    """End a webhook: nothing more is sent to it, but for an attempt that is under way.

    Raises:
        NotFound: the caller has no such webhook.
    """
    async with act.database.begin() as connection:
        statement = update(webhooks).where(_own(act, webhook_id)).values(ended_at=act.now)
        if (await connection.execute(statement)).rowcount != 1:
            raise NotFound
        await _note(connection, act, Action.WEBHOOK_ENDED, webhook_id, {})


async def list_deliveries(
    act: Act, webhook_id: UUID, *, state: StateName | None, after: After | None, limit: int
) -> Sequence[Delivery]:
    """List the deliveries of a webhook, newest first, from behind `after`; at most `limit`.

    Raises:
        NotFound: the caller has no such webhook.
    """
    columns = webhook_deliveries.c
    place = (columns.created_at, columns.delivery_id)
    statement = select(*_DELIVERY).where(columns.webhook_id == webhook_id)
    if state is not None:
        statement = statement.where(columns.state == state)
    if after is not None:
        behind = tuple_(literal(after.created_at), literal(after.delivery_id))
        statement = statement.where(tuple_(*place) < behind)
    statement = statement.order_by(*(column.desc() for column in place)).limit(limit)
    async with act.database.read() as connection:
        await _require_own(connection, act, webhook_id)
        found = (await connection.execute(statement)).mappings()
        return [Delivery(**row) for row in found]


async def replay_delivery(act: Act, webhook_id: UUID, delivery_id: UUID) -> Delivery:
    """Send an event again, behind those that wait; the first of those is tried at once.

    Raises:
        NotFound: the caller has no such webhook, or it has no such delivery any more.
    """
    columns = webhook_deliveries.c
    waits = columns.state == "pending"
    statement = (
        update(webhook_deliveries)
        .where(columns.webhook_id == webhook_id, columns.delivery_id == delivery_id)
        .values(
            state="pending",
            queued_at=case((waits, columns.queued_at), else_=act.now),
            attempts=case((waits, columns.attempts), else_=0),
            next_at=act.now,
            finished_at=None,
        )
        .returning(*_DELIVERY)
    )
    async with act.database.begin() as connection:
        await _require_own(connection, act, webhook_id)
        row = (await connection.execute(statement)).mappings().one_or_none()
        if row is None:
            raise NotFound
        told = {"delivery": str(delivery_id)}
        await _note(connection, act, Action.WEBHOOK_REPLAYED, webhook_id, told)
    return Delivery(**row)


def _own(act: Act, webhook_id: UUID) -> ColumnElement[bool]:
    return and_(
        webhooks.c.webhook_id == webhook_id,
        webhooks.c.client_id == act.caller.client_id,
        webhooks.c.ended_at.is_(None),
    )


async def _require_own(connection: AsyncConnection, act: Act, webhook_id: UUID) -> None:
    own = select(webhooks.c.webhook_id).where(_own(act, webhook_id))
    if (await connection.execute(own)).first() is None:
        raise NotFound


async def _living(connection: AsyncConnection, client_id: str) -> Sequence[Webhook]:
    statement = (
        select(*_WEBHOOK)
        .where(webhooks.c.client_id == client_id, webhooks.c.ended_at.is_(None))
        .order_by(webhooks.c.created_at, webhooks.c.webhook_id)
    )
    return [Webhook(**row) for row in (await connection.execute(statement)).mappings()]


async def _note(
    connection: AsyncConnection, act: Act, action: Action, webhook_id: UUID, told: dict[str, str]
) -> None:
    """Record a change in its transaction; of an address only the host, which is no secret."""
    await record(
        connection,
        at=act.now,
        actor=act.caller.client_id,
        action=action,
        object=str(webhook_id),
        detail=told,
        trace_id=act.trace_id,
    )
