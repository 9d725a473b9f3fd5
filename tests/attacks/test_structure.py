"""Moved, doubled, deleted, renamed elements: accepted only where nothing signed differs."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.attacks.meaning import read, same_meaning
from tests.attacks.structure import CHANGES, WORDS, Change, restructured
from tests.attacks.test_bytes import DOCUMENTS, EVERYTHING, pytestmark

__all__ = ["pytestmark"]

EXAMPLES = 20_000 if EVERYTHING else 250
"""Documents of each kind."""

places = st.integers(0, 999)
step = st.tuples(st.sampled_from(CHANGES), places, places, st.sampled_from(WORDS))


@pytest.mark.parametrize("name", DOCUMENTS)
@given(changes=st.lists(step, min_size=1, max_size=4))
@settings(max_examples=EXAMPLES)
def test_a_changed_structure_is_refused_or_changes_nothing(
    name: str, changes: list[tuple[Change, int, int, str]]
) -> None:
    make, verify = DOCUMENTS[name]
    xml = make()
    hostile = restructured(xml, changes)
    report, value = verify(hostile)
    assert "SIG-999" not in {finding.code for finding in report.findings}, report.fault
    if value is not None:
        assert same_meaning(xml, hostile)
        assert read(value, hostile) == read(verify(xml)[1], xml)
