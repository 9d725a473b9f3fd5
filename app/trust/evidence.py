"""Revocation evidence: kept in the database as it was fetched, each authority's newest used."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import httpx
import structlog
from cryptography.x509 import load_der_x509_certificate, load_der_x509_crl
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from app.db import Database
from app.signatures.trust import Evidence, EvidenceKind, TrustSnapshot
from app.trust.bundle import Publication
from app.trust.fetching import FetchFailed, Reach, fetch
from app.trust.tables import revocation_evidence

_SKEW = timedelta(minutes=10)
"""An authority's clock may be this much ahead of ours."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchedList:
    """A revocation list that its authority signed."""

    evidence: Evidence
    this_update: datetime
    next_update: datetime
    url: str


async def refresh_evidence(
    database: Database, publications: Sequence[Publication], reach: Reach, *, now: datetime
) -> int:
    """Fetch every authority's list and keep those that are genuine; say how many are.

    What cannot be fetched or is not genuine is logged and leaves the older list in use.

    Raises:
        Unavailable: the database is away.
    """
    async with httpx.AsyncClient(follow_redirects=False, trust_env=False) as client:
        answers = await asyncio.gather(
            *(_fetch_list(client, publication, reach, now) for publication in publications)
        )
    genuine = [one for one in answers if one is not None]
    async with database.begin() as connection:
        await keep_lists(connection, genuine)
    return len(genuine)


async def _fetch_list(
    client: httpx.AsyncClient, publication: Publication, reach: Reach, now: datetime
) -> FetchedList | None:
    try:
        der = await fetch(client, publication.url, reach)
    except FetchFailed as failed:
        _log.warning("revocation.not_fetched", url=publication.url, reason=failed.reason)
        return None
    genuine = await asyncio.to_thread(read_list, der, publication, now=now)
    if genuine is None:
        _log.error("revocation.not_genuine", url=publication.url, size=len(der))
    return genuine


def read_list(der: bytes, publication: Publication, *, now: datetime) -> FetchedList | None:
    """Read a fetched list; None unless its authority signed it and it is not of the future."""
    authority = load_der_x509_certificate(publication.issuer)
    try:
        found = load_der_x509_crl(der)
        # cryptography types the keys that cannot sign lists too; it refuses them itself.
        key: Any = authority.public_key()
        signed = found.issuer == authority.subject and found.is_signature_valid(key)
        this_update, next_update = found.last_update_utc, found.next_update_utc
    except (ValueError, TypeError):
        return None
    if not signed or next_update is None or this_update > now + _SKEW:
        return None
    issuer = sha256(publication.issuer).hexdigest()
    return FetchedList(
        evidence=Evidence(kind=EvidenceKind.CRL, der=der, issuer_sha256=issuer, fetched_at=now),
        this_update=this_update,
        next_update=next_update,
        url=publication.url,
    )


async def keep_lists(connection: AsyncConnection, lists: Sequence[FetchedList]) -> None:
    """Keep lists; one that is there already keeps the time at which it was fetched first."""
    for one in lists:
        statement = insert(revocation_evidence).values(
            sha256=sha256(one.evidence.der).hexdigest(),
            issuer_sha256=one.evidence.issuer_sha256,
            kind=one.evidence.kind.value,
            this_update=one.this_update,
            next_update=one.next_update,
            der=one.evidence.der,
            fetched_at=one.evidence.fetched_at,
            url=one.url,
        )
        await connection.execute(statement.on_conflict_do_nothing())


async def newest_evidence(connection: AsyncConnection) -> tuple[Evidence, ...]:
    """Read the newest list of each authority."""
    table = revocation_evidence.c
    statement = (
        select(table.kind, table.der, table.issuer_sha256, table.fetched_at)
        .ext(distinct_on(table.issuer_sha256))
        .order_by(table.issuer_sha256, table.this_update.desc(), table.sha256)
    )
    return tuple(
        Evidence(
            kind=EvidenceKind(row.kind),
            der=row.der,
            issuer_sha256=row.issuer_sha256,
            fetched_at=row.fetched_at,
        )
        for row in await connection.execute(statement)
    )


async def with_evidence(database: Database, trust: TrustSnapshot) -> TrustSnapshot:
    """Freeze a snapshot of the bundle's trust with the newest evidence."""
    async with database.read() as connection:
        return replace(trust, evidence=await newest_evidence(connection))
