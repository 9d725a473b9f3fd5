from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.sandbox.stream import Stream
from tests.simpletypes import restriction, simple_type, simple_types
from tests.walks import ALPHABET, covering, text_of

each_type = pytest.mark.parametrize("name", simple_types())
seeds = st.text(max_size=9)


@each_type
def test_libxml2_takes_texts_along_every_arrow_of_a_table(name: str) -> None:
    one = simple_types()[name]
    automaton = one.value[1]
    texts = ["", *ALPHABET] if automaton is None else list(covering(automaton))
    assert all(map(one.takes, texts))
    assert one.valid(*texts)


@each_type
@given(seed=seeds)
def test_libxml2_takes_texts_on_any_way_through_a_table(name: str, seed: str) -> None:
    one = simple_types()[name]
    text = text_of(one.value, Stream(seed))
    assert one.takes(text)
    assert one.valid(text)


@each_type
@given(seed=seeds, at=st.integers(0, 40), inside=st.text(ALPHABET, max_size=2))
def test_libxml2_takes_what_a_table_takes_beside_its_ways(
    name: str, seed: str, at: int, inside: str
) -> None:
    one = simple_types()[name]
    text = text_of(one.value, Stream(seed))
    for changed in (text[:at] + inside + text[at:], text[:at] + inside + text[at + 1 :], inside):
        assert one.valid(changed) or not one.takes(changed)


@each_type
def test_a_length_counts_characters_as_libxml2_does(name: str) -> None:
    one = simple_types()[name]
    most = max(one.value[0], 1)
    for character, length in product("aĐ𝟘", (most, most + 1)):
        text = character * length
        assert one.valid(text) or not one.takes(text)


def test_days_are_those_that_exist() -> None:
    one = simple_type(restriction("", "date"))
    years = (0, 1, 4, 99, 100, 400, 999, 1900, 1996, *range(1999, 2030), 2100, 9999)
    for year, month, day in product(years, range(14), range(34)):
        text = f"{year:04}-{month:02}-{day:02}"
        leap_day_of_a_century = year % 100 == 0 and (month, day) == (2, 29)
        assert one.takes(text) == (one.valid(text) and not leap_day_of_a_century), text


def test_moments_are_those_that_exist() -> None:
    one = simple_type(restriction("", "dateTime"))
    clocks = [f"T{hour:02}:{part:02}:{part:02}" for hour in range(26) for part in (0, 9, 59, 60)]
    zones = [f"{sign}{hour:02}:{part}" for sign in "+-" for hour in range(16) for part in (0, 59)]
    for clock, zone in product(clocks, ("", "Z", ".5Z", ".Z", *zones)):
        text = f"2025-06-10{clock}{zone}"
        assert one.valid(text) or not one.takes(text), text
