"""What a revocation does to a verdict: by role, by time, and when nothing is known."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from asn1crypto import core
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.ocsp import OCSPCertStatus

from app.sandbox.certificates import Revocation
from app.sandbox.pki import Branch
from app.signatures.report import Indication, Outcome, Verdict
from app.signatures.retention import EXPIRED_ON_LIST
from app.signatures.revocation import Times, check_revocation
from app.signatures.trust import Evidence, TrustSnapshot
from tests.revocation import (
    DAY,
    HOUR,
    PKI,
    THIS_UPDATE,
    Alter,
    answer_about,
    certificate,
    clean_lists,
    filed,
    issuer_of,
    list_of,
    path_of,
    trust_with,
)
from tests.scenarios import scenario_of
from tests.verdicts import RECEIVED_AT, SEAL, STUDENTS, case_of, codes, slot

SCHOOL = scenario_of(STUDENTS).school
STAMP = SCHOOL.seal.certificate_der
ISSUER = issuer_of(STAMP)
JUDGED_AT = RECEIVED_AT - 20 * DAY
BEFORE, BETWEEN, AFTER = JUDGED_AT - DAY, JUDGED_AT + DAY, RECEIVED_AT + DAY


def listed(
    since: datetime, *, reason: x509.ReasonFlags | None = None, at: datetime = THIS_UPDATE
) -> Evidence:
    one = Revocation(certificate=certificate(STAMP), since=since, reason=reason)
    return list_of(ISSUER, one, at=at)


def code_of(
    *evidence: Evidence,
    attested: bool = False,
    received_at: datetime = RECEIVED_AT,
    provisional: bool = True,
) -> str | None:
    times = Times(judged_at=JUDGED_AT, received_at=received_at, attested=attested)
    return check_revocation(path_of(STAMP), trust_with(*evidence, provisional=provisional), times)


def test_a_certificate_on_no_list_passes() -> None:
    assert code_of(list_of(ISSUER)) is None


@pytest.mark.parametrize(
    ("since", "attested", "code"),
    [
        (BEFORE, False, "SIG-410"),
        (BEFORE, True, "SIG-410"),
        (JUDGED_AT, False, "SIG-410"),
        (BETWEEN, False, "SIG-415"),
        (BETWEEN, True, "SIG-416"),
    ],
)
def test_a_revocation_counts_by_its_time(since: datetime, attested: bool, code: str) -> None:  # noqa: FBT001 -- a parameter of the test
    assert code_of(listed(since), attested=attested) == code


def test_a_revocation_after_the_receipt_does_not_touch_what_was_received() -> None:
    later = replace(listed(AFTER, at=AFTER + HOUR), fetched_at=AFTER + 2 * HOUR)
    assert code_of(later) is None


def test_a_revocation_counts_from_a_list_that_has_run_out() -> None:
    assert code_of(listed(BEFORE, at=BEFORE + DAY)) == "SIG-410"


def test_of_two_lists_the_earlier_revocation_counts() -> None:
    early, late = listed(BEFORE, at=BEFORE + HOUR), listed(BETWEEN)
    assert code_of(early, late) == code_of(late, early) == "SIG-410"
    assert code_of(late) == "SIG-415"


def test_a_revocation_on_one_list_outweighs_a_good_answer() -> None:
    assert code_of(listed(BEFORE), answer_about(STAMP)) == "SIG-410"


@pytest.mark.parametrize(("since", "code"), [(BETWEEN, "SIG-414"), (AFTER, None)])
def test_a_certificate_on_hold_at_the_receipt_waits(since: datetime, code: str | None) -> None:
    at = max(since + HOUR, THIS_UPDATE)
    held = listed(since, reason=x509.ReasonFlags.certificate_hold, at=at)
    assert code_of(replace(held, fetched_at=at)) == code


def test_a_hold_that_newer_evidence_no_longer_knows_is_over() -> None:
    hold = x509.ReasonFlags.certificate_hold
    held = listed(BETWEEN, reason=hold, at=THIS_UPDATE - DAY)
    assert code_of(held, list_of(ISSUER)) is None


def test_without_evidence_revocation_is_unknown() -> None:
    assert code_of() == "SIG-412"
    assert code_of(provisional=False) == "SIG-418"


def test_evidence_that_does_not_reach_to_the_receipt_leaves_it_unknown() -> None:
    assert code_of(list_of(ISSUER, at=RECEIVED_AT - 8 * DAY)) == "SIG-412"


def test_damaged_evidence_leaves_it_unknown_and_says_so() -> None:
    assert code_of(filed(ISSUER, b"")) == "SIG-413"
    assert code_of(filed(ISSUER, b""), list_of(ISSUER)) is None


END = certificate(STAMP).not_valid_after_utc
LONG_AFTER = END + 30 * DAY


def last_word(at: datetime, until: datetime, alter: Alter = lambda builder: builder) -> Evidence:
    """A list fetched long after the certificate has ended."""
    made = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(ISSUER.issuer.name)
        .last_update(at)
        .next_update(until)
    )
    signed = alter(made).sign(ISSUER.issuer.key, SHA256())
    return filed(ISSUER, signed.public_bytes(Encoding.DER), fetched_at=LONG_AFTER)


def test_a_list_of_after_the_end_of_a_certificate_no_longer_speaks_of_it() -> None:
    late = last_word(END + DAY, END + 8 * DAY)
    assert code_of(late, received_at=END + 3 * DAY) == "SIG-412"
    assert code_of(late, received_at=END - DAY) == "SIG-412"


@pytest.mark.parametrize("received_at", [END - DAY, END + 3 * DAY, LONG_AFTER])
def test_the_last_list_within_the_life_of_a_certificate_decides_for_ever(
    received_at: datetime,
) -> None:
    timely, late = last_word(END - DAY, END + DAY), last_word(END + DAY, END + 8 * DAY)
    assert code_of(timely, late, received_at=received_at) is None
    too_old = last_word(END - 9 * DAY, END - 2 * DAY)
    assert code_of(too_old, late, received_at=received_at) == "SIG-412"


@pytest.mark.parametrize(("since", "code"), [(END - DAY, None), (END + HOUR, "SIG-412")])
def test_a_list_that_keeps_expired_certificates_still_speaks_of_them(
    since: datetime, code: str | None
) -> None:
    kept = x509.UnrecognizedExtension(EXPIRED_ON_LIST, core.GeneralizedTime(since).dump())
    late = last_word(
        END + DAY, LONG_AFTER + DAY, lambda builder: builder.add_extension(kept, critical=False)
    )
    assert code_of(late, received_at=END + 3 * DAY) == code


def test_a_revoked_authority_takes_everybody_along() -> None:
    root = issuer_of(path_of(STAMP)[1])
    fallen = list_of(root, Revocation(certificate=ISSUER.certificate, since=BEFORE))
    assert code_of(list_of(ISSUER), fallen) == "SIG-411"
    # What else is wrong with the holder's own certificate weighs more.
    assert code_of(listed(BEFORE), fallen) == "SIG-410"


def verdict_with(trust: TrustSnapshot) -> Verdict:
    return replace(case_of(), trust=trust).verify()


def revocation_of(verdict: Verdict, name: str) -> tuple[Outcome, str | None]:
    (check,) = [one for one in slot(verdict, name).checks if one.name == "revocation"]
    return check.outcome, check.code


def test_fresh_lists_make_every_slot_pass() -> None:
    verdict = verdict_with(trust_with(*clean_lists()))
    assert verdict.report.indication is Indication.PASSED
    assert verdict.report.not_checked == ()
    outcomes = {revocation_of(verdict, one.slot) for one in verdict.report.slots}
    assert outcomes == {(Outcome.PASSED, None)}


def test_without_lists_a_transcript_stands_provisionally_and_never_silently() -> None:
    verdict = verdict_with(replace(PKI.trust, evidence=()))
    report = verdict.report
    assert verdict.transcript is not None
    assert (report.indication, report.sub_indication) == (Indication.INDETERMINATE, "TRY_LATER")
    assert report.not_checked == ("SIG-412",)
    assert set(codes(verdict)) == {"SIG-412"}
    for one in report.slots:
        assert revocation_of(verdict, one.slot) == (Outcome.NOT_CHECKED, "SIG-412")
        assert (one.indication, one.code) == (Indication.INDETERMINATE, None)


def test_a_repository_that_accepts_nothing_provisionally_refuses() -> None:
    verdict = verdict_with(replace(PKI.trust, evidence=(), provisional=False))
    assert verdict.transcript is None
    assert set(codes(verdict)) == {"SIG-418"}
    assert verdict.report.sub_indication == "TRY_LATER"


def test_a_seal_that_was_revoked_between_issue_and_receipt_is_refused() -> None:
    others = clean_lists(but=[branch for branch in Branch if PKI.issuers[branch] is ISSUER])
    verdict = verdict_with(trust_with(*others, listed(RECEIVED_AT - 2 * DAY)))
    assert verdict.transcript is None
    assert (SEAL, "SIG-415") in {(one.slot, one.code) for one in verdict.report.findings}
    assert revocation_of(verdict, SEAL) == (Outcome.FAILED, "SIG-415")


def test_a_teacher_whose_certificate_was_revoked_since_signed_validly() -> None:
    teacher = slot(case_of().verify(), next(r.slot for r in case_of().verify().report.slots))
    assert teacher.signer is not None
    der = next(
        one.signer.certificate_der
        for one in SCHOOL.teachers
        if certificate(one.signer.certificate_der).serial_number == int(teacher.signer.serial, 16)
    )
    since = RECEIVED_AT - timedelta(days=2)
    revoked = list_of(issuer_of(der), Revocation(certificate=certificate(der), since=since))
    others = clean_lists(but=[branch for branch in Branch if PKI.issuers[branch] is issuer_of(der)])
    verdict = verdict_with(trust_with(*others, revoked))
    assert verdict.transcript is not None
    assert verdict.report.indication is Indication.PASSED
    assert set(codes(verdict)) == {"SIG-416"}
    assert revocation_of(verdict, teacher.slot) == (Outcome.PASSED, "SIG-416")


def test_without_a_path_nobody_is_asked_about_revocation() -> None:
    verdict = verdict_with(replace(PKI.trust, intermediates=()))
    assert revocation_of(verdict, SEAL) == (Outcome.NOT_CHECKED, "SIG-419")
    assert verdict.transcript is None


def test_the_snapshot_is_named_by_its_evidence_and_its_policy() -> None:
    trust = trust_with(list_of(ISSUER))
    digests = {
        trust.sha256,
        trust_with().sha256,
        replace(trust, provisional=False).sha256,
        trust_with(replace(list_of(ISSUER), fetched_at=RECEIVED_AT)).sha256,
        trust_with(answer_about(STAMP, status=OCSPCertStatus.GOOD)).sha256,
    }
    assert len(digests) == 5
