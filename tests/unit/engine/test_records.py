"""Elements of the engine, read as records, say what their tree says."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from app.engine import Unplain
from app.transcripts.content_reader import read_transcript
from app.transcripts.fields import TreeRecord, record_of
from app.transcripts.finding import DocumentRefused
from app.transcripts.profile import HOC_BA_1_THCS
from app.transcripts.xml import read_canonical
from tests.engines import only_python
from tests.unit.engine.plain import escaped, read, texts
from tests.vectors.transcripts.make import HERE

_TAGS = ["A", "B", "C"]
_PATHS = [*_TAGS, "A/B", "B/B", "A/B/C", "D"]


@st.composite
def canonical_trees(draw: st.DrawFn, depth: int = 3) -> str:
    name, value = draw(st.sampled_from(_TAGS)), escaped(draw(texts))
    marks = ["", f' Id="{value}"', f' Id="{value}" b=""'] * 8 + [' xmlns="http://u"', ' xml:a=""']
    mark = draw(st.sampled_from(marks))
    children = draw(st.lists(canonical_trees(depth=depth - 1), max_size=3)) if depth else []
    return f"<{name}{mark}>{escaped(draw(texts))}{''.join(children)}</{name}>"


def _read(record: Any) -> dict[str, object]:
    said: dict[str, object] = {}
    for path in _PATHS:
        for method in ("text_at", "optional_at", "child_at", "children_at", "attribute_of"):
            value: Any
            try:
                value = getattr(record, method)("Id" if method == "attribute_of" else path)
            except (DocumentRefused, Unplain):
                value = "refused"
            if method == "child_at" and value != "refused":
                value = _read(value)
            elif method == "children_at":
                value = [_read(one) for one in value]
            said[f"{method} {path}"] = value
    return said


@given(xml=canonical_trees())
def test_they_say_what_their_tree_says(xml: str) -> None:
    octets = etree.tostring(read_canonical(xml.encode()), method="c14n")
    quick = read(octets, ())
    if quick is not None:
        slow: TreeRecord = record_of(read_canonical(octets))
        assert _read(quick) == _read(slow)


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
