"""Requests that wait for a package's decision (`Prefer: wait`, RFC 7240 section 4.3)."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from uuid import UUID

from app.db import Database
from app.errors import Unavailable
from app.intake.limits import WAITERS_LIMIT
from app.intake.packages import decided_among

POLL_SECONDS = 0.2
"""How often the waiting packages are looked at: one indexed read of 0.3 ms, for all of them."""


@dataclass(slots=True)
class _Waited:
    decided: asyncio.Event = field(default_factory=asyncio.Event)
    requests: int = 0


class Decisions:
    """Lets the requests of one process wait; one look at the database serves all of them.

    A look every 0.2 s costs the database five small reads a second for each web process, and none
    while nobody waits. LISTEN would be quicker by 0.1 s, but holds a connection for each process,
    does not pass a connection pooler, and forgets what happened while it was disconnected.

    Of one event loop.
    """

    def __init__(self, database: Database, *, limit: int = WAITERS_LIMIT) -> None:
        self._database = database
        self._limit = limit
        self._waited: dict[UUID, _Waited] = {}
        self._looking: asyncio.Task[None] | None = None
        self._ended = False

    def end(self) -> None:
        """Let everybody go with what is known, and nobody wait any more."""
        self._ended = True
        for waited in self._waited.values():
            waited.decided.set()

    async def wait(self, package_id: UUID, *, seconds: float) -> None:
        """Return when the package is decided, or the time is up, or at once when too many wait."""
        if self._ended or sum(waited.requests for waited in self._waited.values()) >= self._limit:
            return
        waited = self._waited.setdefault(package_id, _Waited())
        waited.requests += 1
        if self._looking is None:
            self._looking = asyncio.create_task(self._look())
        try:
            with suppress(TimeoutError):
                await asyncio.wait_for(waited.decided.wait(), seconds)
        finally:
            self._leave(package_id, waited)

    def _leave(self, package_id: UUID, waited: _Waited) -> None:
        waited.requests -= 1
        if waited.requests == 0:
            del self._waited[package_id]

    async def _look(self) -> None:
        try:
            await asyncio.sleep(POLL_SECONDS)
            while self._waited:
                with suppress(Unavailable):  # whoever waits learns of it by its own next look
                    await self._tell()
                await asyncio.sleep(POLL_SECONDS)
        finally:
            self._looking = None

    async def _tell(self) -> None:
        async with self._database.read() as connection:
            decided = await decided_among(connection, tuple(self._waited))
        for package_id in decided & self._waited.keys():
            self._waited[package_id].decided.set()
