"""The tables of a grammar, followed in Python: what the engine does in C."""

from lxml import etree

from app.transcripts.finding import DocumentRefused
from app.transcripts.grammar.schema import grammar_of
from app.transcripts.grammar.tables import ELEMENTS, EMPTY, Grammar, Value
from app.transcripts.limits import PACKAGE_LIMITS
from app.transcripts.profile import BAN_TIN_1, HOC_BA_1
from app.transcripts.xml import load_schema, read_xml

PROFILES = {one.schema: one for one in (*HOC_BA_1.profiles.values(), BAN_TIN_1)}


def accepts(grammar: Grammar, root: etree._Element) -> bool:
    """Say whether the tables accept a tree that holds elements, attributes and text alone."""
    symbol, number = grammar.root
    return root.tag == tag_of(grammar, symbol) and _fits(grammar, number, root)


def takes(value: Value, text: str) -> bool:
    """Say whether a value takes a text."""
    most, automaton = value
    if 0 <= most < len(text):
        return False
    if automaton is None:
        return True
    accepting, following = automaton
    state = 1
    for octet in text.encode():
        state = following[256 * state + octet]
    return accepting[state] == 1


def tag_of(grammar: Grammar, symbol: int) -> str:
    """Name a symbol as lxml names elements."""
    number, local = grammar.symbols[symbol]
    namespace = grammar.namespaces[number]
    return (b"{%b}%b" % (namespace, local) if namespace else local).decode()


def readings(document: bytes) -> dict[str, tuple[bool, bool]]:
    """Ask the tables and libxml2 by every profile; the hardened reader may take no document.

    Returns:
        By the schema, whether the tables accept the document and whether libxml2 does.
    """
    try:
        root = read_xml(document, PACKAGE_LIMITS)
    except DocumentRefused:
        return {}
    return {
        schema: (
            accepts(grammar_of(schema, profile.root), root),
            root.tag == profile.root and load_schema(schema).validate(root.getroottree()),
        )
        for schema, profile in PROFILES.items()
    }


def assert_sound(document: bytes) -> None:
    """Whatever tables accept, libxml2 accepts."""
    for schema, (accepted, valid) in readings(document).items():
        assert valid or not accepted, schema


def _fits(grammar: Grammar, number: int, element: etree._Element) -> bool:
    content, attributes, _ = grammar.types[number]
    known = {name.decode(): grammar.values[value] for name, value, _ in attributes}
    required = {name.decode() for name, _, needed in attributes if needed}
    if not required <= set(element.keys()) <= known.keys():
        return False
    if not all(takes(known[name], text) for name, text in element.items()):
        return False
    if content == EMPTY:
        return not len(element) and not element.text
    if content != ELEMENTS:
        return not len(element) and takes(grammar.values[content], element.text or "")
    between = [element.text or "", *(child.tail or "" for child in element)]
    return not "".join(between).strip(" \t\r\n") and _holds(grammar, number, element)


def _holds(grammar: Grammar, number: int, element: etree._Element) -> bool:
    states = grammar.types[number][2]
    state = 0
    for child in element:
        following = {tag_of(grammar, one): (after, inner) for one, after, inner in states[state][1]}
        if child.tag not in following:
            return False
        state, inner = following[child.tag]
        if not _fits(grammar, inner, child):
            return False
    return states[state][0]
