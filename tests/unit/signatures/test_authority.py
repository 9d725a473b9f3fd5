"""Who may sign which slot, on certificates reduced to what the decision looks at."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from app.signatures.authority import SignerOfSlot, check_authority
from app.signatures.certificates import Certificate
from app.signatures.report import Signer
from app.signatures.trust import Registration
from app.transcripts.profile import Role

DAY = date(2026, 6, 10)
RECEIVED = datetime(2026, 6, 20, tzinfo=UTC)
SCHOOL = "79000701"


def certificate(name: str) -> Certificate:
    return Certificate(
        der=name.encode(),
        sha256=f"sha256 of {name}",
        serial=1,
        issuer_der=b"",
        is_authority=False,
        key=None,
        not_before=datetime(2025, 1, 1, tzinfo=UTC),
        not_after=datetime(2029, 1, 1, tzinfo=UTC),
        signer=Signer(
            name=name,
            organisation=None,
            personal_number_known=False,
            certificate_sha256=f"sha256 of {name}",
            issuer="",
            serial="1",
        ),
    )


def signer(role: Role, name: str, holder: str | None = None) -> SignerOfSlot:
    return SignerOfSlot(role=role, holder=holder or name, certificate=certificate(name))


def registration(name: str, role: Role, school: str = SCHOOL) -> Registration:
    return Registration(
        certificate_sha256=f"sha256 of {name}",
        school_code=school,
        role=role,
        approved_from=date(2026, 1, 1),
        approved_to=date(2026, 12, 31),
    )


PRINCIPAL = signer(Role.PRINCIPAL, "Vũ Văn Mẫu")
SEAL = signer(Role.SCHOOL, "Trường THCS Mẫu Số Một")
HOMEROOM = signer(Role.HOMEROOM_TEACHER, "Đỗ Thị Mẫu")
TEACHER = signer(Role.SUBJECT_TEACHER, "Lê Văn Mẫu")
REGISTERED = (
    registration("Vũ Văn Mẫu", Role.PRINCIPAL),
    registration("Trường THCS Mẫu Số Một", Role.SCHOOL),
)


def decide(
    one: SignerOfSlot,
    *others: SignerOfSlot,
    registrations: tuple[Registration, ...] = REGISTERED,
    day: date = DAY,
) -> tuple[str | None, tuple[str, ...], str]:
    authority = check_authority(
        one,
        others=[other for other in others if other.certificate.der == one.certificate.der],
        registrations=registrations,
        school_code=SCHOOL,
        day=day,
        received_at=RECEIVED,
    )
    return authority.code, authority.warnings, authority.evidence


@pytest.mark.parametrize("one", [PRINCIPAL, SEAL], ids=["principal", "seal"])
def test_a_registered_signer_is_shown_by_its_registration(one: SignerOfSlot) -> None:
    others = [s for s in (PRINCIPAL, SEAL, HOMEROOM, TEACHER) if s is not one]
    assert decide(one, *others) == (None, (), "SIG-590")


@pytest.mark.parametrize("one", [HOMEROOM, TEACHER], ids=["homeroom", "teacher"])
def test_a_teacher_is_shown_by_name_only(one: SignerOfSlot) -> None:
    others = [s for s in (PRINCIPAL, SEAL, HOMEROOM, TEACHER) if s is not one]
    assert decide(one, *others) == (None, (), "SIG-591")


def test_the_schools_certificate_signs_its_package() -> None:
    assert decide(signer(Role.PACKAGE, "Trường THCS Mẫu Số Một"))[0] is None


def test_an_unregistered_principal_is_unknown() -> None:
    assert decide(signer(Role.PRINCIPAL, "Ai Đó Mẫu"))[0] == "SIG-500"


def test_a_certificate_of_another_school_is_named_as_such() -> None:
    elsewhere = (registration("Vũ Văn Mẫu", Role.PRINCIPAL, school="79000702"),)
    assert decide(PRINCIPAL, registrations=elsewhere)[0] == "SIG-503"


@pytest.mark.parametrize("day", [date(2025, 12, 31), date(2027, 1, 1)], ids=["before", "after"])
def test_an_approval_counts_only_for_its_days(day: date) -> None:
    assert decide(PRINCIPAL, day=day)[0] == "SIG-501"


def test_an_approval_without_an_end_stands() -> None:
    endless = (replace(REGISTERED[0], approved_to=None),)
    assert decide(PRINCIPAL, registrations=endless, day=date(2030, 1, 1))[0] is None


def test_a_principals_certificate_is_no_seal() -> None:
    assert decide(signer(Role.SCHOOL, "Vũ Văn Mẫu"))[0] == "SIG-501"


def test_another_name_of_a_registered_signer_is_a_warning() -> None:
    principal = signer(Role.PRINCIPAL, "Vũ Văn Mẫu", holder="Vũ Văn Khác")
    seal = signer(Role.SCHOOL, "Trường THCS Mẫu Số Một", holder="Trường THCS Khác")
    assert decide(principal)[1] == ("SIG-505",)
    assert decide(seal)[1] == ("SIG-506",)


def test_a_teachers_slot_signed_by_somebody_else_is_refused() -> None:
    stranger = signer(Role.SUBJECT_TEACHER, "Ai Đó Mẫu", holder="Lê Văn Mẫu")
    assert decide(stranger, PRINCIPAL)[0] == "SIG-501"


def test_the_principal_may_sign_for_a_subject_teacher_with_a_warning() -> None:
    stand_in = signer(Role.SUBJECT_TEACHER, "Vũ Văn Mẫu", holder="Lê Văn Mẫu")
    assert decide(stand_in, PRINCIPAL) == (None, ("SIG-504",), "SIG-591")


def test_the_principal_may_not_sign_for_the_homeroom_teacher() -> None:
    stand_in = signer(Role.HOMEROOM_TEACHER, "Vũ Văn Mẫu", holder="Đỗ Thị Mẫu")
    assert decide(stand_in, PRINCIPAL)[0] == "SIG-502"
    assert decide(PRINCIPAL, stand_in)[0] == "SIG-502"


@pytest.mark.parametrize("role", [Role.SUBJECT_TEACHER, Role.HOMEROOM_TEACHER, Role.PRINCIPAL])
def test_the_schools_certificate_signs_for_nobody(role: Role) -> None:
    stand_in = signer(role, "Trường THCS Mẫu Số Một")
    assert decide(stand_in, SEAL)[0] == "SIG-502"
    assert decide(SEAL, stand_in)[0] == "SIG-502"


def test_a_homeroom_teacher_may_teach_a_subject() -> None:
    line = signer(Role.SUBJECT_TEACHER, "Đỗ Thị Mẫu")
    assert decide(line, HOMEROOM)[0] is None
    assert decide(HOMEROOM, line)[0] is None


def test_a_slot_without_a_named_holder_proves_nothing_by_name() -> None:
    nameless = SignerOfSlot(
        role=Role.SUBJECT_TEACHER, holder=None, certificate=certificate("Lê Văn Mẫu")
    )
    assert decide(nameless)[0] == "SIG-501"


@pytest.mark.parametrize(
    ("since", "code"),
    [
        (RECEIVED, "SIG-520"),
        (RECEIVED - timedelta(days=300), "SIG-520"),
        (RECEIVED + timedelta(seconds=1), None),
        (None, None),
    ],
    ids=["at-receipt", "long-ago", "after-receipt", "never"],
)
def test_what_arrives_after_its_holder_took_a_certificate_back_is_refused(
    since: datetime | None, code: str | None
) -> None:
    taken_back = (replace(REGISTERED[0], revoked_from=since), REGISTERED[1])
    assert decide(PRINCIPAL, registrations=taken_back)[0] == code


def test_a_certificate_of_another_school_is_named_though_it_was_taken_back_here() -> None:
    here = replace(REGISTERED[0], revoked_from=RECEIVED)
    elsewhere = replace(REGISTERED[0], school_code="79000702")
    assert decide(PRINCIPAL, registrations=(here, elsewhere))[0] == "SIG-520"
