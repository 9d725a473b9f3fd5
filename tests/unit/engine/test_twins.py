"""What a C function answers, its twin answers too."""

import re
from datetime import date

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from lxml import etree

from app.engine import Native, native
from app.signatures.base64 import read_base64
from app.signatures.canonical import Canonicalization, canonical_octets
from app.signatures.key_info import MAX_CERTIFICATE_TEXT, MAX_CERTIFICATES
from app.signatures.plain import read_plain_signature
from app.signatures.shape import MAX_REFERENCES, SignatureParts, read_signature
from app.transcripts.content_reader import read_transcript
from app.transcripts.document import _declarations
from app.transcripts.fields import TreeRecord, record_of
from app.transcripts.finding import DocumentRefused
from app.transcripts.profile import HOC_BA_1_THCS
from app.transcripts.xml import read_canonical
from tests.attacks.content import XADES
from tests.attacks.victims import transcript_of
from tests.engines import only_python
from tests.vectors.transcripts.make import HERE

DAY = date(2026, 7, 1)
DS = "http://www.w3.org/2000/09/xmldsig#"
SIGNATURE = f"{{{DS}}}Signature"


@pytest.fixture(scope="module")
def engine() -> Native | None:
    with only_python(wanted=False):
        return native()


names = st.sampled_from(["A", "B", "b-1", "ds:C", "x:D"])
texts = st.text(st.sampled_from('a0 é"&<>\r\n\t\u200bđ𝟘'), max_size=6)
PLAIN_NAMESPACES = [
    "",
    f' xmlns:ds="{DS}"',
    ' xmlns:x="http://example.test/x"',
    ' xmlns:x="http://example.test/y"',
]
ODD_NAMESPACES = [
    ' xmlns:x="relative"',
    ' xmlns:x="http://example.test/&amp;"',
    ' xmlns="http://example.test/x"',
    ' xmlns=""',
]
PLAIN_ATTRIBUTES, ODD_ATTRIBUTES = ["Id", "b", "URI", "A"], ["x:b", "xml:lang", "ds:Id"]
ODD_NODES = ["<!--c-->", "<?p i?>", "<![CDATA[<]]>"]


def _escaped(text: str) -> str:
    for plain, written in (("&", "&amp;"), ("<", "&lt;"), ('"', "&quot;"), ("\r", "&#13;")):
        text = text.replace(plain, written)
    return text


@st.composite
def elements(draw: st.DrawFn, *, odd: bool, depth: int = 3) -> str:
    name = draw(names)
    keys = PLAIN_ATTRIBUTES + ODD_ATTRIBUTES * odd
    attributes = draw(st.dictionaries(st.sampled_from(keys), texts, max_size=3))
    written = "".join(f' {key}="{_escaped(value)}"' for key, value in attributes.items())
    declared = draw(st.sampled_from(PLAIN_NAMESPACES + ODD_NAMESPACES * odd))
    inner = [draw(texts.map(_escaped))]
    if depth:
        for child in draw(st.lists(elements(odd=odd, depth=depth - 1), max_size=3)):
            inner += [child, draw(texts.map(_escaped))]
    inner.append(draw(st.sampled_from([""] * 4 + ODD_NODES * odd)))
    return f"<{name}{declared}{written}>{''.join(inner)}</{name}>"


def _root(xml: str) -> etree._Element:
    around = f'<R xmlns:ds="{DS}" xmlns:x="http://example.test/x">{xml}</R>'
    return read_canonical(around.encode())


REPEATED = f'<A><ds:C><A/><A><A xmlns:ds="{DS}"/></A></ds:C></A>'
"""libxml2 writes the inner declaration too, which Canonical XML leaves out."""


@given(xml=st.booleans().flatmap(lambda odd: elements(odd=odd)))
@example(xml=REPEATED)
def test_canonical_octets_are_those_of_libxml2(engine: Native | None, xml: str) -> None:
    root = _root(xml)
    with only_python():
        for element in root.iter(etree.Element):
            for method in Canonicalization:
                exclusive = method is Canonicalization.EXCLUSIVE
                quick = engine.canonical(element, exclusive) if engine else None
                if quick is not None:
                    assert quick == canonical_octets(element, method)


