from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.sandbox.stream import Stream
from app.transcripts.grammar.tables import NotUnderstood
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


TYPICAL = {
    "hoc-ba-1-secondary.xsd:Mark": ("", "0", "8.5", "10", "10.0", "Đ", "CĐ"),
    "hoc-ba-1-secondary.xsd:Rating": ("", "T", "K", "Đ", "CĐ"),
    "hoc-ba-1-th.xsd:TestMark": ("", "1", "9", "10"),
    "hoc-ba-1-th.xsd:QualityLevel": ("T", "Đ", "C"),
    "hoc-ba-1-th.xsd:Completion": ("HTXS", "HT"),
    "hoc-ba-1-th.xsd:Measure": ("", "135", "32.5"),
    "hoc-ba-1.xsd:Code": ("48", "4815131060", "48000123-7A2-2024", "THCS.01/a_b"),
    "hoc-ba-1.xsd:TargetId": ("data", "mon-19", "_9f3c2.1"),
    "hoc-ba-1.xsd:Name": ("Đặng Thị Mẫu Hằng", "Nguyễn Thị Ân", " Mẫu ", "7A2", "ĐẶNG (B) & con"),
    "hoc-ba-1.xsd:Remark": ("", "Viết tốt.\nĐọc nhiều.", "a" * 4000),
    "hoc-ba-1.xsd:Day": ("2025-06-10", "2012-02-29", "2024-12-31"),
    "hoc-ba-1.xsd:BirthDate": ("2012-02-29", "2012-11", "2012"),
    "ban-tin-1.xsd:Moment": ("2026-06-10T08:00:00+07:00", "2026-06-10T01:00:00.123456Z"),
    "ban-tin-1.xsd:MessageId": ("8f14e45f-ceea-467f-a0e6-0b1f3a5c7d9e",),
    "xmldsig-subset.xsd:Id": ("xmldsig-4f0d", "ky-gvcn", "_x"),
    "xmldsig-subset.xsd:Uri": (
        "",
        "#data",
        "http://www.w3.org/2000/09/xmldsig#enveloped-signature",
        "http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments",
        "http://uri.etsi.org/01903#SignedProperties",
        "urn:oid:1.2.840.113549",
    ),
}


@pytest.mark.parametrize("name", TYPICAL)
def test_the_table_takes_what_transcripts_usually_say(name: str) -> None:
    file, _, type_name = name.partition(":")
    (one,) = [
        found
        for place, found in simple_types().items()
        if place.startswith(f"{file}:") and place.endswith(f"-{type_name}")
    ]
    assert [text for text in TYPICAL[name] if not one.takes(text)] == []


@pytest.mark.parametrize(
    "definition",
    [
        restriction("", "decimal"),
        restriction("", "token"),
        restriction(r'<xs:pattern value="\d"/>'),
        '<xs:simpleType><xs:union memberTypes="xs:date xs:string"/></xs:simpleType>',
        "<xs:simpleType><xs:union>"
        + restriction('<xs:maxLength value="3"/>', "anyURI")
        + "</xs:union></xs:simpleType>",
    ],
)
def test_a_simple_type_that_no_schema_of_ours_has_needed_is_not_guessed(definition: str) -> None:
    with pytest.raises(NotUnderstood):
        simple_type(definition)


def test_facets_of_every_step_of_a_restriction_count() -> None:
    first = """<xs:simpleType name="First"><xs:restriction base="xs:string">
        <xs:maxLength value="3"/><xs:pattern value="a*"/><xs:pattern value="b*"/>
        </xs:restriction></xs:simpleType>"""
    second = """<xs:simpleType><xs:restriction base="First"><xs:maxLength value="{}"/>
        <xs:pattern value="[a-z]{{2,}}"/></xs:restriction></xs:simpleType>"""
    one = simple_type(second.format(3), first)
    texts = ("", "a", "aa", "bbb", "ab", "cc", "aaaa")
    assert [text for text in texts if one.takes(text)] == ["aa", "bbb"]
    assert [text for text in texts if one.valid(text)] == ["aa", "bbb"]
    assert simple_type(second.format(2), first).value[0] == 2


def test_an_enumeration_takes_its_own_values_alone() -> None:
    one = simple_type(restriction('<xs:enumeration value="01"/><xs:enumeration value="Đ "/>'))
    texts = ("01", "Đ ", "Đ", "1", "", " 01")
    assert [text for text in texts if one.takes(text)] == ["01", "Đ "]
    assert [text for text in texts if one.valid(text)] == ["01", "Đ "]
