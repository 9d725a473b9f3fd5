"""Writing an entry as the last step of the transaction that it tells about."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.errors import Unavailable
from app.journal.entry import Entry, Kind, encode
from app.keys import load_journal_key
from app.settings import Settings
from app.vault import Vault, open_configured_vault
from app.vault.naming import note_name

WRITE_SECONDS = 8.0
"""The longest that the vault may keep a transaction open: others wait ten seconds for its rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Journal:
    """Where entries go.

    Attributes:
        vault: beside the originals.
        key: of the entries' MACs.
        retention: how long an entry stays locked, from the moment that it tells about.
    """

    vault: Vault
    key: bytes = field(repr=False)
    retention: timedelta

    async def write(
        self,
        connection: AsyncConnection,
        kind: Kind,
        body: Mapping[str, Any],
        *,
        at: datetime,
    ) -> None:
        """Make an entry durable. The caller has taken every row and lock, and commits next.

        A crash, or a commit that fails, leaves an entry about something that nobody was told; when
        it is done again, that entry gets a higher order.

        Args:
            connection: the transaction that the entry tells about; it gives the order.
            kind: what changes.
            body: as `Entry.body`.
            at: the moment of the change.

        Raises:
            Unavailable: the vault cannot take it now; the caller's transaction must not commit.
        """
        order = (await connection.execute(select(func.next_journal_order()))).scalar_one()
        entry = Entry(kind=kind, order=order, at=at, body=dict(body))
        content = await asyncio.to_thread(encode, entry, self.key)
        try:
            async with asyncio.timeout(WRITE_SECONDS):
                await self.vault.note(note_name(order, content), content, until=at + self.retention)
        except TimeoutError as error:
            raise Unavailable(part="vault") from error


async def open_journal(settings: Settings) -> Journal:
    """Open the journal that the settings name, for a command of the operator.

    Raises:
        StartRefused: the key or the vault is in doubt.
        Unavailable: the vault cannot be used now.
    """
    journal = Journal(
        vault=open_configured_vault(settings),
        key=load_journal_key(settings.keys_folder),
        retention=settings.retention,
    )
    await journal.vault.check()
    return journal
