"""How large a document may be, and why."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How large a document may be. The counts bound memory before a tree is built.

    Attributes:
        size: bytes of the document.
        depth: elements from the document element down to the deepest one.
        elements: elements in the document.
        attributes: attributes of one element, namespace declarations not counted.
        namespaces: namespace declarations in the document; canonicalization walks them for each
            element, so their number times the elements is work.
        prefixes: different prefixes that are declared; for every element canonicalization searches
            each declaration in scope among all others, so that their square is work.
        text: characters of one text node.
    """

    size: int
    depth: int
    elements: int
    attributes: int
    namespaces: int
    prefixes: int
    text: int


TRANSCRIPT_LIMITS = Limits(
    size=1024 * 1024,
    depth=32,
    elements=5_000,
    attributes=32,
    namespaces=2_000,
    prefixes=16,
    text=256 * 1024,
)
"""One transcript: a real one has 60-90 KB, 12-17 signatures, about 1,000 elements, depth 12, and at
most 700 namespace declarations when a signing tool repeats them on every element, of fewer than ten
prefixes (700 prefixes in scope of 5,000 elements take 8 s to canonicalize). The longest text
is a timestamp token with its certificates (20 KB). What lies several times above is no transcript;
the time that checks take is linear in the document but for locations, which count siblings."""

PACKAGE_LIMITS = Limits(
    size=32 * 1024 * 1024,
    depth=32,
    elements=5_000,
    attributes=32,
    namespaces=2_000,
    prefixes=16,
    text=8 * 1024 * 1024,
)
"""One package: 300 transcripts of 3 elements each and one signature. The text limit lies far above
the base64 of the largest transcript, so that one oversized transcript is refused alone and not with
its class, and below libxml2's own 10 MB."""
