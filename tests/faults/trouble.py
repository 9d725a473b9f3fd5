"""What may happen to a statement on its way."""

from dataclasses import dataclass
from enum import StrEnum

from typing_extensions import override


class Way(StrEnum):
    """How a statement fails."""

    BEFORE = "before"  # the connection dies, and the server never hears of the statement
    WITHIN = "within"  # it dies when half was sent, of a bulk insert some of the rows
    AFTER = "after"  # it dies when the server has done it, and the answer is lost
    REFUSED = "refused"  # the server refuses it and the connection stays
    ENDED = "ended"  # the server says that it ends the connection, and does
    SILENT = "silent"  # it is done, and no answer ever comes
    SLOW = "slow"  # the answer takes a while
    HELD = "held"  # it reaches the server when the test lets it go on
    LIED = "lied"  # of a COMMIT: it is rolled back, and the client is told that it was done


LATE_SECONDS = 0.2
"""What a slow answer takes: longer than anything else here, so that others overtake it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """What is to happen.

    Attributes:
        sqlstate: what the server says where it still says something.
    """

    way: Way
    sqlstate: str = "57P01"

    @override
    def __str__(self) -> str:
        said = f"-{self.sqlstate}" if self.way in {Way.REFUSED, Way.ENDED} else ""
        return f"{self.way}{said}"
