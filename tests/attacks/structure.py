"""Changes of structure: elements moved, doubled, deleted, renamed, wrapped, swapped."""

from collections.abc import Callable
from copy import deepcopy

from lxml import etree

from app.transcripts.limits import PACKAGE_LIMITS
from app.transcripts.locations import PREFIXES
from app.transcripts.xml import read_xml

Change = Callable[[etree._Element, etree._Element, str], None]


def _move(one: etree._Element, other: etree._Element, _: str) -> None:
    if one is not other and one not in other.iterancestors():
        other.append(one)


def _duplicate(one: etree._Element, other: etree._Element, _: str) -> None:
    other.append(deepcopy(one))


def _double(one: etree._Element, _: etree._Element, __: str) -> None:
    if one.getparent() is not None:
        one.addnext(deepcopy(one))


def _delete(one: etree._Element, _: etree._Element, __: str) -> None:
    parent = one.getparent()
    if parent is not None:
        parent.remove(one)


def _rename(one: etree._Element, other: etree._Element, _: str) -> None:
    one.tag = other.tag


def _wrap(one: etree._Element, other: etree._Element, _: str) -> None:
    parent = one.getparent()
    if parent is not None:
        wrapper = etree.Element(other.tag)
        parent.replace(one, wrapper)
        wrapper.append(one)


def _swap(one: etree._Element, other: etree._Element, _: str) -> None:
    here, there = deepcopy(one), deepcopy(other)
    for old, new in ((one, there), (other, here)):
        parent = old.getparent()
        if parent is not None:
            parent.replace(old, new)


def _swap_attributes(one: etree._Element, other: etree._Element, _: str) -> None:
    mine, theirs = list(one.attrib.items()), list(other.attrib.items())
    for element, attributes in ((one, theirs), (other, mine)):
        element.attrib.clear()
        element.attrib.update(attributes)


def _copy_id(one: etree._Element, other: etree._Element, word: str) -> None:
    one.set("Id", other.get("Id", word))


def _swap_texts(one: etree._Element, other: etree._Element, _: str) -> None:
    one.text, other.text = other.text, one.text


def _write(one: etree._Element, _: etree._Element, word: str) -> None:
    one.text = word


def _write_behind(one: etree._Element, _: etree._Element, word: str) -> None:
    if one.getparent() is not None:
        one.tail = word


def _declare(one: etree._Element, _: etree._Element, word: str) -> None:
    parent = one.getparent()
    if parent is not None:
        again = etree.Element(one.tag, nsmap={"p": (*PREFIXES, "urn:mau")[len(word) % 5]})
        again.attrib.update(list(one.attrib.items()))
        again.text, again.tail = one.text, one.tail
        again.extend(list(one))
        parent.replace(one, again)


CHANGES: tuple[Change, ...] = (
    _move,
    _duplicate,
    _double,
    _delete,
    _rename,
    _wrap,
    _swap,
    _swap_attributes,
    _copy_id,
    _swap_texts,
    _write,
    _write_behind,
    _declare,
)

WORDS = ("", " ", "\n", "1", "10", "Đ", "data", "#data", "noidung", "AAAA", "mau")
"""What the changes write."""


def restructured(xml: bytes, changes: list[tuple[Change, int, int, str]]) -> bytes:
    """Apply changes in turn, each to two elements by their number and with a word.

    Raises:
        DocumentRefused: the hardened reader does not take the document.
    """
    root = read_xml(xml, PACKAGE_LIMITS)
    for change, one, other, word in changes:
        elements = list(root.iter())
        change(elements[one % len(elements)], elements[other % len(elements)], word)
    return etree.tostring(root, encoding="utf-8", xml_declaration=True)
