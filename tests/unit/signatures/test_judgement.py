from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from app.signatures.judgement import MAX_AGE, VIETNAM, JudgedBy, day_is_plausible, judge_at
from tests.verdicts import case_of

RECEIVED = datetime(2026, 8, 20, 10, 0, tzinfo=UTC)


def test_the_end_of_the_day_of_issue_counts_when_something_attests_it() -> None:
    judgement = judge_at(date(2026, 6, 10), RECEIVED, attested=True)
    assert judgement.at == datetime(2026, 6, 10, 23, 59, 59, tzinfo=VIETNAM)
    assert judgement.by is JudgedBy.DAY_OF_ISSUE


def test_a_day_that_nothing_attests_gives_way_to_the_receipt() -> None:
    judgement = judge_at(date(2026, 6, 10), RECEIVED, attested=False)
    assert (judgement.at, judgement.by) == (RECEIVED, JudgedBy.RECEIPT)


def test_without_a_day_the_receipt_counts() -> None:
    assert judge_at(None, RECEIVED, attested=True).at == RECEIVED


def test_a_transcript_issued_today_is_never_judged_after_its_receipt() -> None:
    assert judge_at(date(2026, 8, 20), RECEIVED, attested=True).at == RECEIVED


@pytest.mark.parametrize(
    ("day", "plausible"),
    [
        (date(2026, 8, 20), True),
        (date(2026, 8, 21), False),
        (RECEIVED.date() - MAX_AGE, True),
        (RECEIVED.date() - MAX_AGE - timedelta(days=1), False),
    ],
)
def test_a_day_of_issue_lies_in_the_last_400_days(day: date, *, plausible: bool) -> None:
    assert day_is_plausible(day, RECEIVED) is plausible
    at_receipt = judge_at(day, RECEIVED, attested=True).by is JudgedBy.RECEIPT
    assert at_receipt is not plausible


def test_the_day_of_receipt_is_vietnams_day() -> None:
    late_evening_utc = datetime(2026, 8, 20, 17, 30, tzinfo=UTC)  # 00:30 on the 21st in Vietnam
    assert day_is_plausible(date(2026, 8, 21), late_evening_utc)


def test_teachers_are_judged_at_the_day_of_issue_and_the_others_when_they_were_approved() -> None:
    unknown = replace(case_of(), registrations=()).verify().report.slots
    known = case_of().verify().report.slots
    assert {one.judged_by for one in known} == {"day_of_issue"}
    teachers = {one.judged_by for one in unknown if one.role.startswith("GV")}
    others = {one.judged_by for one in unknown if not one.role.startswith("GV")}
    assert (teachers, others) == ({"day_of_issue"}, {"receipt"})
