"""XML that is not of the field: any vocabulary, with comments and instructions, but still hardened.

For documents whose signatures are checked without a profile. A DOCTYPE is refused as everywhere: it
brings entities and makes attributes appear that stand nowhere in the bytes.
"""

import codecs
import re
from collections.abc import Iterator

from lxml import etree

from app.transcripts.finding import Finding
from app.transcripts.limits import Limits
from app.transcripts.octets import has_byte_order_mark, line_of
from app.transcripts.xml import read_xml

FOREIGN_LIMITS = Limits(
    size=4 * 1024 * 1024,
    depth=64,
    elements=20_000,
    attributes=64,
    namespaces=1_000,
    prefixes=32,
    text=4 * 1024 * 1024,
)
"""Several times the size of a large SAML response, a signed invoice or a signed register; every
count stays where one canonicalization of the worst document takes below two seconds."""

_WHITE_SPACE = re.compile(rb"[ \t\r\n]*")
_PAIRS = ((b"<?", b"?>"), (b"<!--", b"-->"))
"""What may stand before the document element besides white space and the DOCTYPE."""


def read_foreign_xml(data: bytes) -> etree._Element:
    """Parse untrusted bytes into a tree that may hold comments and instructions.

    CDATA sections are read as the text that they are.

    Raises:
        DocumentRefused: SIG-110 encoding or XML version, SIG-111 DTD, SIG-120 malformed, SIG-121
            over a limit.
    """
    return read_xml(data, FOREIGN_LIMITS, _doctype_findings)


def _doctype_findings(data: bytes) -> Iterator[Finding]:
    """Walk the prolog, the only place for a DOCTYPE (XML 1.0 section 2.8, production 22)."""
    at = len(codecs.BOM_UTF8) if has_byte_order_mark(data) else 0
    while True:
        at = _WHITE_SPACE.match(data, at).end()  # type: ignore[union-attr]  # reason: matches nothing too
        pair = next((pair for pair in _PAIRS if data.startswith(pair[0], at)), None)
        if pair is None:
            break
        end = data.find(pair[1], at + len(pair[0]))
        if end < 0:
            return
        at = end + len(pair[1])
    if data.startswith(b"<!", at):
        yield Finding(code="SIG-111", line=line_of(data, at))
