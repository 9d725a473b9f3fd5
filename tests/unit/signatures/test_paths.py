from datetime import UTC, datetime, timedelta

import pytest

from app.sandbox.holders import public_name
from app.sandbox.pki import Branch, KeyKind, Request, issue
from app.signatures.certificates import read_certificate
from app.signatures.paths import check_path, check_tsa_path
from app.signatures.trust import TrustSnapshot
from tests.certificates import odd_certificate
from tests.scenarios import scenario_of
from tests.verdicts import STUDENTS, case_of

AT = datetime(2026, 6, 10, 16, 59, 59, tzinfo=UTC)
PKI = scenario_of(STUDENTS).pki


@pytest.mark.parametrize("branch", [b for b in Branch if b is not Branch.UNKNOWN])
def test_every_branch_leads_to_its_root(branch: Branch) -> None:
    request = Request(
        slug="giao-vien-thu",
        subject=public_name("Lê Văn Mẫu", uids=("CCCD:079000000001",)),
        branch=branch,
        issued_year=2025,
        key_kind=KeyKind.P256,
    )
    leaf = issue(PKI, request).certificate_der
    assert check_path(leaf, PKI.trust, AT).passed
    certificate = read_certificate(leaf)
    assert certificate is not None
    assert certificate.signer.personal_number_known


def test_an_anchor_signs_nothing_itself() -> None:
    assert check_path(PKI.trust.anchors[0], PKI.trust, AT).code == "SIG-401"


def test_without_its_intermediate_a_certificate_leads_nowhere() -> None:
    roots_only = TrustSnapshot(anchors=PKI.trust.anchors, intermediates=())
    seal = scenario_of(STUDENTS).school.seal.certificate_der
    assert check_path(seal, roots_only, AT).code == "SIG-400"


def test_a_certificate_without_the_usage_of_signing_is_refused() -> None:
    leaf = odd_certificate(PKI, usage="encipherment")
    assert check_path(leaf, PKI.trust, AT).code == "SIG-401"


def test_a_certificate_without_a_stated_usage_may_sign() -> None:
    assert check_path(odd_certificate(PKI, usage=None), PKI.trust, AT).passed


def test_a_forged_signature_of_the_authority_is_refused() -> None:
    leaf = bytearray(scenario_of(STUDENTS).school.seal.certificate_der)
    leaf[-1] ^= 1
    assert check_path(bytes(leaf), PKI.trust, AT).code in {"SIG-400", "SIG-401"}


def test_the_snapshot_is_named_by_everything_in_it() -> None:
    trust = PKI.trust
    moved = TrustSnapshot(
        anchors=trust.anchors[:-1], intermediates=(*trust.intermediates, trust.anchors[-1])
    )
    assert trust.sha256 == case_of().trust.sha256
    assert trust.sha256 != moved.sha256


def test_a_service_signs_no_documents() -> None:
    assert check_path(PKI.tsa.certificate_der, PKI.trust, AT).code == "SIG-401"
    assert check_tsa_path(PKI.tsa.certificate_der, PKI.trust, AT).passed


def test_what_is_no_certificate_has_no_path() -> None:
    assert check_tsa_path(b"no certificate", PKI.trust, AT).code == "SIG-400"


def test_a_path_holds_only_while_all_its_certificates_do() -> None:
    leaf = scenario_of(STUDENTS).school.seal.certificate_der
    parsed = read_certificate(leaf)
    assert parsed is not None
    second = timedelta(seconds=1)
    for at, code in (
        (parsed.not_before - second, "SIG-403"),
        (parsed.not_before, None),
        (parsed.not_after, None),
        (parsed.not_after + second, "SIG-402"),
    ):
        assert check_path(leaf, PKI.trust, at).code == code
