"""Comparison of people's and schools' names as weak evidence (step 18).

Certificates carry the same name with or without diacritics, in capitals or not, composed or
decomposed. Equality here supports an identity; it never proves one.
"""

import unicodedata
from functools import lru_cache

_CACHE_SIZE = 4096
"""Names, and pairs of them, kept: teachers of a few hundred schools, who sign for whole classes."""


@lru_cache(maxsize=_CACHE_SIZE)
def plain_name(name: str) -> str:
    """Reduce a Vietnamese name to lower-case letters and digits without diacritics."""
    decomposed = unicodedata.normalize("NFD", name.casefold().replace("đ", "d"))
    letters = "".join(c if c.isalnum() else " " for c in decomposed if not unicodedata.combining(c))
    return " ".join(letters.split())


@lru_cache(maxsize=_CACHE_SIZE)
def same_name(left: str, right: str) -> bool:
    """Say whether two names agree but for case, diacritics, punctuation and white space."""
    return plain_name(left) == plain_name(right) != ""
