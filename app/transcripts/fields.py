"""Reading single values out of verified canonical octets, refusing whatever the schema forbids.

The schema has been checked on the upload; these functions hold the parsed octets to the same shape,
so that a value is never guessed when the two should differ.
"""

import unicodedata

from lxml import etree

from app.transcripts.document import location_of
from app.transcripts.finding import DocumentRefused, Finding, shortened


def child_at(parent: etree._Element, path: str) -> etree._Element:
    """Find the one element at a path of local names.

    Raises:
        DocumentRefused: SIG-140, none or several.
    """
    return _single(_all_at(parent, path), parent, path)


def text_at(parent: etree._Element, path: str) -> str:
    """Read a code, number or date as written.

    Raises:
        DocumentRefused: SIG-140, absent, empty, or with white space around it.
    """
    value = _raw_text(child_at(parent, path))
    if not value or value != value.strip():
        raise misfit(parent, path, value)
    return value


def name_at(parent: etree._Element, path: str) -> str:
    """Read a name in NFC without white space around it.

    Raises:
        DocumentRefused: SIG-140, absent or blank.
    """
    name = optional_at(parent, path)
    if name is None:
        raise misfit(parent, path)
    return name


def optional_at(parent: etree._Element, path: str) -> str | None:
    """Read a text in NFC without white space around it; None where it is absent or blank.

    Raises:
        DocumentRefused: SIG-140, several.
    """
    found = _all_at(parent, path)
    if not found:
        return None
    return unicodedata.normalize("NFC", _raw_text(_single(found, parent, path))).strip() or None


def attribute_of(element: etree._Element, name: str) -> str:
    """Read a required attribute.

    Raises:
        DocumentRefused: SIG-140, absent.
    """
    value = element.get(name)
    if value is None:
        raise misfit(element, f"@{name}")
    return str(value)


def misfit(parent: etree._Element, path: str, value: str | None = None) -> DocumentRefused:
    """Make the refusal of a value that the schema should have caught."""
    xpath = f"{location_of(parent)}/{path}"
    shown = None if value is None else shortened(value)
    return DocumentRefused(Finding(code="SIG-140", xpath=xpath, value=shown))


def _all_at(parent: etree._Element, path: str) -> list[etree._Element]:
    # As `findall` does, without the search for predicates and wildcards that it makes in Python.
    found = [parent]
    for name in path.split("/"):
        found = [child for one in found for child in one.iterchildren(name)]
    return found


def _single(found: list[etree._Element], parent: etree._Element, path: str) -> etree._Element:
    if len(found) != 1:
        raise misfit(parent, path)
    return found[0]


def _raw_text(element: etree._Element) -> str:
    if len(element):  # `.text` would stop at the first child
        raise DocumentRefused(Finding(code="SIG-140", xpath=location_of(element)))
    return str(element.text or "")
