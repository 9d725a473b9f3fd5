"""Texts and documents that tables accept, found by walking them."""

from collections import deque
from collections.abc import Iterator
from functools import cache

from lxml import etree

from app.sandbox.stream import Stream
from app.transcripts.grammar.tables import ELEMENTS, Grammar, Octets, Value

ODD = "\t\n\rĐđéựẤ\x7f\x85\xa0\u0300\u2028\u3000\ufeff\ufffd１٣Ⅷ𝟘\U0010ffff"
"""White space, letters, marks and digits that programs read in more than one way."""

ALPHABET = "".join(map(chr, range(0x20, 0x7F))) + ODD
"""What texts are made of here; all of it may stand in XML."""

LONGEST = 40
"""Characters of a text that is found at random, but for its ending."""

Arrows = dict[int, dict[str, int]]
"""State → character → next state, without the dead one."""


@cache
def arrows_of(automaton: Octets) -> Arrows:
    """Read an automaton by characters, from its start."""
    found: Arrows = {}
    waiting = deque([1])
    while waiting:
        state = waiting.popleft()
        if state in found:
            continue
        targets = {character: _after(automaton, state, character) for character in ALPHABET}
        found[state] = {character: target for character, target in targets.items() if target}
        waiting.extend(found[state].values())
    return found


def _after(automaton: Octets, state: int, character: str) -> int:
    for octet in character.encode():
        state = automaton[1][256 * state + octet]
    return state


@cache
def endings_of(automaton: Octets) -> dict[int, str]:
    """Find a shortest text from each state to one that accepts; some states have none."""
    arrows = arrows_of(automaton)
    found = {state: "" for state in arrows if automaton[0][state]}
    waiting = deque(found)
    while waiting:
        end = waiting.popleft()
        for state, targets in arrows.items():
            for character, target in targets.items():
                if target == end and state not in found:
                    found[state] = character + found[end]
                    waiting.append(state)
    return found


def covering(automaton: Octets) -> Iterator[str]:
    """Accepted texts that take every arrow on the way to an accepting state at least once."""
    arrows, endings = arrows_of(automaton), endings_of(automaton)
    beginnings = {1: ""}
    waiting = deque([1])
    while waiting:
        state = waiting.popleft()
        for character, target in arrows[state].items():
            if target not in endings:
                continue
            if target not in beginnings:
                beginnings[target] = beginnings[state] + character
                waiting.append(target)
            yield beginnings[state] + character + endings[target]


def text_of(value: Value, stream: Stream) -> str:
    """Walk a value's automaton at random, and no longer than it allows."""
    most, automaton = value
    limit = stream.below((min(most, LONGEST) if most >= 0 else LONGEST) + 1)
    if automaton is None:
        return "".join(stream.choice(ALPHABET) for _ in range(limit))
    arrows, endings = arrows_of(automaton), endings_of(automaton)
    text, state = "", 1
    while len(text) < limit:
        onward = [item for item in arrows[state].items() if item[1] in endings]
        if not onward:
            break
        character, state = stream.choice(onward)
        text += character
    return text + endings[state]


def document_of(grammar: Grammar, stream: Stream) -> etree._Element:
    """Walk all tables at random."""
    return _element_of(grammar, *grammar.root, stream)


def _element_of(grammar: Grammar, symbol: int, number: int, stream: Stream) -> etree._Element:
    content, attributes, states = grammar.types[number]
    namespace, local = grammar.symbols[symbol]
    uri = grammar.namespaces[namespace].decode()
    element = etree.Element(f"{{{uri}}}{local.decode()}" if uri else local.decode())
    for name, value, required in attributes:
        if required or stream.below(2):
            element.set(name.decode(), text_of(grammar.values[value], stream))
    if content >= 0:
        element.text = text_of(grammar.values[content], stream)
    elif content == ELEMENTS:
        element.text = _white_space(stream)
        state = 0
        while states[state][1] and not (states[state][0] and stream.below(3) == 0):
            inner, state, kind = stream.choice(states[state][1])
            element.append(_element_of(grammar, inner, kind, stream))
            element[-1].tail = _white_space(stream)
    return element


def _white_space(stream: Stream) -> str:
    return stream.choice(("", "", " ", "\n  ", "\r\t"))
