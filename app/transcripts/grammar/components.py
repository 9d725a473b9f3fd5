"""What a schema and the files that it takes in declare, by name.

Whether a file is a schema at all is libxml2's to say: a table stands only for what it has taken.
Here every construct of every file must be one of those that the tables know.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from lxml import etree

from app.transcripts.foreign import read_foreign_xml
from app.transcripts.grammar.tables import NotUnderstood

_XS = "{http://www.w3.org/2001/XMLSchema}"
_PARTICLES = "element sequence choice"
_OCCURS = "minOccurs maxOccurs"

_KNOWN = {
    "schema": (
        "include import element complexType simpleType",
        "targetNamespace elementFormDefault",
    ),
    "include": ("", "schemaLocation"),
    "import": ("", "schemaLocation namespace"),
    "element": ("complexType simpleType", f"name ref type form {_OCCURS}"),
    "complexType": ("sequence choice simpleContent attribute", "name"),
    "sequence": (_PARTICLES, _OCCURS),
    "choice": (_PARTICLES, _OCCURS),
    "simpleContent": ("extension", ""),
    "extension": ("attribute", "base"),
    "attribute": ("simpleType", "name type use"),
    "simpleType": ("restriction union", "name"),
    "restriction": ("maxLength enumeration pattern", "base"),
    "union": ("simpleType", "memberTypes"),
    "maxLength": ("", "value"),
    "enumeration": ("", "value"),
    "pattern": ("", "value"),
}
"""Construct → what may stand in it, and its attributes."""

Definition = etree._Element | str  # noqa: SLF001 -- reason: lxml has no public element type
"""Where a type is defined, or the name of one that XML Schema builds in, without its namespace."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Components:
    """Global declarations and definitions; names are written as lxml writes tags.

    Every method raises `NotUnderstood` for what is not there.
    """

    elements: Mapping[str, etree._Element]
    types: Mapping[str, etree._Element]

    def element_named(self, name: str) -> etree._Element:
        """Find a global element."""
        return _found(self.elements, name)

    def declared(self, particle: etree._Element) -> etree._Element:
        """Find the element to which a particle refers, or which it declares itself."""
        if "ref" not in particle.attrib:
            return particle
        return self.element_named(_resolved(particle, stated(particle, "ref")))

    def type_of(self, declaration: etree._Element) -> Definition:
        """Find the type of an element or attribute; without one everything would be allowed."""
        for definition in (*self.types_at(declaration, "type"), *inside(declaration)):
            return definition
        raise NotUnderstood(f"{declaration.get('name')} without a type")

    def types_at(self, construct: etree._Element, attribute: str) -> list[Definition]:
        """Find the types that an attribute names; none, where it is absent."""
        names = [_resolved(construct, name) for name in construct.get(attribute, "").split()]
        return [
            name.removeprefix(_XS) if name.startswith(_XS) else _found(self.types, name)
            for name in names
        ]


def components_of(name: str, read: Callable[[str], bytes]) -> Components:
    """Gather what a schema declares, with all that it includes and imports.

    Args:
        name: the file of the schema.
        read: reads a file by its name.

    Raises:
        DocumentRefused: a file is not XML (SIG-110 to SIG-121).
        NotUnderstood: a construct that the tables do not know, or a file of another namespace than
            that for which it is taken in.
    """
    roots: dict[str, etree._Element] = {}

    def take(file: str) -> str | None:
        if file not in roots:
            roots[file] = root = read_foreign_xml(read(file))
            _check(root)
            for one in inside(root, "include", "import"):
                holder = root.get("targetNamespace") if kind_of(one) == "include" else None
                namespace = one.get("namespace", holder)
                if take(stated(one, "schemaLocation")) != namespace:
                    raise NotUnderstood(f"{stated(one, 'schemaLocation')} for {namespace}")
        return roots[file].get("targetNamespace")

    take(name)
    return Components(
        elements=_by_name(roots.values(), "element"),
        types=_by_name(roots.values(), "complexType", "simpleType"),
    )


def kind_of(construct: etree._Element) -> str:
    """Name a construct of XML Schema."""
    return str(construct.tag).removeprefix(_XS)


def inside(construct: etree._Element, *kinds: str) -> list[etree._Element]:
    """Find what stands in a construct, of some kinds or all."""
    return list(construct.iterchildren(*(_XS + kind for kind in kinds or ("*",))))


def stated(construct: etree._Element, attribute: str) -> str:
    """Read an attribute that must be there.

    Raises:
        NotUnderstood: it is absent.
    """
    value = construct.get(attribute)
    if value is None:
        raise NotUnderstood(f"{kind_of(construct)} without {attribute}")
    return value


def _resolved(construct: etree._Element, name: str) -> str:
    """Write a name that stands in a construct as lxml writes tags: with its namespace."""
    prefix, _, local = name.rpartition(":")
    return _tag_of(construct.nsmap[prefix] if prefix else construct.nsmap.get(None), local)


def _tag_of(namespace: str | None, local: str) -> str:
    """Write a name as lxml writes tags."""
    return f"{{{namespace}}}{local}" if namespace else local


def _check(root: etree._Element) -> None:
    """Refuse whatever is not in the list of constructs, also where nothing would look at it."""
    for construct in root.iter("*"):
        kind, parent = kind_of(construct), construct.getparent()
        known = ["schema"] if parent is None else _KNOWN[kind_of(parent)][0].split()
        attributes = {*map(str, construct.keys())}
        if construct.tag != _XS + kind or kind not in known:
            raise NotUnderstood(str(construct.tag))
        if not attributes.issubset(_KNOWN[kind][1].split()):
            raise NotUnderstood(f"{kind} with {' '.join(sorted(attributes))}")


def _by_name(roots: Iterable[etree._Element], *kinds: str) -> dict[str, etree._Element]:
    found: dict[str, etree._Element] = {}
    for root in roots:
        for one in inside(root, *kinds):
            name = _tag_of(root.get("targetNamespace"), stated(one, "name"))
            if found.setdefault(name, one) is not one:
                raise NotUnderstood(f"two {name}")
    return found


def _found(components: Mapping[str, etree._Element], name: str) -> etree._Element:
    if name not in components:
        raise NotUnderstood(name)
    return components[name]