def test_nothing_of_a_signed_transcript_is_too_odd_for_canonical_octets(
    engine: Native | None,
) -> None:
    for document in (transcript_of(), transcript_of(style=XADES)):
        for element in read_canonical(document).iter():
            assert engine is None or engine.canonical(element, 1)
            assert engine is None or engine.canonical(element, 0)


def test_deep_broad_and_crowded_trees_are_left_to_python(engine: Native | None) -> None:
    deep = read_canonical(b"<a>" * 65 + b"</a>" * 65)
    broad = read_canonical(b"<a %b/>" % b" ".join(b'a%d=""' % n for n in range(33)))
    many = b" ".join(b'xmlns:n%d="http://example.test/%d"' % (n, n) for n in range(17))
    crowded = read_canonical(b"<a %b/>" % many)
    for root in (deep, broad, crowded):
        assert engine is None or engine.canonical(root, 0) is None


# --- signatures


def _changes(signature: bytes) -> st.SearchStrategy[bytes]:
    """One or two texts, attributes or elements taken out, or replaced by others."""
    pieces = re.findall(rb">([^<]+)<| ([A-Z]\w+=\"[^\"]*\")|(<(ds:\w+)[^>]*>[^<]*</\4>)", signature)
    parts = sorted({part for piece in pieces for part in piece[:3] if part})
    words = [b"", b"AA==", b"AAB=", b" \r\n", b"<ds:Object/>", b"<ds:X/>", b"&#65;", *parts]

    def change(steps: list[tuple[bytes, bytes]]) -> bytes:
        changed = signature
        for old, new in steps:
            changed = changed.replace(old, new, 1)
        return changed

    step = st.tuples(st.sampled_from(parts), st.sampled_from(words))
    return st.lists(step, min_size=1, max_size=2).map(change)


def _first_of(document: bytes) -> bytes:
    return etree.tostring(next(read_canonical(document).iter(SIGNATURE)), with_tail=False)


PLAIN, QUALIFIED = _first_of(transcript_of()), _first_of(transcript_of(style=XADES))


def _assert_same_parts(quick: SignatureParts, slow: SignatureParts) -> None:
    for name in ("element", "signed_info", "canonicalization", "method", "issuer_serial"):
        assert getattr(quick, name) is getattr(slow, name), name
    for name in ("value", "certificates", "key_values", "objects"):
        assert getattr(quick, name) == getattr(slow, name), name
    for one, other in zip(quick.references, slow.references, strict=True):
        for name in ("uri", "enveloped", "canonicalization", "digest", "digest_value"):
            assert getattr(one, name) == getattr(other, name), name


@given(changed=st.one_of(_changes(PLAIN), _changes(QUALIFIED)))
def test_a_signature_that_is_plain_is_read_as_python_reads_it(changed: bytes) -> None:
    try:
        root = read_canonical(changed)
    except DocumentRefused:
        return
    with only_python(wanted=False):
        quick = read_plain_signature(root, DAY)
    if quick is not None:
        _assert_same_parts(quick, read_signature(root, DAY))
    else:
        with only_python():
            assert read_plain_signature(root, DAY) is None


@pytest.mark.parametrize("signature", [PLAIN, QUALIFIED])
def test_signatures_of_the_field_are_plain(engine: Native | None, signature: bytes) -> None:
    root = read_canonical(signature)
    with only_python(wanted=False):
        quick = read_plain_signature(root, DAY)
    assert (quick is None) == (engine is None)
    if quick is not None:
        _assert_same_parts(quick, read_signature(root, DAY))


def test_an_algorithm_that_is_not_accepted_is_left_to_python() -> None:
    uris = set(re.findall(rb'Algorithm="([^"]+)"', PLAIN))
    assert len(uris) >= 3
    for uri in uris:
        root = read_canonical(PLAIN.replace(uri, b"urn:other"))
        with only_python(wanted=False):
            assert read_plain_signature(root, DAY) is None
    with only_python(wanted=False):
        assert read_plain_signature(read_canonical(PLAIN), date(2020, 1, 1)) is None


