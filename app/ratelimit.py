"""Token buckets that slow down whoever asks too often without an account, by address.

They live in the memory of one process: two web processes allow twice the rate, and a restart
forgets. That is enough against guessing and floods. A client's share is kept for all processes
together by `app.clients.quota`.
"""

import math
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv6Address, ip_address

from app.errors import TooManyRequests


@dataclass(slots=True)
class _Bucket:
    tokens: float
    filled_at: datetime


class TokenBuckets:
    """One bucket for each key; a request takes a token, and tokens come back with time.

    Bounded: the key that was quiet longest is forgotten first, and begins again with a full bucket.
    Not for threads; on an event loop no other task runs inside `take`.
    """

    def __init__(self, *, rate_per_second: float, burst: int, capacity: int) -> None:
        """Make buckets.

        Args:
            rate_per_second: tokens that come back each second.
            burst: tokens of a full bucket.
            capacity: keys remembered.
        """
        self._rate = rate_per_second
        self._burst = burst
        self._capacity = capacity
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def take(self, key: str, now: datetime) -> None:
        """Let one request of this key pass.

        Raises:
            TooManyRequests: the bucket is empty; nothing was taken.
        """
        bucket = self._buckets.setdefault(key, _Bucket(tokens=self._burst, filled_at=now))
        self._buckets.move_to_end(key)
        if len(self._buckets) > self._capacity:
            self._buckets.popitem(last=False)
        # A clock that is set back gives nothing and takes nothing.
        elapsed = max(0.0, (now - bucket.filled_at).total_seconds())
        bucket.tokens = min(self._burst, bucket.tokens + elapsed * self._rate)
        bucket.filled_at = now
        if bucket.tokens < 1:
            raise TooManyRequests(retry_after=math.ceil((1 - bucket.tokens) / self._rate))
        bucket.tokens -= 1


def network_of(host: str) -> str:
    """Name the network of a client's address: an IPv6 client owns a whole /64 and counts as one."""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if isinstance(address, IPv6Address):
        return str(IPv6Address(int(address) >> 64 << 64))
    return host
