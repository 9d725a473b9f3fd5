"""What the conformance set is made of; the journeys send it to a live service."""

import pytest

from app.sandbox.conformance.case import Case, case_from_json, case_to_json
from app.sandbox.conformance.making import HISTORIES_FROM, coverage_of, make_cases
from app.sandbox.conformance.messages import histories
from app.sandbox.conformance.running import compare
from app.sandbox.conformance.workshop import Workshop, open_workshop
from tests.scenarios import KEY_CACHE, SEED, TODAY


@pytest.fixture(scope="module")
def workshop() -> Workshop:
    return open_workshop(SEED, today=TODAY, series="thu", cache=KEY_CACHE)


@pytest.fixture(scope="module")
def cases(workshop: Workshop) -> tuple[Case, ...]:
    return make_cases(workshop)


def test_the_set_is_the_same_each_time_and_another_one_in_another_series(
    workshop: Workshop, cases: tuple[Case, ...]
) -> None:
    known = {one.name: one for one in cases}
    again = tuple(histories(workshop, HISTORIES_FROM))
    other = tuple(
        histories(open_workshop(SEED, today=TODAY, series="khac", cache=KEY_CACHE), HISTORIES_FROM)
    )
    assert again == tuple(known[one.name] for one in again)
    assert [one.name for one in other] == [one.name for one in again]
    assert not {one.package for one in other if one.package} & {one.package for one in again}


def test_the_set_has_more_than_sixty_packages_and_every_code_that_it_names(
    cases: tuple[Case, ...],
) -> None:
    names = [case.name for case in cases]
    assert len(set(names)) == len(names) > 60
    for place, case in enumerate(cases):
        assert case.after is None or case.after in names[:place]
    covered, missing = coverage_of(cases)
    assert len(covered) > 60
    # Content outside every signature, empty octets, two certificates and endless paths need tools
    # that no vendor has; the attacks among our tests make them.
    assert missing == ("SIG-230", "SIG-301", "SIG-311", "SIG-404")


def test_a_case_is_read_back_from_json(cases: tuple[Case, ...]) -> None:
    for case in cases:
        assert case_from_json(case_to_json(case), case.package) == case


def test_every_difference_is_named(cases: tuple[Case, ...]) -> None:
    good = next(case for case in cases if case.expected.items)
    assert compare(good, {"problem": "too-large"}).differences == (
        "problem: too-large ≠ None",
        "items: 0 ≠ 1",
    )
