"""Whether a certificate can be registered: what can be told from the certificate alone.

A refusal names the catalogue code; what only makes one think is a remark for whoever decides.
"""

import binascii
from base64 import b64decode
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import (
    Certificate,
    load_der_x509_certificate,
    load_pem_x509_certificates,
)
from cryptography.x509.oid import NameOID

from app.errors import CertificateRefused
from app.signatures.certificates import read_certificate
from app.signatures.names import same_name
from app.signatures.paths import check_path
from app.signatures.report import Signer
from app.signatures.trust import TrustSnapshot
from app.transcripts.profile import Role

CERTIFICATE_LIMIT = 16 * 1024
"""Octets of a certificate: a large one has 3 KiB."""

_PEM = "-----BEGIN"


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A certificate that may be registered.

    Attributes:
        sha256: of the DER certificate, in hexadecimal.
        key_sha256: of its SubjectPublicKeyInfo, in hexadecimal: a renewed certificate may keep it.
    """

    der: bytes
    sha256: str
    key_sha256: str


def certificate_in(text: str) -> bytes:
    """Read the one certificate in a text, PEM or the base64 of DER; gives DER.

    Raises:
        CertificateRefused: SIG-530, none, several, or a large one.
    """
    try:
        if _PEM in text:
            [certificate] = load_pem_x509_certificates(text.encode())
        else:
            certificate = load_der_x509_certificate(b64decode("".join(text.split()), validate=True))
    except (ValueError, binascii.Error) as error:
        raise CertificateRefused("SIG-530") from error
    der = certificate.public_bytes(Encoding.DER)
    if len(der) > CERTIFICATE_LIMIT:
        raise CertificateRefused("SIG-530")
    return der


def check_candidate(
    der: bytes, role: Role, school_name: str, *, trust: TrustSnapshot, now: datetime
) -> Candidate:
    """Hold a certificate to what a signature with it will be held to.

    One that begins later is judged at its beginning: a renewal is registered in time.

    Args:
        der: the certificate.
        role: `Role.PRINCIPAL` for a person's, `Role.SCHOOL` for an organisation's.
        school_name: of the school, for which it is to be registered.
        trust: the pinned roots and intermediates.
        now: the aware time of judgement.

    Raises:
        CertificateRefused: SIG-530 no certificate, SIG-312 weak key, SIG-400 to SIG-404 no valid
            path to a pinned root, SIG-531 a person's for the school, SIG-532 an organisation's for
            a principal.
    """
    certificate = read_certificate(der)
    key_sha256 = key_digest(der)
    if certificate is None or key_sha256 is None:
        raise CertificateRefused("SIG-530")
    if certificate.key is None:
        raise CertificateRefused("SIG-312")
    path = check_path(der, trust, max(now.replace(microsecond=0), certificate.not_before))
    if path.code is not None:
        raise CertificateRefused(path.code)
    person = certificate.signer.personal_number_known
    if role is Role.SCHOOL and person:
        raise CertificateRefused("SIG-531")
    organisation = _has_tax_number(der) and not person
    if role is Role.PRINCIPAL and (organisation or same_name(certificate.signer.name, school_name)):
        raise CertificateRefused("SIG-532")
    return Candidate(der=der, sha256=certificate.sha256, key_sha256=key_sha256)


def remarks_on(signer: Signer, role: Role, school_name: str) -> tuple[str, ...]:
    """Name what whoever decides should look at: codes of the catalogue, none of them a refusal.

    The government's certificates say in no field whether they are a person's or a school's; only
    the name tells.
    """
    differs = role is Role.SCHOOL and not same_name(signer.name, school_name)
    return ("SIG-506",) if differs else ()


def key_digest(der: bytes) -> str | None:
    """Digest a certificate's public key (SubjectPublicKeyInfo); None when it is none."""
    try:
        key = load_der_x509_certificate(der).public_key()
    except (ValueError, UnsupportedAlgorithm):
        return None
    spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return sha256(spki).hexdigest()


def _has_tax_number(der: bytes) -> bool:
    identifiers = _subject_identifiers(load_der_x509_certificate(der))
    return any(value.startswith("MST:") for value in identifiers)


def _subject_identifiers(certificate: Certificate) -> tuple[str, ...]:
    found = certificate.subject.get_attributes_for_oid(NameOID.USER_ID)
    return tuple(str(one.value) for one in found)
