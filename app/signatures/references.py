"""What a signature covers: exactly its slot's elements, with the digests that it states.

Steps 8 and 10. The Id only points; the node that it finds must be the very node that the slot
names, otherwise a wrapped copy would do.
"""

import hmac
import re
from collections.abc import Mapping, Sequence

from lxml import etree

from app.engine import native
from app.signatures.algorithms import DigestMethod
from app.signatures.canonical import canonical_octets, plain_octets
from app.signatures.failure import Failed
from app.signatures.shape import CanonicalForm, ReferenceParts

_FRAGMENT = re.compile(r"#([A-Za-z_][\w.\-]*)", re.ASCII)
"""`#NCName`, in the ASCII range that the field uses; no xpointer, no whole document."""

Group = tuple[etree._Element, ...]  # noqa: SLF001 -- reason: lxml has no public element type


class OctetCache:
    """Canonical octets of the elements of one document, each computed once.

    Principal and school cover the same element, so a third of the work falls away.
    """

    def __init__(self, *, default_namespaces: bool = True) -> None:
        """Serve one document, which must not change any more.

        Args:
            default_namespaces: False where no element of it stands in a default namespace.
        """
        self._default_namespaces = default_namespaces
        self._octets: dict[tuple[etree._Element, CanonicalForm], bytes] = {}
        self._digests: dict[tuple[etree._Element, CanonicalForm, DigestMethod], bytes] = {}

    def of(self, element: etree._Element, form: CanonicalForm) -> bytes:
        """Return the canonical octets of an element's subtree.

        Raises:
            Failed: SIG-301 it has no canonical form, which other stacks take for the empty one.
        """
        key = (element, form)
        octets = self._octets.get(key)
        if octets is None:
            octets = self._octets[key] = signed_octets(
                element, form, default_namespaces=self._default_namespaces
            )
        return octets

    def digest_of(
        self, element: etree._Element, form: CanonicalForm, method: DigestMethod
    ) -> bytes:
        """Return the digest of the canonical octets of an element's subtree."""
        key = (element, form, method)
        digest = self._digests.get(key)
        if digest is None:
            digest = self._digests[key] = method.new(self.of(element, form)).digest()
        return digest


def signed_octets(
    element: etree._Element, form: CanonicalForm, *, default_namespaces: bool = True
) -> bytes:
    """Return the canonical octets of an element's subtree.

    Args:
        element: the apex.
        form: method and prefixes.
        default_namespaces: as `canonical_octets` takes it.

    Raises:
        Failed: SIG-301 it has no canonical form, which other stacks take for the empty one.
        Unplain: the engine has read the element and cannot say.
    """
    engine = native()
    if engine is not None and isinstance(element, engine.element):
        return plain_octets(engine, element, form.method, form.prefixes)
    try:
        octets = canonical_octets(
            element, form.method, form.prefixes, default_namespaces=default_namespaces
        )
    except (etree.C14NError, ValueError):
        octets = b""
    if not octets:
        raise Failed("SIG-301", element)
    return octets


def resolve_references(
    references: Sequence[ReferenceParts],
    *,
    ids: Mapping[str, etree._Element],
    signature: etree._Element,
    groups: Sequence[Group],
) -> tuple[tuple[ReferenceParts, etree._Element], ...]:
    """Match references one to one with the groups of elements that must be covered.

    Args:
        references: of one signature.
        ids: the document's unique Ids.
        signature: the signature, which must stand outside a target when it says "enveloped".
        groups: for each thing to cover the elements that do it, of which exactly one is referenced.

    Raises:
        Failed: SIG-220 too few, too many or other references; SIG-221 no such element or another
            than the slot names; SIG-222 enveloped where it would cut; SIG-223 not a plain `#Id`.
    """
    open_groups = list(groups)
    resolved = []
    for reference in references:
        match = _FRAGMENT.fullmatch(reference.uri)
        if match is None:
            raise Failed("SIG-223", reference.element, reference.uri)
        target = ids.get(match[1])
        if target is None:
            raise Failed("SIG-221", reference.element, reference.uri)
        for group in open_groups:
            if target in group:
                break
        else:
            raise Failed("SIG-220", reference.element, reference.uri)
        if reference.enveloped and target in signature.iterancestors():
            raise Failed("SIG-222", reference.element, reference.uri)
        open_groups.remove(group)
        resolved.append((reference, target))
    if open_groups:
        missing = open_groups[0][0].get("Id")
        raise Failed("SIG-220", signature, None if missing is None else f"#{missing}")
    return tuple(resolved)


def check_digests(
    resolved: Sequence[tuple[ReferenceParts, etree._Element]], octets: OctetCache
) -> None:
    """Compare each stated digest with the digest of the canonical octets, in constant time.

    Raises:
        Failed: SIG-300 the content was changed after signing; SIG-301 the canonical form is empty.
    """
    for reference, target in resolved:
        digest = octets.digest_of(target, reference.canonicalization, reference.digest)
        if not hmac.compare_digest(digest, reference.digest_value):
            raise Failed("SIG-300", target, reference.uri)
