"""The stage of packages: rows, items, replies, locks and objects, page by page."""

import asyncio
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from cryptography.hazmat.primitives.serialization import Encoding

from app.fsck.examination import Examination, seen_twice
from app.fsck.findings import Finding
from app.fsck.objects import check_object
from app.fsck.package_checks import check_rows
from app.fsck.package_rows import NOWHERE, PAGE, PackageRows, packages_after, packages_named
from app.fsck.progress import Step
from app.fsck.replies import check_reply


async def examine_packages(parts: Examination, cursor: str, *, now: datetime) -> Step:
    """Examine the next page of packages, in the order of their ids.

    Raises:
        Unavailable: the database or the vault cannot answer now.
    """
    after = UUID(cursor) if cursor else NOWHERE
    async with parts.database.read() as connection:
        page = await packages_after(connection, after)
    looked = await asyncio.gather(*(_examine(parts, rows, now) for rows in page))
    return Step(
        findings=tuple(finding for found in looked for finding in found),
        counts={
            "packages": len(page),
            "items": sum(len(rows.items) for rows in page),
            "replies": sum(rows.row.reply is not None for rows in page),
            "bytes_read": sum(
                rows.row.size
                for rows in page
                if parts.options.reading and not rows.row.discarded_at
            ),
        },
        cursor=str(page[-1].row.package_id) if len(page) == PAGE else None,
    )


async def _examine(parts: Examination, rows: PackageRows, now: datetime) -> tuple[Finding, ...]:
    async def again() -> tuple[Finding, ...]:
        async with parts.database.read() as connection:
            fresh = await packages_named(connection, [rows.row.package_id])
        return await _look(parts, fresh[0], now) if fresh else ()

    return await seen_twice(await _look(parts, rows, now), again, pause=parts.second_look)


async def _look(parts: Examination, rows: PackageRows, now: datetime) -> tuple[Finding, ...]:
    found = tuple(check_rows(rows, parts.options, now))
    async with parts.pace:
        if rows.row.reply is not None:
            found += await asyncio.to_thread(_check_reply, parts, rows)
        return found + await check_object(
            rows, parts.vault, parts.keys, reading=parts.options.reading
        )


def _check_reply(parts: Examination, rows: PackageRows) -> tuple[Finding, ...]:
    der = parts.keys.reply_certificate.public_bytes(Encoding.DER)
    signers = {*parts.signers, sha256(der).hexdigest()}
    return tuple(check_reply(rows, signers=signers))
