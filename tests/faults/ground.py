"""What a stage stands on: wires to the database, clocks, and everything put together."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    asynccontextmanager,
    contextmanager,
)
from dataclasses import dataclass, field
from typing import TypeVar
from urllib.parse import urlsplit

import asyncpg
import httpx

from app.db import Database, connect
from app.intake.process import Processing
from app.intake.processes import VerificationProcesses
from app.worker.delivering import courier_of
from tests.faults.breaking import BreakingVault
from tests.faults.life import Clock, Life
from tests.faults.stage import Stage
from tests.faults.wire import Wire, wired
from tests.inspection import Stores
from tests.receiver import receiving
from tests.working import LoopThread, Repository

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """The ways of both processes to their database, and their clocks.

    Attributes:
        url: of the database, past all wires.
    """

    url: str
    wires: Mapping[str, Wire]
    clocks: Mapping[str, Clock] = field(default_factory=lambda: {"web": Clock(), "worker": Clock()})

    def database(self, side: str, *, size: int = 5) -> Database:
        """Open the database of a side, over its wire."""
        return connect(over(self.url, self.wires[side].port), role=f"hocba_{side}", pool_size=size)


def over(url: str, port: int) -> str:
    """Give the URL of the same database at another port of this machine."""
    return urlsplit(url)._replace(netloc=f"{url.split('//')[1].rpartition(':')[0]}:{port}").geturl()


@asynccontextmanager
async def laid(url: str) -> AsyncIterator[Ground]:
    """Lay a wire to the database for each side."""
    parts = urlsplit(url)
    address = (parts.hostname or "", parts.port or 0)
    async with wired(address) as web, wired(address) as worker:
        yield Ground(url=url, wires={"web": web, "worker": worker})


@asynccontextmanager
async def staged(
    repository: Repository,
    ground: Ground,
    vaults: Mapping[str, BreakingVault],
    seeing: VerificationProcesses,
) -> AsyncIterator[Stage]:
    """Put the rest of the stage around a repository whose web process has its part of it."""
    async with AsyncExitStack() as stack:
        database = ground.database("worker")
        stack.push_async_callback(database.dispose)
        parts = Processing(
            database=database,
            vault=vaults["worker"],
            keys=repository.keys,
            processes=repository.processes,
            clock=ground.clocks["worker"],
        )
        stage = Stage(
            repository=repository,
            wires=ground.wires,
            vaults=vaults,
            parts=parts,
            seeing=seeing,
            courier=stack.enter_context(courier_of(parts, sandbox=True)),
            heard=await stack.enter_async_context(receiving()),
            owner=await asyncpg.connect(ground.url),
            clocks=ground.clocks,
            stores=Stores(
                database_url=ground.url,
                vault=vaults["worker"].inner,
                reply_certificate=repository.vault_folder.parent / "keys/reply-certificate.pem",
            ),
        )
        made = await stage.insist(
            Life(package=b"", sent=()), "POST", "/v1/webhooks", json={"url": stage.heard.url}
        )
        assert made.status_code == httpx.codes.CREATED, made.text
        vaults["worker"].cancel = stage.stop.set
        vaults["web"].cancel = lambda: (task := asyncio.current_task()) and task.cancel()
        yield stage
        await stage.owner.close()


@contextmanager
def entered(thread: LoopThread, manager: AbstractAsyncContextManager[_T]) -> Iterator[_T]:
    """Enter on the loop of the thread."""
    value = thread.run(manager.__aenter__())
    try:
        yield value
    finally:
        thread.run(manager.__aexit__(None, None, None))
