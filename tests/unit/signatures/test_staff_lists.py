"""What a school's own lists add to step 18, on a transcript with real signatures."""

import pickle
from dataclasses import replace
from datetime import date

import pytest

from app.signatures.authority import Authority, SignerOfSlot, check_authority
from app.signatures.certificates import read_certificate
from app.signatures.report import Indication, Outcome, Verdict
from app.signatures.staff import (
    HOMEROOM,
    Assignment,
    SchoolLists,
    StaffMember,
    duties_of,
    hash_personal_number,
    personal_number_hash_of,
)
from app.signatures.verify import Context
from app.transcripts.profile import Role
from tests.scenarios import scenario_of
from tests.verdicts import RECEIVED_AT, STUDENTS, case_of, codes, slot

KEY = b"staff-key".ljust(32, b"-")
SCHOOL = scenario_of(STUDENTS).school
CERTIFICATES = {one.id: one.signer.certificate_der for one in SCHOOL.teachers}
TRANSCRIPT = case_of().verify().transcript
assert TRANSCRIPT is not None
NUMBERS = {
    code: personal_number_hash_of(der, KEY)
    for code, der in CERTIFICATES.items()
    if code != TRANSCRIPT.homeroom_teacher_id
}
WITH_NUMBER = next(code for code, number in NUMBERS.items() if number)
WITHOUT = next(code for code, number in NUMBERS.items() if not number)

STAFF = tuple(
    StaffMember(
        code=teacher.id,
        name=teacher.full_name,
        personal_number_hash=personal_number_hash_of(teacher.signer.certificate_der, KEY),
        valid_from=date(2020, 8, 1),
        valid_to=None,
    )
    for teacher in SCHOOL.teachers
)
ASSIGNED = (
    *(
        Assignment(
            school_year=TRANSCRIPT.start_year,
            class_id=TRANSCRIPT.class_id,
            subject_code=line.subject_code,
            semester=1,
            staff_code=line.teacher_id,
        )
        for line in TRANSCRIPT.subjects
    ),
    Assignment(
        school_year=TRANSCRIPT.start_year,
        class_id=TRANSCRIPT.class_id,
        subject_code=HOMEROOM,
        semester=1,
        staff_code=TRANSCRIPT.homeroom_teacher_id,
    ),
)
LISTS = SchoolLists(key=KEY, members=STAFF, assignments=ASSIGNED)


def verify(lists: SchoolLists | None) -> Verdict:
    case = case_of()
    return replace(case, context=replace(case.context, lists=lists)).verify()


def changed(teacher: str, **changes: object) -> SchoolLists:
    """The lists with another entry for one teacher."""
    members = tuple(
        replace(one, **changes) if one.code == teacher else one  # type: ignore[arg-type]  # reason: each test names its fields
        for one in STAFF
    )
    return replace(LISTS, members=members)


def evidence(verdict: Verdict, name: str) -> tuple[Outcome, str | None]:
    [check] = [one for one in slot(verdict, name).checks if one.name == "authority"]
    return check.outcome, check.code


def gvbm(code: str) -> str:
    return f"GVBM[{code}]"


def test_teachers_on_the_list_are_shown_by_their_number_or_by_the_listed_name() -> None:
    verdict = verify(LISTS)
    assert verdict.report.indication is Indication.PASSED
    assert verdict.report.findings == ()
    assert evidence(verdict, gvbm(WITH_NUMBER)) == (Outcome.PASSED, "SIG-592")
    assert evidence(verdict, gvbm(WITHOUT)) == (Outcome.PASSED, "SIG-593")
    assert evidence(verdict, "CBQL") == (Outcome.PASSED, "SIG-590")


def test_without_lists_the_report_says_that_only_the_name_was_compared() -> None:
    assert evidence(verify(None), gvbm(WITH_NUMBER)) == (Outcome.PASSED, "SIG-591")


def test_the_number_of_somebody_else_refuses_even_under_the_same_name() -> None:
    verdict = verify(changed(WITH_NUMBER, personal_number_hash=hash_personal_number(KEY, "0" * 12)))
    assert verdict.transcript is None
    assert codes(verdict) == ["SIG-501"]
    assert evidence(verdict, gvbm(WITH_NUMBER)) == (Outcome.FAILED, "SIG-501")


def test_a_list_without_the_number_compares_the_name() -> None:
    verdict = verify(changed(WITH_NUMBER, personal_number_hash=None))
    assert codes(verdict) == []
    assert evidence(verdict, gvbm(WITH_NUMBER)) == (Outcome.PASSED, "SIG-593")


