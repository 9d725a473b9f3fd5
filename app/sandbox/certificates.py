"""Certificates and revocation lists in the form of the real trust services (RFC 5280)."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID

CRL_DAYS = 7
"""How long a revocation list stands: longer lists would hide a revocation for longer."""
SERIAL_BYTES = 16
"""Length of a serial number: unguessable, and within the 20 octets of RFC 5280 section 4.1.2.2."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Blank:
    """What a certificate is about to say.

    Attributes:
        authority: whether the holder may issue certificates itself.
        usage: the one thing that a service's certificate is for, such as stamping time.
    """

    subject: x509.Name
    public_key: RSAPublicKey | EllipticCurvePublicKey
    begin: datetime
    end: datetime
    authority: bool = False
    usage: x509.ObjectIdentifier | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """Who signs a certificate, before or after it has a certificate itself.

    Attributes:
        slug: stands in the addresses of its revocation data.
    """

    slug: str
    name: x509.Name
    key: RSAPrivateKey = field(repr=False)


def certify(blank: Blank, issuer: Issuer) -> x509.Certificate:
    """Make and sign a certificate; the same input always gives the same octets."""
    identifier = x509.SubjectKeyIdentifier.from_public_key(blank.public_key)
    seen = (issuer.name.public_bytes(), blank.subject.public_bytes(), identifier.digest)
    digest = hashlib.sha256(b"".join((*seen, blank.begin.isoformat().encode()))).digest()
    builder = (
        x509.CertificateBuilder()
        .subject_name(blank.subject)
        .issuer_name(issuer.name)
        .public_key(blank.public_key)
        .serial_number(int.from_bytes(digest[:SERIAL_BYTES]) >> 1 | 1)
        .not_valid_before(blank.begin)
        .not_valid_after(blank.end)
    )
    extensions: tuple[tuple[x509.ExtensionType, bool], ...] = (
        (x509.BasicConstraints(ca=blank.authority, path_length=None), True),
        (_key_usage(authority=blank.authority), True),
        (identifier, False),
        (_issuer_identifier(issuer), False),
        (_revocation_lists(issuer), False),
        (_information(issuer), False),
    )
    for extension, critical in (*extensions, *_service(blank.usage)):
        builder = builder.add_extension(extension, critical)
    return builder.sign(issuer.key, SHA256())


def _service(usage: x509.ObjectIdentifier | None) -> tuple[tuple[x509.ExtensionType, bool], ...]:
    """Bind a service's certificate to its use (RFC 3161 section 2.3, RFC 6960 section 4.2.2.2)."""
    if usage is None:
        return ()
    bound: tuple[tuple[x509.ExtensionType, bool], ...] = ((x509.ExtendedKeyUsage([usage]), True),)
    exempt = usage == ExtendedKeyUsageOID.OCSP_SIGNING
    return (*bound, (x509.OCSPNoCheck(), False)) if exempt else bound


@dataclass(frozen=True, slots=True, kw_only=True)
class Revocation:
    """One entry of a revocation list.

    Attributes:
        since: from when.
        reason: why; none is stated when None.
    """

    certificate: x509.Certificate
    since: datetime
    reason: x509.ReasonFlags | None = None


def revocation_list(
    issuer: Issuer,
    *,
    at: datetime,
    until: datetime | None = None,
    revoked: Sequence[Revocation] = (),
) -> x509.CertificateRevocationList:
    """Make the list that the issuer publishes at a moment.

    Args:
        issuer: the authority.
        at: thisUpdate; its whole seconds are the list's number.
        until: nextUpdate; seven days later when None.
        revoked: the entries.
    """
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.name)
        .last_update(at)
        .next_update(until or at + timedelta(days=CRL_DAYS))
        .add_extension(_issuer_identifier(issuer), critical=False)
        .add_extension(x509.CRLNumber(int(at.timestamp())), critical=False)
    )
    for one in revoked:
        entry = x509.RevokedCertificateBuilder(one.certificate.serial_number, one.since)
        if one.reason is not None:
            entry = entry.add_extension(x509.CRLReason(one.reason), critical=False)
        builder = builder.add_revoked_certificate(entry.build())
    return builder.sign(issuer.key, SHA256())


def list_address(slug: str) -> str:
    """Name where an authority says that it publishes its list."""
    # Names under .localhost never leave the machine (RFC 6761 section 6.3).
    return f"http://crl.{slug}.localhost/ca.crl"


def answer_address(slug: str) -> str:
    """Name where an authority says that it answers about one certificate (OCSP)."""
    return f"http://ocsp.{slug}.localhost/"


def _key_usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=not authority,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )


def _issuer_identifier(issuer: Issuer) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key())


def _revocation_lists(issuer: Issuer) -> x509.CRLDistributionPoints:
    place = x509.UniformResourceIdentifier(list_address(issuer.slug))
    point = x509.DistributionPoint([place], relative_name=None, reasons=None, crl_issuer=None)
    return x509.CRLDistributionPoints([point])


def _information(issuer: Issuer) -> x509.AuthorityInformationAccess:
    access = AuthorityInformationAccessOID
    places = (
        (access.OCSP, answer_address(issuer.slug)),
        (access.CA_ISSUERS, f"http://crl.{issuer.slug}.localhost/ca.crt"),
    )
    return x509.AuthorityInformationAccess(
        [x509.AccessDescription(kind, x509.UniformResourceIdentifier(url)) for kind, url in places]
    )
