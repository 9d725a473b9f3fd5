"""The signing certificate of one signature: which it is, its key, and whom it names (step 11)."""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from hashlib import sha256

from asn1crypto.x509 import Certificate as AsnCertificate
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    SECP384R1,
    SECP521R1,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from app.signatures.algorithms import DS, PublicKey
from app.signatures.failure import Failed
from app.signatures.report import Signer
from app.signatures.shape import SignatureParts

MIN_RSA_BITS, MAX_RSA_BITS = 2048, 8192
"""Below 2048 a modulus is breakable; above 8192 a hostile key costs more time than any real one."""

MIN_RSA_EXPONENT, MAX_RSA_EXPONENT = 65_537, 2**32
"""Small exponents invite forgery, huge ones cost time (NIST FIPS 186-5 section 5.1)."""

LEGACY_RSA_BITS, LEGACY_RSA_EXPONENT = 1024, 3
"""What signers used before 2011, for documents that are not of the field."""

_CURVES = (SECP256R1, SECP384R1, SECP521R1)
_CACHE_SIZE = 4096
"""Certificates kept parsed: a class has about 15, a province's rush a few thousand."""

_UNREADABLE = (
    ValueError,
    TypeError,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)
"""What the parsers raise for octets that are no certificate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """A parsed certificate; times are aware UTC."""

    der: bytes
    sha256: str
    serial: int
    issuer_der: bytes
    is_authority: bool
    key: PublicKey | None
    not_before: datetime
    not_after: datetime
    signer: Signer


@lru_cache(maxsize=_CACHE_SIZE)
def read_certificate(der: bytes) -> Certificate | None:
    """Parse a certificate; None when it is none. Cached by its full bytes.

    `key` is None for a kind, size or curve that is not accepted.
    """
    try:
        certificate = x509.load_der_x509_certificate(der)
        _read_again(der)
        return Certificate(
            der=der,
            sha256=sha256(der).hexdigest(),
            serial=certificate.serial_number,
            issuer_der=certificate.issuer.public_bytes(),
            is_authority=_is_authority(certificate),
            key=accepted_key(public_key_of(certificate)),
            not_before=certificate.not_valid_before_utc,
            not_after=certificate.not_valid_after_utc,
            signer=_signer(certificate),
        )
    except _UNREADABLE:
        return None


def _read_again(der: bytes) -> None:
    """Read everything with the parser of the path check too, which is lazy and would fail there.

    Raises:
        ValueError: what one parser takes for a certificate is none to the other.
    """
    try:
        certificate = AsnCertificate.load(der, strict=True)
        _ = (certificate.native, certificate.issuer.hashable, certificate.subject.hashable)
    except MemoryError:
        raise
    except Exception as error:  # reason: asn1crypto fails with whatever it stumbles over
        raise ValueError("no certificate to asn1crypto") from error


def signing_certificate(parts: SignatureParts) -> Certificate:
    """Find the one certificate in KeyInfo that can have signed, with a key that is accepted.

    Raises:
        Failed: as `certificate_of`; SIG-312 weak key.
    """
    leaf = certificate_of(parts)
    if leaf.key is None:
        raise Failed("SIG-312", parts.key_info)
    return leaf


def certificate_of(parts: SignatureParts) -> Certificate:
    """Find the one certificate in KeyInfo that can have signed, and hold it to its bindings.

    Raises:
        Failed: SIG-310 unreadable, none or several candidates; SIG-311 X509IssuerSerial names
            another certificate.
    """
    certificates = [read_certificate(der) for der in parts.certificates]
    candidates = [c for c in certificates if c is not None and not c.is_authority]
    if None in certificates or len({c.der for c in candidates}) != len(candidates):
        raise Failed("SIG-310", parts.key_info)
    leaf = candidates[0] if len(candidates) == 1 else None
    if leaf is None and len(certificates) == 1:
        leaf = certificates[0]  # an authority signs by itself: the path check refuses it
    if leaf is None:
        raise Failed("SIG-310", parts.key_info)
    check_issuer_serial(parts, leaf.serial)
    return leaf


def check_issuer_serial(parts: SignatureParts, number: int) -> None:
    """Hold X509IssuerSerial, where present, to the serial number of the signing certificate.

    Raises:
        Failed: SIG-311 it names another certificate.
    """
    if parts.issuer_serial is not None:
        serial = parts.issuer_serial.findtext(f"{{{DS}}}X509SerialNumber")
        if serial is None or serial.strip() != str(number):
            raise Failed("SIG-311", parts.issuer_serial, serial)


def public_key_of(certificate: x509.Certificate) -> object:
    """Return a certificate's public key, None for an algorithm that nothing here knows."""
    try:
        return certificate.public_key()
    except UnsupportedAlgorithm:
        return None


def accepted_key(key: object, *, legacy: bool = False) -> PublicKey | None:
    """Return a public key of an accepted kind, size and curve, else None.

    Args:
        key: whatever a certificate or a `ds:KeyValue` held.
        legacy: whether RSA keys of old documents are taken too.
    """
    bits, exponent = (
        (LEGACY_RSA_BITS, LEGACY_RSA_EXPONENT) if legacy else (MIN_RSA_BITS, MIN_RSA_EXPONENT)
    )
    match key:
        case RSAPublicKey() as rsa if (
            bits <= rsa.key_size <= MAX_RSA_BITS
            and exponent <= rsa.public_numbers().e <= MAX_RSA_EXPONENT
        ):
            return rsa
        case EllipticCurvePublicKey() as ec if isinstance(ec.curve, _CURVES):
            return ec
        case _:
            return None


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _signer(certificate: x509.Certificate) -> Signer:
    names = [str(a.value) for a in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    organisations = certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    identifiers = certificate.subject.get_attributes_for_oid(NameOID.USER_ID)
    return Signer(
        name=names[0] if names else "",
        organisation=str(organisations[0].value) if organisations else None,
        personal_number_known=any(str(a.value).startswith("CCCD:") for a in identifiers),
        certificate_sha256=sha256(certificate.public_bytes(Encoding.DER)).hexdigest(),
        issuer=certificate.issuer.rfc4514_string(),
        serial=f"{certificate.serial_number:x}",
    )
