"""Regular expressions over whole numbers, and the deterministic automata that decide them.

The numbers are octets of a value, or elements of a content model. A state is the set of expressions
of which one must still be matched: partial derivatives (Antimirov 1996).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from typing import Union

from app.transcripts.grammar.tables import NotUnderstood

Expression = Union["OneOf", "Chain", "Either", "Both", "Repeated"]
Automaton = tuple[tuple[bool, dict[int, int]], ...]
"""For each state whether it accepts, and symbol → next state; the first state is the start."""

Step = tuple[frozenset[int], Expression]

MAX_STATES = 254
"""States that one octet can number, beside a dead one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OneOf:
    """One symbol of these."""

    symbols: frozenset[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """Part after part; of no parts, nothing."""

    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Either:
    """What one of the choices matches; of no choices, not even nothing."""

    choices: tuple[Expression, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Both:
    """What each of the two matches."""

    one: Expression
    other: Expression


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeated:
    """A number of matches after each other; without `most` there is no end."""

    inner: Expression
    least: int
    most: int | None


NOTHING = Chain(parts=())


def chain(*parts: Expression) -> Expression:
    """Put parts after each other, flat, so that equal remainders are equal values."""
    flat = [one for part in parts for one in (part.parts if isinstance(part, Chain) else (part,))]
    return flat[0] if len(flat) == 1 else Chain(parts=tuple(flat))


def matches_nothing(expression: Expression) -> bool:
    """Say whether no symbol at all is a match."""
    match expression:
        case OneOf():
            return False
        case Chain(parts=parts):
            return all(map(matches_nothing, parts))
        case Either(choices=choices):
            return any(map(matches_nothing, choices))
        case Both(one=one, other=other):
            return matches_nothing(one) and matches_nothing(other)
        case _:  # Repeated: no other kind has these fields
            return expression.least == 0 or matches_nothing(expression.inner)


def ambiguous(expression: Expression) -> bool:
    """Say whether some symbol leads to more than one remainder."""
    waiting = [expression]
    for one in waiting:
        steps = set(_steps(one))
        if any(mine & theirs for (mine, _), (theirs, _) in combinations(steps, 2)):
            return True
        waiting.extend({remainder for _, remainder in steps}.difference(waiting))
    return False


def automaton_of(expression: Expression) -> Automaton:
    """Make the automaton that accepts what the expression matches.

    Raises:
        NotUnderstood: it has more than `MAX_STATES` states.
    """
    start = frozenset({expression})
    numbers, queue = {start: 0}, [start]
    states = []
    for state in queue:
        targets: dict[int, set[Expression]] = {}
        for symbols, remainder in (step for one in state for step in _steps(one)):
            for symbol in symbols:
                targets.setdefault(symbol, set()).add(remainder)
        row = {}
        for symbol in sorted(targets):
            target = frozenset(targets[symbol])
            if target not in numbers:
                numbers[target] = len(queue)
                queue.append(target)
            row[symbol] = numbers[target]
        states.append((any(map(matches_nothing, state)), row))
        if len(queue) > MAX_STATES:
            raise NotUnderstood(f"more than {MAX_STATES} states")
    return tuple(states)


@cache
def _steps(expression: Expression) -> tuple[Step, ...]:
    """Name the first symbols of a match, and what must match the rest behind them."""
    match expression:
        case OneOf(symbols=symbols):
            return ((symbols, NOTHING),)
        case Chain(parts=parts):
            return tuple(_chain_steps(parts))
        case Either(choices=choices):
            return tuple(step for choice in choices for step in _steps(choice))
        case Both(one=one, other=other):
            return tuple(
                (mine & theirs, Both(one=rest, other=rest_))
                for mine, rest in _steps(one)
                for theirs, rest_ in _steps(other)
            )
        case Repeated(most=0):
            return ()
        case _:  # Repeated: no other kind has these fields
            inner, least, most = expression.inner, expression.least, expression.most
            fewer = Repeated(inner=inner, least=max(least - 1, 0), most=most and most - 1)
            behind = NOTHING if most == 1 else fewer
            return tuple((symbols, chain(rest, behind)) for symbols, rest in _steps(inner))


def _chain_steps(parts: tuple[Expression, ...]) -> Iterator[Step]:
    for place, part in enumerate(parts):
        behind = parts[place + 1 :]
        for symbols, rest in _steps(part):
            yield symbols, chain(rest, *behind)
        if not matches_nothing(part):
            return
