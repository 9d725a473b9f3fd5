"""Reading an operator's CSV file so that every fault of it is told at once, with its line."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from app.errors import FileRefused

FILE_LIMIT = 64 * 1024 * 1024
"""Octets: all 50,000 schools with ten changes each take 40 MiB."""

FAULT_LIMIT = 100
"""Faults that are told: whoever mends a hundred tries again."""

TEXT_LIMIT = 255
CODE_LIMIT = 35
"""Characters: the longest code of the field, maddtc, has 35."""


@dataclass(slots=True)
class Faults:
    """What is wrong so far; `refuse` ends the reading when anything is."""

    _found: list[tuple[int, str, str]] = field(default_factory=list)

    def add(self, line: int, column: str, reason: str) -> None:
        """Note a fault by its line (from 1), its column and a slug."""
        self._found.append((line, column, reason))

    def refuse(self) -> None:
        """Go on only with a file without faults.

        Raises:
            FileRefused: it has some.
        """
        if self._found:
            raise FileRefused(*sorted(self._found)[:FAULT_LIMIT])


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a table; what cannot be read is noted and read as nothing.

    Attributes:
        number: from 1, the line of column names.
    """

    number: int
    values: Mapping[str, str]
    faults: Faults

    def fault(self, column: str, reason: str) -> None:
        """Note that a value of this line is wrong."""
        self.faults.add(self.number, column, reason)

    def optional(self, column: str, limit: int = CODE_LIMIT) -> str | None:
        """Read a text; None where it is empty."""
        value = self.values[column].strip()
        if len(value) > limit or not value.isprintable():
            self.fault(column, "text")
        return value or None

    def required(self, column: str, limit: int = CODE_LIMIT) -> str:
        """Read a text that must be there."""
        value = self.optional(column, limit)
        if value is None:
            self.fault(column, "missing")
        return value or ""

    def number_in(self, column: str, least: int, most: int) -> int:
        """Read a whole number of a range."""
        value = self.values[column].strip()
        if not (value.isascii() and value.isdigit() and least <= int(value[:9]) <= most):
            self.fault(column, "number")
            return least
        return int(value)

    def day(self, column: str) -> date | None:
        """Read a day, YYYY-MM-DD; None where it is empty."""
        value = self.values[column].strip()
        if not value:
            return None
        try:
            return date.fromisoformat(value)
        except ValueError:
            self.fault(column, "date")
            return None

    def period(self) -> tuple[date, date | None]:
        """Read the columns valid_from and valid_to; an empty beginning is the first day ever."""
        first, last = self.day("valid_from") or date.min, self.day("valid_to")
        if last is not None and last < first:
            self.fault("valid_to", "order")
        return first, last


def lines_of(content: bytes, columns: Sequence[str], faults: Faults) -> Iterator[Line]:
    """Give the lines of a CSV file in UTF-8 whose first line names exactly these columns.

    Raises:
        FileRefused: it is too large, not UTF-8, no CSV, or has other columns.
    """
    if len(content) > FILE_LIMIT:
        raise FileRefused((1, "", "too-large"))
    try:
        reader = csv.reader(content.decode("utf-8-sig").splitlines(), strict=True)
        if next(reader, []) != list(columns):
            raise FileRefused((1, ",".join(columns), "columns"))
        for values in reader:
            if len(values) == len(columns):
                known = dict(zip(columns, values, strict=True))
                yield Line(number=reader.line_num, values=known, faults=faults)
            elif values:
                faults.add(reader.line_num, "", "fields")
    except UnicodeDecodeError as error:
        raise FileRefused((1, "", "encoding")) from error
    except csv.Error as error:
        raise FileRefused((1, "", "csv")) from error
