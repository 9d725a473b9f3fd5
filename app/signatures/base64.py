"""Strict base64: one encoding for one value, white space aside (step 7)."""

import binascii

from lxml import etree

from app.signatures.failure import Failed

_WHITE_SPACE = b" \t\r\n"


def read_base64(text: str | None) -> bytes | None:
    """Decode base64 strictly but for white space; None when it is not the one true encoding."""
    try:
        packed = (text or "").encode("ascii").translate(None, _WHITE_SPACE)
        decoded = binascii.a2b_base64(packed, strict_mode=True)
    except ValueError:  # a character outside ASCII, or what binascii refuses
        return None
    return decoded if decoded and binascii.b2a_base64(decoded, newline=False) == packed else None


def base64_of(element: etree._Element) -> bytes:
    """Decode an element's text.

    Raises:
        Failed: SIG-212 it is not strict base64.
    """
    decoded = None if len(element) else read_base64(element.text)
    if decoded is None:
        raise Failed("SIG-212", element, element.text)
    return decoded
