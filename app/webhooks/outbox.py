"""Writing events down in the transaction of what they tell."""

import json
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime, Text, func, literal, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from app.locale import local_time
from app.webhooks.tables import webhook_deliveries, webhooks

PACKAGE_FINISHED = "package.finished"
"""A package has its reply (state 03)."""

EVENTS = (PACKAGE_FINISHED,)


async def announce(
    connection: AsyncConnection,
    client_id: str,
    event: str,
    data: Mapping[str, str | int | UUID | None],
    *,
    now: datetime,
) -> None:
    """Queue an event for every webhook of a client; it becomes durable with the transaction.

    Args:
        connection: the transaction of what the event tells.
        client_id: whom it concerns.
        event: one of `EVENTS`.
        data: ids, counts, states and links; never personal data.
        now: when it happened.
    """
    body = json.dumps(
        {"type": event, "timestamp": local_time(now), "data": data},
        ensure_ascii=False,
        separators=(",", ":"),
        default=str,
    )
    moment = literal(now, DateTime(timezone=True))
    rows = select(
        func.gen_random_uuid(),
        webhooks.c.webhook_id,
        literal(event, Text),
        literal(body, Text),
        moment,
        moment,
        moment,
    ).where(webhooks.c.client_id == client_id, webhooks.c.ended_at.is_(None))
    columns = ("delivery_id", "webhook_id", "event", "body", "created_at", "queued_at", "next_at")
    await connection.execute(insert(webhook_deliveries).from_select(columns, rows).inline())
