"""Asking the authorities of the bundle what they revoked; what is genuine is kept as evidence."""

import asyncio
from collections.abc import Callable, Collection, Coroutine, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import httpx
import structlog
from cryptography.x509 import load_der_x509_certificate, load_der_x509_crl

from app.db import Database
from app.signatures.trust import Evidence, EvidenceKind, TrustSnapshot
from app.trust.answers import NONCE_BYTES, Fetched, Inquiry, inquire, path_in_life, read_answer
from app.trust.bundle import Publication
from app.trust.evidence import MAX_INQUIRIES, keep_evidence
from app.trust.fetching import FetchFailed, Reach, fetch

MAX_ANSWER_BYTES = 64 * 1024
"""Octets of one answer: with its responder's certificates it has 3 KiB."""

FETCHES_AT_ONCE = 8
"""Connections at a time: responders are shared by the whole country."""

_SKEW = timedelta(minutes=10)
"""An authority's clock may be this much ahead of ours."""

_log = structlog.get_logger(__name__)
_Randomness = Callable[[int], bytes]


async def refresh_evidence(
    database: Database, publications: Sequence[Publication], reach: Reach, *, now: datetime
) -> int:
    """Fetch every authority's list and keep those that are genuine; say how many are.

    What cannot be fetched or is not genuine is logged and leaves the older list in use.

    Raises:
        Unavailable: the database is away.
    """
    lists = [one for one in publications if one.kind is EvidenceKind.CRL]
    async with httpx.AsyncClient(follow_redirects=False, trust_env=False) as client:
        return await _keep_all(
            database, (_fetch_list(client, publication, reach, now) for publication in lists)
        )


async def ask_about(
    database: Database, inquiries: Sequence[Inquiry], reach: Reach, *, now: datetime
) -> int:
    """Ask the responders and keep the answers that are genuine; say how many are.

    Raises:
        Unavailable: the database is away.
    """
    reach = replace(reach, size=min(reach.size, MAX_ANSWER_BYTES))
    async with httpx.AsyncClient(follow_redirects=False, trust_env=False) as client:
        return await _keep_all(
            database, (_fetch_answer(client, inquiry, reach, now) for inquiry in inquiries)
        )


def inquiries_about(
    certificates: Collection[bytes],
    trust: TrustSnapshot,
    publications: Sequence[Publication],
    *,
    now: datetime,
    randomness: _Randomness,
) -> tuple[Inquiry, ...]:
    """Say whom to ask about certificates (DER): authorities that the bundle says answer.

    Addresses inside certificates are never followed.
    """
    responders: Mapping[bytes, str] = {
        one.issuer: one.url for one in publications if one.kind is EvidenceKind.OCSP
    }
    paths = (path_in_life(der, trust) for der in sorted(certificates))
    asked = [path for path in paths if path and path[1] in responders]
    asked.sort(key=lambda path: load_der_x509_certificate(path[0]).not_valid_after_utc < now)
    return tuple(
        inquire(path, responders[path[1]], randomness(NONCE_BYTES))
        for path in asked[:MAX_INQUIRIES]
    )


async def _keep_all(
    database: Database, fetches: Iterable[Coroutine[Any, Any, Fetched | None]]
) -> int:
    """Run fetches, a few at a time, and keep what came of them in one transaction."""
    places = asyncio.Semaphore(FETCHES_AT_ONCE)

    async def in_turn(one: Coroutine[Any, Any, Fetched | None]) -> Fetched | None:
        async with places:
            return await one

    answers = await asyncio.gather(*map(in_turn, fetches))
    genuine = [one for one in answers if one is not None]
    async with database.begin() as connection:
        await keep_evidence(connection, genuine)
    return len(genuine)


async def _fetch_list(
    client: httpx.AsyncClient, publication: Publication, reach: Reach, now: datetime
) -> Fetched | None:
    try:
        der = await fetch(client, publication.url, reach)
    except FetchFailed as failed:
        _log.warning("revocation.not_fetched", url=publication.url, reason=failed.reason)
        return None
    genuine = await asyncio.to_thread(read_list, der, publication, now=now)
    if genuine is None:
        _log.error("revocation.not_genuine", url=publication.url, size=len(der))
    return genuine


async def _fetch_answer(
    client: httpx.AsyncClient, inquiry: Inquiry, reach: Reach, now: datetime
) -> Fetched | None:
    try:
        der = await fetch(client, inquiry.url, reach, inquiry=inquiry.octets)
    except FetchFailed as failed:
        _log.warning("revocation.not_answered", url=inquiry.url, reason=failed.reason)
        return None
    genuine = await asyncio.to_thread(read_answer, der, inquiry, now=now)
    if genuine is None:
        _log.warning("revocation.no_answer", url=inquiry.url, size=len(der))
    return genuine


def read_list(der: bytes, publication: Publication, *, now: datetime) -> Fetched | None:
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
    return Fetched(
        evidence=Evidence(kind=EvidenceKind.CRL, der=der, issuer_sha256=issuer, fetched_at=now),
        this_update=this_update,
        next_update=next_update,
        url=publication.url,
    )
