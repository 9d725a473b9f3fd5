"""No table accepts a hostile document that libxml2 refuses with the same schema."""

import pytest

from tests.attacks.families import FAMILIES, attacks_of
from tests.attacks.harmless import odd_but_true, other_octets
from tests.grammars import assert_sound


@pytest.mark.parametrize("family", FAMILIES)
def test_whatever_attack_the_tables_accept_libxml2_accepts(family: str) -> None:
    for attack in attacks_of(family):
        assert_sound(attack.hostile)
        assert_sound(attack.twin)


def test_whatever_is_written_otherwise_and_accepted_libxml2_accepts() -> None:
    for one in (*other_octets(), *odd_but_true()):
        assert_sound(one.document)
