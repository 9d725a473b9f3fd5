"""Reading single values out of verified canonical octets, refusing whatever the schema forbids.

The schema has been checked on the upload; these functions hold the parsed octets to the same shape,
so that a value is never guessed when the two should differ.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lxml import etree

from app.transcripts.finding import DocumentRefused, Finding, shortened
from app.transcripts.locations import location_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """An element whose fields are read one after another.

    Attributes:
        children: its child elements by their names, gathered once: searching them for every field
            takes four times as long.
    """

    element: etree._Element
    children: Mapping[str, Sequence[etree._Element]]


def record_of(element: etree._Element) -> Record:
    """Open an element for reading."""
    children: dict[str, list[etree._Element]] = {}
    for child in element:
        children.setdefault(child.tag, []).append(child)
    return Record(element=element, children=children)


def children_at(parent: Record, path: str) -> list[Record]:
    """Open all elements at a path of names, in document order."""
    return [record_of(element) for element in _all_at(parent, path)]


def child_at(parent: Record, path: str) -> Record:
    """Open the one element at a path of names.

    Raises:
        DocumentRefused: SIG-140, none or several.
    """
    return record_of(_single(_all_at(parent, path), parent, path))


def text_at(parent: Record, path: str) -> str:
    """Read a code, number or date as written.

    Raises:
        DocumentRefused: SIG-140, absent, empty, or with white space around it.
    """
    value = _raw_text(_single(_all_at(parent, path), parent, path))
    if not value or value != value.strip():
        raise misfit(parent, path, value)
    return value


def name_at(parent: Record, path: str) -> str:
    """Read a name in NFC without white space around it.

    Raises:
        DocumentRefused: SIG-140, absent or blank.
    """
    name = optional_at(parent, path)
    if name is None:
        raise misfit(parent, path)
    return name


def optional_at(parent: Record, path: str) -> str | None:
    """Read a text in NFC without white space around it; None where it is absent or blank.

    Raises:
        DocumentRefused: SIG-140, several.
    """
    found = _all_at(parent, path)
    if not found:
        return None
    return unicodedata.normalize("NFC", _raw_text(_single(found, parent, path))).strip() or None


def attribute_of(parent: Record, name: str) -> str:
    """Read a required attribute.

    Raises:
        DocumentRefused: SIG-140, absent.
    """
    value = parent.element.get(name)
    if value is None:
        raise misfit(parent, f"@{name}")
    return str(value)


def misfit(parent: Record, path: str, value: str | None = None) -> DocumentRefused:
    """Make the refusal of a value that the schema should have caught."""
    xpath = f"{location_of(parent.element)}/{path}"
    shown = None if value is None else shortened(value)
    return DocumentRefused(Finding(code="SIG-140", xpath=xpath, value=shown))


def _all_at(parent: Record, path: str) -> Sequence[etree._Element]:
    name, _, rest = path.partition("/")
    found = parent.children.get(name, ())
    if not rest:
        return found
    return [deep for one in found for deep in _all_at(record_of(one), rest)]


def _single(found: Sequence[etree._Element], parent: Record, path: str) -> etree._Element:
    if len(found) != 1:
        raise misfit(parent, path)
    return found[0]


def _raw_text(element: etree._Element) -> str:
    if len(element):  # `.text` would stop at the first child
        raise DocumentRefused(Finding(code="SIG-140", xpath=location_of(element)))
    return str(element.text or "")
