"""The canonical octets of what a reference names in any document, not only in one of the field.

Comments, instructions outside the document element, inherited `xml:*` attributes and the enveloped
transform are what foreign documents add. Canonicalization always works on a copy in a document of
its own, so that the tree that is verified never changes.
"""

import copy
from collections.abc import Iterator, Sequence
from typing import cast

from lxml import etree

from app.signatures.canonical import DEFAULT_PREFIX, Canonicalization, canonical_octets
from app.signatures.failure import Failed
from app.signatures.shape import CanonicalForm
from app.transcripts.xml import detached

_XML = "{http://www.w3.org/XML/1998/namespace}"
_INHERITED_BY_11 = frozenset({f"{_XML}lang", f"{_XML}space"})
_BASE = f"{_XML}base"


def document_octets(
    root: etree._Element, form: CanonicalForm, *, without: etree._Element | None = None
) -> bytes:
    """Canonicalize a whole document without its comments (XML Signature 1.1 section 4.4.3.3).

    Args:
        root: its document element.
        form: method and prefixes.
        without: a signature that the enveloped transform takes out.

    Raises:
        Failed: SIG-301 nothing is left, or there is no canonical form.
    """
    apex = copy.deepcopy(root.getroottree()).getroot()
    if without is not None:
        _remove(apex, _steps(root, without), root)
    return _octets(apex, form, root, whole_document=True)


def element_octets(
    element: etree._Element, form: CanonicalForm, *, without: etree._Element | None = None
) -> bytes:
    """Canonicalize the subtree of an element, without its comments and the text behind it.

    Args:
        element: the apex.
        form: method and prefixes.
        without: a signature that the enveloped transform takes out, where it stands inside.

    Raises:
        Failed: SIG-301 nothing is left, or there is no canonical form that all stacks agree on.
    """
    apex = detached(element)
    _inherit(apex, element, form.method)
    if without is not None:
        above = [without, *without.iterancestors()]
        if any(node is element for node in above):
            _remove(apex, _steps(element, without), element)
        elif any(node is without for node in element.iterancestors()):
            raise Failed("SIG-301", element)
    return _octets(apex, form, element, whole_document=False)


def _octets(
    apex: etree._Element, form: CanonicalForm, place: etree._Element, *, whole_document: bool
) -> bytes:
    try:
        prefixes = _prefixes(apex, form) if DEFAULT_PREFIX in form.prefixes else form.prefixes
        return canonical_octets(apex, form.method, prefixes, whole_document=whole_document)
    except (etree.C14NError, ValueError):
        raise Failed("SIG-301", place) from None


def _steps(start: etree._Element, inner: etree._Element) -> list[int]:
    """List the child positions that lead from an element down to another one."""
    steps = []
    while inner is not start:
        parent = inner.getparent()
        steps.append(parent.index(inner))  # type: ignore[union-attr]  # reason: start is above inner
        inner = parent  # type: ignore[assignment]  # reason: as above
    return steps[::-1]


def _remove(start: etree._Element, steps: Sequence[int], place: etree._Element) -> None:
    """Take an element out of a copy and leave the text behind it where it is."""
    if not steps:
        raise Failed("SIG-301", place)
    parent = start
    for step in steps[:-1]:
        parent = parent[step]
    gone = parent[steps[-1]]
    before = gone.getprevious()
    if before is None:
        parent.text = (parent.text or "") + (gone.tail or "")
    else:
        before.tail = (before.tail or "") + (gone.tail or "")
    parent.remove(gone)


def _inherit(apex: etree._Element, element: etree._Element, method: Canonicalization) -> None:
    """Give the apex the `xml:*` attributes of its ancestors that an inclusive method renders.

    C14N 1.0 section 2.4 takes all of them, 1.1 section 2.4 `xml:lang` and `xml:space`. The joining
    of `xml:base` in 1.1 is not done: few stacks agree on it.

    Raises:
        Failed: SIG-301 an ancestor has `xml:base` and the method is C14N 1.1.
    """
    if method is Canonicalization.EXCLUSIVE:
        return
    for name, value in _xml_attributes_above(element):
        if method is Canonicalization.INCLUSIVE_11:
            if name == _BASE:
                raise Failed("SIG-301", element)
            if name not in _INHERITED_BY_11:
                continue
        if name not in apex.attrib:
            apex.set(name, value)


def _xml_attributes_above(element: etree._Element) -> Iterator[tuple[str, str]]:
    for ancestor in element.iterancestors():
        for name, value in ancestor.items():
            if str(name).startswith(_XML):
                yield str(name), str(value)


def _prefixes(apex: etree._Element, form: CanonicalForm) -> tuple[str, ...]:
    """Drop "#default" from the list where the octets are the same with and without it.

    lxml cannot render it. It matters only for an element with a prefix that stands in another
    default namespace than the one that its nearest rendered ancestor declares.

    Raises:
        ValueError: it matters.
    """
    rendered: dict[etree._Element | None, str] = {None: ""}
    for element in apex.iter(etree.Element):
        in_scope = element.nsmap.get(None) or ""
        parent = None if element is apex else element.getparent()
        prefix = cast("str | None", element.prefix)
        if prefix is not None and in_scope != rendered[parent]:
            raise ValueError("an inclusive default namespace cannot be canonicalized")
        rendered[element] = in_scope
    return tuple(prefix for prefix in form.prefixes if prefix != DEFAULT_PREFIX)
