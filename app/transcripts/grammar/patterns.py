r"""Patterns of XML Schema as regular expressions over the octets of UTF-8, never wider.

Part 2, appendix F, as far as our schemas go. A class holds its ASCII alone, so that a difference of
classes is exact; `.` and `\S` take every other character too.
"""

import re
import string
from collections import deque

from app.transcripts.grammar.regular import (
    Either,
    Expression,
    OneOf,
    Repeated,
    ambiguous,
    chain,
    matches_nothing,
)
from app.transcripts.grammar.tables import NotUnderstood

Tokens = deque[str]

_TOKEN = re.compile(r"\\p\{[A-Z]\}|\\.|\{[0-9]+(?:,[0-9]*)?\}|.", re.DOTALL)
_COUNT = re.compile(r"\{([0-9]+)(,?)([0-9]*)\}")
_COUNTS = {"?": (0, 1), "*": (0, None), "+": (1, None)}
_LETTERS, _DIGITS = string.ascii_letters, string.digits
_LITERALS = frozenset(_LETTERS + _DIGITS + " _/:#,-")
"""Characters that stand for themselves everywhere; more do, but no schema of ours needs them."""

_IN_BRACKETS = frozenset(".+")
_ESCAPES = frozenset(f"\\{character}" for character in r"\|.-^?*+{}()[]")
_CLASSES = {
    r"\i": _LETTERS + "_:",
    r"\c": _LETTERS + _DIGITS + "._-:",
    r"\p{L}": _LETTERS,
    r"\p{N}": _DIGITS,
    r"\s": " \t\n\r",
}


def _octets(*ranges: tuple[int, int]) -> Expression:
    return chain(*(OneOf(symbols=frozenset(range(low, high + 1))) for low, high in ranges))


_CONTINUED = (0x80, 0xBF)
_BEYOND_ASCII = (
    _octets((0xC2, 0xDF), _CONTINUED),
    _octets((0xE0, 0xEF), _CONTINUED, _CONTINUED),
    _octets((0xF0, 0xF4), _CONTINUED, _CONTINUED, _CONTINUED),
)
"""Every character of two to four octets, in what is known to be UTF-8."""

_WIDE = {
    ".": Either(choices=(_octets((0x20, 0x7E)), *_BEYOND_ASCII)),
    r"\S": Either(choices=(_octets((0x21, 0x7E)), *_BEYOND_ASCII)),
}


def literal(text: str) -> Expression:
    """Match a text and nothing else."""
    return chain(*(OneOf(symbols=frozenset({octet})) for octet in text.encode()))


def expression_of(pattern: str) -> Expression:
    """Translate a pattern; what it matches, the pattern matches.

    Raises:
        NotUnderstood: it uses what no schema of ours has needed.
    """
    tokens = deque([*_TOKEN.findall(pattern), ""])
    try:
        expression = _choices(tokens)
    except NotUnderstood as failure:
        raise NotUnderstood(f"{failure.what!r} in the pattern {pattern!r}") from failure
    if tokens != deque([""]):
        raise NotUnderstood(pattern)
    if _COUNT.search(pattern) and ambiguous(expression):
        raise NotUnderstood(f"{pattern!r}, of which libxml2 may take less: it counts one way alone")
    return expression


def _choices(tokens: Tokens) -> Expression:
    choices = [_branch(tokens)]
    while tokens[0] == "|":
        tokens.popleft()
        choices.append(_branch(tokens))
    return choices[0] if len(choices) == 1 else Either(choices=tuple(choices))


def _branch(tokens: Tokens) -> Expression:
    parts = []
    while tokens[0] not in {"", "|", ")"}:
        parts.append(_repeated(_atom(tokens), tokens))
    return chain(*parts)


def _repeated(atom: Expression, tokens: Tokens) -> Expression:
    counted = _COUNT.fullmatch(tokens[0])
    if counted is None and tokens[0] not in _COUNTS:
        return atom
    token = tokens.popleft()
    if counted is None:
        least, most = _COUNTS[token]
    elif matches_nothing(atom):
        raise NotUnderstood(token)  # libxml2 does not let such a repetition be empty
    else:
        least = int(counted[1])
        most = int(counted[3]) if counted[3] else None if counted[2] else least
    return Repeated(inner=atom, least=least, most=most)


def _atom(tokens: Tokens) -> Expression:
    match tokens.popleft():
        case "[":
            return OneOf(symbols=_bracketed(tokens))
        case "(":
            inner = _choices(tokens)
            _take(")", tokens)
            return inner
        case token if token in _WIDE:
            return _WIDE[token]
        case token if len(token) == 1 and not token.isascii():
            return literal(token)
        case token:
            return OneOf(symbols=_class_of(token))


def _bracketed(tokens: Tokens) -> frozenset[int]:
    """Read a class behind its bracket: members, ranges, and at its end what is taken away.

    A hyphen that is a member must be escaped: libxml2 reads some others in a way of its own.
    """
    found: frozenset[int] = frozenset()
    while tokens[0] not in {"", "-", "]"}:
        token = tokens.popleft()
        if tokens[0] == "-" and tokens[1] != "[":
            tokens.popleft()
            found |= _range(token, tokens.popleft())
        elif token in _IN_BRACKETS:
            found |= frozenset(token.encode())
        else:
            found |= _class_of(token)
    if tokens[0] == "-":
        tokens.popleft()
        _take("[", tokens)
        found -= _bracketed(tokens)
    _take("]", tokens)
    return found


def _range(first: str, last: str) -> frozenset[int]:
    ends = first + last
    if not (ends.isascii() and first.isalnum() and last.isalnum()):
        raise NotUnderstood(f"{first}-{last}")
    return frozenset(range(ord(first), ord(last) + 1))


def _class_of(token: str) -> frozenset[int]:
    """Name the octets of a literal, an escaped character or an escape for many characters."""
    if token in _CLASSES:
        return frozenset(_CLASSES[token].encode())
    if token in _LITERALS or token in _ESCAPES:
        return frozenset(token[-1].encode())
    raise NotUnderstood(token)


def _take(expected: str, tokens: Tokens) -> None:
    token = tokens.popleft()
    if token != expected:
        raise NotUnderstood(token)
