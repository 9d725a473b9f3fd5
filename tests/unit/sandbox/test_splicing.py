from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from app.sandbox.splicing import find_places, spliced
from app.transcripts.limits import TRANSCRIPT_LIMITS
from app.transcripts.xml import read_xml

XML = (
    b"<?xml version='1.0'?>\n<r a='>' b=\"/>\"><s Id = 'x>1' /><t><s/></t><s>old\n</s >\r\n"
    b"<u><s Id='no'/></u><s Id=\"y\"></s></r>"
)


def contents(xml: bytes, path: str) -> list[bytes]:
    return [xml[place.begin : place.end] for place in find_places(xml, path)]


def test_an_element_is_found_by_its_whole_path() -> None:
    assert contents(XML, "/r/s") == [b"/>", b"old\n", b""]
    assert contents(XML, "/r/t/s") == [b"/>"]
    assert contents(XML, "/r/nothing") == []


def test_the_document_element_itself_can_be_found() -> None:
    assert contents(b"<r><r/></r>", "/r") == [b"<r/>"]


def test_places_know_their_ids() -> None:
    assert [place.id for place in find_places(XML, "/r/s")] == ["x>1", "", "y"]


def test_content_is_put_into_each_place_and_nothing_else_changes() -> None:
    places = find_places(XML, "/r/s")
    assert spliced(XML, zip(places, (b"<a/>", b"", b"b"), strict=True)) == (
        b"<?xml version='1.0'?>\n<r a='>' b=\"/>\"><s Id = 'x>1' ><a/></s><t><s/></t><s></s >\r\n"
        b"<u><s Id='no'/></u><s Id=\"y\">b</s></r>"
    )


def test_no_new_content_leaves_the_octets() -> None:
    assert spliced(XML, []) == XML


names = st.sampled_from(["a", "b", "s"])
trees = st.recursive(
    names.map(etree.Element),
    lambda inner: st.tuples(names, st.lists(inner, max_size=4)).map(lambda pair: tree_of(*pair)),
)


def tree_of(name: str, children: list[etree._Element]) -> etree._Element:
    root = etree.Element(name, Id="<'\">&/>")
    for child in children:
        child.tail = "<>&\n"
        root.append(child)
    return root


@given(tree=trees, path=st.lists(names, min_size=1, max_size=3))
def test_the_scan_finds_what_a_parser_finds(tree: etree._Element, path: list[str]) -> None:
    xml = etree.tostring(tree, encoding="utf-8")
    absolute = "/" + "/".join(path)
    root = read_xml(xml, TRANSCRIPT_LIMITS)
    expected = root.xpath(absolute)
    places = find_places(xml, absolute)
    filled = spliced(xml, [(place, b"<new/>") for place in places])
    found = read_xml(filled, TRANSCRIPT_LIMITS).xpath(absolute)
    assert isinstance(found, list)
    assert isinstance(expected, list)
    if len(set(path)) == len(path):  # a place inside a place would be replaced with it
        assert len(places) == len(found) == len(expected)
        assert all([child.tag for child in one] == ["new"] for one in found)
