"""What the tables do not know is never passed over."""

import pytest
from lxml import etree

from app.transcripts.foreign import read_foreign_xml
from app.transcripts.grammar.schema import compiled
from app.transcripts.grammar.tables import Grammar, NotUnderstood
from tests.grammars import accepts
from tests.simpletypes import XS

LEAF = '<xs:element name="a" type="xs:string"/>'
STRING = '<xs:restriction base="xs:string"/>'
SIMPLE = f'<xs:simpleType name="Simple">{STRING}</xs:simpleType>'


def schema_of(inside: str, attributes: str = "") -> bytes:
    return f'<xs:schema xmlns:xs="{XS}" {attributes}>{inside}</xs:schema>'.encode()


def complex_of(inside: str, attributes: str = "", beside: str = "") -> str:
    element = f"<xs:complexType {attributes}>{inside}</xs:complexType>"
    return f'{beside}<xs:element name="root">{element}</xs:element>'


def sequence_of(inside: str, attributes: str = "") -> str:
    return complex_of(f"<xs:sequence {attributes}>{inside}</xs:sequence>")


def extension_of(base: str, beside: str) -> str:
    extension = f'<xs:simpleContent><xs:extension base="{base}"/></xs:simpleContent>'
    return complex_of(extension, beside=beside)


def grammar_of_files(**files: bytes) -> Grammar:
    return compiled("main", "root", files.__getitem__)


VALID = {
    "a wildcard": sequence_of("<xs:any/>"),
    "a wildcard of attributes": complex_of("<xs:anyAttribute/>"),
    "all": complex_of(f"<xs:all>{LEAF}</xs:all>"),
    "a group": sequence_of('<xs:group ref="G"/>')
    + f'<xs:group name="G"><xs:sequence>{LEAF}</xs:sequence></xs:group>',
    "mixed content": complex_of(f"<xs:sequence>{LEAF}</xs:sequence>", 'mixed="true"'),
    "complex content": complex_of(
        '<xs:complexContent><xs:extension base="Base"/></xs:complexContent>',
        beside='<xs:complexType name="Base"/>',
    ),
    "an abstract type": '<xs:element name="root" type="Base"/>'
    '<xs:complexType name="Base" abstract="true"/>',
    "nil": '<xs:element name="root" type="xs:string" nillable="true"/>',
    "a default": '<xs:element name="root" type="xs:string" default="a"/>',
    "a fixed text": '<xs:element name="root" type="xs:string" fixed="a"/>',
    "a substitution": '<xs:element name="root" type="xs:string"/>'
    '<xs:element name="b" type="xs:string" substitutionGroup="root"/>',
    "a unique part": '<xs:element name="root" type="xs:string"><xs:unique name="u">'
    '<xs:selector xpath="a"/><xs:field xpath="b"/></xs:unique></xs:element>',
    "an element without a type": '<xs:element name="root"/>',
    "an attribute without a type": complex_of('<xs:attribute name="a"/>'),
    "a prohibited attribute": complex_of(
        '<xs:attribute name="a" type="xs:string" use="prohibited"/>'
    ),
    "a fixed attribute": complex_of('<xs:attribute name="a" type="xs:string" fixed="1"/>'),
    "an attribute of another place": complex_of('<xs:attribute ref="a"/>')
    + '<xs:attribute name="a" type="xs:string"/>',
    "a counted element": sequence_of('<xs:element name="a" type="xs:string" maxOccurs="2"/>'),
    "a least number": sequence_of(
        '<xs:element name="a" type="xs:string" minOccurs="2" maxOccurs="unbounded"/>'
    ),
    "a repetition of what may be absent": sequence_of(
        '<xs:element name="a" type="xs:string" minOccurs="0"/>', 'maxOccurs="unbounded"'
    ),
    "a list": '<xs:element name="root"><xs:simpleType><xs:list itemType="xs:string"/>'
    "</xs:simpleType></xs:element>",
    "another facet": '<xs:element name="root"><xs:simpleType><xs:restriction base="xs:string">'
    '<xs:minLength value="1"/></xs:restriction></xs:simpleType></xs:element>',
    "another type that is built in": '<xs:element name="root" type="xs:integer"/>',
    "an extension of a complex type": extension_of(
        "Base",
        f'{SIMPLE}<xs:complexType name="Base"><xs:simpleContent><xs:extension base="Simple"/>'
        "</xs:simpleContent></xs:complexType>",
    ),
    "another name of the document element": '<xs:element name="other" type="xs:string"/>',
    "an annotation": f"<xs:annotation/>{sequence_of(LEAF)}",
}


