"""Simple types by themselves: their table, and how libxml2 reads them."""

from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from lxml import etree

from app.transcripts.foreign import read_foreign_xml
from app.transcripts.grammar.schema import compiled
from app.transcripts.grammar.tables import Value
from tests.grammars import takes

XS = "http://www.w3.org/2001/XMLSchema"
BUILT_IN = ("string", "anyURI", "date", "dateTime", "gYear", "gYearMonth")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SimpleType:
    """A type with its table and with libxml2's reading of it."""

    value: Value
    schema: etree.XMLSchema

    def takes(self, text: str) -> bool:
        """Say whether the table takes a text."""
        return takes(self.value, text)

    def valid(self, *texts: str) -> bool:
        """Say whether libxml2 takes texts, all of them."""
        root = etree.Element("texts")
        for text in texts:
            etree.SubElement(root, "text").text = text
        return self.schema.validate(root.getroottree())


def simple_type(definition: str, beside: str = "") -> SimpleType:
    """Read a definition, with others beside it that it refers to."""
    schema = f"""<xs:schema xmlns:xs="{XS}">{beside}<xs:element name="texts"><xs:complexType>
        <xs:sequence><xs:element name="text" maxOccurs="unbounded">{definition}</xs:element>
        </xs:sequence></xs:complexType></xs:element></xs:schema>""".encode()
    read = etree.XMLSchema(read_foreign_xml(schema))
    grammar = compiled("one.xsd", "texts", {"one.xsd": schema}.__getitem__)
    (value,) = grammar.values
    return SimpleType(value=value, schema=read)


def restriction(facets: str, base: str = "string") -> str:
    """Write a simple type."""
    inside = f'<xs:restriction base="xs:{base}">{facets}</xs:restriction>'
    return f"<xs:simpleType>{inside}</xs:simpleType>"


@cache
def simple_types() -> dict[str, SimpleType]:
    """Every simple type of our schemas, by file and line, and those built in that they may use."""
    found = {name: simple_type(restriction("", name)) for name in BUILT_IN}
    for file in sorted((files("app.transcripts") / "schemas").iterdir(), key=str):
        root = read_foreign_xml(file.read_bytes())
        beside = "".join(map(_written, root.iterchildren(f"{{{XS}}}simpleType")))
        for definition in root.iter(f"{{{XS}}}simpleType"):
            inline = deepcopy(definition)
            name = inline.attrib.pop("name", "anonymous")
            one = simple_type(_written(inline), beside)
            found[f"{file.name}:{definition.sourceline}-{name}"] = one
    return found


def _written(definition: etree._Element) -> str:
    return etree.tostring(definition, encoding="unicode", with_tail=False)
