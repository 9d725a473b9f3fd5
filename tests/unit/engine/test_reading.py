"""The engine takes plain documents, and nothing that is not a document."""

import codecs
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.engine import native
from app.transcripts.finding import DocumentRefused
from app.transcripts.plain_document import open_plain_document
from app.transcripts.profile import BAN_TIN_1, HOC_BA_1
from app.transcripts.xml import read_canonical
from tests.attacks.content import XADES
from tests.attacks.victims import package, transcript_of
from tests.engines import only_python
from tests.unit.engine.plain import ATTRIBUTES, DEPTH, DS, PREFIXES, X, documents, read
from tests.unit.engine.test_elements import assert_same_elements
from tests.vectors.transcripts.make import HERE

PLAIN = {
    "a declaration": b'<?xml version="1.0" encoding="UTF-8"?>\n<a/>\n',
    "a declaration in single quotes": b"<?xml version='1.0' encoding='utf-8' ?><a/>",
    "a document that stands alone": b'<?xml version="1.0" standalone="yes"?><a/>',
    "white space around": b"\n <a></a> \n",
    "white space in a tag": b'<a  b="1"\n\tc="2" />',
    "references": b'<a b="&lt;&amp;&quot;&apos;&gt;&#13;&#xA;">&#xd;&#9;&gt;</a>',
    "a bracket": b"<a>]]&gt; ] ]] > ]></a>",
    "four octets": "<a>𝟘 é \ufeff \uffee</a>".encode(),
    "a default namespace": f'<a><b xmlns="{X}"><c/></b><c/></a>'.encode(),
    "a prefix that changes": f'<x:a xmlns:x="{X}"><x:b xmlns:x="{DS}"/><x:b/></x:a>'.encode(),
}