@pytest.mark.parametrize("name", VALID)
def test_a_schema_that_says_what_the_tables_cannot_is_not_understood(name: str) -> None:
    schema = schema_of(VALID[name])
    etree.XMLSchema(read_foreign_xml(schema))
    with pytest.raises(NotUnderstood):
        grammar_of_files(main=schema)


def test_attributes_in_a_namespace_are_not_understood() -> None:
    with pytest.raises(NotUnderstood):
        grammar_of_files(main=schema_of(sequence_of(LEAF), 'attributeFormDefault="qualified"'))


BROKEN = {
    "a type that nobody defines": '<xs:element name="root" type="Nowhere"/>',
    "an element that nobody declares": sequence_of('<xs:element ref="nowhere"/>'),
    "two types of one element": sequence_of(
        f'{LEAF}<xs:element name="a" type="xs:date" minOccurs="0"/>'
    ),
    "one name twice": SIMPLE * 2 + sequence_of(LEAF),
    "a facet without a value": '<xs:element name="root"><xs:simpleType><xs:restriction '
    'base="xs:string"><xs:pattern/></xs:restriction></xs:simpleType></xs:element>',
    "an element of no namespace": "<element/>",
    "an element of another namespace": '<x:element xmlns:x="urn:x" name="root"/>',
    "a schema in a schema": schema_of("").decode(),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_libxml2_would_not_take_is_not_understood_either(name: str) -> None:
    with pytest.raises(NotUnderstood):
        grammar_of_files(main=schema_of(BROKEN[name]))


def test_what_is_no_schema_is_not_understood() -> None:
    with pytest.raises(NotUnderstood):
        grammar_of_files(main=f'<xs:element xmlns:xs="{XS}" name="root"/>'.encode())


INCLUDING = schema_of('<xs:include schemaLocation="part"/><xs:element name="root" type="Simple"/>')
IMPORTING = schema_of(
    '<xs:import namespace="urn:p" schemaLocation="part"/>'
    + sequence_of('<xs:element ref="p:leaf"/>'),
    'xmlns:p="urn:p"',
)
PART = schema_of(
    '<xs:import schemaLocation="main"/><xs:element name="leaf" type="xs:string"/>',
    'targetNamespace="urn:p"',
)


def test_included_and_imported_files_count_even_in_a_circle() -> None:
    assert accepts(
        grammar_of_files(main=INCLUDING, part=schema_of(SIMPLE)),
        read_foreign_xml(b"<root>x</root>"),
    )
    grammar = grammar_of_files(main=IMPORTING, part=PART)
    assert accepts(grammar, read_foreign_xml(b'<root><p:leaf xmlns:p="urn:p"/></root>'))
    assert not accepts(grammar, read_foreign_xml(b"<root><leaf/></root>"))


@pytest.mark.parametrize(
    ("main", "part"),
    [
        (INCLUDING, schema_of(SIMPLE, 'targetNamespace="urn:p"')),
        (IMPORTING, schema_of('<xs:element name="leaf" type="xs:string"/>')),
        (
            schema_of('<xs:include schemaLocation="part"/>', 'targetNamespace="urn:p"'),
            schema_of(""),
        ),
        (schema_of(f'<xs:import namespace="urn:p"/>{sequence_of(LEAF)}'), b""),
    ],
    ids=["included", "imported", "without a namespace", "without a place"],
)
def test_a_file_of_another_namespace_is_not_understood(main: bytes, part: bytes) -> None:
    with pytest.raises(NotUnderstood):
        grammar_of_files(main=main, part=part)


@pytest.mark.parametrize(
    ("default", "form", "taken"),
    [
        ("", "", "leaf"),
        ('elementFormDefault="qualified"', "", "{urn:p}leaf"),
        ('elementFormDefault="qualified"', 'form="unqualified"', "leaf"),
        ('elementFormDefault="unqualified"', 'form="qualified"', "{urn:p}leaf"),
    ],
)
def test_the_form_of_an_element_says_whether_it_is_in_the_namespace(
    default: str, form: str, taken: str
) -> None:
    leaf = f'<xs:element name="leaf" type="xs:string" {form}/>'
    inner = f"<xs:complexType><xs:sequence>{leaf}</xs:sequence></xs:complexType>"
    part = schema_of(
        f'<xs:element name="leaf">{inner}</xs:element>', f'targetNamespace="urn:p" {default}'
    )
    grammar = grammar_of_files(main=IMPORTING, part=part)
    for name in ("leaf", "{urn:p}leaf"):
        root = etree.Element("root")
        etree.SubElement(etree.SubElement(root, "{urn:p}leaf"), name)
        assert accepts(grammar, root) == (name == taken)
