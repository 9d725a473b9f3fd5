"""One hardened parse: what XML we read at all, and how much of it.

The only module that parses XML. The raw bytes are scanned before libxml2 sees them, because what a
parser forgives (comments, DOCTYPE, CDATA, another encoding) is what makes a signed text read
differently in two programs: lxml's `.text` of a signed `9<!--x-->0` is "9".
"""

import codecs
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files
from typing import Any, cast

from lxml import etree

from app.transcripts.finding import DocumentRefused, Finding, shortened


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

Scan = Callable[[bytes], Iterator[Finding]]
"""Finds by raw bytes what a kind of document must not hold."""

_DECODE_CHUNK = 1024 * 1024
"""Bytes decoded at a time to prove UTF-8: a package never stands in memory as text."""

_DECLARATION = re.compile(
    rb"""<\?xml\s+version\s*=\s*(?:"(?P<v1>[^"<>]*)"|'(?P<v2>[^'<>]*)')"""
    rb"""(?:\s+encoding\s*=\s*(?:"(?P<e1>[^"<>]*)"|'(?P<e2>[^'<>]*)'))?"""
    rb"""(?:\s+standalone\s*=\s*(?:"(?:yes|no)"|'(?:yes|no)'))?\s*\?>"""
)
"""The XML declaration (XML 1.0 section 2.8, production 23)."""

_PREFIX = re.compile(rb"xmlns(?::([^\s=<>\"']+))?\s*=")
"""The prefix of a namespace declaration, or of a text that looks like one."""

_RESOURCE_LIMIT = 114
"""libxml2's XML_ERR_RESOURCE_LIMIT: its own guards on depth and text length."""


def read_xml(data: bytes, limits: Limits, scan: Scan | None = None) -> etree._Element:
    """Parse untrusted bytes into a tree that holds elements, attributes and text, nothing else.

    A byte order mark is tolerated; `has_byte_order_mark` tells.

    Args:
        data: the untrusted bytes.
        limits: how large the document may be.
        scan: faults found in the bytes; by default comments, instructions, DTD and CDATA.

    Raises:
        DocumentRefused: SIG-110 encoding or XML version, SIG-111 DTD, SIG-112 comment or
            processing instruction, SIG-113 CDATA, SIG-120 malformed, SIG-121 over a limit.
    """
    _refuse(_size_findings(data, limits))
    _refuse(_encoding_findings(data))
    _refuse((scan or _markup_findings)(data))
    _refuse(_count_findings(data, limits))
    root = _parse(data)
    _refuse(_tree_findings(root, len(data), limits))
    return root


def detached(element: etree._Element) -> etree._Element:
    """Copy an element of a parsed tree into a document of its own, without the text behind it.

    Every namespace that the element inherits is declared on the copy, used or unused.
    """
    return _parse(etree.tostring(element, encoding="utf-8", with_tail=False))


def has_byte_order_mark(data: bytes) -> bool:
    """Tell whether the document starts with the UTF-8 byte order mark (a warning, SIG-115)."""
    return data.startswith(codecs.BOM_UTF8)


@cache
def load_schema(name: str) -> etree.XMLSchema:
    """Compile one of our own schemas; what it imports lies beside it, nothing comes from outside.

    Args:
        name: a file name in `app/transcripts/schemas`.
    """
    with as_file(files("app.transcripts") / "schemas") as folder:
        return etree.XMLSchema(file=str(folder / name))


def elements_at(expression: etree.XPath, start: etree._Element) -> list[etree._Element]:
    """Evaluate an expression that selects elements; lxml types every result as anything."""
    found: Any = expression(start)
    elements: list[etree._Element] = found
    return elements


def source_line(element: etree._Element) -> int | None:
    """Tell the line of the document, from 1, on which an element's start tag ends."""
    return cast("int | None", element.sourceline)


def line_of(data: bytes, offset: int) -> int:
    """Count the line, from 1, on which a byte stands."""
    return data.count(b"\n", 0, offset) + 1


def _refuse(findings: Iterator[Finding]) -> None:
    found = tuple(findings)
    if found:
        raise DocumentRefused(*found)


def _size_findings(data: bytes, limits: Limits) -> Iterator[Finding]:
    if len(data) > limits.size:
        yield Finding(code="SIG-121", value=f"{len(data)} > {limits.size} bytes")


def _encoding_findings(data: bytes) -> Iterator[Finding]:
    """Prove XML 1.0 in UTF-8 without NUL: whatever else libxml2 would guess fails here."""
    nul = data.find(b"\0")
    if nul >= 0:
        yield Finding(code="SIG-110", line=line_of(data, nul), value="NUL")
        return
    bad = _first_bad_byte(data)
    if bad is not None:
        yield Finding(code="SIG-110", line=line_of(data, bad), value=f"0x{data[bad]:02X}")
        return
    declaration = _DECLARATION.match(data, _start(data))
    if declaration is None:
        return
    version = declaration["v1"] or declaration["v2"]
    if version != b"1.0":
        yield Finding(code="SIG-110", line=1, value=_shown(b"version " + (version or b"")))
    encoding = declaration["e1"] or declaration["e2"]
    if encoding is not None and encoding.upper() != b"UTF-8":
        yield Finding(code="SIG-110", line=1, value=_shown(encoding))


