"""Reading single values out of verified canonical octets, refusing whatever the schema forbids.

The schema has been checked on the upload; these functions hold the parsed octets to the same shape,
so that a value is never guessed when the two should differ.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, Self

from lxml import etree

from app.transcripts.finding import DocumentRefused, Finding, shortened
from app.transcripts.locations import location_of


class Record(Protocol):
    """An element whose fields are read one after another.

    `TreeRecord` reads a tree. The one of `app.engine` reads octets: it raises `Unplain` instead
    of every refusal, and the tree must then be read.
    """

    def children_at(self, path: str, /) -> Sequence[Self]:
        """Open all elements at a path of names, in document order."""
        ...

    def child_at(self, path: str, /) -> Self:
        """Open the one element at a path of names.

        Raises:
            DocumentRefused: SIG-140, none or several.
        """
        ...

    def text_at(self, path: str, /) -> str:
        """Read a code, number or date as written.

        Raises:
            DocumentRefused: SIG-140, absent, empty, or with white space around it.
        """
        ...

    def optional_at(self, path: str, /) -> str | None:
        """Read a text in NFC without white space around it; None where it is absent or blank.

        Raises:
            DocumentRefused: SIG-140, several.
        """
        ...

    def attribute_of(self, name: str, /) -> str:
        """Read a required attribute.

        Raises:
            DocumentRefused: SIG-140, absent.
        """
        ...

    def misfit(self, path: str, value: str | None = None, /) -> Exception:
        """Make the refusal of a value that the schema should have caught."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeRecord:
    """An element of a parsed tree.

    Attributes:
        children: its child elements by their names, gathered once: searching them for every field
            takes four times as long.
    """

    element: etree._Element
    children: Mapping[str, Sequence[etree._Element]]

    def children_at(self, path: str, /) -> "list[TreeRecord]":
        """Open all elements at a path of names, in document order."""
        return [record_of(element) for element in _all_at(self, path)]

    def child_at(self, path: str, /) -> "TreeRecord":
        """Open the one element at a path of names; refuses none or several."""
        return record_of(self._single(_all_at(self, path), path))

    def text_at(self, path: str, /) -> str:
        """Read a text as written; refuses an absent or blank one, and white space around it."""
        value = _raw_text(self._single(_all_at(self, path), path))
        if not value or value != value.strip():
            raise self.misfit(path, value)
        return value

    def optional_at(self, path: str, /) -> str | None:
        """Read a text in NFC without white space around it; None where it is absent or blank."""
        found = _all_at(self, path)
        if not found:
            return None
        text = _raw_text(self._single(found, path))
        return unicodedata.normalize("NFC", text).strip() or None

    def attribute_of(self, name: str, /) -> str:
        """Read a required attribute."""
        value = self.element.get(name)
        if value is None:
            raise self.misfit(f"@{name}")
        return str(value)

    def misfit(self, path: str, value: str | None = None, /) -> DocumentRefused:
        """Make the refusal of a value that the schema should have caught."""
        xpath = f"{location_of(self.element)}/{path}"
        shown = None if value is None else shortened(value)
        return DocumentRefused(Finding(code="SIG-140", xpath=xpath, value=shown))

    def _single(self, found: Sequence[etree._Element], path: str) -> etree._Element:
        if len(found) != 1:
            raise self.misfit(path)
        return found[0]


def record_of(element: etree._Element) -> TreeRecord:
    """Open an element for reading."""
    children: dict[str, list[etree._Element]] = {}
    for child in element:
        children.setdefault(child.tag, []).append(child)
    return TreeRecord(element=element, children=children)


def name_at(parent: Record, path: str) -> str:
    """Read a name in NFC without white space around it.

    Raises:
        DocumentRefused: SIG-140, absent or blank.
    """
    name = parent.optional_at(path)
    if name is None:
        raise parent.misfit(path)
    return name


def _all_at(parent: TreeRecord, path: str) -> Sequence[etree._Element]:
    name, _, rest = path.partition("/")
    found = parent.children.get(name, ())
    if not rest:
        return found
    return [deep for one in found for deep in _all_at(record_of(one), rest)]


def _raw_text(element: etree._Element) -> str:
    if len(element):  # `.text` would stop at the first child
        raise DocumentRefused(Finding(code="SIG-140", xpath=location_of(element)))
    return str(element.text or "")
