"""One attack as a value: the hostile document, its valid twin, and what must be said of it."""

from collections.abc import Callable
from dataclasses import dataclass

from app.signatures.report import Report

Answer = tuple[Report, object | None]
"""A report and, only where the document was accepted, what was read from it."""

Verify = Callable[[bytes], Answer]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """A hostile document.

    Attributes:
        name: what is flawed, and which role's signature is concerned.
        twin: the document that differs by the flaw alone and is accepted.
        codes: codes that the refusal must name.
        at: a slot, or a part of an XPath, that the first of these codes must name; "" where the
            flaw has no place in the tree.
        verify: judges either of the two.
        judge_twin: judges the twin, where the flaw lies in what the document is judged by.
    """

    name: str
    twin: bytes
    hostile: bytes
    codes: tuple[str, ...]
    at: str = ""
    verify: Verify
    judge_twin: Verify | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Harmless:
    """A document whose octets differ from its twin's and whose meaning does not."""

    name: str
    twin: bytes
    document: bytes
    verify: Verify
