from datetime import UTC, date, datetime, timedelta
from hashlib import sha256

import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from app.sandbox.packaging import SignedTranscript
from app.sandbox.pki import Branch
from app.sandbox.scenario import (
    OLDEST_ISSUE,
    issue_day,
    make_scenario,
    with_changed_mark,
    without_signature,
)
from app.sandbox.school import make_school
from app.sandbox.signing import NotReady
from app.signatures.report import Indication, Report
from app.signatures.trust import Registration
from app.signatures.verify import Context, verify_package, verify_transcript
from app.transcripts.profile import Role
from tests.scenarios import KEY_CACHE, SEED, TODAY, scenario_of

RECEIVED = datetime(2026, 7, 1, tzinfo=UTC)


def registrations() -> tuple[Registration, ...]:
    school = scenario_of(2).school
    return tuple(
        Registration(
            certificate_sha256=sha256(certificate.der).hexdigest(),
            school_code=school.code,
            role=certificate.role,
            approved_from=date(school.issued_year, 8, 1),
            approved_to=None,
        )
        for certificate in school.certificates
    )


def verified(transcript: SignedTranscript) -> Report:
    scenario = scenario_of(2)
    context = Context(
        received_at=RECEIVED,
        school_code=scenario.school.code,
        student_code=transcript.student_code,
        province_code=scenario.school.province_code,
    )
    return verify_transcript(
        transcript.xml, context=context, trust=scenario.pki.trust, registrations=registrations()
    ).report


def test_the_service_accepts_every_transcript_without_any_finding() -> None:
    for transcript in scenario_of(2).transcripts:
        report = verified(transcript)
        assert report.findings == ()
        assert report.indication is Indication.PASSED
        assert [warning for slot in report.slots for warning in slot.warnings] == []


def test_the_service_accepts_the_package() -> None:
    scenario = scenario_of(2)
    verdict = verify_package(
        scenario.package,
        received_at=RECEIVED,
        trust=scenario.pki.trust,
        registrations=registrations(),
    )
    assert verdict.report.findings == ()
    assert verdict.message is not None
    assert verdict.message.message_id == "79000701-20260610-0001"
    assert len(verdict.message.items) == 2


def test_the_same_seed_and_day_give_the_same_octets() -> None:
    again = make_scenario(SEED, today=TODAY, students=2, cache=KEY_CACHE)
    assert again.package == scenario_of(2).package


def test_another_number_makes_another_message_of_the_same_transcripts() -> None:
    scenario = scenario_of(2)
    assert scenario.repackaged(scenario.transcripts, number=1) == scenario.package
    second = scenario.repackaged(scenario.transcripts, number=2)
    assert b"79000701-20260610-0002" in second


def test_a_changed_mark_is_found_out_in_every_slot_that_covers_it() -> None:
    scenario = scenario_of(2)
    transcript = scenario.transcripts[0]
    changed = with_changed_mark(transcript.xml)
    assert len(changed) == len(transcript.xml)
    report = verified(SignedTranscript(student_code=transcript.student_code, xml=changed))
    broken = [slot.slot for slot in report.slots if slot.code == "SIG-300"]
    teacher = scenario.school.teachers[0]
    assert broken == [f"GVBM[{teacher.id}]", "GVCN", "CBQL", "KY_PHAT_HANH"]


def test_a_mark_is_changed_even_where_it_is_the_better_one() -> None:
    assert with_changed_mark(b"<DIEM_CA_NAM>9.9</DIEM_CA_NAM>") == b"<DIEM_CA_NAM>9.8</DIEM_CA_NAM>"
    with pytest.raises(NotReady):
        with_changed_mark(b"<DIEM_CA_NAM>\xc4\x90</DIEM_CA_NAM>")


@pytest.mark.parametrize("role", ["GVBM", "GVCN", "CBQL", "KY_PHAT_HANH"])
def test_a_dropped_signature_is_missed_in_its_slot(role: str) -> None:
    scenario = scenario_of(2)
    transcript = scenario.transcripts[0]
    slot = f"GVBM[{scenario.school.teachers[1].id}]" if role == "GVBM" else role
    cut = without_signature(transcript.xml, slot)
    report = verified(SignedTranscript(student_code=transcript.student_code, xml=cut))
    assert [one.slot for one in report.slots if one.code == "SIG-200"] == [slot]


@pytest.mark.parametrize("slot", ["GVBM[0]", "GVBM", "HIEU_TRUONG", "CBQL[1]"])
def test_a_slot_that_does_not_exist_cannot_be_emptied(slot: str) -> None:
    with pytest.raises(NotReady):
        without_signature(scenario_of(2).transcripts[0].xml, slot)


@pytest.mark.parametrize(
    ("today", "day"),
    [
        (date(2026, 6, 10), date(2026, 6, 10)),
        (date(2026, 11, 22), date(2026, 6, 10)),
        (date(2027, 4, 6), date(2026, 6, 10)),
        (date(2027, 4, 7), date(2027, 3, 31)),
        (date(2027, 6, 9), date(2027, 6, 2)),
    ],
)
def test_the_class_was_issued_on_the_last_tenth_of_june_unless_that_is_long_ago(
    today: date, day: date
) -> None:
    assert issue_day(today) == day


@given(today=st.dates(date(2025, 1, 1), date(2040, 1, 1)))
def test_the_day_of_issue_is_always_recent_enough(today: date) -> None:
    assert timedelta(0) <= today - issue_day(today) <= OLDEST_ISSUE


@given(today=st.dates(date(2025, 1, 1), date(2040, 1, 1)))
def test_certificates_are_valid_at_the_issue_and_today(today: date) -> None:
    begin = date(issue_day(today).year - 1, 8, 1)
    assert begin <= issue_day(today) <= today < begin.replace(year=begin.year + 3)


def test_a_school_registers_its_principal_and_its_seal() -> None:
    school = scenario_of(2).school
    assert [one.role for one in school.certificates] == [Role.PRINCIPAL, Role.SCHOOL]
    assert school.certificates[0].der == school.principal.signer.certificate_der
    assert school.certificates[1].der == school.seal.certificate_der


def test_a_school_may_have_a_public_certificate_with_its_tax_code() -> None:
    scenario = scenario_of(2)
    school = make_school(scenario.pki, issued_year=2025, seal_branch=Branch.PUBLIC)
    subject = x509.load_der_x509_certificate(school.seal.certificate_der).subject
    assert "UID=MST:0379000701" in subject.rfc4514_string({x509.oid.NameOID.USER_ID: "UID"})
