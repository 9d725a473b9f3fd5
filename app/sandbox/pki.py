"""A test PKI shaped like the Vietnamese trust services.

Two generations of the government's authority (VGCA) live side by side; public authorities stand
under the national root, remote signing in a branch of its own. Authorities have fixed dates, so
that one seed has one trust bundle for ever; only the holders' certificates depend on a year.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from functools import cached_property
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from app.sandbox.certificates import (
    Blank,
    Issuer,
    answer_address,
    certify,
    list_address,
    revocation_list,
)
from app.sandbox.holders import authority_name
from app.sandbox.keys import KeyStore
from app.signatures.trust import Evidence, EvidenceKind, TrustSnapshot
from app.signatures.writing import Signer

VALID_YEARS = 3
"""How long a holder's certificate stands: what schools buy as a rule."""
AUTHORITIES_FROM = datetime(2015, 1, 1, tzinfo=UTC)
AUTHORITIES_TO = datetime(2045, 1, 1, tzinfo=UTC)
"""The life of every authority: covers any day at which a demonstration may run."""


class Branch(StrEnum):
    """Who issues a holder's certificate."""

    G1 = "vgca-g1"
    G2 = "vgca-g2"
    PUBLIC = "public"
    REMOTE = "public-rs"
    UNKNOWN = "unknown"  # a branch whose root no trust bundle holds


class KeyKind(StrEnum):
    """The key inside a holder's certificate."""

    RSA_1024 = "rsa-1024"
    RSA_2048 = "rsa-2048"
    P256 = "p256"


class Flaw(StrEnum):
    """What makes a certificate unfit."""

    EXPIRED = "expired"
    WEAK_KEY = "weak-key"
    AUTHORITY = "authority"
    UNKNOWN_ROOT = "unknown-root"


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """A certification authority of the sandbox."""

    issuer: Issuer
    certificate: x509.Certificate


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a holder asks a certificate for.

    Attributes:
        slug: names the key: the same slug always has the same key.
        subject: the holder's name.
        issued_year: the certificate begins on 1 August of this year, before the school year.
        authority: whether it wrongly says that the holder is an authority itself.
    """

    slug: str
    subject: x509.Name
    branch: Branch
    issued_year: int
    key_kind: KeyKind = KeyKind.RSA_2048
    authority: bool = False


@dataclass(frozen=True, kw_only=True)
class Pki:
    """The authorities of one seed.

    Attributes:
        anchors: the roots that a trust bundle holds.
        issuers: branch → the authority that issues to holders.
    """

    keys: KeyStore = field(repr=False)
    anchors: tuple[Authority, ...]
    issuers: Mapping[Branch, Authority]

    @property
    def intermediates(self) -> tuple[Authority, ...]:
        """The issuing authorities that a trust bundle holds."""
        return tuple(self.issuers[branch] for branch in Branch if branch is not Branch.UNKNOWN)

    @cached_property
    def tsa(self) -> Signer:
        """The time-stamping authority, under the government's second generation."""
        unit = authority_name("Dịch vụ dấu thời gian MẪU", "Ban Cơ yếu Chính phủ")
        return self._service("tsa", unit, Branch.G2, ExtendedKeyUsageOID.TIME_STAMPING)

    def responder(self, branch: Branch) -> Signer:
        """Make the OCSP responder to which an authority has delegated its answers."""
        name = authority_name("Dịch vụ OCSP MẪU", "Ban Cơ yếu Chính phủ")
        return self._service(f"ocsp-{branch}", name, branch, ExtendedKeyUsageOID.OCSP_SIGNING)

    def _service(
        self, slug: str, name: x509.Name, branch: Branch, usage: x509.ObjectIdentifier
    ) -> Signer:
        key = self.keys.p256(slug)
        blank = Blank(
            subject=name,
            public_key=key.public_key(),
            begin=AUTHORITIES_FROM,
            end=AUTHORITIES_TO,
            usage=usage,
        )
        certificate = certify(blank, self.issuers[branch].issuer)
        return Signer(key=key, certificate_der=_der(certificate))

    @cached_property
    def trust(self) -> TrustSnapshot:
        """What a verifier that knows this PKI trusts, with lists on which nobody ever stands."""
        return TrustSnapshot(
            anchors=tuple(sorted(_der(one.certificate) for one in self.anchors)),
            intermediates=tuple(sorted(_der(one.certificate) for one in self.intermediates)),
            evidence=tuple(_clean_list(one) for one in (*self.anchors, *self.intermediates)),
        )


