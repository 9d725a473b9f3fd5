"""What a signature says of itself: XAdES properties and the plain SigningTime (steps 8, 11, 14).

ETSI EN 319 132-1 sections 4 and 5; `ds:SignatureProperties` is XML Signature 1.1 section 5.2.
Everything here must be signed: an object that no Reference covers is refused.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Protocol

from asn1crypto import tsp
from lxml import etree

from app.engine import quick
from app.signatures.algorithms import DIGESTS, DS
from app.signatures.base64 import read_base64
from app.signatures.certificates import Certificate
from app.signatures.failure import Failed
from app.signatures.shape import SignatureParts

XADES = "http://uri.etsi.org/01903/v1.3.2#"
_ = f"{{{XADES}}}"
_DS = f"{{{DS}}}"

_VIETNAM = timezone(timedelta(hours=7))
"""A time without a zone is Vietnam's."""

_LEGACY_DIGESTS = {f"{DS}sha1": hashlib.sha1}
"""SHA-1 may still name a certificate in a v1 property; the pinned path, not this, proves it."""


class Named(Protocol):
    """A certificate by what names it."""

    @property
    def der(self) -> bytes:
        """All its octets."""

    @property
    def serial(self) -> int:
        """Its serial number."""

    @property
    def issuer_der(self) -> bytes:
        """The name of its issuer, DER."""


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Properties:
    """The signed properties of one signature.

    Attributes:
        referable: elements inside the signature that a Reference may target, one group per
            `ds:Object`; each group must be referenced exactly once.
        signing_time: the self-declared time, aware; None where absent.
        timestamps: the xades:SignatureTimeStamp elements, which are not signed.
    """

    referable: tuple[tuple[etree._Element, ...], ...]
    signing_time: datetime | None
    timestamps: tuple[etree._Element, ...]


def read_properties(parts: SignatureParts, certificate: Certificate | None) -> Properties:
    """Read a signature's properties and hold SigningCertificate to the signing certificate.

    Args:
        parts: the signature.
        certificate: its signing certificate; None skips the binding (already refused elsewhere).

    Raises:
        Failed: SIG-210 structure, SIG-311 certificate binding.
    """
    groups: list[tuple[etree._Element, ...]] = []
    times: list[etree._Element] = []
    timestamps: list[etree._Element] = []
    for holder in parts.objects:
        match list(holder):
            case [qualifying] if qualifying.tag == f"{_}QualifyingProperties":
                groups.append((_signed_properties(qualifying, parts),))
                times += qualifying.iter(f"{_}SigningTime")
                timestamps += qualifying.iter(f"{_}SignatureTimeStamp")
                if certificate is not None:
                    check_binding(qualifying, certificate)
            case [properties] if properties.tag == f"{_DS}SignatureProperties":
                groups.append((holder, properties, *properties))
                times += [e for e in properties.iter() if e.tag.rpartition("}")[2] == "SigningTime"]
            case _:
                raise Failed("SIG-210", holder)
    if len(times) > 1:
        raise Failed("SIG-210", times[1])
    return Properties(
        referable=tuple(groups),
        signing_time=_time(times[0]) if times else None,
        timestamps=tuple(timestamps),
    )


def _signed_properties(qualifying: etree._Element, parts: SignatureParts) -> etree._Element:
    signature_id = parts.element.get("Id")
    if signature_id is None or qualifying.get("Target") != f"#{signature_id}":
        raise Failed("SIG-210", qualifying, qualifying.get("Target"))
    signed = qualifying.findall(f"{_}SignedProperties")
    if len(signed) != 1:
        raise Failed("SIG-210", qualifying)
    return signed[0]


def _time(element: etree._Element) -> datetime:
    text = (element.text or "").strip()
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise Failed("SIG-210", element, text) from None
    return time if time.tzinfo else time.replace(tzinfo=_VIETNAM)


def check_binding(qualifying: etree._Element, certificate: Named) -> None:
    """Hold SigningCertificate and SigningCertificateV2, where present, to the signing certificate.

    Raises:
        Failed: SIG-311 another certificate is named.
    """
    for name in ("SigningCertificate", "SigningCertificateV2"):
        for binding in qualifying.iter(f"{_}{name}"):
            first = binding.find(f"{_}Cert")
            if first is None or not (
                _digest_fits(first, certificate) and _serial_fits(first, certificate)
            ):
                raise Failed("SIG-311", binding)


def _digest_fits(cert: etree._Element, certificate: Named) -> bool:
    method = cert.find(f"{_}CertDigest/{_DS}DigestMethod")
    value = read_base64(cert.findtext(f"{_}CertDigest/{_DS}DigestValue"))
    uri = "" if method is None else method.get("Algorithm", "")
    digest = DIGESTS[uri].new if uri in DIGESTS else _LEGACY_DIGESTS.get(uri)
    return digest is not None and digest(certificate.der).digest() == value


def _serial_fits(cert: etree._Element, certificate: Named) -> bool:
    serial = cert.findtext(f"{_}IssuerSerial/{_DS}X509SerialNumber")
    if serial is not None and serial.strip() != str(certificate.serial):
        return False
    encoded = cert.find(f"{_}IssuerSerialV2")
    if encoded is None:
        return True
    try:
        issuer_serial = tsp.IssuerSerial.load(read_base64(encoded.text) or b"", strict=True)
        issuers = [name.chosen.untag().dump() for name in issuer_serial["issuer"]]
        return bool(
            issuer_serial["serial_number"].native == certificate.serial
            and issuers == [certificate.issuer_der]
        )
    except (ValueError, TypeError):
        return False
