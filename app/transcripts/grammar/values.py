"""Simple types as automata over octets, of which every match is a value of the type.

XML Schema Part 2, sections 3 and 4. Built-in types stand here as patterns that take a part of them.
"""

from functools import reduce

from lxml import etree

from app.transcripts.grammar.components import (
    Components,
    Definition,
    inside,
    kind_of,
    stated,
)
from app.transcripts.grammar.patterns import expression_of, literal
from app.transcripts.grammar.regular import Both, Either, Expression, automaton_of
from app.transcripts.grammar.tables import NotUnderstood, Value

_YEAR = "(000[1-9]|00[1-9][0-9]|0[1-9][0-9][0-9]|[1-9][0-9][0-9][0-9])"
_LEAP_YEAR = "[0-9][0-9](0[48]|[2468][048]|[13579][26])"
_MONTH = "(0[1-9]|1[0-2])"
_DAY = (
    f"({_YEAR}-({_MONTH}-(0[1-9]|1[0-9]|2[0-8])|(0[13-9]|1[0-2])-(29|30)|(0[13578]|1[02])-31)"
    f"|{_LEAP_YEAR}-02-29)"
)
"""A day that exists. Every year whose last two digits divide by four is a leap year, but for the
centuries, which are left out."""

_BUILT_IN = {
    "anyURI": r"(https?://[A-Za-z0-9.\-]+(/[A-Za-z0-9._\-]*)*|urn:[A-Za-z0-9._:\-]+)?"
    r"(#[A-Za-z0-9._:/\-]*)?",
    "date": _DAY,
    "dateTime": _DAY + r"T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]+)?"
    r"(Z|[+\-](0[0-9]|1[0-3]):[0-5][0-9])",
    "gYear": _YEAR,
    "gYearMonth": f"{_YEAR}-{_MONTH}",
}

_UNBOUNDED = -1


def value_of(definition: Definition, components: Components) -> Value:
    """Make the table of a simple type.

    Raises:
        NotUnderstood: a base or pattern that is not known here, a union of texts of any kind or
            with lengths of their own, a type that is not simple.
    """
    most, words = _language_of(definition, components)
    if words is None:
        return most, None
    rows = [(False, {}), *automaton_of(words)]
    accepting = bytes(accepts for accepts, _ in rows)
    # Behind the dead state every number is one higher.
    following = bytes(row.get(octet, -1) + 1 for _, row in rows for octet in range(256))
    return most, (accepting, following)


def _language_of(definition: Definition, components: Components) -> tuple[int, Expression | None]:
    """Give the most characters, and what the text must match."""
    if isinstance(definition, str):
        return _UNBOUNDED, _built_in(definition)
    if kind_of(definition) != "simpleType":
        raise NotUnderstood(f"{definition.get('name')} for a text")
    (construct,) = inside(definition)
    if kind_of(construct) == "union":
        return _UNBOUNDED, _union_of(construct, components)
    (base,) = components.types_at(construct, "base")
    most, words = _language_of(base, components)
    lengths = [int(stated(facet, "value")) for facet in inside(construct, "maxLength")]
    demands = [words] if words is not None else []
    for kind, translate in (("enumeration", literal), ("pattern", expression_of)):
        choices = tuple(translate(stated(facet, "value")) for facet in inside(construct, kind))
        demands += [Either(choices=choices)] if choices else []
    limit = min([most, *lengths] if most != _UNBOUNDED else lengths, default=_UNBOUNDED)
    return limit, reduce(_both, demands) if demands else None


def _both(one: Expression, other: Expression) -> Expression:
    return Both(one=one, other=other)


def _union_of(union: etree._Element, components: Components) -> Expression:
    choices = []
    for member in (*components.types_at(union, "memberTypes"), *inside(union)):
        most, words = _language_of(member, components)
        if words is None or most != _UNBOUNDED:
            raise NotUnderstood("a union of texts")
        choices.append(words)
    return Either(choices=tuple(choices))


def _built_in(name: str) -> Expression | None:
    if name == "string":
        return None
    if name not in _BUILT_IN:
        raise NotUnderstood(name)
    return expression_of(_BUILT_IN[name])