def test_a_listed_number_that_the_certificate_lacks_is_no_fault_of_the_signer() -> None:
    verdict = verify(changed(WITHOUT, personal_number_hash=hash_personal_number(KEY, "0" * 12)))
    assert codes(verdict) == []
    assert evidence(verdict, gvbm(WITHOUT)) == (Outcome.PASSED, "SIG-593")


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "Ai Đó Mẫu"},
        {"valid_to": date(2026, 1, 31)},
        {"valid_from": date(2026, 8, 1)},
        {"code": "khac"},
    ],
    ids=["another-name", "left", "not-yet", "another-code"],
)
def test_a_teacher_whom_the_list_does_not_know_that_day_is_a_warning(
    changes: dict[str, object],
) -> None:
    verdict = verify(changed(WITHOUT, **changes))
    assert verdict.transcript is not None
    assert codes(verdict) == ["SIG-521"]
    assert evidence(verdict, gvbm(WITHOUT)) == (Outcome.PASSED, "SIG-591")


def test_a_teacher_who_is_assigned_another_subject_or_class_is_a_warning() -> None:
    others = tuple(one for one in ASSIGNED if one.staff_code != WITH_NUMBER)
    verdict = verify(replace(LISTS, assignments=others))
    assert verdict.transcript is not None
    assert codes(verdict) == ["SIG-522"]
    assert [warning.code for warning in slot(verdict, gvbm(WITH_NUMBER)).warnings] == ["SIG-522"]


def test_a_homeroom_teacher_of_another_class_is_a_warning() -> None:
    others = tuple(one for one in ASSIGNED if one.subject_code != HOMEROOM)
    verdict = verify(replace(LISTS, assignments=others))
    assert [(found.code, found.slot) for found in verdict.report.findings] == [
        ("SIG-522", HOMEROOM)
    ]


@pytest.mark.parametrize("other", [{"school_year": 2024}, {"class_id": "khac"}])
def test_assignments_of_other_classes_and_years_say_nothing(other: dict[str, object]) -> None:
    elsewhere = tuple(
        replace(one, **other)  # type: ignore[arg-type]  # reason: each case names its field
        for one in ASSIGNED
    )
    assert codes(verify(replace(LISTS, assignments=elsewhere))) == []


def test_who_has_another_name_in_the_content_passes_with_a_warning_by_the_number() -> None:
    der = CERTIFICATES[WITH_NUMBER]
    certificate = read_certificate(der)
    assert certificate is not None
    duty = duties_of(TRANSCRIPT, LISTS)[gvbm(WITH_NUMBER)]
    authority = check_authority(
        SignerOfSlot(
            role=Role.SUBJECT_TEACHER, holder="Tên Cũ Mẫu", certificate=certificate, duty=duty
        ),
        others=(),
        registrations=(),
        school_code=SCHOOL.code,
        day=TRANSCRIPT.issued_on,
        received_at=RECEIVED_AT,
    )
    assert (authority.code, authority.evidence) == (None, "SIG-592")
    assert authority.warnings == ("SIG-523",)


def test_whom_neither_the_number_nor_the_name_shows_is_refused() -> None:
    certificate = read_certificate(CERTIFICATES[WITHOUT])
    assert certificate is not None
    signer = SignerOfSlot(
        role=Role.SUBJECT_TEACHER,
        holder="Ai Đó Mẫu",
        certificate=certificate,
        duty=duties_of(TRANSCRIPT, LISTS)[gvbm(WITHOUT)],
    )
    principal = replace(signer, role=Role.PRINCIPAL, duty=None)

    def decide(*others: SignerOfSlot) -> Authority:
        return check_authority(
            signer,
            others=others,
            registrations=(),
            school_code=SCHOOL.code,
            day=TRANSCRIPT.issued_on,
            received_at=RECEIVED_AT,
        )

    assert decide().code == "SIG-501"
    assert decide(principal).warnings == ("SIG-504",), "the principal stands in: no list forbids it"


def test_a_context_shows_no_key_when_it_is_printed() -> None:
    context: Context = replace(case_of().context, lists=LISTS)
    assert "staff-key" not in repr(context)
    assert "staff-key" not in repr(duties_of(TRANSCRIPT, LISTS))


def test_lists_that_come_again_to_a_process_are_not_read_again() -> None:
    sent = [pickle.loads(pickle.dumps(LISTS)) for _ in range(2)]  # noqa: S301 -- reason: our own
    assert sent[0] == LISTS
    assert sent[0] is sent[1]
    other = replace(LISTS, members=())
    assert pickle.loads(pickle.dumps(other)) == other  # noqa: S301 -- reason: our own
