"""Transcripts on which the two engines differ: kept to be looked into, and on the record."""

from collections.abc import Iterable
from datetime import datetime
from io import BytesIO
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from app.audit.record import Action, record
from app.secondopinion.bundle import Bundle
from app.vault import Vault


async def keep_disputes(vault: Vault, bundles: Iterable[Bundle]) -> None:
    """Make bundles durable; repeating it changes nothing, an orphan is harmless.

    Raises:
        Unavailable: the vault cannot take one now.
    """
    for bundle in bundles:
        await vault.put_once(bundle.sha256, BytesIO(bundle.content))


async def record_disputes(
    connection: AsyncConnection,
    bundles: Iterable[Bundle],
    *,
    package_id: UUID,
    actor: str = "worker",
    now: datetime,
) -> None:
    """Put disputes on the record, with where their bundles lie in the vault."""
    for bundle in bundles:
        await record(
            connection,
            at=now,
            actor=actor,
            action=Action.TRANSCRIPT_DISPUTED,
            object=bundle.original_sha256,
            detail={"package": str(package_id), "bundle": bundle.sha256},
        )
