"""Small certificate chains with revocation lists and OCSP responses, made on the spot."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import count

from asn1crypto import core
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256, HashAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

AT = datetime(2026, 6, 10, 12, 0, tzinfo=UTC)
"""The time for which the chains are asked about."""

DAY = timedelta(days=1)
Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | dsa.DSAPrivateKey

_NUMBERS = count(1000)


@cache
def ec_key(number: int) -> ec.EllipticCurvePrivateKey:
    """One key per number."""
    return ec.derive_private_key(1_000_000 + number, ec.SECP256R1())


@dataclass(frozen=True, kw_only=True)
class Party:
    """A certificate and its key."""

    key: Key
    certificate: x509.Certificate

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What is unusual about a certificate."""

    name: str
    key: Key = field(default_factory=lambda: ec_key(next(_NUMBERS)))
    issuer: Party | None = None
    issuer_name: str | None = None
    authority: bool = False
    serial: int | None = None
    since: datetime = AT - 300 * DAY
    until: datetime = AT + 300 * DAY
    digest: HashAlgorithm = field(default_factory=SHA256)
    extensions: Sequence[tuple[x509.ExtensionType, bool]] = ()


def name_of(text: str) -> x509.Name:
    """A name of one part, or of none."""
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)] if text else [])


def make(wish: Wish) -> Party:
    """Issue a certificate; without an issuer it signs itself."""
    issuer_key = wish.key if wish.issuer is None else wish.issuer.key
    issuer_name = name_of(wish.name) if wish.issuer is None else wish.issuer.certificate.subject
    if wish.issuer_name is not None:
        issuer_name = name_of(wish.issuer_name)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name_of(wish.name))
        .issuer_name(issuer_name)
        .public_key(wish.key.public_key())
        .serial_number(next(_NUMBERS) if wish.serial is None else wish.serial)
        .not_valid_before(wish.since)
        .not_valid_after(wish.until)
    )
    if wish.authority:
        builder = builder.add_extension(
            x509.BasicConstraints(ca=True, path_length=None), critical=True
        )
    for extension, critical in wish.extensions:
        builder = builder.add_extension(extension, critical=critical)
    return Party(key=wish.key, certificate=builder.sign(issuer_key, wish.digest))


@dataclass(frozen=True, kw_only=True)
class Chain:
    """A root, an authority and a leaf."""

    root: Party
    authority: Party
    leaf: Party


@cache
def chain() -> Chain:
    """The chain that most tests ask about."""
    root = make(Wish(name="Gốc Mẫu", authority=True))
    authority = make(Wish(name="CA Mẫu", issuer=root, authority=True))
    return Chain(
        root=root, authority=authority, leaf=make(Wish(name="Lê Văn Mẫu", issuer=authority))
    )


@dataclass(frozen=True, kw_only=True)
class Listing:
    """What is unusual about a revocation list."""

    revoked: Party | None = None
    since: datetime = AT - 10 * DAY
    reason: x509.ReasonFlags | None = None
    this_update: datetime = AT - DAY
    next_update: datetime = AT + DAY
    issuer_name: str | None = None


def crl(issuer: Party, listing: Listing | None = None) -> bytes:
    """Sign a revocation list."""
    wish = listing or Listing()
    name = issuer.certificate.subject if wish.issuer_name is None else name_of(wish.issuer_name)
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(name)
        .last_update(wish.this_update)
        .next_update(wish.next_update)
    )
    if wish.revoked is not None:
        entry = (
            x509.RevokedCertificateBuilder()
            .serial_number(wish.revoked.certificate.serial_number)
            .revocation_date(wish.since)
        )
        if wish.reason is not None:
            entry = entry.add_extension(x509.CRLReason(wish.reason), critical=False)
        builder = builder.add_revoked_certificate(entry.build())
    key = issuer.key
    return builder.sign(key, SHA256()).public_bytes(Encoding.DER)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What is unusual about an OCSP response."""

    status: ocsp.OCSPCertStatus = ocsp.OCSPCertStatus.GOOD
    this_update: datetime = AT - DAY
    next_update: datetime = AT + DAY
    responder: Party | None = None
    certificates: Sequence[Party] = ()
    digest: HashAlgorithm = field(default_factory=SHA256)


def ocsp_response(subject: Party, issuer: Party, answer: Answer | None = None) -> bytes:
    """Sign an OCSP response, by the issuer unless a responder is named."""
    wish = answer or Answer()
    responder = wish.responder or issuer
    revoked = wish.status is ocsp.OCSPCertStatus.REVOKED
    builder = ocsp.OCSPResponseBuilder().add_response(
        cert=subject.certificate,
        issuer=issuer.certificate,
        algorithm=wish.digest,
        cert_status=wish.status,
        this_update=wish.this_update,
        next_update=wish.next_update,
        revocation_time=AT - 10 * DAY if revoked else None,
        revocation_reason=None,
    )
    builder = builder.responder_id(ocsp.OCSPResponderEncoding.NAME, responder.certificate)
    if wish.certificates:
        builder = builder.certificates([party.certificate for party in wish.certificates])
    key = responder.key
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return builder.sign(key, SHA256()).public_bytes(Encoding.DER)


def responder_of(issuer: Party) -> Party:
    """A certificate to which an authority delegates its OCSP answers (RFC 6960 4.2.2.2)."""
    return make(
        Wish(
            name="OCSP Mẫu",
            issuer=issuer,
            extensions=(
                (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING]), False),
                (x509.OCSPNoCheck(), False),
            ),
        )
    )


def repeating_signature_of(genuine: bytes, forged: bytes) -> bytes:
    """Put the signature value of one certificate or list on another one, where it is not valid."""
    body, algorithm, _ = parts_of(forged)
    return assembled(body, algorithm, parts_of(genuine)[2])


def parts_of(der: bytes) -> tuple[bytes, bytes, bytes]:
    """Split a certificate or a list into its body, its algorithm and its signature value."""
    parts = core.SequenceOf.load(der, spec=core.Any)
    body, algorithm, value = (part.dump() for part in parts)
    return body, algorithm, value


def assembled(body: bytes, algorithm: bytes, value: bytes) -> bytes:
    """Put a certificate or a list together."""
    der: bytes = core.Sequence(contents=body + algorithm + value).dump()
    return der


def bit_string(octets: bytes) -> bytes:
    """Write a signature value as certificates hold it."""
    der: bytes = core.OctetBitString(octets).dump()
    return der


def with_sha_1(octets: bytes) -> bytes:
    return octets.replace(bytes.fromhex("2a864886f70d01010b"), bytes.fromhex("2a864886f70d010105"))
