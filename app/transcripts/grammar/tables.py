"""The shape of the tables, as the engine takes them, and why a schema has none."""

from dataclasses import dataclass

Octets = tuple[bytes, bytes]
"""An automaton over octets: for each state 1 where it accepts, else 0; for each state 256 times the
next state. State 0 is dead, state 1 the start; at most 255 states."""

Value = tuple[int, Octets | None]
"""The most characters of a text, -1 without an end; its automaton, None where any text will do."""

Attribute = tuple[bytes, int, bool]
"""Local name in no namespace, index of its value, whether required."""

State = tuple[bool, tuple[tuple[int, int, int], ...]]
"""Whether the content may end here; index of a symbol, next state, index of that child's type."""

Type = tuple[int, tuple[Attribute, ...], tuple[State, ...]]
"""What may stand inside (`EMPTY`, `ELEMENTS`, or text: the index of its value), attributes, states.
State 0 is the start; text and emptiness have this one state, which accepts."""

EMPTY = -2
"""Nothing at all, not even white space."""

ELEMENTS = -1
"""Elements, with white space between them."""


class NotUnderstood(Exception):
    """A schema of ours says what the tables cannot: whoever wrote it must teach them, or reword it.

    Attributes:
        what: the construct, name, value or pattern.
    """

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


@dataclass(frozen=True, slots=True, kw_only=True)
class Grammar:
    """One schema with one document element, in tables that refer to each other by index.

    Attributes:
        namespaces: names of namespaces; the first is empty: no namespace.
        symbols: index of the namespace and local name of every element.
        values: what texts and attributes may be.
        types: what elements may hold.
        root: symbol and type of the document element.
    """

    namespaces: tuple[bytes, ...]
    symbols: tuple[tuple[int, bytes], ...]
    values: tuple[Value, ...]
    types: tuple[Type, ...]
    root: tuple[int, int]

    def plain(self) -> tuple[object, ...]:
        """Hand the tables out as nested tuples, in the order of the attributes."""
        return self.namespaces, self.symbols, self.values, self.types, self.root
