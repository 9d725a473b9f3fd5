"""What a rebuild came to, in numbers."""

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum


class Thing(StrEnum):
    """What is restored; the values are the audit's."""

    SCHOOLS = "schools"
    CLIENTS = "clients"
    CERTIFICATES = "certificates"
    CERTIFICATE_EVENTS = "certificate_events"
    PACKAGES = "packages"
    DECISIONS = "decisions"
    TRANSCRIPTS = "transcripts"
    WITHDRAWALS = "withdrawals"
    REPLIES = "replies"
    READINGS = "readings"
    STANDINGS = "standings"
    DISCARDS = "discards"


@dataclass(slots=True)
class Tally:
    """What a rebuild has come to so far.

    Attributes:
        notes: entries of the journal that were read.
        restored: what was written, by thing.
        present: what was there already, where that is counted.
        void: decisions whose transaction was not committed.
        undecided: packages that wait for a worker afterwards.
        clients: accounts that came back disabled.
        highest: the last order of the journal.
    """

    notes: int = 0
    restored: Counter[Thing] = field(default_factory=Counter)
    present: Counter[Thing] = field(default_factory=Counter)
    void: int = 0
    undecided: int = 0
    clients: tuple[str, ...] = ()
    highest: int = 0

    def count(self, thing: Thing, *, new: bool) -> None:
        """Count one thing that was written, or that was there."""
        (self.restored if new else self.present)[thing] += 1

    @property
    def changed(self) -> bool:
        """Whether anything was written."""
        return self.restored.total() > 0
