import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.transcripts.grammar.regular import (
    MAX_STATES,
    NOTHING,
    Automaton,
    Both,
    Chain,
    Either,
    Expression,
    OneOf,
    Repeated,
    automaton_of,
    chain,
)
from app.transcripts.grammar.tables import NotUnderstood

SYMBOLS = range(3)
LONGEST = 4

Word = tuple[int, ...]


def words_of(expression: Expression) -> frozenset[Word]:
    """What it matches, up to a length, by the definition."""
    match expression:
        case OneOf(symbols=symbols):
            return frozenset((symbol,) for symbol in symbols)
        case Chain(parts=parts):
            found = frozenset[Word]({()})
            for part in parts:
                found = joined(found, words_of(part))
            return found
        case Either(choices=choices):
            return frozenset[Word]().union(*map(words_of, choices))
        case Both(one=one, other=other):
            return words_of(one) & words_of(other)
        case Repeated(inner=inner, least=least, most=most):
            times = range(least, (least + LONGEST if most is None else most) + 1)
            return frozenset[Word]().union(
                *(words_of(Chain(parts=(inner,) * count)) for count in times)
            )


def joined(heads: frozenset[Word], tails: frozenset[Word]) -> frozenset[Word]:
    return frozenset(head + tail for head in heads for tail in tails if len(head + tail) <= LONGEST)


def words_by(automaton: Automaton) -> frozenset[Word]:
    reached = {(): 0}
    for _ in range(LONGEST):
        reached |= {
            (*word, symbol): after
            for word, state in reached.items()
            for symbol, after in automaton[state][1].items()
        }
    return frozenset(word for word, state in reached.items() if automaton[state][0])


def _larger(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    some = st.lists(inner, max_size=3).map(tuple)
    return st.one_of(
        st.builds(lambda parts: chain(*parts), some),
        st.builds(lambda choices: Either(choices=choices), some),
        st.builds(lambda one, other: Both(one=one, other=other), inner, inner),
        st.builds(
            lambda inner, least, more: Repeated(
                inner=inner, least=least, most=None if more is None else least + more
            ),
            inner,
            st.integers(0, 2),
            st.none() | st.integers(0, 2),
        ),
    )


symbols = st.frozensets(st.sampled_from(SYMBOLS), max_size=2)
expressions = st.recursive(symbols.map(lambda found: OneOf(symbols=found)), _larger, max_leaves=8)


@given(expression=expressions)
def test_an_automaton_accepts_what_its_expression_matches(expression: Expression) -> None:
    assert words_by(automaton_of(expression)) == words_of(expression)


def test_what_matches_no_symbol_at_all_has_one_state() -> None:
    never = Repeated(inner=OneOf(symbols=frozenset({1})), least=0, most=0)
    assert automaton_of(NOTHING) == automaton_of(never) == ((True, {}),)


def test_what_cannot_match_has_no_way_on() -> None:
    assert automaton_of(Either(choices=())) == ((False, {}),)


def test_both_match_nothing_where_each_does() -> None:
    some = Repeated(inner=OneOf(symbols=frozenset({1})), least=0, most=None)
    once = OneOf(symbols=frozenset({1}))
    assert automaton_of(Both(one=some, other=some))[0][0]
    assert not automaton_of(Both(one=some, other=once))[0][0]


def test_an_automaton_may_have_as_many_states_as_an_octet_numbers_and_no_more() -> None:
    one = OneOf(symbols=frozenset({1}))
    largest = Repeated(inner=one, least=MAX_STATES - 1, most=MAX_STATES - 1)
    assert len(automaton_of(largest)) == MAX_STATES
    with pytest.raises(NotUnderstood):
        automaton_of(chain(one, largest))
