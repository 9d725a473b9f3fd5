"""Signatures that are plain are read as Python reads them."""

import re
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from app.engine import native
from app.signatures.base64 import read_base64
from app.signatures.key_info import MAX_CERTIFICATE_TEXT, MAX_CERTIFICATES
from app.signatures.plain import read_plain_signature
from app.signatures.shape import MAX_REFERENCES, SignatureParts, read_signature
from app.transcripts.finding import DocumentRefused
from app.transcripts.xml import read_canonical
from tests.attacks.content import XADES
from tests.attacks.victims import transcript_of
from tests.engines import only_python
from tests.unit.engine.plain import DS, SIGNATURE, escaped, read

DAY = date(2026, 7, 1)
FIELD = (DS.encode(), b"http://uri.etsi.org/01903/v1.3.2#")
LIMITS = (MAX_REFERENCES, MAX_CERTIFICATES, MAX_CERTIFICATE_TEXT)


def _first_of(document: bytes) -> bytes:
    signature = etree.tostring(next(read_canonical(document).iter(SIGNATURE)), with_tail=False)
    return bytes(signature)


PLAIN, QUALIFIED = _first_of(transcript_of()), _first_of(transcript_of(style=XADES))


def _changes(signature: bytes) -> st.SearchStrategy[bytes]:
    """One or two texts, attributes or elements taken out, or replaced by others."""
    pieces = re.findall(rb">([^<]+)<| ([A-Z]\w+=\"[^\"]*\")|(<(ds:\w+)[^>]*>[^<]*</\4>)", signature)
    parts = sorted({part for piece in pieces for part in piece[:3] if part})
    words = [
        b"",
        b"AA==",
        b"AAB=",
        b" \n",
        b"&#13;\n",
        b"&amp;",
        b"<ds:Object/>",
        b"<ds:X/>",
        *parts,
    ]

    def change(steps: list[tuple[bytes, bytes]]) -> bytes:
        changed = signature
        for old, new in steps:
            changed = changed.replace(old, new, 1)
        return changed

    step = st.tuples(st.sampled_from(parts), st.sampled_from(words))
    return st.lists(step, min_size=1, max_size=2).map(change)


def _element(element: Any) -> Any:
    return None if element is None else (element.tag, element.sourceline, len(element))


def _assert_same_parts(quick: SignatureParts, slow: SignatureParts) -> None:
    for name in ("canonicalization", "method", "issuer_serial"):
        assert getattr(quick, name) is getattr(slow, name), name
    for name in ("value", "certificates", "key_values"):
        assert getattr(quick, name) == getattr(slow, name), name
    for name in ("element", "signed_info"):
        assert _element(getattr(quick, name)) == _element(getattr(slow, name)), name
    assert list(map(_element, quick.objects)) == list(map(_element, slow.objects))
    for one, other in zip(quick.references, slow.references, strict=True):
        for name in ("uri", "enveloped", "canonicalization", "digest", "digest_value"):
            assert getattr(one, name) == getattr(other, name), name


@given(changed=st.one_of(_changes(PLAIN), _changes(QUALIFIED)))
def test_what_is_plain_is_read_as_python_reads_it(changed: bytes) -> None:
    root = read(changed, FIELD)
    try:
        slow = read_canonical(changed)
    except DocumentRefused:
        assert root is None
        return
    if root is None:
        return
    with only_python(wanted=False):
        quick = read_plain_signature(root, DAY)
    if quick is not None:
        _assert_same_parts(quick, read_signature(slow, DAY))
        # The engine's elements serve the Python too, which reads what is less plain.
        _assert_same_parts(read_signature(root, DAY), read_signature(slow, DAY))


@pytest.mark.parametrize("signature", [PLAIN, QUALIFIED])
def test_signatures_of_the_field_are_plain(signature: bytes) -> None:
    root = read(signature, FIELD)
    if root is not None:
        with only_python(wanted=False):
            quick = read_plain_signature(root, DAY)
        assert quick is not None
        _assert_same_parts(quick, read_signature(read_canonical(signature), DAY))
    with only_python():
        assert read_plain_signature(read_canonical(signature), DAY) is None


def test_an_element_of_libxml2_is_left_to_python() -> None:
    with only_python(wanted=False):
        assert read_plain_signature(read_canonical(PLAIN), DAY) is None


def test_an_algorithm_that_is_not_accepted_is_left_to_python() -> None:
    uris = set(re.findall(rb'Algorithm="([^"]+)"', PLAIN))
    assert len(uris) >= 3
    for changed, day in [(PLAIN.replace(uri, b"urn:other"), DAY) for uri in uris] + [
        (PLAIN, date(2020, 1, 1))
    ]:
        root = read(changed, FIELD)
        if root is not None:
            with only_python(wanted=False):
                assert read_plain_signature(root, day) is None


@given(text=st.text(st.sampled_from("AQgw+/9z= \t\r\n-_é&"), max_size=14))
def test_base64_is_decoded_as_strictly_as_by_python(text: str) -> None:
    changed = re.sub(
        rb"(<ds:SignatureValue[^>]*>)[^<]*",
        lambda found: found[1] + escaped(text).encode(),
        PLAIN,
        count=1,
    )
    root = read(changed, FIELD)
    if root is not None:
        with only_python(wanted=False):
            engine = native()
            found = engine.signature(root, *LIMITS) if engine else None
        assert (found[3] if found else None) == read_base64(text)


def test_more_than_the_limits_is_left_to_python() -> None:
    root = read(QUALIFIED, FIELD)
    with only_python(wanted=False):
        engine = native()
    if engine is not None:
        assert engine.signature(root, *LIMITS) is not None
        for limits in ((1, *LIMITS[1:]), (LIMITS[0], 0, LIMITS[2]), (*LIMITS[:2], 100)):
            assert engine.signature(root, *limits) is None
