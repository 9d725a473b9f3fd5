import json
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from app.sandbox.classes import ClassSpec, make_class
from app.sandbox.pki import make_pki
from app.sandbox.school import make_school, signers_of
from app.sandbox.signing import SigningStyle, sign_transcript
from app.sandbox.stream import Stream
from app.sandbox.timestamping import stamper
from app.sandbox.transcript_writer import write_transcript
from app.signatures.canonical import Canonicalization
from app.signatures.writing import SignatureForm
from app.transcripts.grammar.schema import grammar_of
from app.transcripts.grammar.tables import Grammar
from app.transcripts.profile import HOC_BA_1
from app.transcripts.xml import load_schema
from tests.attacks.structure import CHANGES, WORDS, Change, restructured
from tests.attacks.victims import package, transcript_of
from tests.grammars import PROFILES, accepts, assert_sound, readings
from tests.scenarios import SEED, keys, scenario_of
from tests.vectors.transcripts.make import HERE
from tests.verdicts import RECEIVED_AT, STUDENTS
from tests.walks import ALPHABET, document_of

BESIDE_THE_TABLES = {"transcript/schema-location.xml"}
"""Valid for libxml2 alone, which knows the attributes of xsi by itself; refused all the same."""

XADES = SigningStyle(
    signing_time=RECEIVED_AT,
    timestamps=(stamper(scenario_of(STUDENTS).pki.tsa, RECEIVED_AT),) * 2,
)
EXCLUSIVE = SigningStyle(
    form=SignatureForm(canonicalization=Canonicalization.EXCLUSIVE, line_length=76),
    canonicalization=Canonicalization.EXCLUSIVE,
    enveloped=True,
)
STYLES = (SigningStyle(), EXCLUSIVE, XADES)
GRADES = {"02": 4, "03": 7, "04": 11, "05": 10}
EVERY_KIND = 15
"""Students of a class in which every special kind occurs."""

each_schema = pytest.mark.parametrize("schema", PROFILES)


def grammar_by(schema: str) -> Grammar:
    return grammar_of(schema, PROFILES[schema].root)


def test_the_tables_and_libxml2_say_the_same_of_every_vector() -> None:
    for name in json.loads((HERE / "expected.json").read_bytes()):
        for accepted, valid in readings((HERE / name).read_bytes()).values():
            assert accepted == (valid and name not in BESIDE_THE_TABLES), name


@pytest.mark.parametrize("level", GRADES)
def test_every_transcript_of_a_class_is_accepted_by_the_tables_of_its_level(level: str) -> None:
    pki = make_pki(keys())
    spec = ClassSpec(
        seed=SEED,
        start_year=2025,
        level=level,
        grade=GRADES[level],
        class_name="A1",
        students=EVERY_KIND,
        issued_on=date(2026, 6, 10),
    )
    school = make_school(pki, issued_year=2025, level=level)
    unsigned = [write_transcript(year) for year in make_class(spec, school)]
    signers = signers_of(school, pki)
    signed = [sign_transcript(unsigned[0], signers, style=style) for style in STYLES]
    for xml in (*unsigned, *signed):
        taken = {schema: both for schema, both in readings(xml).items() if any(both)}
        assert taken == {HOC_BA_1.profiles[level].schema: (True, True)}


def test_signed_packages_are_accepted() -> None:
    scenario = scenario_of(STUDENTS)
    for xml in (
        package(),
        scenario.package,
        scenario.withdrawing([("79-AB", "Sai tên")], number=2),
    ):
        assert readings(xml)["ban-tin-1.xsd"] == (True, True)


@each_schema
@given(seed=st.text(max_size=9))
@settings(max_examples=25)
def test_libxml2_accepts_whatever_a_walk_through_the_tables_writes(schema: str, seed: str) -> None:
    grammar = grammar_by(schema)
    root = document_of(grammar, Stream(seed))
    assert accepts(grammar, root)
    assert load_schema(schema).validate(root.getroottree()), load_schema(schema).error_log


def _set_attribute(one: etree._Element, other: etree._Element, word: str) -> None:
    names = [name for element in (one, other) for name in element.keys()]  # noqa: SIM118 -- reason: an element iterates over its children
    one.set([*names, "Id", "URI", "Encoding"][len(word) % (len(names) + 3)], word)


def _drop_attribute(one: etree._Element, _: etree._Element, word: str) -> None:
    for name in one.keys()[: len(word) % 3]:
        del one.attrib[name]


DOCUMENTS = {
    "transcript": transcript_of,
    "XAdES": lambda: transcript_of(style=XADES),
    "package": package,
    **{
        name: (HERE / name).read_bytes
        for name in ("level-02/valid.xml", "transcript/valid.xml", "package/valid.xml")
    },
}
places = st.integers(0, 999)
words = st.sampled_from(WORDS) | st.text(ALPHABET, max_size=5)
step = st.tuples(
    st.sampled_from([*CHANGES, _set_attribute, _drop_attribute]), places, places, words
)


@pytest.mark.parametrize("name", DOCUMENTS)
@given(changes=st.lists(step, min_size=1, max_size=3))
def test_libxml2_accepts_whatever_changed_document_the_tables_accept(
    name: str, changes: list[tuple[Change, int, int, str]]
) -> None:
    assert_sound(restructured(DOCUMENTS[name](), changes))
