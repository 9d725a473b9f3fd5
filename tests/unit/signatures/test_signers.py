"""Which certificates a provisional report still waits for."""

import base64
from dataclasses import replace
from hashlib import sha256

from app.signatures.report import Report
from app.signatures.signers import unanswered_certificates
from app.signatures.trust import TrustSnapshot
from tests.revocation import clean_lists, path_of, trust_with
from tests.scenarios import scenario_of
from tests.verdicts import STUDENTS, case_of

SCHOOL = scenario_of(STUDENTS).school
EVERYBODY = {
    SCHOOL.seal.certificate_der,
    SCHOOL.principal.signer.certificate_der,
    *(teacher.signer.certificate_der for teacher in SCHOOL.teachers),
}


def report_under(trust: TrustSnapshot) -> Report:
    return replace(case_of(), trust=trust).verify().report


def test_every_signer_about_whom_nothing_is_known_is_named_once() -> None:
    found = unanswered_certificates(case_of().xml, report_under(trust_with()))
    assert len(found) == len(EVERYBODY)
    assert set(found) == EVERYBODY


def test_nobody_is_named_when_everything_is_known() -> None:
    assert unanswered_certificates(case_of().xml, report_under(trust_with(*clean_lists()))) == ()


def test_a_certificate_that_the_report_does_not_name_is_never_brought_in() -> None:
    authority = path_of(SCHOOL.seal.certificate_der)[1]
    foreign = b"<X509Certificate>" + base64.b64encode(authority) + b"</X509Certificate>"
    broken = b"<ds:X509Certificate>AAA</ds:X509Certificate>"
    found = unanswered_certificates(foreign + broken, report_under(trust_with()))
    assert sha256(authority).hexdigest() not in {sha256(one).hexdigest() for one in found}
    assert found == ()