@given(text=st.text(st.sampled_from("AQgw+/9z= \t\r\n-_é"), max_size=14))
def test_base64_is_decoded_as_strictly_as_by_python(engine: Native | None, text: str) -> None:
    signature = read_canonical(PLAIN)
    signature[1].text = text
    limits = (MAX_REFERENCES, MAX_CERTIFICATES, MAX_CERTIFICATE_TEXT)
    found = engine.signature(signature, *limits) if engine else None
    if engine is not None:
        assert (found[3] if found else None) == read_base64(text)


# --- declarations

_WORDS = [
    *[b'xmlns:ds="u"', b' xmlns="v"'] * 8,
    b"xmlns",
    b":",
    b"a",
    b"ds",
    b'="',
    b'"',
    b"=",
    b" ",
    b"'",
    b"http://x",
    b"x",
    b"<",
]


@given(data=st.lists(st.sampled_from(_WORDS), max_size=24).map(b"".join))
def test_declarations_are_found_where_python_finds_them(engine: Native | None, data: bytes) -> None:
    found = list(_declarations(data))
    quick = engine.declarations(data) if engine else None
    if quick is not None:
        assert quick[0] == data.count(b"xmlns") == len(found)
        assert quick[1] == {((one["prefix"] or b"")[1:], one["uri"]) for one in found}


def test_too_many_declarations_and_too_long_names_are_left_to_python(
    engine: Native | None,
) -> None:
    one = b'xmlns:a="u"'
    assert engine is None or engine.declarations(one * 2000) == (2000, {(b"a", b"u")})
    assert engine is None or engine.declarations(one * 2001) is None
    assert engine is None or engine.declarations(b'xmlns:a="%b"' % (b"u" * 300)) is None


# --- records

_TAGS = ["A", "B", "C"]
_PATHS = [*_TAGS, "A/B", "B/B", "A/B/C", "D"]


@st.composite
def canonical_trees(draw: st.DrawFn, depth: int = 3) -> str:
    name, value = draw(st.sampled_from(_TAGS)), _escaped(draw(texts))
    marks = ["", f' Id="{value}"', f' Id="{value}" b=""'] * 8 + [' xmlns="http://u"', ' xml:a=""']
    mark = draw(st.sampled_from(marks))
    children = draw(st.lists(canonical_trees(depth=depth - 1), max_size=3)) if depth else []
    return f"<{name}{mark}>{_escaped(draw(texts))}{''.join(children)}</{name}>"


def _read(record: TreeRecord, unreadable: type[Exception]) -> dict[str, object]:
    said: dict[str, object] = {}
    for path in _PATHS:
        for method in ("text_at", "optional_at", "child_at", "children_at", "attribute_of"):
            try:
                value = getattr(record, method)("Id" if method == "attribute_of" else path)
            except (DocumentRefused, unreadable):
                value = "refused"
            if method == "child_at" and value != "refused":
                value = _read(value, unreadable)
            elif method == "children_at":
                value = [_read(one, unreadable) for one in value]
            said[f"{method} {path}"] = value
    return said


@given(xml=canonical_trees())
def test_records_of_octets_say_what_their_tree_says(engine: Native | None, xml: str) -> None:
    octets = etree.tostring(read_canonical(xml.encode()), method="c14n")
    quick = engine.records(octets) if engine else None
    if quick is not None:
        unreadable = engine.unreadable if engine else Exception
        slow = _read(record_of(read_canonical(octets)), unreadable)
        assert _read(quick, unreadable) == slow


@given(
    octets=st.lists(
        st.sampled_from([b"<A", b">", b"</A>", b' Id="', b'"', b"&amp;", b"&", b"a", b"<", b"/"]),
        max_size=12,
    ).map(b"".join)
)
def test_octets_that_are_not_canonical_give_no_record(engine: Native | None, octets: bytes) -> None:
    record = engine.records(octets) if engine else None
    if record is not None:
        assert b"&" in octets or read_canonical(octets) is not None


def test_a_value_that_does_not_fit_is_refused_in_pythons_words() -> None:
    path = HERE / "level-02" / "valid.xml"
    element = read_canonical(path.read_bytes())[0]
    octets = etree.tostring(element, method="c14n")
    said = []
    for wanted in (False, True):
        with only_python(wanted=wanted), pytest.raises(DocumentRefused) as refused:
            read_transcript(octets, HOC_BA_1_THCS)
        said.append(refused.value.findings)
    assert said[0] == said[1]