NOT_PLAIN = {
    "nothing": b"",
    "white space": b" \n",
    "text alone": b"a",
    "a comment": b"<a><!--b--></a>",
    "an instruction": b"<a><?b?></a>",
    "an instruction before": b"<?b?><a/>",
    "CDATA": b"<a><![CDATA[b]]></a>",
    "a DOCTYPE": b"<!DOCTYPE a><a/>",
    "a byte order mark": b"\xef\xbb\xbf<a/>",
    "version 1.1": b'<?xml version="1.1"?><a/>',
    "another encoding": b'<?xml version="1.0" encoding="latin1"?><a/>',
    "an unclosed encoding": b'<?xml version="1.0" encoding="UTF-8\'?><a/>',
    "a declaration behind white space": b' <?xml version="1.0"?><a/>',
    "a declaration in capitals": b'<?xml VERSION="1.0"?><a/>',
    "an end of line of other systems": b"<a>\r\n</a>",
    "another reference": b"<a>&#65;</a>",
    "an entity": b"<a>&b;</a>",
    "an ampersand": b"<a>&</a>",
    "the end of CDATA": b"<a>]]></a>",
    "single quotes": b"<a b='c'/>",
    "no quotes": b"<a b=c/>",
    "an end of line in an attribute": b'<a b="\n"/>',
    "less in an attribute": b'<a b="<"/>',
    "another reference in an attribute": b'<a b="&#65;"/>',
    "space before a value": b'<a b ="c"/>',
    "an unclosed value": b'<a b="c',
    "an attribute twice": b'<a b="c" b="d"/>',
    "attributes without space": b'<a b="c"d="e"/>',
    "an attribute with a prefix": f'<a xmlns:x="{X}" x:b="c"/>'.encode(),
    "xml:lang": b'<a xml:lang="vi"/>',
    "a name beyond ASCII": "<ă/>".encode(),
    "a name that begins with a digit": b"<1/>",
    "a name without its local part": f'<x: xmlns:x="{X}"/>'.encode(),
    "a prefix that nobody declares": b"<x:a/>",
    "a prefix out of scope": f'<a><x:b xmlns:x="{X}"/><x:b/></a>'.encode(),
    "a prefix declared for nothing": b'<a xmlns:x=""/>',
    "a default that is undone": f'<a xmlns="{X}"><b xmlns=""/></a>'.encode(),
    "another namespace": b'<a xmlns:x="http://example.test/z"/>',
    "a reference in a namespace": b'<a xmlns:x="http://example.test/&amp;"/>',
    "the prefix xml": f'<a xmlns:xml="{X}"/>'.encode(),
    "a declaration twice": f'<a xmlns:x="{X}" xmlns:x="{X}"/>'.encode(),
    "a text like a declaration": b'<a>xmlns:b="c"</a>',
    "another end tag": b"<a></b>",
    "a longer end tag": b"<a></ab>",
    "a shorter end tag": b"<ab></a>",
    "space in an end tag": b"<a></a >",
    "an end tag alone": b"</a>",
    "an unclosed element": b"<a>",
    "an unclosed tag": b"<a",
    "an unfinished end": b"<a></a",
    "a slash": b"<a/b>",
    "a second root": b"<a/><b/>",
    "text behind": b"<a/>b",
    "NUL": b"<a>\0</a>",
    "NUL behind": b"<a/>\0",
    "a control": b"<a>\x1f</a>",
    "a control among others": b"<a>aaaaaaaa\x08aaaaaaaa</a>",
    "a continuation alone": b"<a>\x80</a>",
    "an overlong sequence": b"<a>\xc0\xaf</a>",
    "another overlong sequence": b"<a>\xe0\x9f\xbf</a>",
    "a surrogate": b"<a>\xed\xa0\x80</a>",
    "no character": b"<a>\xef\xbf\xbe</a>",
    "a cut sequence": b"<a>\xe1\x80</a>",
    "a cut sequence of two": b"<a>\xc3</a>",
    "a cut sequence of four": b"<a>\xf0\x90\x80</a>",
    "an overlong sequence of four": b"<a>\xf0\x8f\xbf\xbf</a>",
    "beyond Unicode": b"<a>\xf4\x90\x80\x80</a>",
    "beyond UTF-8": b"<a>\xf5\x80\x80\x80</a>",
    "a bad sequence in an attribute": b'<a b="\xff"/>',
    "a control in an attribute": b'<a b="\x01"/>',
}


def _nested(levels: int) -> bytes:
    return b"<a>" * levels + b"</a>" * levels


def _broad(attributes: int) -> bytes:
    return b"<a %b/>" % b" ".join(b'a%d=""' % number for number in range(attributes))


def _declaring(prefixes: int, times: int = 1) -> bytes:
    one = " ".join(f'xmlns:n{number}="{X}"' for number in range(prefixes))
    return f"<a>{f'<b {one}/>' * times}</a>".encode()


@pytest.mark.parametrize("name", PLAIN)
def test_it_takes(name: str) -> None:
    root = read(PLAIN[name])
    assert (root is None) == (_engine() is None)
    if root is not None:
        assert_same_elements(root, read_canonical(PLAIN[name]))


@pytest.mark.parametrize("name", NOT_PLAIN)
def test_it_leaves(name: str) -> None:
    assert read(NOT_PLAIN[name]) is None


@pytest.mark.parametrize(
    ("largest", "larger", "limits"),
    [
        (_nested(DEPTH), _nested(DEPTH + 1), {"depth": 100}),
        (_nested(7), _nested(8), {"depth": 7}),
        (_broad(ATTRIBUTES), _broad(ATTRIBUTES + 1), {"attributes": 100}),
        (_broad(3), _broad(4), {"attributes": 3}),
        (_declaring(PREFIXES), _declaring(PREFIXES + 1), {"prefixes": 100}),
        (_declaring(3), _declaring(4), {"prefixes": 3}),
        (_declaring(2, times=3), _declaring(2, times=4), {"declarations": 6}),
        (b"<a>%b</a>" % (b"<b/>" * 9), b"<a>%b</a>" % (b"<b/>" * 10), {"elements": 10}),
        (b"<a>%b</a>" % (b"b" * 10), b"<a>%b</a>" % (b"b" * 11), {"text": 10}),
    ],
)
def test_it_takes_documents_within_limits(
    largest: bytes, larger: bytes, limits: dict[str, int]
) -> None:
    assert (read(largest, **limits) is None) == (_engine() is None)
    assert read(larger, **limits) is None


