"""A transcript is held to what its school was on the day of issue."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from app.signatures.context import Tenure
from tests.verdicts import case_of

TRANSCRIPT = case_of().verify().transcript
assert TRANSCRIPT is not None
DAY = TRANSCRIPT.issued_on
BEFORE = Tenure(first=date.min, last=DAY - timedelta(days=1), province_code="77", levels=("02",))
THAT_DAY = Tenure(first=DAY, last=DAY, province_code="79", levels=("03", "04"))
SINCE = Tenure(first=DAY + timedelta(days=1), last=None, province_code="01")


def places(*tenures: Tenure, today: str = "79") -> list[str | None]:
    case = case_of()
    context = replace(case.context, province_code=today, tenures=tenures)
    report = replace(case, context=context).verify().report
    assert {finding.code for finding in report.findings} <= {"SIG-510"}
    return [finding.xpath for finding in report.findings]


def test_the_province_and_the_levels_of_that_day_count_and_not_those_of_today() -> None:
    assert places(BEFORE, THAT_DAY, SINCE, today="01") == []


@pytest.mark.parametrize("code", ["77", "01"])
def test_another_province_on_that_day_is_refused(code: str) -> None:
    assert places(BEFORE, replace(THAT_DAY, province_code=code), SINCE) == ["//MA_SO_GD"]


def test_a_level_that_the_school_did_not_teach_is_refused() -> None:
    assert places(replace(THAT_DAY, levels=("02",))) == ["//CAP_HOC_ID"]


def test_a_directory_that_does_not_say_the_levels_asks_for_none() -> None:
    assert places(replace(THAT_DAY, levels=())) == []


def test_a_school_that_did_not_exist_on_that_day_issues_nothing() -> None:
    assert places(BEFORE, SINCE) == ["//MA_SO_GD"]
