"""Transcripts signed by tools of every habit pass; altered by one octet they do not."""

from datetime import date

import pytest

from app.sandbox.classes import ClassSpec
from app.sandbox.scenario import sign_class, with_changed_mark
from app.sandbox.signing import SigningStyle
from app.signatures.canonical import Canonicalization
from app.signatures.report import Role
from app.signatures.writing import Digest, SignatureForm
from tests.scenarios import scenario_of
from tests.verdicts import RECEIVED_AT, STUDENTS, case_of, codes

STYLES = {
    "c14n-1.0 enveloped": SigningStyle(enveloped=True),
    "c14n-1.1": SigningStyle(
        form=SignatureForm(canonicalization=Canonicalization.INCLUSIVE_11, line_length=64),
        canonicalization=Canonicalization.INCLUSIVE_11,
    ),
    "exclusive enveloped": SigningStyle(
        form=SignatureForm(canonicalization=Canonicalization.EXCLUSIVE, line_length=76),
        canonicalization=Canonicalization.EXCLUSIVE,
        enveloped=True,
    ),
    "xades sha-512": SigningStyle(
        form=SignatureForm(digest=Digest.SHA512, signature_digest=Digest.SHA512),
        signing_time=RECEIVED_AT,
    ),
}


@pytest.mark.parametrize("style", STYLES.values(), ids=STYLES)
def test_a_transcript_of_every_style_passes_and_its_forgery_does_not(style: SigningStyle) -> None:
    scenario = scenario_of(STUDENTS)
    (item,) = sign_class(_spec(), scenario.school, scenario.pki, style=style)
    case = case_of().of_student(item.student_code)
    assert codes(case.verify(item.xml)) == []
    forged = case.verify(with_changed_mark(item.xml))
    broken = {f.slot.partition("[")[0] for f in forged.report.findings if f.slot}
    assert broken == {role.value for role in Role} - {Role.PACKAGE.value}


def _spec() -> ClassSpec:
    return ClassSpec(
        seed="styles",
        start_year=2025,
        grade=6,
        class_name="6A2",
        students=1,
        issued_on=date(2026, 6, 10),
    )
