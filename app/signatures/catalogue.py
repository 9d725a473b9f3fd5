"""The words for every code: what is wrong, the likely cause, how to fix it, in two languages.

The texts stand in `messages.toml` beside this file, so that an officer can read and mend them. The
same table gives each code its severity and its sub-indication of ETSI EN 319 102-1.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Literal

from app.signatures.report import Indication

Severity = Literal["error", "warning", "info"]

_TOTAL_FAILED = frozenset(
    {
        "FORMAT_FAILURE",
        "HASH_FAILURE",
        "SIG_CRYPTO_FAILURE",
        "REVOKED",
        "REVOKED_CA",
        "EXPIRED",
        "NOT_YET_VALID",
    }
)
"""Sub-indications that make a verdict TOTAL-FAILED (ETSI EN 319 102-1 table 6)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """One language's words: what is wrong, the likely cause, what to do."""

    message: str
    cause: str
    fix: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A code of the catalogue."""

    code: str
    severity: Severity
    sub_indication: str | None
    vi: Text
    en: Text

    def text(self, language: str) -> Text:
        """The words in Vietnamese, or in English when asked for "en"."""
        return self.en if language == "en" else self.vi

    @property
    def indication(self) -> Indication:
        """The indication that a finding of this code leads to.

        A warning with a sub-indication leaves a verdict open without refusing anything.
        """
        if self.sub_indication is None:
            return Indication.PASSED
        failed = self.sub_indication in _TOTAL_FAILED
        return Indication.FAILED if failed else Indication.INDETERMINATE


def _load() -> dict[str, Entry]:
    table = tomllib.loads(files(__package__).joinpath("messages.toml").read_text("utf-8"))
    return {
        code: Entry(
            code=code,
            severity=row["severity"],
            sub_indication=row.get("sub_indication"),
            vi=Text(**row["vi"]),
            en=Text(**row["en"]),
        )
        for code, row in table.items()
    }


CATALOGUE: Mapping[str, Entry] = _load()
"""Every code that an answer or a report can carry."""


def is_error(code: str) -> bool:
    """Say whether what a code names refuses a document."""
    return CATALOGUE[code].severity == "error"
