"""The conformance set against a repository over real HTTP, and what it is made of."""

from datetime import date

import pytest

from app.db import Database
from app.sandbox.client import Client
from app.sandbox.conformance.case import Case, case_from_json, case_to_json
from app.sandbox.conformance.making import coverage_of, make_cases
from app.sandbox.conformance.running import compare, run_cases
from app.sandbox.conformance.workshop import Workshop, open_workshop
from app.sandbox.enrolment import enrol_conformance
from tests.scenarios import KEY_CACHE, SEED, TODAY
from tests.working import NOW, Repository, as_owner


@pytest.fixture(scope="module")
def workshop() -> Workshop:
    return open_workshop(SEED, today=TODAY, series="thu", cache=KEY_CACHE)


@pytest.fixture(scope="module")
def cases(workshop: Workshop) -> tuple[Case, ...]:
    return make_cases(workshop)


def test_a_repository_agrees_with_the_whole_set(
    repository: Repository, workshop: Workshop, cases: tuple[Case, ...]
) -> None:
    async def enrol(database: Database) -> str:
        return await enrol_conformance(
            database,
            tuple(workshop.schools.values()),
            client_id="kit",
            approved_from=date(2025, 8, 1),
            now=NOW,
        )

    secret = repository.thread.run(as_owner(repository.database_url, enrol))
    repository.start_worker()
    with Client(repository.url, "kit", secret) as client:
        outcomes = list(run_cases(cases, client, workshop))
    differing = [f"{one.case.name}: {line}" for one in outcomes for line in one.differences]
    assert differing == [], "\n".join(differing)
    assert len(outcomes) == len(cases)


def test_the_set_is_the_same_each_time_and_another_one_in_another_series(
    workshop: Workshop, cases: tuple[Case, ...]
) -> None:
    assert make_cases(workshop) == cases
    other = make_cases(open_workshop(SEED, today=TODAY, series="khac", cache=KEY_CACHE))
    assert [one.name for one in other] == [one.name for one in cases]
    assert not {one.package for one in other if one.package} & {one.package for one in cases}


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
