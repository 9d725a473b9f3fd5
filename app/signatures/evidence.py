"""What one CRL or OCSP response says about one certificate, whenever it is asked.

pyhanko-certvalidator decides whether a list covers the certificate (RFC 5280 section 6.3) and
whether an OCSP responder may speak for the authority (RFC 6960 section 4.2.2.2); cryptography reads
both on its own, and what the two do not agree on is worth nothing. Lists must come from the
authority itself: indirect lists, deltas and lists of some reasons alone are not taken.
"""

from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any

from asn1crypto import crl as asn1_crl
from asn1crypto import ocsp as asn1_ocsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.x509.ocsp import (
    OCSPCertStatus,
    OCSPResponse,
    OCSPResponseStatus,
    load_der_ocsp_response,
)
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.authority import CertTrustAnchor
from pyhanko_certvalidator.errors import RevokedError
from pyhanko_certvalidator.path import ValidationPath
from pyhanko_certvalidator.revinfo.archival import CRLContainer, OCSPContainer
from pyhanko_certvalidator.revinfo.validate_crl import (
    collect_relevant_crls_with_paths,
    verify_crl,
)
from pyhanko_certvalidator.revinfo.validate_ocsp import verify_ocsp_response

from app.signatures.entries import narrowed
from app.signatures.pkix import Material, finish, open_context, signed_with
from app.signatures.retention import ARCHIVE_CUTOFF, EXPIRED_ON_LIST, kept_since
from app.signatures.statements import impersonates
from app.signatures.trust import Evidence, EvidenceKind

_LISTS_KEPT = 32
"""Lists kept parsed: one per authority of the field, with room for those being replaced."""

_STATEMENTS_KEPT = 16384
"""Statements kept: a few thousand certificates with two pieces of evidence and their authorities'.
They outlive the snapshot, so a new list of one authority costs nothing for the others."""

_SKEW = timedelta(minutes=10)
"""An authority's clock may be this much ahead of ours."""

_FOREVER = datetime(9999, 12, 31, tzinfo=UTC)
"""A control time that excludes no list: the caller decides when a list counts."""

_TICK = timedelta(seconds=1)
"""pyhanko takes a revocation for one when it is earlier than its moment, and not equal."""


