"""The whole verdict on a transcript: what passes, what is refused, and that the place is named."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from app.sandbox.scenario import with_changed_mark, without_signature
from app.signatures import verify
from app.signatures.report import Coverage, Indication
from app.transcripts.profile import HOC_BA_1, HOC_BA_1_THCS, Role
from tests.verdicts import RECEIVED_AT, SEAL, case_of, codes, in_slot, slot


def slots() -> list[str]:
    return [report.slot for report in case_of().verify().report.slots]


def test_a_complete_unaltered_transcript_passes() -> None:
    verdict = case_of().verify()
    assert verdict.report.indication is Indication.PASSED
    assert verdict.report.findings == ()
    assert verdict.transcript is not None
    assert verdict.transcript.student.code == case_of().context.student_code


def test_the_report_names_every_slot_in_the_order_of_signing() -> None:
    report = case_of().verify().report
    roles = [r.role for r in report.slots]
    teachers = len(roles) - 3
    assert roles == [
        *[Role.SUBJECT_TEACHER] * teachers,
        Role.HOMEROOM_TEACHER,
        Role.PRINCIPAL,
        Role.SCHOOL,
    ]
    assert 9 <= teachers <= 12
    assert sum(len(r.covers) for r in report.slots if r.role is Role.SUBJECT_TEACHER) == 12
    assert all(r.indication is Indication.PASSED and r.signer and r.holder for r in report.slots)


def test_the_report_says_what_authority_rests_on() -> None:
    evidence = {
        report.role: check.code
        for report in case_of().verify().report.slots
        for check in report.checks
        if check.name == "authority"
    }
    assert evidence == {
        Role.SUBJECT_TEACHER: "SIG-591",
        Role.HOMEROOM_TEACHER: "SIG-591",
        Role.PRINCIPAL: "SIG-590",
        Role.SCHOOL: "SIG-590",
    }


def test_all_content_lies_under_the_homeroom_teacher_principal_and_school() -> None:
    coverage = case_of().verify().report.coverage
    assert coverage is not None
    assert coverage.complete
    assert all({"GVCN", "CBQL", SEAL} <= set(over) for _, over in coverage.nodes)
    lines = [over for xpath, over in coverage.nodes if "DIEM_TONG_KET" in xpath]
    assert len(lines) == 12
    assert all(len(over) == 4 and over[0].startswith("GVBM[") for over in lines)


@pytest.mark.parametrize("name", slots())
def test_a_missing_signature_is_named_by_its_slot(name: str) -> None:
    verdict = case_of().verify(without_signature(case_of().xml, name))
    assert verdict.transcript is None
    first = verdict.report.findings[0]
    assert (first.code, first.slot) == ("SIG-200", name)
    assert slot(verdict, name).code == "SIG-200"
    assert verdict.report.coverage is not None
    # What was signed over the missing signature no longer fits either.
    broken = {f.slot for f in verdict.report.findings if f.code == "SIG-300"}
    assert broken == (set() if name in {"CBQL", SEAL} else {"CBQL", SEAL})


def test_a_changed_mark_breaks_everybody_who_signed_it() -> None:
    verdict = case_of().verify(with_changed_mark(case_of().xml))
    broken = {f.slot for f in verdict.report.findings if f.code == "SIG-300"}
    teacher = next(r.slot for r in case_of().verify().report.slots)
    assert {"GVCN", "CBQL", SEAL} < broken
    assert len(broken) == 4
    assert teacher in broken
    assert verdict.transcript is None
    assert verdict.report.indication is Indication.FAILED
    assert verdict.report.sub_indication == "HASH_FAILURE"
    place = next(f.xpath for f in verdict.report.findings if f.slot == teacher)
    assert place is not None
    assert place.endswith("/BANG_DIEM_HOC_BA/DIEM_TONG_KET[1]")


def test_a_name_in_the_subject_line_cannot_be_swapped_for_another_teachers_slot() -> None:
    names = slots()
    ids = [name[5:-1] for name in names if name.startswith("GVBM[")]
    swapped = (
        case_of()
        .xml.replace(f'Id="{ids[0]}"'.encode(), b'Id="@"')
        .replace(f'Id="{ids[1]}"'.encode(), f'Id="{ids[0]}"'.encode())
        .replace(b'Id="@"', f'Id="{ids[1]}"'.encode())
    )
    assert "SIG-300" in codes(case_of().verify(swapped))


@pytest.mark.parametrize(
    ("field", "value", "element"),
    [
        ("school_code", "79000799", "//CO_SO_GIAO_DUC_ID"),
        ("province_code", "01", "//MA_SO_GD"),
        ("student_code", "7900070124000999", "//NGUOI_HOC_ID"),
    ],
)
def test_content_that_contradicts_the_package_is_refused(
    field: str, value: str, element: str
) -> None:
    case = case_of()
    verdict = replace(case, context=replace(case.context, **{field: value})).verify()
    assert verdict.transcript is None
    found = [f.xpath for f in verdict.report.findings if f.code == "SIG-510"]
    assert found == [element]


def test_a_transcript_older_than_400_days_is_refused() -> None:
    case = case_of()
    late = replace(case.context, received_at=RECEIVED_AT + timedelta(days=400))
    verdict = replace(case, context=late).verify()
    assert "CON-605" in codes(verdict)
    assert verdict.transcript is None


def test_whatever_the_bytes_are_the_answer_is_a_refusal() -> None:
    for data in (b"", b"\x00", b"<HOC_BA/>", b"<a><b></a>", case_of().xml[:-20], b"PK\x03\x04"):
        verdict = case_of().verify(data)
        assert verdict.transcript is None
        assert verdict.report.indication is not Indication.PASSED
        assert verdict.report.findings


def test_a_transcript_of_another_student_is_not_accepted_in_this_ones_place() -> None:
    verdict = case_of(0).verify(case_of(1).xml)
    assert codes(verdict) == ["SIG-510"]


def test_an_unforeseen_error_is_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: object) -> None:
        raise LookupError

    monkeypatch.setattr(verify, "take_inventory", fail)
    verdict = case_of().verify()
    assert codes(verdict) == ["SIG-999"]
    assert verdict.transcript is None
    assert verdict.report.fault is not None
    assert re.fullmatch(r"LookupError at \S+test_verify\.py:\d+", verdict.report.fault)


def test_content_under_signatures_that_do_not_fit_is_not_read() -> None:
    """Or the report would say of a forgery whose it is and what its content lacks."""
    forged = case_of().xml
    for name in ("CBQL", SEAL):
        forged = in_slot(
            forged,
            name,
            lambda octets: re.sub(rb"(<ds:SignatureValue>)....", rb"\1AAAA", octets),
        )
    verdict = case_of().of_student("7900000000000").verify(forged)
    assert {"SIG-320"} == set(codes(verdict))
    assert verdict.report.coverage is not None
    assert not verdict.report.coverage.complete


def test_content_that_nobody_attests_never_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    optional = replace(
        HOC_BA_1_THCS, slots=tuple(replace(r, required=False) for r in HOC_BA_1_THCS.slots)
    )
    monkeypatch.setattr(verify, "HOC_BA_1", replace(HOC_BA_1, profiles={"03": optional}))
    unsigned = case_of().xml
    for name in ("CBQL", SEAL):
        unsigned = without_signature(unsigned, name)
    verdict = case_of().verify(unsigned)
    assert codes(verdict) == ["SIG-203", "SIG-203", "SIG-999"]
    assert verdict.transcript is None
    assert {report.slot for report in verdict.report.slots}.isdisjoint({"CBQL", SEAL})


def test_content_outside_every_signature_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    hole = Coverage(complete=False, nodes=(), uncovered=("/HOC_BA/PHAT_HANH_HOC_BA/GHI_CHU",))
    monkeypatch.setattr(verify, "map_coverage", lambda _document, _signatures: hole)
    verdict = case_of().verify()
    (finding,) = verdict.report.findings
    assert (finding.code, finding.xpath) == ("SIG-230", "/HOC_BA/PHAT_HANH_HOC_BA/GHI_CHU")
    assert verdict.transcript is None
