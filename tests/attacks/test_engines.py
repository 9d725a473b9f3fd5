"""The C engine and the Python beside it say the same of whatever was ever tried."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.attacks.families import FAMILIES, attacks_of
from tests.attacks.harmless import odd_but_true, other_octets
from tests.attacks.structure import Change, restructured
from tests.attacks.test_bytes import DOCUMENTS, EVERYTHING, pytestmark
from tests.attacks.test_structure import step
from tests.engines import assert_same_verdict

__all__ = ["pytestmark"]

EXAMPLES = 20_000 if EVERYTHING else 100
"""Changed documents of each kind."""


@pytest.mark.parametrize("family", FAMILIES)
def test_both_engines_say_the_same_of_every_attack_and_its_twin(family: str) -> None:
    twins = set()
    for attack in attacks_of(family):
        assert_same_verdict(attack.verify, attack.hostile, attack.name)
        twins.add((attack.twin, attack.judge_twin or attack.verify))
    for twin, verify in twins:
        assert_same_verdict(verify, twin, family)


def test_both_engines_say_the_same_of_documents_that_are_written_otherwise() -> None:
    for one in (*other_octets(), *odd_but_true()):
        assert_same_verdict(one.verify, one.document, one.name)


@pytest.mark.parametrize("name", DOCUMENTS)
@given(changes=st.lists(step, min_size=1, max_size=3))
@settings(max_examples=EXAMPLES)
def test_both_engines_say_the_same_of_a_changed_structure(
    name: str, changes: list[tuple[Change, int, int, str]]
) -> None:
    make, verify = DOCUMENTS[name]
    assert_same_verdict(verify, restructured(make(), changes))


@pytest.mark.parametrize("name", DOCUMENTS)
@given(at=st.floats(0, 1, exclude_max=True), octets=st.binary(max_size=2))
@settings(max_examples=EXAMPLES)
def test_both_engines_say_the_same_of_changed_octets(name: str, at: float, octets: bytes) -> None:
    make, verify = DOCUMENTS[name]
    xml = make()
    place = int(at * len(xml))
    assert_same_verdict(verify, xml[:place] + octets + xml[place + 1 :])
