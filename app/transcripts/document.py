"""A document as one checked tree: namespaces, Ids and schema proven, or every fault named.

Steps 1 to 5 of a verification. A tree is handed out even when it has faults, so that the later,
independent checks can still report theirs; whoever takes a `Document` must look at its findings.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain, islice
from threading import Lock
from types import MappingProxyType
from typing import Any

from lxml import etree

from app.transcripts.finding import DocumentRefused, Finding, shortened
from app.transcripts.locations import PREFIXES, location_of, shown_name
from app.transcripts.octets import has_byte_order_mark, line_of
from app.transcripts.profile import Family, Profile
from app.transcripts.xml import elements_at, load_schema, read_xml, source_line

MAX_FINDINGS = 50
"""Findings reported for one document: more than anybody mends at a time, and a bound on the report
when a document is broken on purpose."""

_ALLOWED_DECLARATIONS = frozenset(uri.encode() for uri in (*PREFIXES, ""))
"""Declared values as raw bytes; an empty one undeclares the default namespace."""

_DECLARATION = re.compile(
    rb"""xmlns(?P<prefix>:[^\s=:"'<>]+)?\s*=\s*(?:"(?P<uri>[^"]*)"|'(?P<uri_>[^']*)')"""
)
"""A namespace declaration, or a text that looks like one; never less than every declaration."""

_ID_BEARERS = etree.XPath("/descendant::*/@Id/..")
_ODDLY_ATTRIBUTED = etree.XPath(
    "/descendant::*/@*[namespace-uri()]/.."
    " | /descendant::*/@ID/.. | /descendant::*/@id/.. | /descendant::*/@iD/.."
)
"""No element of a profile or of XMLDSig has an attribute in a namespace, and only `Id` is an ID: an
attribute that another program may take for one would let two elements answer to one reference."""

_NAMED_STEP = re.compile(r"(?<=/)(?:[^/*:\[]+:)?([^/*\[@][^/\[]*)")
"""A named step. XML allows names that XPath does not (U+FEFF in one): they become literals."""

_FACET = re.compile(r"\[facet '\w+'\] ")
_REFUSED_VALUE = re.compile(
    r"(?:The value )?'(.*)' is not (?:a valid|accepted|an element)", re.DOTALL
)
"""How libxml2 words a value that its type does not allow."""

_SCHEMA_LOCK = Lock()
"""lxml keeps the errors of a validation in the schema object, so one thread at a time."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Document:
    """A parsed document with what steps 4 and 5 found in it.

    Attributes:
        ids: Id value → its element, for the values that occur once in the document.
        findings: SIG-130 to SIG-140 (errors, at most `MAX_FINDINGS`) and SIG-115 (a warning: byte
            order mark); empty when clean.
        sha256: digest of the bytes, in hexadecimal.
        default_namespaces: whether the bytes declare one anywhere.
    """

    root: etree._Element
    profile: Profile
    ids: Mapping[str, etree._Element]
    findings: tuple[Finding, ...]
    sha256: str
    default_namespaces: bool
    _locations: dict[etree._Element, str] = field(default_factory=dict, repr=False)

    def location_of(self, element: etree._Element) -> str:
        """Name an element's place as the function of this name does, working it out once.

        Not for two threads at the same time.
        """
        known = self._locations.get(element)
        if known is None:
            parent = element.getparent()
            if parent is None:
                return f"/{shown_name(element.tag)}"
            self._locate_children(parent, self.location_of(parent))
            known = self._locations[element]
        return known

    def _locate_children(self, parent: etree._Element, above: str) -> None:
        """Locate all children at once: one by one, each would count its siblings."""
        alike: dict[str, list[etree._Element]] = {}
        for child in parent:
            alike.setdefault(child.tag, []).append(child)
        for tag, children in alike.items():
            path = f"{above}/{shown_name(tag)}"
            if len(children) == 1:
                self._locations[children[0]] = path
                continue
            for position, child in enumerate(children, start=1):
                self._locations[child] = f"{path}[{position}]"


def open_document(data: bytes, rules: Profile | Family) -> Document:
    """Parse untrusted bytes and prove namespaces, Ids and the profile's schema.

    Args:
        data: the untrusted bytes.
        rules: the profile, or the family in which the content chooses it.

    Raises:
        DocumentRefused: no tree can be had (SIG-110 to SIG-121, see `read_xml`), or no profile is
            known for its root (SIG-140) or its level (CON-607).
    """
    root = read_xml(data, rules.limits)
    default_namespaces, namespace_faults = _namespaces(data)
    octet_faults = [*byte_findings(data), *namespace_faults]
    if isinstance(rules, Profile):
        profile = rules
    else:
        chosen = choose_profile(root, rules)
        if chosen is None:
            unknown = chain(octet_faults, _attribute_findings(root), _unknown_findings(root, rules))
            raise DocumentRefused(*islice(unknown, MAX_FINDINGS))
        profile = chosen
    bearers = _bearers_by_id(root)
    structure = list(islice(_structure_findings(root, bearers, profile), MAX_FINDINGS))
    found = chain(
        octet_faults,
        # The schema knows every attribute but xsi:*; only what is refused needs a closer look.
        _attribute_findings(root) if structure or octet_faults else (),
        structure,
    )
    return Document(
        root=root,
        profile=profile,
        ids=unique(bearers),
        findings=tuple(islice(found, MAX_FINDINGS)),
        sha256=hashlib.sha256(data).hexdigest(),
        default_namespaces=default_namespaces,
    )


def choose_profile(root: etree._Element, family: Family) -> Profile | None:
    """Let the content choose its profile, whose schema then proves that this was the content.

    None where it chooses none that is known, or stands more than once.
    """
    values = {element.text or "" for element in _choosers(root, family)}
    return family.profiles.get(values.pop()) if len(values) == 1 else None


def _choosers(root: etree._Element, family: Family) -> list[etree._Element]:
    below = family.chosen_by.split("/", 2)[2]
    return root.findall(below) if root.tag == family.root else []


def _unknown_findings(root: etree._Element, family: Family) -> Iterator[Finding]:
    """Say why no profile is known: another root, nothing at the place, or no known value there."""
    if root.tag != family.root:
        yield _finding("SIG-140", root, str(root.tag))
        return
    place = root
    for step in family.chosen_by.split("/")[2:-1]:
        child = place.find(step)
        if child is None:
            yield _finding("SIG-140", place, step)
            break
        place = child
    found = _choosers(root, family)
    if not found:
        yield Finding(code="CON-607", xpath=family.chosen_by)
    for element in found:
        yield _finding("CON-607", element, element.text or "")


def byte_findings(data: bytes) -> Iterator[Finding]:
    """Warn of a byte order mark (SIG-115)."""
    if has_byte_order_mark(data):
        yield Finding(code="SIG-115", line=1)


def _namespaces(data: bytes) -> tuple[bool, list[Finding]]:
    """Say whether the bytes declare a default namespace, and find what they must not declare."""
    declarations = list(_declarations(data))
    default = any(declared["prefix"] is None for declared in declarations)
    return default, list(_namespace_findings(data, declarations))


def _declarations(data: bytes) -> Iterator[re.Match[bytes]]:
    """Find every namespace declaration in the raw bytes, where it is written literally in UTF-8."""
    at = data.find(b"xmlns")
    while at >= 0:
        declaration = _DECLARATION.match(data, at)
        if declaration is not None:
            yield declaration
        at = data.find(b"xmlns", at + 1)


def _namespace_findings(data: bytes, declarations: list[re.Match[bytes]]) -> Iterator[Finding]:
    """Hold every namespace declaration against the allow-list, used or unused.

    On the raw bytes: asking lxml for the namespaces in scope of every element costs elements times
    declarations. A text that reads like a declaration of another namespace is refused too.
    """
    for declared in declarations:
        uri = declared["uri"] if declared["uri_"] is None else declared["uri_"]
        if uri not in _ALLOWED_DECLARATIONS:
            line, value = line_of(data, declared.start()), uri.decode(errors="replace")
            yield Finding(code="SIG-130", line=line, value=shortened(value))


def _attribute_findings(root: etree._Element) -> Iterator[Finding]:
    for element in elements_at(_ODDLY_ATTRIBUTED, root):
        for key in element.keys():  # noqa: SIM118 -- reason: an element iterates over its children
            name = etree.QName(key)
            if name.localname.lower() == "id" and key != "Id":
                yield _finding("SIG-132", element, name.text)
            elif name.namespace:
                yield _finding("SIG-130", element, name.text)


def _bearers_by_id(root: etree._Element) -> dict[str, list[etree._Element]]:
    bearers: dict[str, list[etree._Element]] = {}
    for element in elements_at(_ID_BEARERS, root):
        bearers.setdefault(str(element.attrib["Id"]), []).append(element)
    return bearers


def unique(bearers: Mapping[str, list[etree._Element]]) -> Mapping[str, etree._Element]:
    """Keep the values that one element bears alone, and that element."""
    return MappingProxyType({value: held[0] for value, held in bearers.items() if len(held) == 1})


def _structure_findings(
    root: etree._Element, bearers: Mapping[str, list[etree._Element]], profile: Profile
) -> Iterator[Finding]:
    if root.tag == profile.root:
        yield from duplicate_findings(root, bearers, profile)
        yield from _schema_findings(root, profile)
    else:
        # XML Schema would take any global element for the root, a lone ds:Signature too; and every
        # location of the profile would be wrong.
        yield _finding("SIG-140", root, str(root.tag))


def duplicate_findings(
    root: etree._Element, bearers: Mapping[str, list[etree._Element]], profile: Profile
) -> Iterator[Finding]:
    """Refuse an Id that stands twice, but where the profile makes it a join key at every place."""
    # By exact tags from the root, so that a namesake in a namespace is another place.
    keys = {key for path in profile.repeatable_ids for key in root.findall(path.split("/", 2)[2])}
    for value, held in bearers.items():
        if len(held) == 1 or keys.issuperset(held):
            continue
        for element in held:
            yield _finding("SIG-131", element, value)


def _schema_findings(root: etree._Element, profile: Profile) -> Iterator[Finding]:
    with _SCHEMA_LOCK:
        schema = load_schema(profile.schema)
        if schema.validate(root.getroottree()):
            return
        log: Any = schema.error_log  # lxml-stubs do not know that it iterates
        errors = [(entry.path, entry.message) for entry in log]
    for path, message in errors:
        yield _finding("SIG-140", _element_at(root, path or "/*"), _fault(message))


def _element_at(root: etree._Element, path: str) -> etree._Element:
    """Find the element of a libxml2 node path, whatever prefixes the document chose."""
    find = etree.XPath(_NAMED_STEP.sub(r"*[local-name()='\1']", path))
    return next(iter(elements_at(find, root)), root)


def _fault(message: str) -> str:
    """Reduce libxml2's sentence to the refused value, or to what stands wrong or missing."""
    fault = _FACET.sub("", message.partition("': ")[2], count=1)
    refused = _REFUSED_VALUE.match(fault)
    if refused is not None:
        return refused[1]
    for uri, prefix in PREFIXES.items():
        fault = fault.replace(f"{{{uri}}}", f"{prefix}:")
    return fault


def _finding(code: str, element: etree._Element, value: str) -> Finding:
    return Finding(
        code=code,
        xpath=location_of(element),
        line=source_line(element),
        value=shortened(value),
    )
