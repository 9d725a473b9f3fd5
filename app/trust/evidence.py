"""Revocation evidence: kept in the database as it was fetched, and what of it a snapshot holds.

A snapshot holds each authority's newest list, the answers about single certificates that still
stand, and for certificates that were asked for what was said last within their lives: lists drop
what has expired, so only an older one can decide about that (RFC 5280 section 3.3).
"""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from hashlib import sha256

import structlog
from cryptography.x509 import load_der_x509_certificate
from sqlalchemy import or_, select
from sqlalchemy.dialects.postgresql import distinct_on, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from app.db import Database
from app.signatures.trust import Evidence, EvidenceKind, TrustSnapshot
from app.trust.answers import Fetched, path_in_life
from app.trust.tables import revocation_evidence

MAX_ANSWERS = 4096
"""Answers in a snapshot, some 8 MB: the certificates of a few hundred schools in a day."""

MAX_INQUIRIES = 1000
"""Certificates asked about in one round: those still valid first, the others in the next."""

MAX_OLDER_LISTS = 16
"""Lists of before in a snapshot, the newest of them: each may have megabytes."""

MAX_EVIDENCE_BYTES = 40 * 1024 * 1024
"""Octets of all evidence in a snapshot: every verification process holds them, lists once more as
parsed, beside a largest package and below the limit at which it is killed."""

_log = structlog.get_logger(__name__)


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
    return replace(trust, evidence=within_limit(tuple(dict.fromkeys(found)), MAX_EVIDENCE_BYTES))


def within_limit(found: tuple[Evidence, ...], limit: int) -> tuple[Evidence, ...]:
    """Leave out the largest pieces until the others have at most `limit` octets, and log which.

    What they would have told is unknown then: a transcript is accepted provisionally at best, while
    too large a snapshot would stop every verification.
    """
    total, kept = 0, set[Evidence]()
    for one in sorted(found, key=lambda piece: len(piece.der)):
        total += len(one.der)
        if total <= limit:
            kept.add(one)
        else:
            _log.error("revocation.left_out", issuer=one.issuer_sha256, size=len(one.der))
    return tuple(one for one in found if one in kept)


def _paths(about: Collection[bytes], trust: TrustSnapshot) -> list[tuple[bytes, ...]]:
    paths = (path_in_life(der, trust) for der in sorted(about))
    return [path for path in paths if path][:MAX_INQUIRIES]
