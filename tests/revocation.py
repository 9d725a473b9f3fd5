"""Revocation evidence that the sandbox's authorities, or somebody else, could publish."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.ocsp import OCSPCertStatus, OCSPResponderEncoding, OCSPResponseBuilder
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from app.sandbox.certificates import Revocation, revocation_list
from app.sandbox.pki import Authority, Branch, Pki
from app.signatures.trust import Evidence, EvidenceKind, TrustSnapshot
from tests.scenarios import scenario_of
from tests.verdicts import RECEIVED_AT, STUDENTS

PKI: Pki = scenario_of(STUDENTS).pki
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
THIS_UPDATE = RECEIVED_AT - 12 * HOUR
FETCHED_AT = RECEIVED_AT - HOUR

CrlBuilder = x509.CertificateRevocationListBuilder
Alter = Callable[[CrlBuilder], CrlBuilder]


def certificate(der: bytes) -> x509.Certificate:
    return x509.load_der_x509_certificate(der)


def issuer_of(der: bytes) -> Authority:
    """The authority of the sandbox that issued a certificate."""
    wanted = certificate(der).issuer
    everybody = (*PKI.anchors, *PKI.issuers.values())
    return next(one for one in everybody if one.certificate.subject == wanted)


def path_of(der: bytes) -> tuple[bytes, ...]:
    """A holder's certificate, its authority and the root."""
    authority = issuer_of(der).certificate.public_bytes(Encoding.DER)
    return (der, authority, issuer_of(authority).certificate.public_bytes(Encoding.DER))


def filed(
    authority: Authority,
    der: bytes,
    *,
    kind: EvidenceKind = EvidenceKind.CRL,
    fetched_at: datetime = FETCHED_AT,
) -> Evidence:
    issuer = authority.certificate.public_bytes(Encoding.DER)
    return Evidence(
        kind=kind, der=der, issuer_sha256=sha256(issuer).hexdigest(), fetched_at=fetched_at
    )


def list_of(
    authority: Authority,
    *revoked: Revocation,
    at: datetime = THIS_UPDATE,
    until: datetime | None = None,
) -> Evidence:
    made = revocation_list(authority.issuer, at=at, until=until, revoked=revoked)
    return filed(authority, made.public_bytes(Encoding.DER))


def odd_list(
    authority: Authority,
    alter: Alter = lambda builder: builder,
    *,
    key: CertificateIssuerPrivateKeyTypes | None = None,
    name: x509.Name | None = None,
) -> Evidence:
    """A list with extensions, a key or a name that the sandbox never uses."""
    builder = (
        CrlBuilder()
        .issuer_name(name or authority.issuer.name)
        .last_update(THIS_UPDATE)
        .next_update(THIS_UPDATE + 7 * DAY)
    )
    made = alter(builder).sign(key or authority.issuer.key, SHA256())
    return filed(authority, made.public_bytes(Encoding.DER))


def entry(
    der: bytes, since: datetime, *extensions: tuple[x509.ExtensionType, bool]
) -> x509.RevokedCertificate:
    builder = x509.RevokedCertificateBuilder(certificate(der).serial_number, since)
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    return builder.build()


def responder(
    authority: Authority,
    *,
    exempt: bool = True,
    signs_ocsp: bool = True,
    until: datetime = RECEIVED_AT + DAY,
    like: x509.Certificate | None = None,
) -> tuple[CertificateIssuerPrivateKeyTypes, x509.Certificate]:
    """A delegated OCSP responder; `like` gives it another certificate's name and number."""
    key = generate_private_key(SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "OCSP MẪU")])
    builder = (
        x509.CertificateBuilder()
        .subject_name(like.subject if like else name)
        .issuer_name(like.issuer if like else authority.issuer.name)
        .public_key(key.public_key())
        .serial_number(like.serial_number if like else 815)
        .not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
        .not_valid_after(until)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    )
    usage = ExtendedKeyUsageOID.OCSP_SIGNING if signs_ocsp else ExtendedKeyUsageOID.CODE_SIGNING
    builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
    if exempt:
        builder = builder.add_extension(x509.OCSPNoCheck(), critical=False)
    return key, builder.sign(authority.issuer.key, SHA256())


def answer_about(
    der: bytes,
    *,
    status: OCSPCertStatus = OCSPCertStatus.GOOD,
    since: datetime | None = None,
    until: datetime | None = THIS_UPDATE + DAY,
    by: tuple[CertificateIssuerPrivateKeyTypes, x509.Certificate] | None = None,
) -> Evidence:
    """An OCSP answer about a holder's certificate, by its authority or by somebody else."""
    authority = issuer_of(der)
    key, signer = by or (authority.issuer.key, authority.certificate)
    builder = OCSPResponseBuilder().add_response(
        cert=certificate(der),
        issuer=authority.certificate,
        algorithm=SHA256(),
        cert_status=status,
        this_update=THIS_UPDATE,
        next_update=until,
        revocation_time=since,
        revocation_reason=None,
    )
    builder = builder.responder_id(OCSPResponderEncoding.NAME, signer)
    if by is not None:
        builder = builder.certificates([signer])
    response = builder.sign(key, SHA256())  # type: ignore[arg-type]  # reason: all keys here can sign
    return filed(authority, response.public_bytes(Encoding.DER), kind=EvidenceKind.OCSP)


def trust_with(*evidence: Evidence, provisional: bool = True) -> TrustSnapshot:
    """The sandbox's roots with clean lists of the roots, and what a test gives for the rest."""
    roots = {sha256(der).hexdigest() for der in PKI.trust.anchors}
    clean = [one for one in PKI.trust.evidence if one.issuer_sha256 in roots]
    return TrustSnapshot(
        anchors=PKI.trust.anchors,
        intermediates=PKI.trust.intermediates,
        evidence=(*clean, *evidence),
        provisional=provisional,
    )


def clean_lists(*, but: Sequence[Branch] = ()) -> tuple[Evidence, ...]:
    """Empty lists of every authority that issues to holders, but for some."""
    return tuple(
        list_of(PKI.issuers[branch])
        for branch in Branch
        if branch is not Branch.UNKNOWN and branch not in but
    )
