"""Reading typed values out of verified canonical octets: marks, ratings, flags, numbers, days."""

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar

from app.transcripts.content import Mark, Rating
from app.transcripts.fields import Record

_TENTHS = [f"{tenths // 10}.{tenths % 10}" for tenths in range(101)]
_MARKS: Mapping[str, Mark] = {
    **{written: Decimal(written) for written in (*map(str, range(11)), *_TENTHS)},
    **{rating.value: rating for rating in (Rating.PASSED, Rating.NOT_PASSED)},
}
"""Every mark as it may be written: a line has up to four, and making them took half the reading."""

_MEASURE = re.compile(r"[0-9]{1,3}(?:\.[0-9])?")
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
    mark = _MARKS.get(value)
    if mark is None:
        raise parent.misfit(path, value)
    return mark


def codes_of(kind: type[_Coded]) -> Mapping[str, _Coded]:
    """List the codes of a code list as they are written."""
    return {one.value: one for one in kind}


def coded_at(parent: Record, path: str, codes: Mapping[str, _Coded]) -> _Coded | None:
    """Read a value of a code list; None where it is absent or empty.

    Raises:
        DocumentRefused: SIG-140, not on the list.
    """
    value = parent.optional_at(path)
    if value is None:
        return None
    code = codes.get(value)
    if code is None:
        raise parent.misfit(path, value)
    return code


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
