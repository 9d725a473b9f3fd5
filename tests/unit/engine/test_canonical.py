"""Canonical octets of the engine are those of libxml2."""

from typing import Any

import pytest
from hypothesis import example, given

from app.engine import Unplain, native
from app.signatures.canonical import Canonicalization, canonical_octets, plain_octets
from app.transcripts.xml import read_canonical
from tests.attacks.content import XADES
from tests.attacks.victims import package, transcript_of
from tests.engines import only_python
from tests.unit.engine.plain import DS, X, documents, read, read_both, rooted

FIELD = (DS.encode(), b"http://uri.etsi.org/01903/v1.3.2#")
REPEATED = rooted(f'<A><ds:C><A/><A><A xmlns:ds="{DS}"/></A></ds:C></A>')
"""libxml2 writes the inner declaration too, which Canonical XML leaves out."""

WITHIN_A_DEFAULT = f'<R xmlns:x="{X}"><C xmlns="{DS}"><D/><E b=">" a="&gt;"/></C><C/></R>'.encode()
"""As .NET writes signatures."""


def _octets(element: Any, method: Canonicalization, prefixes: tuple[str, ...] = ()) -> bytes:
    with only_python(wanted=False):
        engine = native()
    assert engine is not None
    return plain_octets(engine, element, method, prefixes)


def assert_same_octets(quick: Any, slow: Any) -> int:
    """Hold what the engine answers to the octets of libxml2; count what it leaves."""
    left = 0
    for one, other in zip(quick.iter(), slow.iter(), strict=True):
        for method in Canonicalization:
            try:
                octets = _octets(one, method)
            except Unplain:
                left += 1
                continue
            assert octets == canonical_octets(other, method)
    return left


@given(xml=documents)
@example(xml=REPEATED)
@example(xml=WITHIN_A_DEFAULT)
def test_they_are_those_of_libxml2(xml: bytes) -> None:
    quick, slow = read_both(xml)
    if quick is not None:
        assert_same_octets(quick, slow)


@pytest.mark.parametrize(
    "xml", [transcript_of(), transcript_of(style=XADES), package(), WITHIN_A_DEFAULT]
)
def test_nothing_of_the_field_is_too_odd_for_them(xml: bytes) -> None:
    quick = read(xml, (*FIELD, X.encode()))
    if quick is not None:
        assert assert_same_octets(quick, read_canonical(xml)) == 0


def test_lists_of_prefixes_are_left_to_libxml2() -> None:
    quick = read(REPEATED)
    if quick is not None:
        with pytest.raises(Unplain):
            _octets(quick, Canonicalization.EXCLUSIVE, ("ds",))


def test_only_its_own_elements_are_canonicalized() -> None:
    with only_python(wanted=False):
        engine = native()
    if engine is not None:
        with pytest.raises(TypeError):
            engine.canonical(read_canonical(REPEATED), False)  # noqa: FBT003 -- reason: C takes no keywords
