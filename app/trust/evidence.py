"""Revocation evidence: kept in the database as it was fetched, and what of it a snapshot holds.

A snapshot holds each authority's newest list, the answers about single certificates that still
stand, and for certificates that were asked for what was said last within their lives: lists drop
what has expired, so only an older one can decide about that (RFC 5280 section 3.3).
"""

import asyncio
from collections.abc import Callable, Collection, Coroutine, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import httpx
import structlog
from cryptography.x509 import load_der_x509_certificate, load_der_x509_crl
from sqlalchemy import or_, select
from sqlalchemy.dialects.postgresql import distinct_on, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from app.db import Database
from app.signatures.trust import Evidence, EvidenceKind, TrustSnapshot
from app.trust.answers import NONCE_BYTES, Fetched, Inquiry, inquire, path_in_life, read_answer
from app.trust.bundle import Publication
from app.trust.fetching import FetchFailed, Reach, fetch
from app.trust.tables import revocation_evidence

MAX_ANSWERS = 4096
"""Answers in a snapshot, some 8 MB: the certificates of a few hundred schools in a day."""

MAX_ANSWER_BYTES = 64 * 1024
"""Octets of one answer: with its responder's certificates it has 3 KiB."""

MAX_INQUIRIES = 1000
"""Certificates asked about in one round: those still valid first, the others in the next."""

FETCHES_AT_ONCE = 8
"""Connections at a time: responders are shared by the whole country."""

MAX_OLDER_LISTS = 16
"""Lists of before in a snapshot, the newest of them: each may have megabytes."""

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


async def keep_evidence(connection: AsyncConnection, fetched: Sequence[Fetched]) -> None:
    """Keep evidence; what is there already keeps the time at which it was fetched first."""
    for one in fetched:
        statement = insert(revocation_evidence).values(
            sha256=sha256(one.evidence.der).hexdigest(),
            issuer_sha256=one.evidence.issuer_sha256,
            kind=one.evidence.kind.value,
            certificate_sha256=one.evidence.certificate_sha256,
            this_update=one.this_update,
            next_update=one.next_update,
            der=one.evidence.der,
            fetched_at=one.evidence.fetched_at,
            url=one.url,
        )
        await connection.execute(statement.on_conflict_do_nothing())


_table = revocation_evidence.c
_WHAT = select(
    _table.kind, _table.der, _table.issuer_sha256, _table.fetched_at, _table.certificate_sha256
)


async def newest_lists(connection: AsyncConnection) -> tuple[Evidence, ...]:
    """Read the newest list of each authority."""
    statement = (
        _WHAT.ext(distinct_on(_table.issuer_sha256))
        .where(_table.certificate_sha256.is_(None))
        .order_by(_table.issuer_sha256, _table.this_update.desc(), _table.sha256)
    )
    return tuple(_evidence(*row) for row in await connection.execute(statement))


async def standing_answers(connection: AsyncConnection, now: datetime) -> tuple[Evidence, ...]:
    """Read the newest answer about each certificate among those that still stand."""
    statement = (
        _WHAT.ext(distinct_on(_table.certificate_sha256))
        .where(_table.certificate_sha256.is_not(None), _table.next_update >= now)
        .order_by(_table.certificate_sha256, _table.this_update.desc(), _table.sha256)
        .limit(MAX_ANSWERS)
    )
    return tuple(_evidence(*row) for row in await connection.execute(statement))


async def last_words(connection: AsyncConnection, path: tuple[bytes, ...]) -> tuple[str, ...]:
    """Name the last list and the last answer within the life of a path's first certificate."""
    end = load_der_x509_certificate(path[0]).not_valid_after_utc
    issuer, subject = (sha256(der).hexdigest() for der in (path[1], path[0]))
    statement = (
        select(_table.sha256)
        .ext(distinct_on(_table.kind))
        .where(
            _table.issuer_sha256 == issuer,
            or_(_table.certificate_sha256.is_(None), _table.certificate_sha256 == subject),
            _table.this_update <= end,
        )
        .order_by(_table.kind, _table.this_update.desc(), _table.sha256)
    )
    return tuple(await connection.scalars(statement))


async def evidence_named(
    connection: AsyncConnection, digests: Collection[str], kind: EvidenceKind, limit: int
) -> tuple[Evidence, ...]:
    """Read evidence of a kind by its digests, the newest first."""
    statement = (
        _WHAT.where(_table.sha256.in_(digests), _table.kind == kind.value)
        .order_by(_table.this_update.desc(), _table.sha256)
        .limit(limit)
    )
    return tuple(_evidence(*row) for row in await connection.execute(statement))


def _evidence(
    kind: str, der: bytes, issuer: str, fetched_at: datetime, subject: str | None
) -> Evidence:
    return Evidence(
        kind=EvidenceKind(kind),
        der=der,
        issuer_sha256=issuer,
        fetched_at=fetched_at,
        certificate_sha256=subject,
    )


async def with_evidence(
    database: Database, trust: TrustSnapshot, *, now: datetime, about: Collection[bytes] = ()
) -> TrustSnapshot:
    """Freeze a snapshot of the bundle's trust with what the repository knows of revocation.

    Args:
        database: where the evidence lies.
        trust: the bundle's.
        now: answers that no longer stand are left out.
        about: certificates (DER) for which what was said within their lives is needed too.
    """
    paths = await asyncio.to_thread(_paths, about, trust)
    async with database.read() as connection:
        found = [*await newest_lists(connection), *await standing_answers(connection, now)]
        digests = {one for path in paths for one in await last_words(connection, path)}
        for kind, limit in (
            (EvidenceKind.CRL, MAX_OLDER_LISTS),
            (EvidenceKind.OCSP, MAX_INQUIRIES),
        ):
            found += await evidence_named(connection, digests, kind, limit)
    # The same list may be the newest and the last of many: each piece stands in it once.
    return replace(trust, evidence=tuple(dict.fromkeys(found)))


def _paths(about: Collection[bytes], trust: TrustSnapshot) -> list[tuple[bytes, ...]]:
    paths = (path_in_life(der, trust) for der in sorted(about))
    return [path for path in paths if path][:MAX_INQUIRIES]
