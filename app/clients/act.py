"""Who changes an account, and how each change gets into the audit with it."""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from app.audit.record import Action, record
from app.clients.accounts import Account, find_account
from app.db import Database
from app.errors import NotFound

Detail = Mapping[str, str | int | bool | None]
"""Codes and counts, never personal data."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Who changes something, when and in which trace.

    Attributes:
        actor: a client id, or "operator" for the command line.
    """

    database: Database
    actor: str
    now: datetime
    trace_id: str | None = None

    def begin(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """Open the one transaction of the change."""
        return self.database.begin()


async def existing(connection: AsyncConnection, client_id: str) -> Account:
    """Find and lock an account, so that two changes of one client come one after the other.

    Raises:
        NotFound: there is no such client.
    """
    account = await find_account(connection, client_id, lock=True)
    if account is None:
        raise NotFound
    return account


async def note(
    connection: AsyncConnection,
    act: Act,
    action: Action,
    client_id: str,
    detail: Detail,
) -> None:
    """Record what was done to a client, in the transaction that does it."""
    await record(
        connection,
        at=act.now,
        actor=act.actor,
        action=action,
        object=client_id,
        detail=detail,
        trace_id=act.trace_id,
    )
