"""A fair share for each client: token buckets in PostgreSQL, the same for all web processes.

A bucket is one row with the moment at which it will be full again, so that taking a token is one
statement, atomic by the row's lock (a generic cell rate algorithm). The row's table is unlogged and
the clock is the database's. Reading one's own results has a bucket of its own, larger and filling
faster than the one for sending: whoever may send can always follow.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from sqlalchemy import text

from app.clients.accounts import Kind
from app.db import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """How often one client may ask for one kind of thing.

    Attributes:
        name: "write" or "read", as the headers and `/v1/limits` call it.
        burst: requests at once after a pause.
        per_second: requests that come back each second.
    """

    name: str
    burst: int
    per_second: float

    @property
    def window(self) -> int:
        """Seconds in which an empty bucket fills."""
        return math.ceil(self.burst / self.per_second)


WRITING: Mapping[Kind, Quota] = MappingProxyType(
    {
        Kind.HUB: Quota(name="write", burst=600, per_second=10),
        Kind.SCHOOL: Quota(name="write", burst=60, per_second=1),
        Kind.DEPARTMENT: Quota(name="write", burst=60, per_second=1),
        Kind.RELYING_PARTY: Quota(name="write", burst=60, per_second=1),
        Kind.MINISTRY: Quota(name="write", burst=60, per_second=1),
    }
)
"""A hub's 10,000 packages (450,000 students) go in within 16 minutes, faster than they are decided
on; a school of 60 classes sends all of them at once."""

READING: Mapping[Kind, Quota] = MappingProxyType(
    {
        Kind.HUB: Quota(name="read", burst=6000, per_second=100),
        Kind.SCHOOL: Quota(name="read", burst=600, per_second=10),
        Kind.DEPARTMENT: Quota(name="read", burst=600, per_second=10),
        Kind.RELYING_PARTY: Quota(name="read", burst=60, per_second=1),
        Kind.MINISTRY: Quota(name="read", burst=6000, per_second=100),
    }
)
"""Ten reads for each package: its state, its items, the reply, and repeats. A relying party reads
children one by one, so it reads slowly."""

_READ_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_ACKNOWLEDGEMENT = "/reply/read"
"""Telling that a reply was read belongs to reading it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What became of one request.

    Attributes:
        allowed: whether it may go on; if not, nothing was taken.
        remaining: requests that may follow at once.
        next_in: seconds until one more may, 0 while the bucket is full.
    """

    quota: Quota
    allowed: bool
    remaining: int
    next_in: int


def quota_for(kind: Kind, method: str, path: str) -> Quota:
    """Choose the bucket that pays for a request; a new kind of change pays as writing."""
    reads = method in _READ_METHODS or path.endswith(_ACKNOWLEDGEMENT)
    return (READING if reads else WRITING)[kind]


_TAKE = text(
    """
    WITH taken AS (
        INSERT INTO client_buckets AS bucket (client_id, bucket, full_at)
        VALUES (:client_id, :bucket, statement_timestamp() + :step * interval '1 second')
        ON CONFLICT (client_id, bucket) DO UPDATE
            SET full_at = greatest(bucket.full_at, statement_timestamp())
                + :step * interval '1 second'
            WHERE greatest(bucket.full_at, statement_timestamp()) + :step * interval '1 second'
                <= statement_timestamp() + :window * interval '1 second'
        RETURNING full_at
    )
    SELECT true AS allowed, extract(epoch FROM full_at - statement_timestamp()) AS debt FROM taken
    UNION ALL
    SELECT false, extract(epoch FROM full_at - statement_timestamp()) FROM client_buckets
    WHERE client_id = :client_id AND bucket = :bucket AND NOT EXISTS (SELECT FROM taken)
    """
)
"""Two requests at once wait for each other on the row, for less than a millisecond."""


async def take(database: Database, client_id: str, quota: Quota) -> Taken:
    """Take one token from a client's bucket, if there is one.

    Raises:
        Unavailable: the database cannot answer.
    """
    step, window = 1 / quota.per_second, quota.burst / quota.per_second
    values = {"client_id": client_id, "bucket": quota.name, "step": step, "window": window}
    async with database.begin() as connection:
        row = (await connection.execute(_TAKE, values)).one_or_none()
    # No row: refused by one that came in between and that this statement does not see yet.
    allowed = row is not None and bool(row.allowed)
    spent = quota.per_second * min(max(window if row is None else float(row.debt), 0.0), window)
    remaining = math.floor(quota.burst - spent + _ROUNDING) if allowed else 0
    begun = max(quota.burst - spent - remaining, 0.0)  # how much of the next token has come back
    return Taken(
        quota=quota,
        allowed=allowed,
        remaining=remaining,
        next_in=max(math.ceil((1 - begun) * step), 1) if remaining < quota.burst else 0,
    )


_ROUNDING = 1e-4
"""The database tells seconds to the microsecond: a token less a hundredth of a percent is one."""


def headers_of(taken: Taken) -> dict[str, str]:
    """Tell a client its quota (draft-ietf-httpapi-ratelimit-headers-10, RFC 9651 fields).

    `q` requests in `w` seconds; `r` may follow at once, one more in `t` seconds.
    """
    quota = taken.quota
    left = f'"{quota.name}";r={taken.remaining}'
    return {
        "RateLimit-Policy": f'"{quota.name}";q={quota.burst};w={quota.window}',
        "RateLimit": f"{left};t={taken.next_in}" if taken.next_in else left,
    }
