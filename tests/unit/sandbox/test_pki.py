from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509.oid import NameOID

from app.sandbox.certificates import Revocation, revocation_list
from app.sandbox.holders import official_name, public_name
from app.sandbox.pki import (
    Branch,
    Flaw,
    KeyKind,
    Pki,
    Request,
    flawed,
    issue,
    make_pki,
    write_trust_bundle,
)
from app.trust.bundle import load_bundle
from tests.scenarios import keys

PERSON = public_name(
    "Lê Văn Mẫu Hùng", uids=("CCCD:079080000001", "MST:0379000701"), units=("Trường THCS Mẫu",)
)
REQUEST = Request(slug="leaf", subject=PERSON, branch=Branch.PUBLIC, issued_year=2025)
NOW = datetime(2026, 6, 10, tzinfo=UTC)


@pytest.fixture(scope="module")
def pki() -> Pki:
    return make_pki(keys())


def certificate_of(pki: Pki, request: Request) -> x509.Certificate:
    return x509.load_der_x509_certificate(issue(pki, request).certificate_der)


@pytest.mark.parametrize("branch", [branch for branch in Branch if branch is not Branch.UNKNOWN])
def test_each_branch_leads_from_a_holder_to_a_root(pki: Pki, branch: Branch) -> None:
    leaf = certificate_of(pki, replace(REQUEST, branch=branch))
    issuer = pki.issuers[branch].certificate
    leaf.verify_directly_issued_by(issuer)
    roots = [root.certificate for root in pki.anchors]
    (root,) = [root for root in roots if root.subject == issuer.issuer]
    issuer.verify_directly_issued_by(root)
    root.verify_directly_issued_by(root)


def test_both_generations_of_the_government_have_roots_of_their_own(pki: Pki) -> None:
    issuers = [pki.issuers[branch].certificate for branch in (Branch.G1, Branch.G2)]
    assert len({issuer.issuer for issuer in issuers}) == 2


def test_the_public_branches_share_the_national_root(pki: Pki) -> None:
    issuers = [pki.issuers[branch].certificate for branch in (Branch.PUBLIC, Branch.REMOTE)]
    assert len({issuer.issuer for issuer in issuers}) == 1


def test_every_authority_says_that_it_is_a_specimen(pki: Pki) -> None:
    for authority in (*pki.anchors, *pki.issuers.values()):
        (name,) = authority.certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        assert str(name.value).endswith("MẪU")


def test_a_holder_may_sign_documents_and_issue_nothing(pki: Pki) -> None:
    extensions = certificate_of(pki, REQUEST).extensions
    usage = extensions.get_extension_for_class(x509.KeyUsage)
    assert usage.critical
    assert usage.value.digital_signature
    assert usage.value.content_commitment
    assert not usage.value.key_cert_sign
    assert not extensions.get_extension_for_class(x509.BasicConstraints).value.ca


def test_revocation_addresses_never_leave_the_machine(pki: Pki) -> None:
    extensions = certificate_of(pki, REQUEST).extensions
    (point,) = extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    access = extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    places = [*(point.full_name or ()), *(one.access_location for one in access)]
    assert len(places) == 3
    assert all(".localhost/" in place.value for place in places)


def test_key_identifiers_join_holder_and_issuer(pki: Pki) -> None:
    leaf, issuer = certificate_of(pki, REQUEST), pki.issuers[Branch.PUBLIC].certificate
    above = leaf.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
    own = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    assert above.key_identifier == own.digest


def test_a_public_subject_holds_several_typed_identifiers(pki: Pki) -> None:
    subject = certificate_of(pki, REQUEST).subject
    uids = [one.value for one in subject.get_attributes_for_oid(NameOID.USER_ID)]
    assert uids == ["CCCD:079080000001", "MST:0379000701"]


def test_an_official_subject_repeats_units_and_has_no_personal_number() -> None:
    units = ("Ủy ban", "Sở", "Trường")
    name = official_name("Lê Văn Mẫu", units=units, province="Huế", email="a@b.localhost")
    found = name.get_attributes_for_oid(NameOID.ORGANIZATIONAL_UNIT_NAME)
    assert [one.value for one in found] == ["Sở", "Trường"]
    assert not name.get_attributes_for_oid(NameOID.USER_ID)


