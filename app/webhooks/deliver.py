"""Delivering: lease → sign and send → record."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import structlog

from app.db import Database
from app.webhooks.deliveries import Due, lease_due, record_outcome
from app.webhooks.sending import Outcome, Reach, send
from app.webhooks.signing import secret_of, signed_headers

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Courier:
    """What delivering takes.

    Attributes:
        database: as hocba_worker.
        key: derives the secrets of webhooks.
        reach: how to go out.
        clock: the time, read once per step.
        jitter: draws a number from 0 to 1.
    """

    database: Database
    key: bytes
    reach: Reach
    clock: Callable[[], datetime]
    jitter: Callable[[], float]


async def take_event(courier: Courier) -> Due | None:
    """Take the next event that is due, None when there is none.

    Raises:
        Unavailable: the database is away.
    """
    owner = secrets.token_hex(16)
    async with courier.database.begin() as connection:
        return await lease_due(connection, owner=owner, now=courier.clock())


async def deliver_event(courier: Courier, due: Due) -> None:
    """Send an event once and record what came of it.

    A crash before the commit leaves the lease, which runs out: the event is sent again under the
    same id.

    Raises:
        Unavailable: the database is away; the event is sent again.
    """
    outcome = await _sent(courier, due)
    async with courier.database.begin() as connection:
        state = await record_outcome(
            connection, due, outcome, now=courier.clock(), jitter=courier.jitter()
        )
    # Without the address, which may hold a token of the receiver's.
    _log.info(
        "webhook.attempted",
        webhook=str(due.webhook_id),
        delivery=str(due.delivery_id),
        attempt=due.attempts + 1,
        status=outcome.status,
        fault=outcome.fault,
        state=state,
    )


async def _sent(courier: Courier, due: Due) -> Outcome:
    if not due.enabled:
        return Outcome(fault="client-disabled")
    body = due.body.encode()
    secret = secret_of(courier.key, due.webhook_id)
    headers = signed_headers(secret, due.delivery_id, body, at=courier.clock())
    return await send(courier.reach, due.url, body, headers)
