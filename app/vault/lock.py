"""The lock of one version, read from the headers of a HEAD request.

The SDK's own reader of retentions fails on the nine digits of a second that Ceph writes, and the
lock ends by the server's clock, so both come from the same answer.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from minio.commonconfig import COMPLIANCE

from app.vault.vault import vault_unavailable

LAST_MOMENT = datetime(2106, 2, 7, tzinfo=UTC)
"""Ceph's gateway keeps the end of a lock in 32 bits of seconds: a later one silently wraps round
into the past and locks nothing. None is ever asked for: a lock ends here at the latest."""

_MOMENT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?(?:Z|\+00:00)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """What a server says of one version.

    Attributes:
        mode: COMPLIANCE, GOVERNANCE or None.
        until: when the lock ends, in whole seconds; None without a lock.
        now: the server's time.
    """

    mode: str | None
    until: datetime | None
    now: datetime

    @property
    def active(self) -> bool:
        """Whether the version is locked in any mode."""
        return self.until is not None and self.until > self.now

    def lasts(self, until: datetime) -> bool:
        """Tell whether nobody can remove the version before a moment."""
        return self.mode == COMPLIANCE and self.until is not None and self.until >= until


def read_lock(headers: Mapping[str, str]) -> Lock:
    """Read the lock out of the headers of an answer about a version.

    Raises:
        Unavailable: they do not tell the server's time.
    """
    try:
        now = parsedate_to_datetime(headers["Date"])
    except (KeyError, ValueError) as error:
        raise vault_unavailable() from error
    found = _MOMENT.fullmatch(headers.get("x-amz-object-lock-retain-until-date", ""))
    return Lock(
        mode=headers.get("x-amz-object-lock-mode"),
        until=None if found is None else datetime.fromisoformat(f"{found[1]}+00:00"),
        now=now,
    )


def in_reach(until: datetime) -> datetime:
    """Give the moment to ask for: whole seconds, none too early, and never one that wraps round."""
    whole = until.replace(microsecond=0)
    return min(whole if whole == until else whole + timedelta(seconds=1), LAST_MOMENT)
