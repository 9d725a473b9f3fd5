"""Documents of no special kind that xmlsec1 signs, and what the generic core says of them."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from app.signatures import SignatureResult, verify_xmldsig
from app.signatures.canonical import Canonicalization
from tests.peers.foreign import (
    DS,
    Plan,
    sign,
    template,
)

AT = datetime(2026, 7, 1, tzinfo=UTC)
XML = "http://www.w3.org/XML/1998/namespace"
EXCLUSIVE = Canonicalization.EXCLUSIVE.value
INCLUSIVE = Canonicalization.INCLUSIVE_10.value
OUTSIDE = '<goc><muctieu Id="muc-tieu">chữ <b>9,5</b></muctieu>{signature}</goc>'
PLAN = Plan(
    uri="#muc-tieu",
    place="after",
    method=EXCLUSIVE,
    transform=EXCLUSIVE,
    prefixes="",
    key="rsa",
)


def verify(document: bytes, *, legacy: bool = True) -> list[SignatureResult]:
    return verify_xmldsig(document, at=AT, allow_legacy=legacy)


def only(document: bytes, *, legacy: bool = True) -> SignatureResult:
    (result,) = verify(document, legacy=legacy)
    return result


def plan(**changes: str) -> Plan:
    return replace(PLAN, **changes)


def signed(folder: Path, body: str = OUTSIDE, **changes: str) -> bytes:
    """A document that xmlsec1 signed, the signature where the body says."""

    wish = plan(**changes)
    return sign(folder, body.format(signature=template(wish)), wish)


def template_of(**changes: str) -> str:

    return template(plan(**changes))


def sign_object(folder: Path, document: str) -> bytes:
    """Let xmlsec1 sign what refers to a `ds:Object`."""
    return sign(folder, document, plan(uri="#ngoai", place="object"), id_element=f"{DS}:Object")


def x509_data(document: bytes) -> str:
    match = re.search(rb"<ds:X509Data>.*</ds:X509Data>", document, re.DOTALL)
    assert match is not None
    return match[0].decode()


def with_key_info(document: bytes, content: str) -> bytes:
    """Replace what the one `ds:KeyInfo` of a document holds."""
    replaced, times = re.subn(
        rb"<ds:KeyInfo>.*</ds:KeyInfo>",
        f"<ds:KeyInfo>{content}</ds:KeyInfo>".encode(),
        document,
        flags=re.DOTALL,
    )
    assert times == 1
    return replaced