class Standing(StrEnum):
    """What is said about a certificate."""

    GOOD = "good"
    REVOKED = "revoked"
    ON_HOLD = "on_hold"
    UNUSABLE = "unusable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What was said about one certificate.

    Attributes:
        this_update: when it was true; `next_update` until when it may be relied on.
        since: for REVOKED and ON_HOLD, from when; `this_update` otherwise.
        speaks_from: a certificate that ended earlier may have been dropped, so that its absence
            proves nothing; `this_update` unless the authority says that it keeps them longer.
    """

    standing: Standing
    this_update: datetime
    next_update: datetime
    since: datetime
    speaks_from: datetime


@lru_cache(maxsize=_STATEMENTS_KEPT)
def statement_about(path: tuple[bytes, ...], evidence: Evidence) -> Statement | None:
    """Read what a piece of evidence says about the first certificate of a path.

    Args:
        path: DER from the certificate in question over its issuer to the anchor; valid.
        evidence: filed for that issuer.

    Returns:
        The statement, UNUSABLE for evidence that proves nothing; None when it speaks of other
        certificates.
    """
    read = _read_list if evidence.kind is EvidenceKind.CRL else _read_response
    try:
        return read(path, evidence)
    except MemoryError:
        raise  # evidence that could not be read for want of memory must not be kept as unusable
    except Exception:  # noqa: BLE001 -- reason: whatever a server delivered, it only proves nothing
        return _unusable(evidence)


def _unusable(evidence: Evidence) -> Statement:
    at = evidence.fetched_at
    return Statement(
        standing=Standing.UNUSABLE, this_update=at, next_update=at, since=at, speaks_from=at
    )


def _read_list(path: tuple[bytes, ...], evidence: Evidence) -> Statement | None:
    read = _load_list(evidence.der)
    this_update, next_update = read.last_update_utc, read.next_update_utc
    sound = (
        next_update is not None
        and _in_time(path[1], this_update, evidence)
        and _is_signed(evidence.der, path[1])
    )
    if not sound or next_update is None:
        return _unusable(evidence)
    if not _covers(path, evidence.der, this_update):
        return None
    serial = x509.load_der_x509_certificate(path[0]).serial_number
    listed = read.get_revoked_certificate_by_serial_number(serial)
    octets = asn1_x509.Certificate.load(path[0])["tbs_certificate"]["serial_number"].dump()
    if listed is None and octets not in evidence.der:
        return Statement(
            standing=Standing.GOOD,
            this_update=this_update,
            next_update=next_update,
            since=this_update,
            speaks_from=kept_since(read.extensions, EXPIRED_ON_LIST, this_update),
        )
    # Only now are the entries worth a walk: a quarter of a second for half a million.
    revoked = _revoked_by_list(path, evidence.der, this_update)
    if listed is None or revoked is None or revoked.revocation_dt != listed.revocation_date_utc:
        return _unusable(evidence)
    return Statement(
        standing=_standing(revoked),
        this_update=this_update,
        next_update=next_update,
        since=revoked.revocation_dt,
        speaks_from=this_update,
    )


def _read_response(path: tuple[bytes, ...], evidence: Evidence) -> Statement | None:
    response = load_der_ocsp_response(evidence.der)
    if response.response_status is not OCSPResponseStatus.SUCCESSFUL:
        return _unusable(evidence)
    if response.serial_number != x509.load_der_x509_certificate(path[0]).serial_number:
        return None
    this_update = response.this_update_utc
    if not _in_time(path[1], this_update, evidence):
        return _unusable(evidence)
    (answer,) = OCSPContainer.load_multi(asn1_ocsp.OCSPResponse.load(evidence.der, strict=True))
    if impersonates(answer, _parsed(path)):
        return _unusable(evidence)
    revoked = _revoked_by_answer(path, answer, this_update)
    said = Statement(
        standing=Standing.GOOD if revoked is None else _standing(revoked),
        this_update=this_update,
        next_update=response.next_update_utc or this_update,  # RFC 6960 section 4.2.2.1
        since=this_update if revoked is None else revoked.revocation_dt,
        speaks_from=kept_since(response.single_extensions, ARCHIVE_CUTOFF, this_update),
    )
    return said if _agree(response, revoked) else _unusable(evidence)


def _revoked_by_answer(
    path: tuple[bytes, ...], answer: OCSPContainer, at: datetime
) -> RevokedError | None:
    context = _context(path, at, ocsps=(answer,))
    return _revoked(verify_ocsp_response(_parsed(path)[0], _pyhanko_path(path), context))


def _revoked(question: Coroutine[Any, Any, None]) -> RevokedError | None:
    try:
        finish(question)
    except RevokedError as revoked:
        return revoked
    return None


def _agree(response: OCSPResponse, revoked: RevokedError | None) -> bool:
    """Hold pyhanko's reading against cryptography's."""
    if revoked is None:
        return response.certificate_status is OCSPCertStatus.GOOD
    return (
        response.certificate_status is OCSPCertStatus.REVOKED
        and response.revocation_time_utc == revoked.revocation_dt
    )


def _standing(revoked: RevokedError) -> Standing:
    held = revoked.reason.native == "certificate_hold"
    return Standing.ON_HOLD if held else Standing.REVOKED


def _in_time(issuer: bytes, this_update: datetime, evidence: Evidence) -> bool:
    """Say whether the issuer could speak then, and not in the future."""
    authority = x509.load_der_x509_certificate(issuer)
    valid = authority.not_valid_before_utc <= this_update <= authority.not_valid_after_utc
    return valid and this_update <= evidence.fetched_at + _SKEW


@lru_cache(maxsize=_LISTS_KEPT)
def _load_list(der: bytes) -> x509.CertificateRevocationList:
    return x509.load_der_x509_crl(der)


@lru_cache(maxsize=_LISTS_KEPT)
def _load_pyhanko_list(der: bytes) -> Any:
    return asn1_crl.CertificateList.load(der)


@lru_cache(maxsize=_LISTS_KEPT)
def _is_signed(der: bytes, issuer: bytes) -> bool:
    """Say whether cryptography and the field's rules find the authority's signature on a list."""
    authority = x509.load_der_x509_certificate(issuer)
    # cryptography types the keys that cannot sign lists too; it refuses them itself.
    key: Any = authority.public_key()
    return (
        _load_list(der).issuer == authority.subject
        and _load_list(der).is_signature_valid(key)
        and signed_with(_load_pyhanko_list(der), asn1_x509.Certificate.load(issuer).public_key)
    )


def _covers(path: tuple[bytes, ...], der: bytes, at: datetime) -> bool:
    """Say whether a list is complete for this certificate (RFC 5280 section 6.3.3 b to f)."""
    read = _load_pyhanko_list(der)
    relevant = finish(
        collect_relevant_crls_with_paths(
            _parsed(path)[0],
            _pyhanko_path(path),
            _context(path, at, crls=(CRLContainer(read),)).revinfo_manager,
            control_time=_FOREVER,
            use_deltas=False,
        )
    )
    point = read.issuing_distribution_point_value
    some_reasons = point is not None and point["only_some_reasons"].native is not None
    return not some_reasons and any(
        not one.is_indirect and any(each.path.last.dump() == path[1] for each in one.prov_paths)
        for one in relevant.crls
    )


def _revoked_by_list(path: tuple[bytes, ...], der: bytes, at: datetime) -> RevokedError | None:
    context = _context(path, at + _TICK, crls=(CRLContainer(narrowed(der, path[0])),))
    return _revoked(verify_crl(_parsed(path)[0], _pyhanko_path(path), context, use_deltas=False))


def _context(
    path: tuple[bytes, ...],
    at: datetime,
    *,
    crls: tuple[CRLContainer, ...] = (),
    ocsps: tuple[OCSPContainer, ...] = (),
) -> ValidationContext:
    """Make a context that knows this path and one piece of evidence.

    The path is valid already, and each of its certificates has its own turn. An OCSP responder that
    is not exempt from revocation (RFC 6960 section 4.2.2.2.1) would need evidence of its own, which
    is not there, so it is refused.
    """
    _, *between, anchor = _parsed(path)
    material = Material(anchors=(anchor,), certificates=tuple(between), crls=crls, ocsps=ocsps)
    context = open_context(material, at, revocation=True)
    for place in range(1, len(path)):
        validated = _pyhanko_path(path[place:])
        context.record_validation(validated.last, validated)  # type: ignore[no-untyped-call]  # reason: library
    return context


def _parsed(path: tuple[bytes, ...]) -> list[asn1_x509.Certificate]:
    return [asn1_x509.Certificate.load(der, strict=True) for der in path]


def _pyhanko_path(path: tuple[bytes, ...]) -> ValidationPath:
    anchor, *below = reversed(_parsed(path))
    return ValidationPath(
        trust_anchor=CertTrustAnchor(anchor),
        interm=below[:-1],
        leaf=below[-1] if below else None,
    )
