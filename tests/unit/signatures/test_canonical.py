import pytest
from lxml import etree

from app.signatures.canonical import Canonicalization, canonical_octets
from app.transcripts.limits import TRANSCRIPT_LIMITS
from app.transcripts.xml import read_xml

INCLUSIVE = (Canonicalization.INCLUSIVE_10, Canonicalization.INCLUSIVE_11)
NESTED = (
    b'<r xmlns="urn:a" xmlns:p="urn:p" xmlns:q="urn:q"><m xmlns:p="urn:p2">'
    b'<q:c z=\'1\' b="2"><d/></q:c>behind</m><n xmlns=""><e/></n></r>'
)


def element(data: bytes, path: str) -> etree._Element:
    found = read_xml(data, TRANSCRIPT_LIMITS).find(path)
    assert found is not None
    return found


@pytest.mark.parametrize("method", INCLUSIVE)
def test_an_inclusive_subtree_carries_every_namespace_of_its_ancestors(
    method: Canonicalization,
) -> None:
    octets = canonical_octets(element(NESTED, ".//{urn:q}c"), method)
    assert octets == (
        b'<q:c xmlns="urn:a" xmlns:p="urn:p2" xmlns:q="urn:q" b="2" z="1"><d></d></q:c>'
    )


@pytest.mark.parametrize("method", INCLUSIVE)
def test_an_inclusive_subtree_does_not_inherit_an_undeclared_default_namespace(
    method: Canonicalization,
) -> None:
    octets = canonical_octets(element(NESTED, ".//e"), method)
    assert octets == b'<e xmlns:p="urn:p" xmlns:q="urn:q"></e>'


@pytest.mark.parametrize("method", INCLUSIVE)
@pytest.mark.parametrize(
    "document",
    [
        b'<w xmlns="urn:a"><r><a><b/></a></r></w>',
        b'<w><r xmlns="urn:a"><a xmlns:z="urn:z"><b/></a></r>behind</w>',
        b'<w xmlns="urn:a"><r><p:a xmlns:p="urn:p"><b><c/></b></p:a></r></w>',
        b'<w xmlns="urn:a"><r><a xmlns=""><b xmlns="urn:b"><c xmlns="urn:a"/></b></a></r></w>',
    ],
)
def test_a_default_namespace_reaches_the_grandchildren_of_an_inclusive_subtree(
    method: Canonicalization, document: bytes
) -> None:
    apex = read_xml(document, TRANSCRIPT_LIMITS)[0]
    start, end = document.index(b"<r"), document.index(b"</r>") + 4
    alone = document[start:end]
    if b"xmlns" in document[:start]:
        alone = alone.replace(b"<r", b'<r xmlns="urn:a"')
    whole = read_xml(alone, TRANSCRIPT_LIMITS)
    assert canonical_octets(apex, method) == etree.tostring(whole, method="c14n")
    assert b'<b xmlns="">' not in canonical_octets(apex, method)


def test_an_exclusive_subtree_carries_only_the_namespaces_that_it_uses() -> None:
    octets = canonical_octets(element(NESTED, ".//{urn:q}c"), Canonicalization.EXCLUSIVE)
    assert octets == b'<q:c xmlns:q="urn:q" b="2" z="1"><d xmlns="urn:a"></d></q:c>'


def test_listed_prefixes_are_carried_by_an_exclusive_subtree_too() -> None:
    octets = canonical_octets(
        element(NESTED, ".//{urn:q}c"), Canonicalization.EXCLUSIVE, ("p", "unknown")
    )
    assert octets.startswith(b'<q:c xmlns:p="urn:p2" xmlns:q="urn:q" ')


def test_a_listed_default_namespace_is_refused_because_it_would_be_left_out() -> None:
    with pytest.raises(ValueError, match="default namespace"):
        canonical_octets(
            element(NESTED, ".//{urn:q}c"), Canonicalization.EXCLUSIVE, ("p", "#default")
        )


def test_a_listed_default_namespace_changes_nothing_where_none_is_declared() -> None:
    document = b'<r xmlns:p="urn:p"><c/></r>'
    octets = canonical_octets(element(document, "c"), Canonicalization.EXCLUSIVE, ("#default", "p"))
    assert octets == b'<c xmlns:p="urn:p"></c>'


def test_inclusive_methods_ignore_listed_prefixes() -> None:
    c = element(NESTED, ".//{urn:q}c")
    method = Canonicalization.INCLUSIVE_10
    assert canonical_octets(c, method, ("#default",)) == canonical_octets(c, method)


@pytest.mark.parametrize("method", Canonicalization)
def test_characters_are_escaped_as_the_standard_says(method: Canonicalization) -> None:
    document = "<r><c a='&#9;\"&lt;&#10;ạ'>&amp;&gt;&#13;\r\n&#x1EA1;</c></r>".encode()
    assert canonical_octets(element(document, "c"), method).decode() == (
        '<c a="&#x9;&quot;&lt;&#xA;ạ">&amp;&gt;&#xD;\nạ</c>'
    )


@pytest.mark.parametrize("method", Canonicalization)
def test_a_canonical_form_is_its_own_canonical_form(method: Canonicalization) -> None:
    once = canonical_octets(element(NESTED, ".//{urn:q}c"), method)
    assert canonical_octets(read_xml(once, TRANSCRIPT_LIMITS), method) == once


def test_canonicalizing_leaves_the_tree_as_it_was() -> None:
    root = read_xml(NESTED, TRANSCRIPT_LIMITS)
    before = etree.tostring(root)
    c = root.find(".//{urn:q}c")
    assert c is not None
    for method in Canonicalization:
        canonical_octets(c, method)
    assert etree.tostring(root) == before


def test_an_unknown_method_is_refused() -> None:
    with pytest.raises(ValueError, match="WithComments"):
        canonical_octets(element(NESTED, ".//e"), f"{Canonicalization.EXCLUSIVE}WithComments")


@pytest.mark.parametrize("method", Canonicalization)
def test_a_relative_namespace_has_no_canonical_form(method: Canonicalization) -> None:
    with pytest.raises(etree.C14NError):
        canonical_octets(element(b'<r xmlns:p="p"><p:c/></r>', "{p}c"), method)
