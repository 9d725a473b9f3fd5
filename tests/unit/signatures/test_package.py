"""The package's own signature and the message under it."""

import re
from dataclasses import replace
from datetime import timedelta

from app.signatures.report import Indication, PackageVerdict
from app.signatures.trust import Registration
from app.signatures.verify import verify_package
from app.transcripts.profile import Role
from tests.scenarios import scenario_of
from tests.verdicts import RECEIVED_AT, STUDENTS, case_of

PACKAGE = scenario_of(STUDENTS).package


def verify(
    package: bytes = PACKAGE,
    registrations: tuple[Registration, ...] | None = None,
    *,
    days_later: int = 0,
) -> PackageVerdict:
    return verify_package(
        package,
        received_at=RECEIVED_AT + timedelta(days=days_later),
        trust=case_of().trust,
        registrations=case_of().registrations if registrations is None else registrations,
    )


def codes(verdict: PackageVerdict) -> list[str]:
    return [finding.code for finding in verdict.report.findings]


def test_a_signed_package_gives_its_message() -> None:
    verdict = verify()
    assert verdict.report.indication is Indication.PASSED
    assert verdict.message is not None
    assert verdict.message.school_code == scenario_of(STUDENTS).school.code
    assert len(verdict.message.items) == STUDENTS
    (slot,) = verdict.report.slots
    assert (slot.role, slot.judged_by) == (Role.PACKAGE, "day_of_issue")


def test_an_altered_message_is_refused() -> None:
    verdict = verify(PACKAGE.replace(b"<MA_HOC_SINH>7", b"<MA_HOC_SINH>8", 1))
    assert codes(verdict) == ["SIG-300"]
    assert verdict.message is None


def test_an_unsigned_package_is_refused() -> None:
    unsigned = re.sub(rb"<ds:Signature .*</ds:Signature>", b"", PACKAGE, flags=re.DOTALL)
    assert codes(verify(unsigned)) == ["SIG-200"]


def test_a_package_of_an_unregistered_school_is_refused() -> None:
    assert codes(verify(registrations=())) == ["SIG-500"]


def test_a_package_sealed_by_another_school_is_refused() -> None:
    elsewhere = tuple(replace(r, school_code="79000799") for r in case_of().registrations)
    assert codes(verify(registrations=elsewhere)) == ["SIG-503"]


def test_a_package_made_more_than_400_days_ago_is_refused() -> None:
    assert "PKG-107" in codes(verify(days_later=400))


def test_what_is_no_package_is_refused() -> None:
    for data in (b"", b"<BAN_TIN/>", b"\xff\xfe", case_of().xml):
        verdict = verify(data)
        assert verdict.message is None
        assert verdict.report.indication is not Indication.PASSED