def test_the_same_request_gets_the_same_certificate(pki: Pki) -> None:
    assert issue(pki, REQUEST).certificate_der == issue(make_pki(keys()), REQUEST).certificate_der


def test_another_year_gets_another_certificate_for_the_same_key(pki: Pki) -> None:
    now, later = certificate_of(pki, REQUEST), certificate_of(pki, in_year(2026))
    assert now.public_key() == later.public_key()
    assert now.serial_number != later.serial_number
    assert now.not_valid_before_utc == datetime(2025, 8, 1, tzinfo=UTC)
    assert now.not_valid_after_utc == datetime(2028, 8, 1, tzinfo=UTC)


def test_an_ecdsa_key_can_be_asked_for(pki: Pki) -> None:
    request = replace(REQUEST, key_kind=KeyKind.P256)
    key = issue(pki, request).key
    assert key.public_key() == pki.keys.p256("leaf").public_key()
    assert certificate_of(pki, request).public_key() == key.public_key()


def test_an_expired_certificate_has_run_out_before_the_school_year(pki: Pki) -> None:
    leaf = certificate_of(pki, flawed(REQUEST, Flaw.EXPIRED))
    assert leaf.not_valid_after_utc <= datetime(2025, 8, 1, tzinfo=UTC)


def test_a_weak_certificate_has_a_short_key(pki: Pki) -> None:
    public = certificate_of(pki, flawed(REQUEST, Flaw.WEAK_KEY)).public_key()
    assert isinstance(public, RSAPublicKey)
    assert public.key_size == 1024


def test_a_false_authority_claims_to_issue_certificates(pki: Pki) -> None:
    extensions = certificate_of(pki, flawed(REQUEST, Flaw.AUTHORITY)).extensions
    assert extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign


def test_an_unknown_root_stands_in_no_trust_bundle(pki: Pki) -> None:
    leaf = certificate_of(pki, flawed(REQUEST, Flaw.UNKNOWN_ROOT))
    unknown = pki.issuers[Branch.UNKNOWN].certificate
    leaf.verify_directly_issued_by(unknown)
    trusted = map(x509.load_der_x509_certificate, pki.trust.anchors + pki.trust.intermediates)
    assert unknown not in list(trusted)


def test_the_service_reads_the_trust_bundle(pki: Pki, tmp_path: Path) -> None:
    write_trust_bundle(tmp_path, pki)
    assert replace(load_bundle(tmp_path).trust, bundle="") == replace(pki.trust, evidence=())
    assert (len(pki.trust.anchors), len(pki.trust.intermediates)) == (3, 4)


def test_writing_the_trust_bundle_again_changes_nothing(pki: Pki, tmp_path: Path) -> None:
    write_trust_bundle(tmp_path, pki)
    before = digests(tmp_path)
    write_trust_bundle(tmp_path, make_pki(keys()))
    assert digests(tmp_path) == before
    assert len(before) == 8


def test_a_revocation_list_names_what_is_revoked(pki: Pki) -> None:
    leaf, issuer = certificate_of(pki, REQUEST), pki.issuers[Branch.PUBLIC]
    made = revocation_list(issuer.issuer, at=NOW, revoked=[Revocation(certificate=leaf, since=NOW)])
    key = issuer.certificate.public_key()
    assert isinstance(key, RSAPublicKey)
    assert made.is_signature_valid(key)
    entry = made.get_revoked_certificate_by_serial_number(leaf.serial_number)
    assert entry is not None
    assert entry.revocation_date_utc == NOW
    assert made.get_revoked_certificate_by_serial_number(1) is None


def test_the_same_moment_gives_the_same_revocation_list(pki: Pki) -> None:
    issuer = pki.issuers[Branch.G2].issuer
    assert revocation_list(issuer, at=NOW) == revocation_list(issuer, at=NOW)
    assert revocation_list(issuer, at=NOW).next_update_utc == datetime(2026, 6, 17, tzinfo=UTC)


def in_year(year: int) -> Request:
    return replace(REQUEST, issued_year=year)


def digests(folder: Path) -> dict[str, str]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path.name: sha256(path.read_bytes()).hexdigest() for path in files}
