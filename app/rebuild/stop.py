"""Why a rebuild stops: it writes nothing rather than something doubtful."""

from enum import StrEnum


class Reason(StrEnum):
    """What stands in the way; the sentence is said by the command."""

    UNREADABLE = "unreadable"
    MISSING = "missing"
    INCOMPLETE = "incomplete"
    WRONG_KEY = "wrong-key"
    ALTERED = "altered"
    CONTRADICTORY = "contradictory"


class Stopped(Exception):
    """Nothing was written.

    Attributes:
        reason: what stands in the way.
        object: which note, package, transcript or code shows it.
    """

    def __init__(self, reason: Reason, object: str) -> None:  # noqa: A002 -- reason: the word of the audit
        super().__init__(reason, object)
        self.reason = reason
        self.object = object
