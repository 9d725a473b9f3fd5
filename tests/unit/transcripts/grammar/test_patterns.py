from itertools import islice, product
from xml.sax.saxutils import quoteattr

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from app.transcripts.grammar.patterns import expression_of
from app.transcripts.grammar.tables import NotUnderstood
from tests.simpletypes import SimpleType, restriction, simple_type
from tests.walks import covering

CHARACTERS = [chr(code) for code in range(0x20, 0x7F)]
CLASSES = [r"\i", r"\c", r"\p{L}", r"\p{N}", r"\s"]
ESCAPED = [rf"\{character}" for character in r"\|.-^?*+{}()[]"]

PIECES = [*"aac019.-[]()|*+?", "[", "]", r"\-", r"\i", r"\s", "{2}", "{0,1}", "Đ"]
"""What odd patterns are made of."""

ranges = st.tuples(st.sampled_from("ab019AZ"), st.sampled_from("cxz9Z")).map(
    lambda ends: "-".join(sorted(ends))
)
members = st.lists(st.sampled_from([*CLASSES, *ESCAPED, *"aZ_:. +,#/"]) | ranges, min_size=1)
classes = st.tuples(
    members.map("".join), st.one_of(st.just(""), members.map(lambda one: f"-[{''.join(one)}]"))
).map(lambda parts: f"[{parts[0]}{parts[1]}]")
atoms = st.one_of(
    st.sampled_from([*CLASSES, *ESCAPED, *"aZ09_/:#,- Đ", ".", r"\S"]),
    classes,
)


def _larger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    several = st.lists(inner, min_size=1, max_size=3)
    return st.one_of(
        several.map("".join),
        several.map(lambda choices: f"({'|'.join(choices)})"),
        st.tuples(inner, st.sampled_from(["?", "*", "+", "{2}", "{1,}", "{0,3}"])).map(
            lambda parts: f"({parts[0]}){parts[1]}"
        ),
    )


patterns = st.recursive(atoms, _larger, max_leaves=6)


def of_pattern(pattern: str) -> SimpleType:
    return simple_type(restriction(f"<xs:pattern value={quoteattr(pattern)}/>"))


@given(pattern=patterns, texts=st.lists(st.text("aZ09_/:. Đđ\n", max_size=4), max_size=9))
def test_what_a_translated_pattern_takes_libxml2_takes(pattern: str, texts: list[str]) -> None:
    try:
        one = of_pattern(pattern)
    except NotUnderstood:
        return
    automaton = one.value[1]
    assert automaton is not None
    found = list(islice(covering(automaton), 200))
    for text in (*texts, *found, *CHARACTERS, ""):
        assert one.valid(text) or not one.takes(text), text


@given(pattern=st.lists(st.sampled_from(PIECES), min_size=1, max_size=9).map("".join))
def test_no_odd_pattern_is_taken_for_more_than_libxml2_takes(pattern: str) -> None:
    try:
        expression_of(pattern)
        one = of_pattern(pattern)
    except (NotUnderstood, etree.XMLSchemaParseError):
        return
    for text in ("", *CHARACTERS, *map("".join, product("ac-0", repeat=2))):
        assert one.valid(text) or not one.takes(text), text


@pytest.mark.parametrize("pattern", [".", r"\S"])
def test_a_wide_pattern_takes_every_character_beyond_ascii(pattern: str) -> None:
    one = of_pattern(f"({pattern})*")
    beyond = "".join(
        map(chr, (*range(0x80, 0xD800), *range(0xE000, 0xFFFE), *range(0x10000, 0x110000)))
    )
    assert one.takes(beyond)
    assert one.valid(beyond)


@pytest.mark.parametrize("pattern", [*CLASSES, r"[\i\c\p{L}\p{N}]"])
def test_a_class_takes_nothing_beyond_ascii(pattern: str) -> None:
    one = of_pattern(pattern)
    assert not any(map(one.takes, "Đé١Ⅷ\x85\xa0"))


@pytest.mark.parametrize(
    ("pattern", "exact"),
    [
        ("[0-9]{2,3}", {"12": True, "123": True, "1": False, "1234": False}),
        ("[0-9]{2,}", {"12": True, "1234": True, "1": False}),
        ("[0-9]{2}", {"12": True, "1": False, "123": False}),
        ("a?b+c*", {"b": True, "abbcc": True, "a": False, "aab": False}),
        ("([0-9](\\.[0-9])?|10)?", {"": True, "9": True, "8.5": True, "10": True, "11": False}),
        ("[a-z-[m-p]]", {"a": True, "q": True, "n": False}),
        ("Đ|CĐ", {"Đ": True, "CĐ": True, "C": False, "D": False}),
        ("[.+]", {".": True, "+": True, "a": False}),
    ],
)
def test_a_pattern_of_ascii_is_translated_exactly(pattern: str, exact: dict[str, bool]) -> None:
    one = of_pattern(pattern)
    for text, taken in exact.items():
        assert one.takes(text) == one.valid(text) == taken


@pytest.mark.parametrize(
    "pattern",
    [
        "(a",
        "a)",
        "[a",
        "[a-",
        "[a-]",
        "[-a]",
        "[a-c-e]",
        r"[\+-\-]",
        "[^a]",
        "[Đ]",
        "[.-\\s]",
        r"[a-\c]",
        r"[\S]",
        "[a-z-[b]c]",
        "a{2",
        "a**",
        "*",
        "^a$",
        r"\d",
        r"\w",
        r"\p{Lu}",
        r"\P{L}",
        r"\Đ",
        "&",
        "(a?){2}",
        "(a*){0,2}",
        "a|a{2}",
        "[1-9][0-9]?|[12][0-9]{2}",
        "\n",
    ],
)
def test_a_pattern_that_no_schema_of_ours_has_needed_is_not_guessed(pattern: str) -> None:
    with pytest.raises(NotUnderstood):
        expression_of(pattern)
