"""Receiving a package: bytes durable and row committed before anything is answered."""

import asyncio
from collections.abc import AsyncIterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import uuid4

from sqlalchemy.ext.asyncio import AsyncConnection

from app.audit.record import Action, record
from app.clients.accounts import Caller, Scope
from app.clients.partition import Place, levels_open_to
from app.db import Database
from app.directory.schools import find_school
from app.errors import DuplicateMessage, NotFound
from app.intake.claims import HEAD_BYTES, claimed_message, claimed_school
from app.intake.journaling import journal_receipt
from app.intake.lanes import lane_of
from app.intake.package import Package, State
from app.intake.packages import add_package, find_by_digest, find_message
from app.intake.upload import Declared, Spooled, uploaded
from app.journal import Journal
from app.vault import Vault


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What became of a submission: the package, and whether the same bytes were known before."""

    package: Package
    repeated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """A body on its way in, and what its headers say about it.

    Attributes:
        rest: how long no worker takes it, where a sandbox's client asked for that.
    """

    body: AsyncIterable[bytes]
    declared: Declared = field(default_factory=Declared)
    rest: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stores:
    """Where a package becomes durable: its bytes, its row, and what its bytes do not say."""

    database: Database
    vault: Vault
    journal: Journal


async def receive_package(
    submission: Submission,
    *,
    caller: Caller,
    stores: Stores,
    now: datetime,
    trace_id: str,
) -> Receipt:
    """Make a package durable and queue it; the same bytes of the same client are one package.

    Safe to repeat at any time and to run twice at once with the same bytes.

    Raises:
        NotAllowed: the caller may not submit packages.
        InvalidRequest: the body is empty, or is not of the coding that it is declared in.
        TooLarge: it exceeds `PACKAGE_LIMIT`.
        DigestMismatch: it is not what its sender hashed.
        DuplicateMessage: the school has used its message id for other bytes.
        Unavailable: the vault or the database cannot take it now; nothing was acknowledged.
    """
    # 0 the caller may submit
    caller.require(Scope.PACKAGES_WRITE)
    # 1 the digest is the package's identity and the idempotency key
    async with uploaded(submission.body, submission.declared) as upload:
        # 2 known bytes get the known answer
        async with stores.database.read() as connection:
            known = await find_by_digest(connection, caller.client_id, upload.digest)
            if known is not None:
                return Receipt(package=known, repeated=True)
            head = await asyncio.to_thread(_head, upload)
            await _refuse_used_id(connection, caller, upload.digest, head, now)
        # 3 the bytes become durable; after a crash here an object without a row is harmless
        await stores.vault.put_once(upload.digest, upload.content)
    # 4 commit point: the row, its audit and its entry in the journal. A crash between the last two
    # leaves an entry about a package that nobody was told of, and its repetition a higher one.
    package = Package(
        package_id=uuid4(),
        client_id=caller.client_id,
        digest=upload.digest,
        size=upload.size,
        state=State.RECEIVED,
        received_at=now,
    )
    async with stores.database.begin() as connection:
        lane = await lane_of(connection, package, claimed_school(head))
        added = await add_package(connection, package, lane=lane, rest=submission.rest)
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
            await journal_receipt(stores.journal, connection, package)
    # 5 answer with what is committed: a concurrent request with the same bytes may have won
    async with stores.database.read() as connection:
        committed = await find_by_digest(connection, caller.client_id, upload.digest)
    if committed is None:
        raise NotFound
    return Receipt(package=committed, repeated=not added)


def _head(upload: Spooled) -> bytes:
    """Read the beginning of a body and leave its position there; blocks."""
    head = upload.content.read(HEAD_BYTES)
    upload.content.seek(0)
    return head


async def _refuse_used_id(
    connection: AsyncConnection, caller: Caller, digest: str, head: bytes, now: datetime
) -> None:
    """Refuse other bytes under a used message id while the sender is still there to be told.

    What the body claims is not proven, so it only refuses, and tells only those who may act for the
    school; a package that comes before the first one is decided is refused with PKG-108 instead.
    """
    claimed = claimed_message(head)
    school = None if claimed is None else await find_school(connection, claimed.school_code)
    if claimed is None or school is None:
        return
    place = Place(school_code=school.code, province_code=school.province_code)
    if not await levels_open_to(connection, caller.client_id, place, now):
        return
    known = await find_message(connection, claimed.school_code, claimed.message_id)
    if known is not None and known.digest != digest:
        raise DuplicateMessage(
            message_id=claimed.message_id, digest=digest, known_digest=known.digest
        )
