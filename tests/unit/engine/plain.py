"""Documents for the engine: some that are plain, some that are odd, and how to read them."""

from typing import Any

from hypothesis import strategies as st
from lxml import etree

from app.engine import native
from app.transcripts.xml import read_canonical
from tests.engines import only_python

DS = "http://www.w3.org/2000/09/xmldsig#"
SIGNATURE = f"{{{DS}}}Signature"
X, Y = "http://example.test/x", "http://example.test/y"
NAMESPACES = (DS.encode(), X.encode(), Y.encode())

DEPTH, ELEMENTS, ATTRIBUTES, DECLARATIONS, PREFIXES, TEXT = 64, 5_000, 32, 2_000, 16, 100_000


def read(data: bytes, namespaces: tuple[bytes, ...] = NAMESPACES, **limits: int) -> Any:
    """Read a document with the engine, where there is one; its root, or None."""
    within = {
        "depth": DEPTH,
        "elements": ELEMENTS,
        "attributes": ATTRIBUTES,
        "declarations": DECLARATIONS,
        "prefixes": PREFIXES,
        "text": TEXT,
    } | limits
    with only_python(wanted=False):
        engine = native()
    return None if engine is None else engine.read(data, namespaces, *within.values())


def read_both(data: bytes) -> tuple[Any, etree._Element]:
    """Read a document with both; the engine's root may be None."""
    return read(data), read_canonical(data)


texts = st.text(st.sampled_from("a0 é\"'&<>\r\n\t\u200bđ𝟘]"), max_size=6)
_NAMES = st.sampled_from(["A", "B", "b-1", "ds:C", "x:D"])
_PLAIN_NAMESPACES = ["", "", f' xmlns:ds="{DS}"', f' xmlns:x="{X}"', f' xmlns:x="{Y}"']
_DEFAULTS = [f' xmlns="{X}"', f' xmlns="{DS}"', f' xmlns:x="{Y}" xmlns="{X}"']
_ODD_NAMESPACES = [' xmlns:x="relative"', ' xmlns:x="http://example.test/&amp;"', ' xmlns=""']
_PLAIN_ATTRIBUTES, _ODD_ATTRIBUTES = ["Id", "b", "URI", "A"], ["x:b", "xml:lang", "ds:Id"]
_ODD_NODES = ["<!--c-->", "<?p i?>", "<![CDATA[<]]>", "&#65;"]


def escaped(text: str) -> str:
    """Write a text as some tools do: quotes as references, the returns of lines too."""
    for plain, written in (("&", "&amp;"), ("<", "&lt;"), ('"', "&quot;"), ("\r", "&#13;")):
        text = text.replace(plain, written)
    return text.replace("]>", "]&gt;")


def _attribute(text: str) -> str:
    return escaped(text).replace("\n", "&#10;").replace("\t", "&#9;")


@st.composite
def elements(draw: st.DrawFn, *, odd: bool, depth: int = 3) -> str:
    """An element with all that the engine takes, and where it is odd with what it leaves."""
    keys = _PLAIN_ATTRIBUTES + _ODD_ATTRIBUTES * odd
    attributes = draw(st.dictionaries(st.sampled_from(keys), texts, max_size=3))
    space = draw(st.sampled_from([" ", " ", "\n ", "  "]))
    written = "".join(f'{space}{key}="{_attribute(value)}"' for key, value in attributes.items())
    declared = draw(st.sampled_from(_PLAIN_NAMESPACES * 4 + _DEFAULTS + _ODD_NAMESPACES * odd))
    name, end = draw(_NAMES), draw(st.sampled_from(["", "", " "]))
    inner = [draw(texts.map(escaped))]
    if depth:
        for child in draw(st.lists(elements(odd=odd, depth=depth - 1), max_size=3)):
            inner += [child, draw(texts.map(escaped))]
    inner.append(draw(st.sampled_from([""] * 4 + _ODD_NODES * odd)))
    content = "".join(inner)
    if content:
        return f"<{name}{declared}{written}{end}>{content}</{name}>"
    return f"<{name}{declared}{written}{end}/>"


def rooted(xml: str) -> bytes:
    """Put an element into a document that declares its prefixes."""
    return f'<R xmlns:ds="{DS}" xmlns:x="{X}">{xml}</R>'.encode()


documents = st.booleans().flatmap(lambda odd: elements(odd=odd)).map(rooted)
