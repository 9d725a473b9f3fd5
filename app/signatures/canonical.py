"""The canonical octets of an element: what a digest or a signature is computed over.

Canonical XML 1.0 (W3C 2001), Canonical XML 1.1 (W3C 2008) and Exclusive XML Canonicalization 1.0
(W3C 2002), all without comments. Versions 1.0 and 1.1 differ only in the inheritance of `xml:*`
attributes, which the reader refuses, so that one routine serves both.
"""

from collections.abc import Sequence
from enum import StrEnum

from lxml import etree

from app.engine import Native, Unplain
from app.transcripts.xml import detached


class Canonicalization(StrEnum):
    """The canonicalization methods taken; the values are their algorithm URIs."""

    INCLUSIVE_10 = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
    INCLUSIVE_11 = "http://www.w3.org/2006/12/xml-c14n11"
    EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"


_IN_A_DEFAULT_NAMESPACE = etree.XPath(
    "boolean(descendant-or-self::*[namespace-uri() and not(contains(name(), ':'))])"
)

DEFAULT_PREFIX = "#default"
"""How InclusiveNamespaces/@PrefixList names the default namespace (exc-c14n section 4)."""


def canonical_octets(
    element: etree._Element,
    c14n_uri: str,
    inclusive_prefixes: Sequence[str] = (),
    *,
    whole_document: bool = False,
    default_namespaces: bool = True,
) -> bytes:
    """Canonicalize the subtree of a parsed element where it stands, without the text behind it.

    Inclusive methods render every namespace that the element inherits from its ancestors. The tree
    is borrowed while this runs: no two threads may canonicalize one document at the same time.
    libxml2 leaves "&" unescaped in namespace names; none of those that the reader allows has one.

    Args:
        element: the apex of the subtree, from a parser: prefixes of trees built by hand are lost.
        c14n_uri: a value of `Canonicalization`.
        inclusive_prefixes: InclusiveNamespaces/@PrefixList; the inclusive methods ignore it.
        whole_document: whether the instructions around the document element count too.
        default_namespaces: False spares the search for them, where the whole document has none.

    Raises:
        ValueError: the method is none of `Canonicalization`, or the list names the default
            namespace and the subtree has one.
        etree.C14NError: a namespace name is relative, so that no canonical form exists.
    """
    exclusive = Canonicalization(c14n_uri) is Canonicalization.EXCLUSIVE
    if not exclusive:
        # lxml canonicalizes a subtree under a copy of its apex, and libxml2 then loses the default
        # namespace that the copy declares: it writes xmlns="" on grandchildren.
        if (
            default_namespaces
            and element.getparent() is not None
            and _IN_A_DEFAULT_NAMESPACE(element)
        ):
            element = detached(element)
        subject = element.getroottree() if whole_document else element
        return etree.tostring(subject, method="c14n", with_comments=False)
    # lxml drops "#default" from the list without a word, so octets that depend on it are refused.
    if DEFAULT_PREFIX in inclusive_prefixes and any(None in part.nsmap for part in element.iter()):
        raise ValueError("an inclusive default namespace cannot be canonicalized")
    return etree.tostring(
        element.getroottree() if whole_document else element,
        method="c14n",
        exclusive=True,
        with_comments=False,
        inclusive_ns_prefixes=list(inclusive_prefixes),
    )


def plain_octets(
    engine: Native,
    element: object,
    method: Canonicalization,
    inclusive_prefixes: Sequence[str] = (),
) -> bytes:
    """Canonicalize the subtree of an element that the engine has read, like `canonical_octets`.

    Raises:
        Unplain: it cannot say.
    """
    exclusive = method is Canonicalization.EXCLUSIVE
    if exclusive and inclusive_prefixes:
        raise Unplain
    octets = engine.canonical(element, exclusive)
    if octets is None:
        raise Unplain
    return octets
