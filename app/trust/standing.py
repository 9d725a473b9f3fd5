"""Which revision of the bundle the workers trust, and whether a newer one had to be left."""

from datetime import datetime
from typing import Literal

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.trust.bundle import Manifest
from app.trust.tables import trust_bundles

BundleStanding = Literal["sound", "broken", "unknown"]


async def note_bundle(
    connection: AsyncConnection, manifest: Manifest, *, fault: str | None, at: datetime
) -> None:
    """Note what a worker trusts from now on.

    Args:
        connection: a transaction of the worker.
        manifest: of the bundle that it trusts.
        fault: why it could not take what lies in the folder; None when it did.
        at: the time of the change.
    """
    await connection.execute(
        insert(trust_bundles).values(
            at=at,
            revision=manifest.revision,
            manifest_sha256=manifest.digests[-1],
            fault=fault,
        )
    )


async def bundle_standing(connection: AsyncConnection) -> BundleStanding:
    """Say how the last change ended; "unknown" before any worker has started."""
    statement = select(trust_bundles.c.fault).order_by(trust_bundles.c.id.desc()).limit(1)
    row = (await connection.execute(statement)).one_or_none()
    if row is None:
        return "unknown"
    return "sound" if row.fault is None else "broken"
