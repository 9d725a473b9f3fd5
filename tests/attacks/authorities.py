"""A25 and A26: authorities that nobody pinned, carried along or to be fetched."""

from collections.abc import Iterator
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import AuthorityInformationAccessOID

from app.sandbox.certificates import Blank, Issuer, certify
from app.sandbox.holders import authority_name
from app.sandbox.pki import Branch, Flaw
from app.signatures.writing import Signer
from tests.attacks import certificates
from tests.attacks.attack import Attack
from tests.attacks.keys import sealed_by
from tests.attacks.signers import CERTIFICATE, certificates_xml
from tests.scenarios import scenario_of
from tests.verdicts import STUDENTS, case_of


def path_bombs() -> Iterator[Attack]:
    """A25: authorities that certify one another, or a root that the document brings along."""
    pki = scenario_of(STUDENTS).pki
    first, second = (
        Issuer(
            slug=f"vong-{number}",
            name=authority_name(f"CA vòng {number} MẪU", "Công ty Vòng MẪU"),
            key=pki.keys.rsa(f"vong-{number}"),
        )
        for number in (1, 2)
    )
    loop = [_crossed(a, b) for a in (first, second) for b in (first, second)]
    honest = x509.load_der_x509_certificate(certificates.seal().certificate_der)
    leaf = certify(
        Blank(
            subject=honest.subject,
            public_key=certificates.seal().key.public_key(),
            begin=honest.not_valid_before_utc,
            end=honest.not_valid_after_utc,
        ),
        first,
    ).public_bytes(Encoding.DER)
    signer = Signer(key=certificates.seal().key, certificate_der=leaf)
    stray = certificates.flawed_seal(Flaw.UNKNOWN_ROOT)
    root = pki.issuers[Branch.UNKNOWN].certificate.public_bytes(Encoding.DER)
    for name, by, beside in (
        ("authorities-that-certify-one-another", signer, loop),
        ("root-that-the-document-brings", stray, [root]),
        ("foreign-path-with-pinned-authorities", stray, list(case_of().trust.intermediates[:4])),
    ):
        twin = sealed_by(certificates.seal())
        one = sealed_by(by)
        carried = certificates_xml(by.certificate_der, *beside)
        yield Attack(
            name=name,
            twin=twin.xml,
            hostile=one.edited((CERTIFICATE, carried)),
            codes=("SIG-400",),
            at=one.slot,
            verify=one.verify,
            judge_twin=twin.verify,
        )


def _crossed(subject: Issuer, issuer: Issuer) -> bytes:
    blank = Blank(
        subject=subject.name,
        public_key=subject.key.public_key(),
        begin=datetime(2020, 1, 1, tzinfo=UTC),
        end=datetime(2040, 1, 1, tzinfo=UTC),
        authority=True,
    )
    return certify(blank, issuer).public_bytes(Encoding.DER)


INSIDE = (
    "http://127.0.0.1:9/ca.crt",
    "http://169.254.169.254/latest/meta-data/",
    "file:///etc/hostname",
    "ldap://127.0.0.1/cn=mau",
)


def urls_inside() -> Iterator[Attack]:
    """A26: an unknown issuer whose certificates could be had from the inside of our network."""
    stray = certificates.flawed_seal(Flaw.UNKNOWN_ROOT)
    twin = sealed_by(certificates.seal())
    for number, url in enumerate(INSIDE):
        extensions = x509.AuthorityInformationAccess(
            [
                x509.AccessDescription(method, x509.UniformResourceIdentifier(url))
                for method in (
                    AuthorityInformationAccessOID.CA_ISSUERS,
                    AuthorityInformationAccessOID.OCSP,
                )
            ]
        )
        places = x509.CRLDistributionPoints(
            [
                x509.DistributionPoint(
                    full_name=[x509.UniformResourceIdentifier(url)],
                    relative_name=None,
                    reasons=None,
                    crl_issuer=None,
                )
            ]
        )
        der = stray.certificate_der
        for stated in (extensions, places):
            oid = stated.oid.dotted_string
            der = certificates.with_extension(der, oid, stated.public_bytes())
        one = sealed_by(Signer(key=stray.key, certificate_der=der))
        yield Attack(
            name=f"issuer-to-be-fetched-from-inside-{number}",
            twin=twin.xml,
            hostile=one.xml,
            codes=("SIG-400",),
            at=one.slot,
            verify=one.verify,
            judge_twin=twin.verify,
        )
