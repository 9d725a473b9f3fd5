"""What the sandbox's authorities answer about one certificate (OCSP, RFC 6960 section 4.2)."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.ocsp import (
    OCSPCertStatus,
    OCSPRequest,
    OCSPResponderEncoding,
    OCSPResponseBuilder,
    OCSPResponseStatus,
    load_der_ocsp_request,
)

from app.sandbox.certificates import Revocation
from app.sandbox.pki import Authority
from app.signatures.writing import Signer

ANSWER_HOURS = 12
"""How long an answer stands: authorities renew theirs twice a day."""


def answer_inquiry(
    inquiry: bytes,
    authority: Authority,
    *,
    responder: Signer | None,
    at: datetime,
    revoked: Sequence[Revocation],
    unknown: Collection[int],
) -> bytes:
    """Answer an OCSPRequest (DER) by an OCSPResponse (DER), with the nonce that came.

    Args:
        inquiry: a request about one certificate.
        authority: whose certificate it is about.
        responder: signs in the authority's place; the authority itself when None.
        at: thisUpdate.
        revoked: what the authority has revoked.
        unknown: numbers that it says not to know.
    """
    try:
        asked = load_der_ocsp_request(inquiry)
    except ValueError:
        refused = OCSPResponseBuilder.build_unsuccessful(OCSPResponseStatus.MALFORMED_REQUEST)
        return refused.public_bytes(Encoding.DER)
    entries = (one for one in revoked if one.certificate.serial_number == asked.serial_number)
    builder = _stated(asked, next(entries, None), at, known=asked.serial_number not in unknown)
    for extension in asked.extensions:
        if isinstance(extension.value, x509.OCSPNonce):
            builder = builder.add_extension(extension.value, critical=False)
    if responder is None:
        signed = builder.responder_id(OCSPResponderEncoding.HASH, authority.certificate).sign(
            authority.issuer.key, SHA256()
        )
    else:
        certificate = x509.load_der_x509_certificate(responder.certificate_der)
        signed = (
            builder.responder_id(OCSPResponderEncoding.HASH, certificate)
            .certificates([certificate])
            .sign(responder.key, SHA256())
        )
    return signed.public_bytes(Encoding.DER)


def _stated(
    asked: OCSPRequest, entry: Revocation | None, at: datetime, *, known: bool
) -> OCSPResponseBuilder:
    status = OCSPCertStatus.GOOD if entry is None else OCSPCertStatus.REVOKED
    return OCSPResponseBuilder().add_response_by_hash(
        issuer_name_hash=asked.issuer_name_hash,
        issuer_key_hash=asked.issuer_key_hash,
        serial_number=asked.serial_number,
        algorithm=asked.hash_algorithm,
        cert_status=status if known else OCSPCertStatus.UNKNOWN,
        this_update=at,
        next_update=at + timedelta(hours=ANSWER_HOURS),
        revocation_time=None if entry is None or not known else entry.since,
        revocation_reason=None if entry is None or not known else entry.reason,
    )
