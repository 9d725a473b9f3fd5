"""Transcript codes: unguessable, without look-alikes, and every typing slip is caught.

A code (mã tra cứu học bạ số) has 18 symbols of a 31-symbol alphabet. The first 17 are a keyed hash
of the original's digest, 84 bits: the same original always has the same code, and nobody without
the key can compute or guess one, nor learn anything about the child from it. The last one makes
Σ 3^i·c_i ≡ 0 (mod 31). 31 is a prime and the weights 3^0 … 3^17 differ from each other and from 0,
so that every wrong symbol and every swap of two different symbols, neighbours or not, changes the
sum (a weighted code as in ISO/IEC 7064, over GF(31)).
"""

import hmac
import unicodedata

from app.errors import InvalidCode

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""Digits and capitals without 0, 1, I, L and O, which people misread: 31 symbols, a prime."""

HASH_SYMBOLS = 17
"""31^17 > 2^84: above the 80 bits that a guesser must not reach."""

GROUP = 6
"""Symbols between hyphens when a code is shown: what a person copies at one glance."""

MAX_TYPED = 64
"""Characters of typed text that are looked at: a code with a space after every symbol has 36."""

_DOMAIN = b"hoc-ba-code-1"
_BASE = len(ALPHABET)
_WEIGHTS = tuple(pow(3, place, _BASE) for place in range(HASH_SYMBOLS + 1))
_VALUES = {symbol: value for value, symbol in enumerate(ALPHABET)}


def transcript_code(key: bytes, original_sha256: bytes) -> str:
    """Derive an original's code: 18 symbols without hyphens.

    Args:
        key: the repository's code key.
        original_sha256: the digest of the transcript's own bytes, 32 bytes.
    """
    digest = hmac.digest(key, _DOMAIN + original_sha256, "sha256")
    number = int.from_bytes(digest) % _BASE**HASH_SYMBOLS
    values = []
    for _ in range(HASH_SYMBOLS):
        number, value = divmod(number, _BASE)
        values.append(value)
    values.append(-_sum(values) * pow(_WEIGHTS[HASH_SYMBOLS], -1, _BASE) % _BASE)
    return "".join(ALPHABET[value] for value in values)


def parse_code(text: str) -> str:
    """Read a code as a person typed it: any case, spaces, hyphens and full-width forms.

    Returns:
        The 18 symbols without hyphens.

    Raises:
        InvalidCode: another symbol or length, or the check symbol does not fit; it says which.
    """
    if len(text) > MAX_TYPED:
        raise InvalidCode(reason="length")
    typed = unicodedata.normalize("NFKC", text).upper()
    code = "".join(symbol for symbol in typed if not _is_separator(symbol))
    if not _VALUES.keys() >= set(code):
        raise InvalidCode(reason="character")
    if len(code) != HASH_SYMBOLS + 1:
        raise InvalidCode(reason="length")
    if _sum([_VALUES[symbol] for symbol in code]) != 0:
        raise InvalidCode(reason="check")
    return code


def format_code(code: str) -> str:
    """Show a code in groups: "XXXXXX-XXXXXX-XXXXXX"."""
    return "-".join(code[start : start + GROUP] for start in range(0, len(code), GROUP))


def _sum(values: list[int]) -> int:
    return sum(weight * value for weight, value in zip(_WEIGHTS, values, strict=False)) % _BASE


def _is_separator(symbol: str) -> bool:
    """Tell white space and every kind of hyphen or dash (Unicode category Pd)."""
    return symbol.isspace() or unicodedata.category(symbol) == "Pd"