@given(
    data=st.lists(
        st.sampled_from(
            [b"<a", b"<a>", b"</a>", b"/>", b">", b' b="', b'"', b"&amp;", b"&", b"a", b"<", b"/",
             b"]]>", b"\xc3\xa9", b"\xc3", b"\n", b"xmlns", b"=", b"a" * 9, b"<!--", b"<?xml"]
        ),
        max_size=14,
    ).map(b"".join)
)  # fmt: skip
def test_what_it_takes_is_a_document_to_libxml2_too(data: bytes) -> None:
    root = read(data)
    if root is not None:
        assert_same_elements(root, read_canonical(data))


@given(xml=documents, at=st.floats(0, 1, exclude_max=True), octets=st.binary(max_size=2))
def test_what_it_takes_of_changed_documents_is_one_to_libxml2_too(
    xml: bytes, at: float, octets: bytes
) -> None:
    place = int(at * len(xml))
    changed = xml[:place] + octets + xml[place + 1 :]
    root = read(changed)
    if root is None:
        return
    try:
        slow = read_canonical(changed)
    except DocumentRefused as refused:
        raise AssertionError(changed) from refused
    assert_same_elements(root, slow)


def test_what_schools_send_is_plain() -> None:
    valid = [path.read_bytes() for path in sorted(HERE.glob("level-*/valid*.xml"))]
    assert len(valid) >= 4
    documents = [transcript_of(), transcript_of(style=XADES), *valid]
    documents += [xml.replace(b"\n", b"\r\n") for xml in documents]
    documents += [codecs.BOM_UTF8 + xml for xml in documents]
    with only_python(wanted=False):
        for xml in documents:
            opened = open_plain_document(xml, HOC_BA_1)
            assert (opened is None) == (native() is None)
        opened = open_plain_document(package(), BAN_TIN_1)
        assert (opened is None) == (native() is None)


WRONG = {
    "an unknown level": (b"<CAP_HOC_ID>03<", b"<CAP_HOC_ID>09<"),
    "an Id twice": (b'Id="thongtinhocba"', b'Id="data"'),
    "a comment": (b"<NAM_BAT_DAU>", b"<NAM_BAT_DAU><!-- -->"),
    "no year": (b"<NAM_BAT_DAU>2", b"<NAM_BAT_DAU>n"),
    "too large": (b"</HOC_BA>", b"</HOC_BA>" + b" " * 1024 * 1024),
    "too many quotes": (b"</HOC_BA>", b"'" * 400_000 + b"</HOC_BA>"),
}


@pytest.mark.parametrize("name", WRONG)
def test_where_something_is_wrong_the_tree_must_say_what(name: str) -> None:
    changed = transcript_of().replace(*WRONG[name], 1)
    assert changed != transcript_of()
    with only_python(wanted=False):
        assert open_plain_document(changed, HOC_BA_1) is None


def test_without_an_engine_nothing_is_plain() -> None:
    with only_python():
        assert open_plain_document(transcript_of(), HOC_BA_1) is None


@pytest.mark.parametrize(
    ("data", "namespaces", "error"),
    [
        ("<a/>", (), TypeError),
        (b"<a/>", [], TypeError),
        (b"<a/>", ("x",), TypeError),
        (b"<a/>", (b"x",) * 17, ValueError),
    ],
)
def test_arguments_of_the_wrong_kind_are_refused(
    data: Any, namespaces: Any, error: type[Exception]
) -> None:
    if _engine() is not None:
        with pytest.raises(error):
            read(data, namespaces)


def _engine() -> Any:
    with only_python(wanted=False):
        return native()
