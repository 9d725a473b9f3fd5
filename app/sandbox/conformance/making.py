"""The whole set, in the order in which it may be sent."""

from collections.abc import Iterable

from app.sandbox.conformance.case import Case, codes_of
from app.sandbox.conformance.contents import flawed_contents, good_contents
from app.sandbox.conformance.messages import envelopes, histories, several
from app.sandbox.conformance.recipe import follow
from app.sandbox.conformance.seals import (
    flawed_octets,
    flawed_seals,
    flawed_times,
    flawed_writing,
    good_seals,
    wrong_signers,
)
from app.sandbox.conformance.workshop import Workshop
from app.signatures.catalogue import CATALOGUE

ENVELOPES_FROM, SEVERAL_FROM, HISTORIES_FROM = 500, 700, 800
"""Numbers in the series from which each kind of package counts, so that none has another's."""

ELSEWHERE = frozenset(
    {
        "PKG-108",  # told instead of 409 where two packages of one id are decided at the same time
        "PKG-112",  # needs an account whose grant is bound to one level
        "PKG-199",
        "SIG-330",
        "SIG-999",  # faults of the repository
        "SIG-530",
        "SIG-531",
        "SIG-532",
        "SIG-533",
        "SIG-534",  # of the registration of certificates
        "SIG-521",
        "SIG-522",
        "SIG-523",
        "SIG-590",
        "SIG-591",  # stand in the report of a transcript
        "SIG-592",
        "SIG-593",  # need the school's list of staff
        "PKG-202",
        "SIG-355",
        "SIG-405",
        "SIG-410",
        "SIG-411",
        "SIG-412",
        "SIG-413",
        "SIG-414",
        "SIG-415",
        "SIG-416",
        "SIG-418",
        "SIG-419",
        "SIG-520",  # follow from what an authority or a school takes back, and when
    }
)
"""Codes that no package alone can provoke."""


def make_cases(workshop: Workshop) -> tuple[Case, ...]:
    """Make every case; the order is one in which each comes after what it depends on."""
    recipes = (
        *good_contents(),
        *good_seals(workshop),
        *flawed_contents(),
        *flawed_octets(),
        *flawed_writing(),
        *flawed_seals(workshop),
        *flawed_times(workshop),
        *wrong_signers(workshop),
    )
    return (
        *(follow(workshop, recipe, number) for number, recipe in enumerate(recipes, start=1)),
        *envelopes(workshop, ENVELOPES_FROM),
        *several(workshop, SEVERAL_FROM),
        *histories(workshop, HISTORIES_FROM),
    )


def coverage_of(cases: Iterable[Case]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Say which codes of the catalogue the cases provoke, and which a package could besides."""
    covered = frozenset[str]().union(*map(codes_of, cases))
    missing = sorted(frozenset(CATALOGUE) - covered - ELSEWHERE)
    return tuple(sorted(covered)), tuple(missing)
