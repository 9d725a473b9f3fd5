"""At which time a certificate is judged.

Schools sign in June and send until 20 August; certificates run out in between, and seldom does a
time stamp prove when somebody signed. Where one does, its time counts. Otherwise the day of issue
does, which principal and school attest, where something independent speaks for it; else the time of
receipt.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from enum import StrEnum
from functools import lru_cache

VIETNAM = timezone(timedelta(hours=7))
"""Vietnam's time, without daylight saving since 1975."""

MAX_AGE = timedelta(days=400)
"""A transcript is sent within its school year and the summer after it; older days of issue would
let an old, perhaps stolen, key speak."""

CLOCK_SKEW = timedelta(hours=7, minutes=10)
"""Some signing tools write Vietnam's time and mark it as UTC, seven hours ahead; ten minutes more
for clocks."""


_TIMES_KEPT = 1024
"""Times of receipt, and what was chosen for them, kept: all documents of a package share one."""


class JudgedBy(StrEnum):
    """Why a certificate was judged at a time."""

    TIMESTAMP = "timestamp"
    DAY_OF_ISSUE = "day_of_issue"
    RECEIPT = "receipt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """A time of judgement and the reason for it."""

    at: datetime
    by: JudgedBy


@lru_cache(maxsize=_TIMES_KEPT)
def vietnamese_day(time: datetime) -> date:
    """Say which day an aware time is in Vietnam; the signatures of a package ask for one time."""
    return time.astimezone(VIETNAM).date()


def day_is_plausible(day: date, received_at: datetime) -> bool:
    """Say whether a day of issue is neither after receipt nor too long before it."""
    received = vietnamese_day(received_at)
    return received - MAX_AGE <= day <= received


@lru_cache(maxsize=_TIMES_KEPT)
def judge_at(
    day: date | None, received_at: datetime, *, attested: bool, stamped_at: datetime | None = None
) -> Judgement:
    """Choose the time of judgement: the better evidence wins.

    Args:
        day: the day of issue from the verified content; None when there is none to rely on.
        received_at: when the package arrived, aware.
        attested: whether something besides the certificate's holder speaks for that day: for a
            teacher the principal and the school, for those two the approval of their certificate.
        stamped_at: the time that a time stamp proves, not later than receipt; None without one.

    Returns:
        The stamped time; the end of the day of issue in Vietnam, never later than receipt; or the
        receipt.
    """
    if stamped_at is not None:
        return Judgement(at=stamped_at, by=JudgedBy.TIMESTAMP)
    if day is None or not attested or not day_is_plausible(day, received_at):
        return Judgement(at=received_at, by=JudgedBy.RECEIPT)
    end = datetime.combine(day, time(23, 59, 59), VIETNAM)
    return Judgement(at=min(end, received_at), by=JudgedBy.DAY_OF_ISSUE)
