"""What a package lives through, and what may happen to it there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from app.sandbox.packaging import SignedTranscript
from tests.faults.breaking import Mishap
from tests.faults.trouble import Trouble
from tests.working import NOW

STUDENTS = 2
"""Transcripts of one package: the smallest bulk."""


class Flow(StrEnum):
    """What becomes of a package."""

    RECEIVE = "receive"
    DECIDE = "decide"
    READ = "read"
    TELL = "tell"
    RECHECK = "recheck"
    WITHDRAW = "withdraw"


OF_THE_WEB = {Flow.RECEIVE, Flow.READ}
"""The others are the worker's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Where in a flow something happens.

    Attributes:
        position: of the statement, or of the call of the vault, from 0.
    """

    position: int
    trouble: Trouble | Mishap


Faults = Mapping[Flow, tuple[Fault, ...]]
"""What happens in each flow: at most once on the wire and once in the vault."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """What a flow asked of the stores, in order."""

    statements: tuple[str, ...]
    calls: tuple[str, ...]


@dataclass(slots=True)
class Life:
    """What a test knows of a package."""

    package: bytes
    sent: Sequence[SignedTranscript]
    package_id: str = ""
    statuses: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Clock:
    """A clock that tests move."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now
