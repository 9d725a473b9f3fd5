"""The engine follows the tables of a grammar as they are meant, and takes no others."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.engine import native
from app.transcripts.grammar.schema import grammar_of
from app.transcripts.locations import PREFIXES
from app.transcripts.xml import read_canonical
from tests.attacks.content import XADES
from tests.attacks.structure import Change, restructured
from tests.attacks.test_structure import step
from tests.attacks.victims import package, transcript_of
from tests.engines import only_python
from tests.grammars import accepts
from tests.unit.engine.plain import read

NAMESPACES = tuple(uri.encode() for uri in PREFIXES)
SCHEMAS = {
    "transcript": ("hoc-ba-1-thcs.xsd", "HOC_BA", transcript_of()),
    "transcript with properties": ("hoc-ba-1-thcs.xsd", "HOC_BA", transcript_of(style=XADES)),
    "package": ("ban-tin-1.xsd", "BAN_TIN", package()),
}


def _engine() -> Any:
    with only_python(wanted=False):
        return native()


def _fits(root: Any, tables: tuple[Any, ...]) -> bool:
    return bool(_engine().fits(root, _engine().grammar(tables)))


@pytest.mark.parametrize("name", SCHEMAS)
@given(changes=st.lists(step, max_size=3))
def test_it_follows_them_as_python_does(
    name: str, changes: list[tuple[Change, int, int, str]]
) -> None:
    schema, root, valid = SCHEMAS[name]
    changed = restructured(valid, changes)
    quick = read(changed, NAMESPACES)
    if quick is None:
        return
    grammar = grammar_of(schema, root)
    taken, meant = _fits(quick, grammar.plain()), accepts(grammar, read_canonical(changed))
    # A text with a reference is left to libxml2 where it must have a form.
    assert taken <= meant if b"&" in changed else taken == meant


@pytest.mark.parametrize("name", SCHEMAS)
@given(at=st.floats(0, 1, exclude_max=True), octets=st.binary(max_size=2))
def test_it_follows_them_as_python_does_where_octets_change(
    name: str, at: float, octets: bytes
) -> None:
    schema, root, valid = SCHEMAS[name]
    place = int(at * len(valid))
    changed = valid[:place] + octets + valid[place + 1 :]
    quick = read(changed, NAMESPACES)
    if quick is not None and b"&" not in changed:
        grammar = grammar_of(schema, root)
        assert _fits(quick, grammar.plain()) == accepts(grammar, read_canonical(changed))


X = b"http://example.test/x"
ANY, DIGIT = (-1, None), (-1, (b"\0\0\1", bytes(256) + bytes(48) + b"\2" * 10 + bytes(198 + 256)))
EMPTY, ELEMENTS, TEXT, NUMBER = -2, -1, 0, 1
ONCE = ((True, ()),)


def _small(content: int = ELEMENTS, states: Any = ONCE, attributes: Any = ()) -> tuple[Any, ...]:
    return (
        (b"", X),
        ((0, b"a"), (0, b"b"), (1, b"b")),
        (ANY, DIGIT, (3, None)),
        ((content, attributes, states), (TEXT, (), ONCE), (NUMBER, (), ONCE)),
        (0, 0),
    )


@pytest.mark.parametrize(
    ("xml", "tables", "taken"),
    [
        (b"<a/>", _small(), True),
        (b"<a> </a>", _small(), True),
        (b"<a> </a>", _small(EMPTY), False),
        (b"<a></a>", _small(EMPTY), True),
        (b"<a>b</a>", _small(), False),
        (b"<a>b</a>", _small(TEXT), True),
        (b"<a>b&amp;</a>", _small(TEXT), True),
        (b"<a><b/></a>", _small(TEXT), False),
        (b"<a>7</a>", _small(NUMBER), True),
        (b"<a></a>", _small(NUMBER), False),
        (b"<a>77</a>", _small(NUMBER), False),
        (b"<a>7&amp;</a>", _small(NUMBER), False),
        ("<a>ăăă</a>".encode(), _small(2), True),
        ("<a>ăăăă</a>".encode(), _small(2), False),
        (b"<b/>", _small(), False),
        (b"<a><b/></a>", _small(), False),
        (b"<a><b/></a>", _small(states=((False, ((1, 1, 1),)), (True, ()))), True),
        (b"<a/>", _small(states=((False, ((1, 1, 1),)), (True, ()))), False),
        (b"<a><b/><b/></a>", _small(states=((False, ((1, 1, 1),)), (True, ()))), False),
        (b"<a><b>7</b></a>", _small(states=((True, ((1, 0, 2),)),)), True),
        (b"<a><b>x</b></a>", _small(states=((True, ((1, 0, 2),)),)), False),
        (b'<a><b xmlns="%b"/></a>' % X, _small(states=((True, ((2, 0, 1),)),)), True),
        (b'<a><b xmlns="%b"/></a>' % X, _small(states=((True, ((1, 0, 1),)),)), False),
        (b'<a><b xmlns="%by"/></a>' % X[:-1], _small(states=((True, ((2, 0, 1),)),)), False),
        (b'<a c="7"/>', _small(), False),
        (b'<a c="7"/>', _small(attributes=((b"c", NUMBER, False),)), True),
        (b'<a c="x"/>', _small(attributes=((b"c", NUMBER, False),)), False),
        (b'<a c="&amp;"/>', _small(attributes=((b"c", TEXT, False),)), False),
        (b"<a/>", _small(attributes=((b"c", NUMBER, False),)), True),
        (b"<a/>", _small(attributes=((b"c", NUMBER, True),)), False),
        (b'<a c="7" xmlns:x="http://example.test/x"/>',
         _small(attributes=((b"c", NUMBER, True),)), True),
    ],
)  # fmt: skip
def test_small_tables(xml: bytes, tables: tuple[Any, ...], taken: bool) -> None:  # noqa: FBT001 -- reason: a parameter of the test
    root = read(xml)
    if root is not None:
        assert _fits(root, tables) == taken


def test_a_part_of_a_document_is_no_document() -> None:
    root = read(b"<a><a/></a>")
    if root is not None:
        assert not _fits(root.find("a"), _small())


def _changed(place: int, value: Any) -> tuple[Any, ...]:
    return tuple(value if at == place else one for at, one in enumerate(_small()))


@pytest.mark.parametrize(
    "tables",
    [
        (),
        [],
        _changed(0, (b"x",) * 17),
        _changed(0, None),
        _changed(1, ((9, b"a"),) * 3),
        _changed(1, ((17, b"a"),) * 3),
        _changed(1, ((0, "a"),) * 3),
        _changed(2, ((-1, (b"\0", bytes(256))),) * 3),
        _changed(2, ((-1, (b"\0\0", bytes(511))),) * 3),
        _changed(2, ((-1, (b"\0\0", b"\2" * 512)),) * 3),
        _changed(2, ((-1, (bytes(257), bytes(257 * 256))),) * 3),
        _changed(2, (None,) * 3),
        _changed(3, ()),
        _changed(3, ((9, (), ONCE),)),
        _changed(3, ((-3, (), ONCE),)),
        _changed(3, ((TEXT, (), ()),)),
        _changed(3, ((TEXT, ((b"c", 9, True),), ONCE),)),
        _changed(3, ((TEXT, ((b"c", -1, True),), ONCE),)),
        _changed(3, ((TEXT, (None,), ONCE),)),
        _changed(3, ((TEXT, (), ((True, ((1, 1, 0),)),)),)),
        _changed(3, ((TEXT, (), ((True, ((1, -1, 0),)),)),)),
        _changed(3, ((TEXT, (), ((True, ((1, 0, 1),)),)),)),
        _changed(3, ((TEXT, (), ((True, ((1, 0, -1),)),)),)),
        _changed(3, ((TEXT, (), ((True, ((3, 0, 0),)),)),)),
        _changed(3, ((TEXT, (), ((True, ((-1, 0, 0),)),)),)),
        _changed(3, ((TEXT, (), ((True, (None,)),)),)),
        _changed(3, ((TEXT, (), (None,)),)),
        _changed(3, (None,)),
        _changed(4, (3, 0)),
        _changed(4, (-1, 0)),
        _changed(4, (0, 3)),
        _changed(4, (0, -1)),
        _changed(4, None),
    ],
    ids=range(33),
)
def test_tables_that_lead_outside_are_refused(tables: Any) -> None:
    if _engine() is not None:
        with pytest.raises((ValueError, TypeError)):
            _engine().grammar(tables)
