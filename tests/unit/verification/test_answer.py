from dataclasses import replace
from datetime import UTC, datetime

import pytest

from app.register.record import PublicRecord, SlotCheck
from app.signatures.report import Outcome
from app.verification.answer import NotChecked, PublicCheck, Status, conclude
from tests.records import CHECKS as NAMES
from tests.records import PUBLIC_RECORD

NOW = datetime(2026, 8, 20, tzinfo=UTC)
RECORD = PUBLIC_RECORD


def outcomes(record: PublicRecord, *, unaltered: bool = True) -> dict[PublicCheck, Outcome]:
    return dict(conclude(record, unaltered=unaltered, now=NOW).checks)


def status(record: PublicRecord, *, unaltered: bool = True) -> Status:
    return conclude(record, unaltered=unaltered, now=NOW).status


def with_check(name: str, outcome: str) -> PublicRecord:
    return replace(RECORD, checks=(*RECORD.checks, SlotCheck(name=name, outcome=outcome)))


def test_a_proven_transcript_is_in_force_and_says_that_revocation_was_not_checked() -> None:
    answer = conclude(RECORD, unaltered=True, now=NOW)
    assert answer.status is Status.IN_FORCE
    assert answer.code == "HHB8WG-CUCGKZ-ZA4SVQ"
    assert answer.school_year == "2025-2026"
    assert answer.checks == (
        (PublicCheck.ORIGINAL_UNALTERED, Outcome.PASSED),
        (PublicCheck.SIGNATURES, Outcome.PASSED),
        (PublicCheck.CERTIFICATES, Outcome.PASSED),
        (PublicCheck.REVOCATION, Outcome.NOT_CHECKED),
        (PublicCheck.IN_FORCE, Outcome.PASSED),
    )
    assert answer.not_checked == tuple(NotChecked)


def test_an_altered_original_confirms_nothing_that_was_recorded_about_it() -> None:
    assert status(RECORD, unaltered=False) is Status.NOT_CONFIRMED
    assert outcomes(RECORD, unaltered=False) == {
        PublicCheck.ORIGINAL_UNALTERED: Outcome.FAILED,
        PublicCheck.SIGNATURES: Outcome.NOT_CHECKED,
        PublicCheck.CERTIFICATES: Outcome.NOT_CHECKED,
        PublicCheck.REVOCATION: Outcome.NOT_CHECKED,
        PublicCheck.IN_FORCE: Outcome.PASSED,
    }


@pytest.mark.parametrize("unaltered", [True, False])
def test_a_withdrawn_transcript_is_withdrawn_whatever_else_is_found(unaltered: bool) -> None:  # noqa: FBT001 -- reason: a parameter of the case
    withdrawn = replace(RECORD, withdrawn_at=NOW)
    assert status(withdrawn, unaltered=unaltered) is Status.WITHDRAWN
    assert outcomes(withdrawn)[PublicCheck.IN_FORCE] is Outcome.FAILED


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("outcome", ["failed", "not_checked"])
def test_one_slot_that_did_not_pass_a_check_is_enough_to_confirm_nothing(
    name: str, outcome: str
) -> None:
    record = with_check(name, outcome)
    group = PublicCheck.CERTIFICATES if name in {"certificate", "path"} else PublicCheck.SIGNATURES
    assert outcomes(record)[group] is Outcome(outcome)
    assert status(record) is Status.NOT_CONFIRMED


@pytest.mark.parametrize("name", NAMES)
def test_a_check_that_no_slot_reports_confirms_nothing(name: str) -> None:
    checks = tuple(check for check in RECORD.checks if check.name != name)
    assert status(replace(RECORD, checks=checks)) is Status.NOT_CONFIRMED


def test_a_report_that_failed_or_left_content_uncovered_confirms_nothing() -> None:
    for record in (
        replace(RECORD, indication="FAILED"),
        replace(RECORD, coverage_complete=False),
    ):
        assert outcomes(record)[PublicCheck.SIGNATURES] is Outcome.FAILED
        assert status(record) is Status.NOT_CONFIRMED


def test_a_revoked_certificate_confirms_nothing() -> None:
    record = with_check("revocation", "failed")
    assert outcomes(record)[PublicCheck.REVOCATION] is Outcome.FAILED
    assert status(record) is Status.NOT_CONFIRMED


def test_checked_revocation_is_no_gap_any_more() -> None:
    checks = tuple(SlotCheck(name=name, outcome="passed") for name in (*NAMES, "revocation"))
    record = replace(RECORD, checks=checks)
    answer = conclude(record, unaltered=True, now=NOW)
    assert answer.status is Status.IN_FORCE
    assert answer.not_checked == (NotChecked.HOLDER, NotChecked.COPY)


def test_a_check_that_this_version_does_not_know_changes_nothing() -> None:
    assert status(with_check("timestamp", "not_checked")) is Status.IN_FORCE
