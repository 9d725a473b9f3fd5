"""The tables of a grammar, followed in Python: what the engine does in C."""

from lxml import etree

from app.transcripts.grammar.tables import ELEMENTS, EMPTY, Grammar, Value

WHITE_SPACE = " \t\r\n"


def accepts(grammar: Grammar, root: etree._Element) -> bool:
    """Say whether the tables accept a tree that holds elements, attributes and text alone."""
    symbol, number = grammar.root
    return _symbol_of(grammar, root) == symbol and _fits(grammar, number, root)


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


def _fits(grammar: Grammar, number: int, element: etree._Element) -> bool:
    content, attributes, _ = grammar.types[number]
    known = {name.decode(): value for name, value, _ in attributes}
    required = {name.decode() for name, _, needed in attributes if needed}
    stated = {str(name): str(text) for name, text in element.attrib.items()}
    if not required <= stated.keys() <= known.keys():
        return False
    if not all(takes(grammar.values[known[name]], text) for name, text in stated.items()):
        return False
    if content == EMPTY:
        return not len(element) and not element.text
    if content != ELEMENTS:
        return not len(element) and takes(grammar.values[content], element.text or "")
    between = "".join([element.text or "", *(child.tail or "" for child in element)])
    return not between.strip(WHITE_SPACE) and _holds(grammar, number, element)


def _holds(grammar: Grammar, number: int, element: etree._Element) -> bool:
    states = grammar.types[number][2]
    state = 0
    for child in element:
        following = {symbol: (after, inner) for symbol, after, inner in states[state][1]}
        symbol = _symbol_of(grammar, child)
        if symbol not in following:
            return False
        state, inner = following[symbol]
        if not _fits(grammar, inner, child):
            return False
    return states[state][0]


def _symbol_of(grammar: Grammar, element: etree._Element) -> int | None:
    name = etree.QName(element)
    namespace = (name.namespace or "").encode()
    known = {
        (grammar.namespaces[number], local): place
        for place, (number, local) in enumerate(grammar.symbols)
    }
    return known.get((namespace, name.localname.encode()))
