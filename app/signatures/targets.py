"""What the references of any document name, and the digests of it, within a budget of work."""

import hmac
import re
from collections.abc import Callable, Mapping
from typing import Any

from lxml import etree

from app.signatures.failure import Failed
from app.signatures.shape import CanonicalForm, ReferenceParts
from app.signatures.subtree import document_octets, element_octets
from app.transcripts.xml import elements_at

MAX_WORK = 192 * 1024 * 1024
"""Canonical octets, and their equivalent in copying and in searching namespaces, made for one
document: about two seconds. Honest documents need a few times their own size."""

_NAMESPACE_SEARCH = 8
"""Octets that are written in the time that one element needs for one declaration of a namespace."""

_FRAGMENT = re.compile(r"#([^\W\d][\w.\-]*)")
"""`#NCName`; no xpointer."""

_ID_NAMES = ("Id", "ID", "id", "{http://www.w3.org/XML/1998/namespace}id")
_LIKE_AN_ID = etree.XPath("/descendant::*[@*[translate(local-name(), 'ID', 'id') = 'id']]")
"""Without a schema any of these attributes may be what the signer, or another program, takes for an
Id. Those with a foreign prefix name no target, but make one ambiguous."""


class Targets:
    """One parsed document: its Ids, the digests made so far and the work that they took.

    Args:
        root: the document element.
        document: the bytes that it was parsed from.
        whole: whether a reference to "" is taken.
    """

    def __init__(self, root: etree._Element, document: bytes, *, whole: bool) -> None:
        self.root = root
        self._whole = whole
        self._size = len(document)
        self._declarations = document.count(b"xmlns")
        self._bearers = _bearers_by_id(root)
        self._digests: dict[tuple[object, ...], bytes] = {}
        self._work = 0

    def of(self, reference: ReferenceParts) -> etree._Element:
        """Find the element that a reference names, the document element for the whole document.

        Raises:
            Failed: SIG-221 no element or several; SIG-223 anything else than "#Id" and "".
        """
        if reference.uri == "" and self._whole:
            return self.root
        match = _FRAGMENT.fullmatch(reference.uri)
        if match is None:
            raise Failed("SIG-223", reference.element, reference.uri)
        bearers = self._bearers.get(match[1], [])
        if len(bearers) != 1 or match[1] not in [bearers[0].get(name) for name in _ID_NAMES]:
            raise Failed("SIG-221", reference.element, reference.uri)
        return bearers[0]

    def check_digest(
        self, reference: ReferenceParts, target: etree._Element, signature: etree._Element
    ) -> None:
        """Compare a stated digest with that of the target, in constant time.

        Raises:
            Failed: SIG-121 too much work; SIG-300 another digest; SIG-301 no canonical form.
        """
        whole, form = reference.uri == "", reference.canonicalization
        without = signature if reference.enveloped else None
        key = (target, whole, form, without, reference.digest)
        if key not in self._digests:
            make = document_octets if whole else element_octets
            octets = self._make(make, target, form, without=without)
            self._digests[key] = reference.digest.new(octets).digest()
        if not hmac.compare_digest(self._digests[key], reference.digest_value):
            raise Failed("SIG-300", target, reference.uri)

    def octets(self, element: etree._Element, form: CanonicalForm) -> bytes:
        """Return the canonical octets of an element's subtree.

        Raises:
            Failed: SIG-121 too much work; SIG-301 no canonical form.
        """
        return self._make(element_octets, element, form)

    def _make(
        self, make: Callable[..., bytes], element: etree._Element, form: CanonicalForm, **how: Any
    ) -> bytes:
        if self._work > MAX_WORK:
            raise Failed("SIG-121", element)
        octets = make(element, form, **how)
        searched = octets.count(b"</") * self._declarations * _NAMESPACE_SEARCH
        copied = self._size if make is document_octets else len(octets)
        self._work += copied + len(octets) + searched
        return octets


def _bearers_by_id(root: etree._Element) -> Mapping[str, list[etree._Element]]:
    bearers: dict[str, list[etree._Element]] = {}
    for element in elements_at(_LIKE_AN_ID, root):
        names = [k for k in element.keys() if etree.QName(k).localname.lower() == "id"]  # noqa: SIM118 -- reason: an element iterates over its children
        for value in {element.attrib[name] for name in names}:
            bearers.setdefault(str(value), []).append(element)
    return bearers
