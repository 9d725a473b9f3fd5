"""Receiving a package: bytes durable and row committed before anything is answered."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from tempfile import SpooledTemporaryFile
from typing import BinaryIO, cast
from uuid import UUID, uuid4

from app.audit.record import Action, record
from app.clients.accounts import Caller, Scope
from app.db import Database
from app.errors import InvalidRequest, NotFound, TooLarge
from app.intake.lanes import HEAD_BYTES, claimed_school, lane_of
from app.intake.package import Package, State
from app.intake.packages import add_package, find_by_digest, find_package
from app.transcripts.limits import PACKAGE_LIMITS
from app.vault import Vault

PACKAGE_LIMIT = PACKAGE_LIMITS.size
"""Bytes of a package: 32 MiB, the most that the reader takes; a class of 45 has about 5 MiB."""

SPOOL_MEMORY = 256 * 1024
"""Bytes of an upload kept in memory before it goes to a temporary file: 100 uploads at once stay
below 100 MiB together with the pieces in flight."""

PIECE = 256 * 1024
"""Bytes hashed and written at a time: large enough that the hop to a thread costs nothing."""

WAIT_LIMIT_SECONDS = 30
"""The longest that `Prefer: wait` holds a request: below the 60 s of common proxies."""

POLL_SECONDS = 0.2
"""How often a waiting request looks at its row: one look is one indexed read of 0.2 ms."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What became of a submission: the package, and whether the same bytes were known before."""

    package: Package
    repeated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Spooled:
    """A body that was read to its end, its position at the start."""

    content: BinaryIO
    digest: str
    size: int

    def head(self) -> bytes:
        """Read its beginning; blocks, and leaves the position at the start."""
        beginning = self.content.read(HEAD_BYTES)
        self.content.seek(0)
        return beginning


async def receive_package(
    body: AsyncIterable[bytes],
    *,
    caller: Caller,
    database: Database,
    vault: Vault,
    now: datetime,
    trace_id: str,
) -> Receipt:
    """Make a package durable and queue it; the same bytes of the same client are one package.

    Safe to repeat at any time and to run twice at once with the same bytes.

    Raises:
        NotAllowed: the caller may not submit packages.
        InvalidRequest: the body is empty.
        TooLarge: it exceeds `PACKAGE_LIMIT`.
        Unavailable: the vault or the database cannot take it now; nothing was acknowledged.
    """
    # 0 the caller may submit
    caller.require(Scope.PACKAGES_WRITE)
    # 1 the digest is the package's identity and the idempotency key
    async with spooled(body, limit=PACKAGE_LIMIT) as upload:
        if upload.size == 0:
            raise InvalidRequest(parameter="body", reason="empty")
        # 2 known bytes get the known answer
        async with database.read() as connection:
            known = await find_by_digest(connection, caller.client_id, upload.digest)
        if known is not None:
            return Receipt(package=known, repeated=True)
        claimed = claimed_school(await asyncio.to_thread(upload.head))
        # 3 the bytes become durable; after a crash here an object without a row is harmless
        await vault.put_once(upload.digest, upload.content)
    # 4 commit point: the row and its audit, or neither
    package = Package(
        package_id=uuid4(),
        client_id=caller.client_id,
        digest=upload.digest,
        size=upload.size,
        state=State.RECEIVED,
        received_at=now,
    )
    async with database.begin() as connection:
        lane = await lane_of(connection, package, claimed)
        added = await add_package(connection, package, lane=lane)
        if added:
            await record(
                connection,
                at=now,
                actor=caller.client_id,
                action=Action.PACKAGE_RECEIVED,
                object=str(package.package_id),
                detail={"digest": package.digest, "size": package.size},
                trace_id=trace_id,
            )
    # 5 answer with what is committed: a concurrent request with the same bytes may have won
    async with database.read() as connection:
        committed = await find_by_digest(connection, caller.client_id, upload.digest)
    if committed is None:
        raise NotFound
    return Receipt(package=committed, repeated=not added)


async def await_decision(
    database: Database, *, client_id: str, package_id: UUID, seconds: float
) -> Package:
    """Look at a package until its result is final or the time is up, and give its last state.

    Raises:
        NotFound: the client has no such package.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + min(seconds, WAIT_LIMIT_SECONDS)
    while True:
        async with database.read() as connection:
            package = await find_package(connection, client_id, package_id)
        if package is None:
            raise NotFound
        if package.decided or loop.time() >= deadline:
            return package
        await asyncio.sleep(POLL_SECONDS)


@asynccontextmanager
async def spooled(body: AsyncIterable[bytes], *, limit: int) -> AsyncGenerator[Spooled]:
    """Read a body into a temporary file while hashing it; it is gone when the block ends.

    Raises:
        TooLarge: the body exceeds `limit` bytes; reading stops at once.
    """
    with SpooledTemporaryFile[bytes](max_size=SPOOL_MEMORY) as file:
        digest, size, piece = sha256(), 0, bytearray()

        def keep(data: bytes) -> None:
            digest.update(data)
            file.write(data)

        async for chunk in body:
            size += len(chunk)
            if size > limit:
                raise TooLarge(limit=limit)
            piece += chunk
            if len(piece) >= PIECE:
                await asyncio.to_thread(keep, bytes(piece))
                piece.clear()
        await asyncio.to_thread(keep, bytes(piece))
        file.seek(0)
        # A spooled file is a binary file in all but its declared base class.
        yield Spooled(content=cast(BinaryIO, file), digest=digest.hexdigest(), size=size)