def _first_bad_byte(data: bytes) -> int | None:
    """Find the first byte that is no UTF-8, decoding chunk by chunk."""
    view = memoryview(data)
    start = 0
    try:
        while start < len(data):
            last = start + _DECODE_CHUNK >= len(data)
            chunk = view[start : start + _DECODE_CHUNK]
            start += codecs.utf_8_decode(chunk, "strict", last)[1]
    except UnicodeDecodeError as error:
        return start + error.start
    return None


def _markup_findings(data: bytes) -> Iterator[Finding]:
    """Refuse by raw bytes: in well-formed XML `<!` and `<?` never stand in a text or attribute."""
    exclamation = _find_pair(data, b"<!", 0)
    if exclamation >= 0:
        after = data[exclamation : exclamation + 9]
        if after.startswith(b"<!--"):
            code = "SIG-112"
        elif after == b"<![CDATA[":
            code = "SIG-113"
        else:
            code = "SIG-111"
        yield _markup_finding(code, data, exclamation)
    declaration = _DECLARATION.match(data, _start(data))
    instruction = _find_pair(data, b"<?", declaration.end() if declaration else _start(data))
    if instruction >= 0:
        # A declaration that is not one (`<?xml encoding=…?>` without a version) is malformed XML.
        code = "SIG-120" if data.startswith(b"<?xml ", instruction) else "SIG-112"
        yield _markup_finding(code, data, instruction)


def _find_pair(data: bytes, pair: bytes, start: int) -> int:
    """Find two bytes; looking for the rarer second one first (memchr) makes it 80 times faster."""
    return data.find(pair, start) if data.find(pair[1:], start) >= 0 else -1


def _markup_finding(code: str, data: bytes, offset: int) -> Finding:
    value = _shown(data[offset : offset + 40])
    return Finding(code=code, line=line_of(data, offset), value=value)


def _count_findings(data: bytes, limits: Limits) -> Iterator[Finding]:
    """Bound elements and attributes before libxml2 spends memory on them.

    Every tag has one `<`, every element at most two tags; every attribute has two quotes.
    """
    if data.count(b"<") > 2 * limits.elements + 1:
        yield Finding(code="SIG-121", value=f"> {limits.elements} elements")
    attributes = limits.elements * limits.attributes
    if len(data) > 2 * attributes and data.count(b'"') + data.count(b"'") > 2 * attributes:
        yield Finding(code="SIG-121", value=f"> {attributes} attributes")
    declarations = data.count(b"xmlns")
    if declarations > limits.namespaces:
        yield Finding(code="SIG-121", value=f"> {limits.namespaces} xmlns")
    elif declarations > limits.prefixes and len(set(_PREFIX.findall(data))) > limits.prefixes:
        yield Finding(code="SIG-121", value=f"> {limits.prefixes} prefixes")


def _parse(data: bytes) -> etree._Element:
    # A parser for each call: lxml serialises the threads that share one.
    parser = etree.XMLParser(
        attribute_defaults=False,
        collect_ids=False,
        dtd_validation=False,
        huge_tree=False,
        load_dtd=False,
        no_network=True,
        recover=False,
        resolve_entities=False,
    )
    try:
        return etree.fromstring(data, parser)  # noqa: TID251 -- reason: this is the hardened parser
    except etree.XMLSyntaxError as error:
        limit = error.code == _RESOURCE_LIMIT  # type: ignore[attr-defined]  # reason: absent from lxml-stubs
        code = "SIG-121" if limit else "SIG-120"
        finding = Finding(code=code, line=error.lineno, value=shortened(str(error.msg)))
        raise DocumentRefused(finding) from error


def _tree_findings(root: etree._Element, size: int, limits: Limits) -> Iterator[Finding]:
    for name, limit, find in _over_limit(limits):
        # A document shorter than a limit cannot break it.
        over = elements_at(find, root) if size > limit else []
        if over:
            yield Finding(code="SIG-121", line=source_line(over[0]), value=f"> {limit} {name}")


@cache
def _over_limit(limits: Limits) -> tuple[tuple[str, int, etree.XPath], ...]:
    """Expressions that find the elements over a limit: one pass each, in C."""
    attributes, text = limits.attributes + 1, limits.text
    return (
        # Independent of libxml2's own guard at 256: one step for each level that is allowed.
        ("levels", limits.depth, etree.XPath("/*" * (limits.depth + 1))),
        ("attributes", limits.attributes, etree.XPath(f"/descendant::*/@*[{attributes}]/..")),
        ("characters", text, etree.XPath(f"/descendant::text()[string-length() > {text}]/..")),
    )


def _start(data: bytes) -> int:
    return len(codecs.BOM_UTF8) if has_byte_order_mark(data) else 0


def _shown(raw: bytes) -> str:
    return shortened(raw.decode(errors="replace"))
