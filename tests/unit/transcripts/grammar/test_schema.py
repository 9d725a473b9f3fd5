import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from app.sandbox.stream import Stream
from app.transcripts.foreign import read_foreign_xml
from app.transcripts.grammar.schema import compiled, grammar_of
from app.transcripts.grammar.tables import ELEMENTS, Grammar, NotUnderstood
from tests.grammars import PROFILES, accepts, readings
from tests.simpletypes import XS
from tests.vectors.transcripts.base import TRANSCRIPT
from tests.walks import document_of

OCCURRENCES = [("1", "1"), ("0", "1"), ("0", "unbounded"), ("1", "unbounded")]
LEAVES = "abcde"


def _occurring(kind: str, inside: str, occurrence: tuple[str, str]) -> str:
    least, most = occurrence
    return f'<xs:{kind} minOccurs="{least}" maxOccurs="{most}"{inside}'


leaves = st.builds(
    lambda name, occurrence: _occurring(
        "element", f' name="{name}" type="xs:string"/>', occurrence
    ),
    st.sampled_from(LEAVES),
    st.sampled_from(OCCURRENCES),
)


def _group(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.builds(
        lambda kind, inside, occurrence: _occurring(
            kind, f">{''.join(inside)}</xs:{kind}>", occurrence
        ),
        st.sampled_from(["sequence", "choice"]),
        st.lists(parts, min_size=1, max_size=3),
        st.sampled_from(OCCURRENCES),
    )


models = _group(st.recursive(leaves, _group, max_leaves=6))


def of_type(inside: str, beside: str = "") -> tuple[Grammar, etree.XMLSchema]:
    """Compile a schema whose document element has a complex type."""
    schema = f"""<xs:schema xmlns:xs="{XS}" xmlns:ds="urn:ds">{beside}<xs:element name="root">
        <xs:complexType>{inside}</xs:complexType></xs:element></xs:schema>""".encode()
    read = etree.XMLSchema(read_foreign_xml(schema))
    return compiled("one.xsd", "root", {"one.xsd": schema}.__getitem__), read


@given(
    model=models,
    contents=st.lists(st.lists(st.sampled_from(LEAVES), max_size=6), min_size=20, max_size=20),
    seed=st.text(max_size=9),
)
def test_the_tables_and_libxml2_say_the_same_of_any_content(
    model: str, contents: list[list[str]], seed: str
) -> None:
    try:
        grammar, schema = of_type(model)
    except (NotUnderstood, etree.XMLSchemaParseError):  # repeated emptiness, ambiguity
        return
    for content in contents:
        root = etree.Element("root")
        root.extend(etree.Element(name) for name in content)
        assert accepts(grammar, root) == schema.validate(root.getroottree())
    assert schema.validate(document_of(grammar, Stream(seed)).getroottree())


def content_of(inside: str) -> etree._Element:
    return read_foreign_xml(f'<root xmlns:ds="urn:ds">{inside}</root>'.encode())


@pytest.mark.parametrize(
    ("inside", "taken", "refused"),
    [
        ("", [""], [" ", "x", "<a/>"]),
        ('<xs:attribute name="b" type="xs:string"/>', [""], ["\n", "x", "<a/>"]),
        (
            '<xs:sequence><xs:element name="a" type="xs:string" minOccurs="0"/></xs:sequence>',
            ["", " ", "\r\n\t", "<a/>", " <a> x </a>\n"],
            ["x", "\u00a0", "<a/>x", "<a/><a/>", "<a><a/></a>", "<b/>", "<ds:a/>", '<a b=""/>'],
        ),
        (
            """<xs:simpleContent><xs:extension base="xs:string">
            <xs:attribute name="b" type="xs:string"/></xs:extension></xs:simpleContent>""",
            ["", " ", "x"],
            ["<a/>", "x<a/>"],
        ),
    ],
)
def test_a_type_holds_nothing_or_elements_or_text(
    inside: str, taken: list[str], refused: list[str]
) -> None:
    grammar, schema = of_type(inside)
    for content in (*taken, *refused):
        root = content_of(content)
        assert accepts(grammar, root) == schema.validate(root.getroottree()) == (content in taken)


@pytest.mark.parametrize("use", ["", 'use="optional"', 'use="required"'])
def test_an_attribute_is_known_and_fits_and_is_there_where_it_must_be(use: str) -> None:
    grammar, schema = of_type(
        f"""<xs:attribute name="a" {use}><xs:simpleType><xs:restriction base="xs:string">
        <xs:pattern value="[0-9]"/></xs:restriction></xs:simpleType></xs:attribute>"""
    )
    expected = {"": "required" not in use, 'a="1"': True, 'a="x"': False, 'a="1" b=""': False}
    expected['ds:a="1"'] = expected['xmlns:x="urn:x" x:a="1" a="1"'] = False
    for attributes, taken in expected.items():
        root = read_foreign_xml(f'<root xmlns:ds="urn:ds" {attributes}/>'.encode())
        assert accepts(grammar, root) == schema.validate(root.getroottree()) == taken, attributes


def test_another_document_element_is_not_accepted() -> None:
    grammar, _ = of_type("", '<xs:element name="other" type="xs:string"/>')
    assert not accepts(grammar, etree.Element("other"))
    assert not accepts(grammar, etree.Element("{urn:ds}root"))


SIGNING_TIMES = {
    "": True,
    "http://www.w3.org/2000/09/xmldsig#": True,
    "http://uri.etsi.org/01903/v1.3.2#": True,
    "urn:mau": False,
}


@pytest.mark.parametrize("namespace", SIGNING_TIMES)
def test_an_element_is_known_in_the_namespaces_of_its_declarations(namespace: str) -> None:
    xml = TRANSCRIPT.replace(
        "<SigningTime>", f'<t:SigningTime xmlns:t="{namespace}">' if namespace else "<SigningTime>"
    ).replace("</SigningTime>", "</t:SigningTime>" if namespace else "</SigningTime>")
    taken = SIGNING_TIMES[namespace]
    assert readings(xml.encode())["hoc-ba-1-thcs.xsd"] == (taken, taken)


def test_types_are_shared_and_may_hold_themselves() -> None:
    beside = """<xs:complexType name="Tree"><xs:sequence>
        <xs:element name="left" type="Tree" minOccurs="0"/>
        <xs:element name="right" type="Tree" minOccurs="0"/></xs:sequence></xs:complexType>"""
    sequence = '<xs:sequence><xs:element name="left" type="Tree"/></xs:sequence>'
    grammar, schema = of_type(sequence, beside)
    assert len(grammar.types) == 2
    root = content_of("<left><left><right/></left><right/></left>")
    assert accepts(grammar, root)
    assert schema.validate(root.getroottree())


def test_the_tables_are_handed_out_in_the_order_of_the_engine() -> None:
    grammar, _ = of_type(
        '<xs:sequence><xs:element name="a" type="xs:string" minOccurs="0"/></xs:sequence>'
        '<xs:attribute name="b" type="xs:string" use="required"/>'
    )
    end = (True, ())
    assert grammar.plain() == (
        (b"",),
        ((0, b"root"), (0, b"a")),
        ((-1, None),),
        ((ELEMENTS, ((b"b", 0, True),), ((True, ((1, 1, 1),)), end)), (0, (), (end,))),
        (0, 0),
    )


def test_a_table_is_compiled_once() -> None:
    assert grammar_of("ban-tin-1.xsd", "BAN_TIN") is grammar_of("ban-tin-1.xsd", "BAN_TIN")


@pytest.mark.parametrize("file", PROFILES)
def test_every_automaton_over_octets_fits_an_octet(file: str) -> None:
    for _, automaton in grammar_of(file, PROFILES[file].root).values:
        if automaton is not None:
            accepting, following = automaton
            assert 2 <= len(accepting) <= 255
            assert len(following) == 256 * len(accepting)
            assert set(following[:256]) == {0}
            assert not accepting[0]
            assert max(following) < len(accepting)
