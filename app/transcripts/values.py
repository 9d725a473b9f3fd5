"""Reading typed values out of verified canonical octets: marks, ratings, flags, numbers, days."""

import re
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar

from app.transcripts.content import Mark, Rating
from app.transcripts.fields import Record

_NUMERIC_MARK = re.compile(r"[0-9](?:\.[0-9])?|10(?:\.0)?")
_MEASURE = re.compile(r"[0-9]{1,3}(?:\.[0-9])?")
_COMMENT_MARKS = {rating.value: rating for rating in (Rating.PASSED, Rating.NOT_PASSED)}
_FLAGS = {"0": False, "1": True}

_Coded = TypeVar("_Coded", bound=StrEnum)


def mark_at(parent: Record, path: str) -> Mark:
    """Read a mark 0-10 with at most one decimal, Đ or CĐ; None where it is absent or empty.

    Raises:
        DocumentRefused: SIG-140, anything else.
    """
    value = parent.optional_at(path)
    if value is None:
        return None
    if _NUMERIC_MARK.fullmatch(value):
        return Decimal(value)
    if value not in _COMMENT_MARKS:
        raise parent.misfit(path, value)
    return _COMMENT_MARKS[value]


def coded_at(parent: Record, path: str, codes: type[_Coded]) -> _Coded | None:
    """Read a value of a code list; None where it is absent or empty.

    Raises:
        DocumentRefused: SIG-140, not on the list.
    """
    value = parent.optional_at(path)
    if value is None:
        return None
    try:
        return codes(value)
    except ValueError as error:
        raise parent.misfit(path, value) from error


def flag_at(parent: Record, path: str) -> bool:
    """Read 0 or 1.

    Raises:
        DocumentRefused: SIG-140, anything else.
    """
    value = parent.text_at(path)
    if value not in _FLAGS:
        raise parent.misfit(path, value)
    return _FLAGS[value]


def number_at(parent: Record, path: str) -> int:
    """Read a whole number.

    Raises:
        DocumentRefused: SIG-140, anything else.
    """
    return _whole(parent, path, parent.text_at(path))


def count_at(parent: Record, path: str) -> int | None:
    """Read a whole number; None where it is absent or empty.

    Raises:
        DocumentRefused: SIG-140, anything else.
    """
    value = parent.optional_at(path)
    return None if value is None else _whole(parent, path, value)


def measure_at(parent: Record, path: str) -> Decimal | None:
    """Read centimetres or kilograms with at most one decimal; None where it is absent or empty.

    Raises:
        DocumentRefused: SIG-140, anything else.
    """
    value = parent.optional_at(path)
    if value is None:
        return None
    if not _MEASURE.fullmatch(value):
        raise parent.misfit(path, value)
    return Decimal(value)


def day_at(parent: Record, path: str) -> date:
    """Read a day.

    Raises:
        DocumentRefused: SIG-140, anything else.
    """
    value = parent.text_at(path)
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise parent.misfit(path, value) from error


def _whole(parent: Record, path: str, value: str) -> int:
    if not (value.isascii() and value.isdigit()):
        raise parent.misfit(path, value)
    return int(value)
