"""Asking an authority about one certificate, and reading what it answers (OCSP, RFC 6960)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ExtensionNotFound, OCSPNonce, load_der_x509_certificate
from cryptography.x509.ocsp import OCSPRequestBuilder, load_der_ocsp_response

from app.signatures.evidence import Standing, statement_about
from app.signatures.paths import check_path
from app.signatures.trust import Evidence, EvidenceKind, TrustSnapshot

NONCE_BYTES = 16
"""Octets of a nonce: what RFC 9654 section 2.1 lets every responder take."""

ANSWER_AGE = timedelta(days=7)
"""How old an answer may be when it comes: a responder that gives older ones replays them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inquiry:
    """One question to one responder.

    Attributes:
        path: DER from the certificate in question over its issuer to the anchor; valid.
        url: of the responder, from the bundle.
        nonce: comes back with the answer, or none does.
        octets: the OCSPRequest, DER.
    """

    path: tuple[bytes, ...]
    url: str
    nonce: bytes
    octets: bytes


def inquire(path: tuple[bytes, ...], url: str, nonce: bytes) -> Inquiry:
    """Put the question about the first certificate of a path."""
    certificate, issuer = (load_der_x509_certificate(der) for der in path[:2])
    # SHA-1 only names the certificate here, and is the one that every responder knows (RFC 5019).
    builder = OCSPRequestBuilder().add_certificate(certificate, issuer, SHA1())  # noqa: S303 -- reason: an index, no proof
    asked = builder.add_extension(OCSPNonce(nonce), critical=False).build()
    return Inquiry(path=path, url=url, nonce=nonce, octets=asked.public_bytes(Encoding.DER))


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """What an authority published, its signature proven."""

    evidence: Evidence
    this_update: datetime
    next_update: datetime
    url: str


def path_in_life(certificate: bytes, trust: TrustSnapshot) -> tuple[bytes, ...]:
    """Find the path of a certificate that may have expired since; () when there is none."""
    begin = load_der_x509_certificate(certificate).not_valid_before_utc
    return check_path(certificate, trust, begin).certificates


def read_answer(der: bytes, inquiry: Inquiry, *, now: datetime) -> Fetched | None:
    """Read an answer; None unless it is genuine, recent, and to this question.

    Responders may answer without the nonce (RFC 6960 section 4.4.1), never with another.
    """
    issuer, subject = (sha256(one).hexdigest() for one in (inquiry.path[1], inquiry.path[0]))
    evidence = Evidence(
        kind=EvidenceKind.OCSP,
        der=der,
        issuer_sha256=issuer,
        fetched_at=now,
        certificate_sha256=subject,
    )
    said = statement_about(inquiry.path, evidence)
    if said is None or said.standing is Standing.UNUSABLE or not _answers(der, inquiry):
        return None
    if said.this_update < now - ANSWER_AGE:
        return None
    return Fetched(
        evidence=evidence,
        this_update=said.this_update,
        next_update=said.next_update,
        url=inquiry.url,
    )


def _answers(der: bytes, inquiry: Inquiry) -> bool:
    try:
        nonce = (
            load_der_ocsp_response(der).extensions.get_extension_for_class(OCSPNonce).value.nonce
        )
    except ExtensionNotFound:
        return True
    return nonce == inquiry.nonce
