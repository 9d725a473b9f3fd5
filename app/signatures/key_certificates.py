"""Which certificate a signature's key comes from, where nobody judges the certificate itself.

Documents that are not of the field bring certificates of any age and make. Nothing is read of them
but what names them and their key, so that an odd extension or serial number is no obstacle.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from asn1crypto.x509 import Certificate

from app.signatures.certificates import check_issuer_serial
from app.signatures.failure import Failed
from app.signatures.shape import SignatureParts


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyCertificate:
    """A certificate as a holder of a key: names in DER, the key as SubjectPublicKeyInfo."""

    der: bytes
    serial: int
    subject_der: bytes
    issuer_der: bytes
    is_authority: bool
    spki: bytes

    @property
    def sha256(self) -> str:
        """The digest that identifies it, in hexadecimal."""
        return sha256(self.der).hexdigest()


def key_certificate(parts: SignatureParts) -> KeyCertificate | None:
    """Find the one certificate in KeyInfo that can have signed; None when KeyInfo holds none.

    It is the only one, or the only one that is no authority's, or of those that come into question
    the only one that issued no other: some signers have authorities' certificates.

    Raises:
        Failed: SIG-310 unreadable, or several candidates; SIG-311 X509IssuerSerial names another
            certificate.
    """
    if not parts.certificates:
        return None
    certificates = [_read(der) for der in parts.certificates]
    leaves = _leaves([one for one in certificates if one is not None])
    if None in certificates or len(leaves) != 1:
        raise Failed("SIG-310", parts.key_info)
    check_issuer_serial(parts, leaves[0].serial)
    return leaves[0]


def _leaves(certificates: Sequence[KeyCertificate]) -> Sequence[KeyCertificate]:
    signers = [one for one in certificates if not one.is_authority] or certificates
    return [
        one
        for one in signers
        if not any(other is not one and other.issuer_der == one.subject_der for other in signers)
    ]


def _read(der: bytes) -> KeyCertificate | None:
    try:
        certificate = Certificate.load(der, strict=True)
        return KeyCertificate(
            der=der,
            serial=certificate.serial_number,
            subject_der=certificate.subject.dump(),
            issuer_der=certificate.issuer.dump(),
            is_authority=bool(certificate.ca),
            spki=certificate.public_key.dump(),
        )
    except (ValueError, TypeError):
        return None
