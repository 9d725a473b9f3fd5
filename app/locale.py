"""Language and clock of an answer: Vietnamese unless asked otherwise, the time of Việt Nam.

Used by everything that writes an answer; holds no texts.
"""

from datetime import datetime, timedelta, timezone
from enum import StrEnum

VIETNAM = timezone(timedelta(hours=7))
"""Việt Nam has kept UTC+7 without summer time since 1975, so a fixed offset is exact."""


class Language(StrEnum):
    """The languages that every text exists in; the values are BCP 47 tags."""

    VIETNAMESE = "vi"
    ENGLISH = "en"


def preferred_language(accept_language: str | None) -> Language:
    """Choose the language of an answer from an Accept-Language header (RFC 9110 section 12.5.4).

    The language with the greatest weight wins; Vietnamese on a draw, for `*`, and for anything
    malformed, because most readers are school offices whose software sends no header.
    """
    weights = {Language.VIETNAMESE: 0.0, Language.ENGLISH: 0.0}
    for choice in (accept_language or "").split(","):
        tag, _, parameter = choice.partition(";")
        language = tag.strip().lower().partition("-")[0]
        if language in set(Language):
            weights[Language(language)] = max(weights[Language(language)], _weight(parameter))
    english_first = weights[Language.ENGLISH] > weights[Language.VIETNAMESE]
    return Language.ENGLISH if english_first else Language.VIETNAMESE


def local_time(at: datetime) -> str:
    """Write an aware time as ISO 8601 in the time of Việt Nam, to the second."""
    return at.astimezone(VIETNAM).isoformat(timespec="seconds")


def _weight(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if not name:
        return 1.0
    try:
        weight = float(value)
    except ValueError:
        return 0.0
    return weight if name.strip() == "q" and 0 <= weight <= 1 else 0.0
