"""The elements of the engine say what lxml's say of the same document."""

from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from lxml import etree

from app.engine import Unplain
from app.transcripts.xml import read_canonical
from tests.attacks.content import XADES
from tests.attacks.victims import package, transcript_of
from tests.unit.engine.plain import DS, SIGNATURE, X, documents, read, read_both

TAGS = ("A", f"{{{DS}}}C", f"{{{X}}}D", f"{{{X}}}A", "{urn:other}A", "*")
NAMESPACES_OF_FIELD = (DS.encode(), b"http://uri.etsi.org/01903/v1.3.2#")
PATHS = (*TAGS, "A/B", f"*/{{{DS}}}C", f"{{{X}}}D/*/A", "{unclosed")


def _tags(found: Iterable[Any]) -> list[str]:
    return [one.tag for one in found]


def _said(element: Any) -> dict[str, Any]:
    parent = element.getparent()
    return {
        "tag": element.tag,
        "text": element.text,
        "line": element.sourceline,
        "attributes": [element.get(name) for name in ("Id", "b", "URI", "A", "xmlns", "xmlns:x")],
        "default": element.get("absent", "-"),
        "length": len(element),
        "children": _tags(element),
        "parent": None if parent is None else parent.tag,
        "ancestors": _tags(element.iterancestors()),
        "below": _tags(element.iter()),
        "found": [_tags(element.iter(tag)) for tag in TAGS],
        "children named": [_tags(element.iterchildren(tag)) for tag in TAGS],
        "before": [_tags(element.itersiblings(tag, preceding=True)) for tag in TAGS],
        "behind": [_tags(element.itersiblings(tag)) for tag in TAGS],
    }


def _at(element: Any) -> list[Any]:
    found = []
    for path in PATHS[:-1]:
        first = element.find(path)
        found.append(None if first is None else first.tag)
        found.append(element.findtext(path))
        found.append(_tags(element.findall(path)))
    return found


def assert_same_elements(quick: Any, slow: etree._Element) -> None:
    pairs = list(zip(quick.iter(), slow.iter(), strict=True))
    for one, other in pairs:
        assert _said(one) == _said(other)
        assert _at(one) == _at(other)
    places = {one: place for place, (one, _) in enumerate(pairs)}
    assert [places[one] for one in quick.iter()] == list(range(len(pairs)))
    bearers: dict[str, list[int]] = {}
    for place, (_, other) in enumerate(pairs):
        if "Id" in other.attrib:
            bearers.setdefault(other.attrib["Id"], []).append(place)
    found = {key: [places[one] for one in held] for key, held in quick.bearers("Id").items()}
    assert found == bearers
    assert list(found) == list(bearers)


@given(xml=documents)
def test_they_say_what_those_of_lxml_say(xml: bytes) -> None:
    quick, slow = read_both(xml)
    if quick is not None:
        assert_same_elements(quick, slow)


@pytest.mark.parametrize("style", [None, XADES])
def test_they_say_of_a_signed_transcript_what_those_of_lxml_say(style: Any) -> None:
    xml = transcript_of(style=style) if style else transcript_of()
    quick, slow = read(xml, NAMESPACES_OF_FIELD), read_canonical(xml)
    if quick is not None:
        for one, other in zip(quick.iter(), slow.iter(), strict=True):
            assert (one.tag, one.text, one.sourceline) == (other.tag, other.text, other.sourceline)


def test_two_are_equal_when_they_are_one_of_one_document() -> None:
    one, other = read(b"<a><b/></a>"), read(b"<a><b/></a>")
    if one is not None:
        assert one.find("b") == one.find("b")
        assert one.find("b") is not one.find("b")
        assert {one.find("b"): "b"}[one.find("b")] == "b"
        assert one.find("b") != one
        assert one.find("b") != other.find("b")
        assert one != "a"
        with pytest.raises(TypeError):
            _ = one < other


def test_one_outlives_the_root_that_it_was_found_from() -> None:
    signatures = [
        element
        for element in (read(transcript_of(), NAMESPACES_OF_FIELD) or etree.Element("none")).iter()
        if element.tag == SIGNATURE
    ]
    for signature in signatures:
        assert signature.getparent().find(SIGNATURE) == signature


def test_a_line_that_libxml2_counts_otherwise_is_left_to_it() -> None:
    root = read(b"<a>" + b"\n" * 65_533 + b"<b/>\n<c/></a>")
    if root is not None:
        assert root.find("b").sourceline == 65_534
        with pytest.raises(Unplain):
            _ = root.find("c").sourceline


def test_arguments_of_the_wrong_kind_are_refused() -> None:
    root = read(package(), NAMESPACES_OF_FIELD)
    if root is not None:
        for call in (
            root.get,
            lambda: root.get("a", "b", "c"),
            lambda: root.get(1),
            lambda: root.find(None),
            lambda: root.findall(b"a"),
            lambda: root.iter(1),
            root.itersiblings,
            lambda: root.bearers(1),
        ):
            with pytest.raises(TypeError):
                call()
