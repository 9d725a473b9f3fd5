"""Compiling a schema: complex types as automata over elements (XML Schema Part 1, section 3)."""

from collections.abc import Callable
from functools import cache
from importlib.resources import files

from lxml import etree

from app.transcripts.grammar.components import (
    Components,
    Definition,
    components_of,
    inside,
    kind_of,
    stated,
)
from app.transcripts.grammar.regular import (
    Either,
    Expression,
    OneOf,
    Repeated,
    automaton_of,
    chain,
    matches_nothing,
)
from app.transcripts.grammar.tables import (
    ELEMENTS,
    EMPTY,
    Attribute,
    Grammar,
    NotUnderstood,
    State,
    Type,
    Value,
)
from app.transcripts.grammar.values import value_of

_NOTHING: tuple[State, ...] = ((True, ()),)


@cache
def grammar_of(schema: str, root: str) -> Grammar:
    """Compile one of our own schemas.

    Args:
        schema: a file name in `app/transcripts/schemas`.
        root: the document element, which has no namespace.

    Raises:
        NotUnderstood: the tables cannot say what the schema says.
    """
    folder = files("app.transcripts") / "schemas"
    return compiled(schema, root, lambda name: (folder / name).read_bytes())


def compiled(schema: str, root: str, read: Callable[[str], bytes]) -> Grammar:
    """Compile a schema that libxml2 takes.

    Args:
        schema: the name of its file.
        root: the document element, which has no namespace.
        read: reads a file by its name.

    Raises:
        NotUnderstood: the tables cannot say what the schema says.
    """
    components = components_of(schema, read)
    return _Tables(components).grammar(components.element_named(root))


class _Tables:
    """Tables under construction: what is met again keeps its index."""

    def __init__(self, components: Components) -> None:
        self._components = components
        self._namespaces: dict[str, int] = {"": 0}
        self._symbols: dict[tuple[int, bytes], int] = {}
        self._values: dict[Value, int] = {}
        self._value_numbers: dict[Definition, int] = {}
        self._type_numbers: dict[Definition, int] = {}
        self._types: dict[int, Type] = {}

    def grammar(self, root: etree._Element) -> Grammar:
        """Compile all that a document element may hold."""
        start = self._symbol(root), self._type(root)
        return Grammar(
            namespaces=tuple(name.encode() for name in self._namespaces),
            symbols=tuple(self._symbols),
            values=tuple(self._values),
            types=tuple(self._types[number] for number in range(len(self._types))),
            root=start,
        )

    def _symbol(self, declaration: etree._Element) -> int:
        schema = declaration.getroottree().getroot()
        form = declaration.get("form", schema.get("elementFormDefault"))
        qualified = form == "qualified" or declaration.getparent() is schema
        namespace = schema.get("targetNamespace", "") if qualified else ""
        number = self._namespaces.setdefault(namespace, len(self._namespaces))
        symbol = number, stated(declaration, "name").encode()
        return self._symbols.setdefault(symbol, len(self._symbols))

    def _value(self, definition: Definition) -> int:
        if definition not in self._value_numbers:
            value = value_of(definition, self._components)
            self._value_numbers[definition] = self._values.setdefault(value, len(self._values))
        return self._value_numbers[definition]

    def _type(self, declaration: etree._Element) -> int:
        definition = self._components.type_of(declaration)
        if definition not in self._type_numbers:
            # Before what is inside it is compiled, which may refer to it again.
            number = self._type_numbers[definition] = len(self._type_numbers)
            self._types[number] = self._compiled(definition)
        return self._type_numbers[definition]

    def _compiled(self, definition: Definition) -> Type:
        if isinstance(definition, str) or kind_of(definition) == "simpleType":
            return self._value(definition), (), _NOTHING
        for content in inside(definition, "simpleContent"):
            (extension,) = inside(content)
            (base,) = self._components.types_at(extension, "base")
            return self._value(base), self._attributes(extension), _NOTHING
        attributes = self._attributes(definition)
        for particle in inside(definition, "sequence", "choice"):
            types: dict[int, int] = {}
            model = automaton_of(self._model(particle, types))
            states = tuple(
                (accepts, tuple((symbol, after, types[symbol]) for symbol, after in row.items()))
                for accepts, row in model
            )
            return ELEMENTS, attributes, states
        return EMPTY, attributes, _NOTHING

    def _attributes(self, holder: etree._Element) -> tuple[Attribute, ...]:
        return tuple(self._attribute(one) for one in inside(holder, "attribute"))

    def _attribute(self, declaration: etree._Element) -> Attribute:
        use = declaration.get("use", "optional")
        if use not in {"optional", "required"}:
            raise NotUnderstood(f"use {use}")
        value = self._value(self._components.type_of(declaration))
        return stated(declaration, "name").encode(), value, use == "required"

    def _model(self, particle: etree._Element, types: dict[int, int]) -> Expression:
        """Translate a particle; `types` receives the type of each of its elements."""
        inner: Expression
        match kind_of(particle):
            case "sequence":
                inner = chain(*(self._model(part, types) for part in inside(particle)))
            case "choice":
                inner = Either(choices=tuple(self._model(part, types) for part in inside(particle)))
            case _:
                inner = self._element(particle, types)
        match particle.get("minOccurs", "1"), particle.get("maxOccurs", "1"):
            case "1", "1":
                return inner
            case "0", "1":
                return Repeated(inner=inner, least=0, most=1)
            case "0" | "1" as least, "unbounded" if not matches_nothing(inner):
                return Repeated(inner=inner, least=int(least), most=None)
            case occurs:
                # Counted, and around what may be absent, libxml2 takes less than the standard.
                raise NotUnderstood(f"{kind_of(particle)} {' to '.join(occurs)} times")

    def _element(self, particle: etree._Element, types: dict[int, int]) -> Expression:
        declaration = self._components.declared(particle)
        symbol, number = self._symbol(declaration), self._type(declaration)
        if types.setdefault(symbol, number) != number:
            raise NotUnderstood(f"two types of {declaration.get('name')}")
        return OneOf(symbols=frozenset({symbol}))
