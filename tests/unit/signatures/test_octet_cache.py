"""What the shared octets save must never change them."""

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from app.signatures.algorithms import DIGESTS
from app.signatures.references import OctetCache, signed_octets
from app.signatures.shape import PLAIN_FORMS
from app.transcripts.document import open_document
from app.transcripts.limits import TRANSCRIPT_LIMITS
from app.transcripts.locations import location_of
from app.transcripts.profile import HOC_BA_1_THCS
from app.transcripts.xml import read_xml
from tests.verdicts import case_of

FORMS = list(PLAIN_FORMS.values())

DECLARATIONS = ("", ' xmlns:p="urn:p"', ' xmlns:p="urn:q"', ' xmlns="urn:d"', ' xmlns=""')


@st.composite
def trees(draw: st.DrawFn, depth: int = 4) -> str:
    """Elements with and without namespaces, declared anywhere, used or unused."""
    declaration = draw(st.sampled_from(DECLARATIONS))
    prefix = "p:" if declaration.startswith(" xmlns:p") and draw(st.booleans()) else ""
    children = draw(st.lists(trees(depth - 1), max_size=3)) if depth else []
    text = draw(st.sampled_from(("", "ạ", "&lt;")))
    name = f"{prefix}{draw(st.sampled_from('abc'))}"
    return f"<{name}{declaration}>{text}{''.join(children)}</{name}>{text}"


@given(inner=trees())
def test_shared_octets_are_those_of_each_element_by_itself(inner: str) -> None:
    root = read_xml(f"<r>{inner}</r>".encode(), TRANSCRIPT_LIMITS)
    octets = OctetCache()
    for element in root.iter():
        for form in FORMS:
            first = octets.of(element, form)
            assert first == signed_octets(element, form)
            assert octets.of(element, form) is first


def test_a_digest_is_that_of_the_octets_for_each_form_and_method() -> None:
    root = read_xml(b'<r xmlns:p="urn:p"><a b="1"/></r>', TRANSCRIPT_LIMITS)
    octets = OctetCache()
    for form in FORMS:
        for method in DIGESTS.values():
            expected = method.new(signed_octets(root[0], form)).digest()
            assert octets.digest_of(root[0], form, method) == expected
    sha256 = next(m for m in DIGESTS.values() if m.new is hashlib.sha256)
    assert octets.digest_of(root[0], FORMS[0], sha256) is octets.digest_of(
        root[0], FORMS[0], sha256
    )


def test_a_document_names_the_same_places_as_the_function() -> None:
    document = open_document(case_of().xml, HOC_BA_1_THCS)
    for element in document.root.iter():
        assert document.location_of(element) == location_of(element)
        assert document.location_of(element) == location_of(element)
