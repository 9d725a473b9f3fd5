"""What the raw bytes say before a parser sees them: encoding, markup and counts.

What a parser forgives (comments, DOCTYPE, CDATA, another encoding) is what makes a signed text read
differently in two programs: lxml's `.text` of a signed `9<!--x-->0` is "9".
"""

import codecs
import re
from collections.abc import Iterator

from app.transcripts.finding import Finding, shortened
from app.transcripts.limits import Limits

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


def has_byte_order_mark(data: bytes) -> bool:
    """Tell whether the document starts with the UTF-8 byte order mark (a warning, SIG-115)."""
    return data.startswith(codecs.BOM_UTF8)


def line_of(data: bytes, offset: int) -> int:
    """Count the line, from 1, on which a byte stands."""
    return data.count(b"\n", 0, offset) + 1


def encoding_findings(data: bytes) -> Iterator[Finding]:
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


def markup_findings(data: bytes) -> Iterator[Finding]:
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


def count_findings(data: bytes, limits: Limits) -> Iterator[Finding]:
    """Bound elements and attributes before libxml2 spends memory on them.

    Every tag has one `<`, every element at most two tags; every attribute has two quotes.
    """
    if data.count(b"<") > 2 * limits.elements + 1:
        yield Finding(code="SIG-121", value=f"> {limits.elements} elements")
    if has_too_many_quotes(data, limits):
        attributes = limits.elements * limits.attributes
        yield Finding(code="SIG-121", value=f"> {attributes} attributes")
    yield from _namespace_count_findings(data, limits)


def has_too_many_quotes(data: bytes, limits: Limits) -> bool:
    """Say whether there are more quotes than those of all attributes that are allowed."""
    most = 2 * limits.elements * limits.attributes
    return len(data) > most and data.count(b'"') + data.count(b"'") > most


def _namespace_count_findings(data: bytes, limits: Limits) -> Iterator[Finding]:
    declarations, prefixes, at = 0, set[bytes](), data.find(b"xmlns")
    while at >= 0:
        declarations += 1
        if declarations > limits.namespaces:
            yield Finding(code="SIG-121", value=f"> {limits.namespaces} xmlns")
            return
        declared = _PREFIX.match(data, at)
        if declared is not None:
            prefixes.add(declared[1] or b"")
        at = data.find(b"xmlns", at + 1)
    if len(prefixes) > limits.prefixes:
        yield Finding(code="SIG-121", value=f"> {limits.prefixes} prefixes")


def _start(data: bytes) -> int:
    return len(codecs.BOM_UTF8) if has_byte_order_mark(data) else 0


def _shown(raw: bytes) -> str:
    return shortened(raw.decode(errors="replace"))
