"""The sector's code lists, each entry with the days for which it holds.

They are files of the product, one CSV for each list (`lists/`), and `lists/index.csv` names each
with its version and its digest. A code may change its meaning: since 1/7/2025 province 15 is Lào
Cai and no longer Yên Bái (Nghị quyết 202/2025/QH15). So a document is read with the list of its
own day, and a code alone never tells a name.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType

FOLDER = Path(__file__).parent / "lists"
INDEX = "index.csv"

PROVINCES = "provinces"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One meaning of one code.

    Attributes:
        code: opaque, with its leading zeros.
        scope: the level that the code belongs to; None in lists that no level divides.
        kind: a division of the list, such as "mark" and "comment" among subjects; None without.
        valid_from: the first day for which it holds; None since before there were such records.
        valid_to: the last day; None while it holds.
        successors: the codes that took its place on the day after `valid_to`; none for a mere
            change of name.
    """

    code: str
    name: str
    scope: str | None = None
    kind: str | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    successors: tuple[str, ...] = ()

    def holds_on(self, day: date) -> bool:
        """Whether the code has this meaning on a day."""
        return (self.valid_from or date.min) <= day <= (self.valid_to or date.max)


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeList:
    """One list.

    Attributes:
        version: the day of its last change, YYYY-MM-DD.
        title: in Vietnamese.
        source: where its codes come from, in Vietnamese.
        sha256: of the CSV file.
        entries: every meaning that a code has or had, in the order of the file.
    """

    name: str
    version: str
    title: str
    source: str
    sha256: str
    entries: tuple[Entry, ...]

    def at(self, day: date) -> tuple[Entry, ...]:
        """Choose what holds on a day."""
        return tuple(entry for entry in self.entries if entry.holds_on(day))


@cache
def code_lists() -> Mapping[str, CodeList]:
    """Read every list of the product, by name.

    Raises:
        ValueError: a file is malformed, or not the one that the index names.
    """
    rows = _rows((FOLDER / INDEX).read_bytes())
    return MappingProxyType({row["name"]: _read(row) for row in rows})


def province_at(code: str, day: date) -> Entry | None:
    """Say which province a code means on a day; None when there is none."""
    found = (e for e in code_lists()[PROVINCES].at(day) if e.code == code)
    return next(found, None)


def _read(described: Mapping[str, str]) -> CodeList:
    content = (FOLDER / f"{described['name']}.csv").read_bytes()
    if sha256(content).hexdigest() != described["sha256"]:
        raise ValueError(f"the code list {described['name']} is not the one of the index")
    return CodeList(
        name=described["name"],
        version=described["version"],
        title=described["title"],
        source=described["source"],
        sha256=described["sha256"],
        entries=tuple(_entry(row) for row in _rows(content)),
    )


def _rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(content.decode().splitlines(), strict=True))


def _entry(row: Mapping[str, str]) -> Entry:
    return Entry(
        code=row["code"],
        name=row["name"],
        scope=row["scope"] or None,
        kind=row["kind"] or None,
        valid_from=_day(row["valid_from"]),
        valid_to=_day(row["valid_to"]),
        successors=tuple(row["successors"].split()),
    )


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
