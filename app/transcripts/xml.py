"""One hardened parse: the only module that hands XML to libxml2.

The raw bytes are scanned (`octets`) before libxml2 sees them.
"""

from collections.abc import Callable, Iterator
from functools import cache
from importlib.resources import as_file, files
from typing import Any, cast

from lxml import etree

from app.transcripts.finding import DocumentRefused, Finding, shortened
from app.transcripts.limits import Limits
from app.transcripts.octets import count_findings, encoding_findings, markup_findings

Scan = Callable[[bytes], Iterator[Finding]]
"""Finds by raw bytes what a kind of document must not hold."""

_RESOURCE_LIMIT = 114
"""libxml2's XML_ERR_RESOURCE_LIMIT: its own guards on depth and text length."""


def read_xml(data: bytes, limits: Limits, scan: Scan | None = None) -> etree._Element:
    """Parse untrusted bytes into a tree that holds elements, attributes and text, nothing else.

    A byte order mark is tolerated; `octets.has_byte_order_mark` tells.

    Args:
        data: the untrusted bytes.
        limits: how large the document may be.
        scan: faults found in the bytes; by default comments, instructions, DTD and CDATA.

    Raises:
        DocumentRefused: SIG-110 encoding or XML version, SIG-111 DTD, SIG-112 comment or
            processing instruction, SIG-113 CDATA, SIG-120 malformed, SIG-121 over a limit.
    """
    _refuse(_size_findings(data, limits))
    _refuse(encoding_findings(data))
    _refuse((scan or markup_findings)(data))
    _refuse(count_findings(data, limits))
    root = _parse(data)
    _refuse(_tree_findings(root, len(data), limits))
    return root


def detached(element: etree._Element) -> etree._Element:
    """Copy an element of a parsed tree into a document of its own, without the text behind it.

    Every namespace that the element inherits is declared on the copy, used or unused.
    """
    return _parse(etree.tostring(element, encoding="utf-8", with_tail=False))


def read_canonical(octets: bytes) -> etree._Element:
    """Parse octets that canonicalization wrote from a tree of this module: nothing is left to find.

    Raises:
        DocumentRefused: SIG-120, they are not what they should be.
    """
    return _parse(octets)


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


def _refuse(findings: Iterator[Finding]) -> None:
    found = tuple(findings)
    if found:
        raise DocumentRefused(*found)


def _size_findings(data: bytes, limits: Limits) -> Iterator[Finding]:
    if len(data) > limits.size:
        yield Finding(code="SIG-121", value=f"{len(data)} > {limits.size} bytes")


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