def make_pki(keys: KeyStore) -> Pki:
    """Make the authorities of a seed; their keys are found or made in the key store."""
    government, company = "Ban Cơ yếu Chính phủ", "Công ty Chứng thực số Công cộng MẪU"
    unit = "Cục Chứng thực số và Bảo mật thông tin"
    old_name = "Co quan chung thuc so chuyen dung Chinh phu (RootCA) MẪU"
    centre = "Trung tâm Chứng thực điện tử quốc gia"
    root_1 = _root(keys, "vgca-root", authority_name(old_name, government, unit))
    root_2 = _root(
        keys, "vgca-root-g2", authority_name("RootCA chuyên dùng Chính phủ G2 MẪU", government)
    )
    national = _root(keys, "national-root", authority_name("Vietnam National Root CA MẪU", centre))
    sub_1 = authority_name("CA phục vụ các cơ quan Nhà nước MẪU", government, unit)
    sub_2 = authority_name("CA phục vụ các cơ quan Nhà nước G2 MẪU", government)
    public = authority_name("PUBLIC-CA SHA256 MẪU", company)
    remote = authority_name("PUBLIC-CA SHA256 RS MẪU", company)
    stranger = authority_name("CA ngoài danh sách MẪU", "Công ty Ngoài Danh Sách MẪU")
    return Pki(
        keys=keys,
        anchors=(root_1, root_2, national),
        issuers={
            Branch.G1: _subordinate(keys, "vgca-ca", sub_1, root_1),
            Branch.G2: _subordinate(keys, "vgca-ca-g2", sub_2, root_2),
            Branch.PUBLIC: _subordinate(keys, "public-ca", public, national),
            Branch.REMOTE: _subordinate(keys, "public-rs-ca", remote, national),
            Branch.UNKNOWN: _root(keys, "unknown-root", stranger),
        },
    )


def issue(pki: Pki, request: Request) -> Signer:
    """Issue a holder's certificate; the same request always gets the same certificate."""
    key = _holder_key(pki.keys, request)
    begin = datetime(request.issued_year, 8, 1, tzinfo=UTC)
    blank = Blank(
        subject=request.subject,
        public_key=key.public_key(),
        begin=begin,
        end=begin.replace(year=begin.year + VALID_YEARS),
        authority=request.authority,
    )
    certificate = certify(blank, pki.issuers[request.branch].issuer)
    return Signer(key=key, certificate_der=_der(certificate))


def flawed(request: Request, flaw: Flaw) -> Request:
    """Turn a request into one whose certificate must not be accepted."""
    match flaw:
        case Flaw.EXPIRED:
            return replace(request, issued_year=request.issued_year - VALID_YEARS)
        case Flaw.WEAK_KEY:
            return replace(request, key_kind=KeyKind.RSA_1024)
        case Flaw.AUTHORITY:
            return replace(request, authority=True)
        case Flaw.UNKNOWN_ROOT:
            return replace(request, branch=Branch.UNKNOWN)


def write_trust_bundle(folder: Path, pki: Pki) -> None:
    """Write the anchors and intermediates as the service reads them, with their digests.

    Existing files of the same names are written again with the same octets.
    """
    entries = []
    for purpose, authorities in (("anchor", pki.anchors), ("intermediate", pki.intermediates)):
        place = folder / f"{purpose}s"
        place.mkdir(parents=True, exist_ok=True)
        for authority in authorities:
            file = place / f"{authority.issuer.slug}.pem"
            file.write_bytes(authority.certificate.public_bytes(Encoding.PEM))
            digest = hashlib.sha256(_der(authority.certificate)).hexdigest()
            name = f"{place.name}/{file.name}"
            entry = {"file": name, "sha256": digest, "purpose": purpose}
            slug = authority.issuer.slug
            entries.append(entry | {"crl": list_address(slug), "ocsp": answer_address(slug)})
    first = {"version": 1, "revision": 1, "previous": None, "entries": entries}
    manifest = json.dumps(first, indent=2)
    (folder / "manifest.json").write_text(f"{manifest}\n", encoding="utf-8")


def _clean_list(authority: Authority) -> Evidence:
    """An empty list for the whole life of an authority; no real one would promise that."""
    found = revocation_list(authority.issuer, at=AUTHORITIES_FROM, until=AUTHORITIES_TO)
    return Evidence(
        kind=EvidenceKind.CRL,
        der=found.public_bytes(Encoding.DER),
        issuer_sha256=hashlib.sha256(_der(authority.certificate)).hexdigest(),
        fetched_at=AUTHORITIES_FROM,
    )


def _root(keys: KeyStore, slug: str, name: x509.Name) -> Authority:
    issuer = Issuer(slug=slug, name=name, key=keys.rsa(slug))
    return Authority(issuer=issuer, certificate=certify(_authority_blank(issuer), issuer))


def _subordinate(keys: KeyStore, slug: str, name: x509.Name, root: Authority) -> Authority:
    issuer = Issuer(slug=slug, name=name, key=keys.rsa(slug))
    return Authority(issuer=issuer, certificate=certify(_authority_blank(issuer), root.issuer))


def _authority_blank(issuer: Issuer) -> Blank:
    return Blank(
        subject=issuer.name,
        public_key=issuer.key.public_key(),
        begin=AUTHORITIES_FROM,
        end=AUTHORITIES_TO,
        authority=True,
    )


def _holder_key(keys: KeyStore, request: Request) -> RSAPrivateKey | EllipticCurvePrivateKey:
    match request.key_kind:
        case KeyKind.RSA_1024:
            return keys.rsa(request.slug, 1024)
        case KeyKind.RSA_2048:
            return keys.rsa(request.slug)
        case KeyKind.P256:
            return keys.p256(request.slug)


def _der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)
