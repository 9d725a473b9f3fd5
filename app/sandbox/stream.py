"""Reproducible choices from a seed: HMAC-SHA256 in counter mode (NIST SP 800-108 section 4.1)."""

import hashlib
import hmac
from collections.abc import Sequence
from typing import TypeVar

_Item = TypeVar("_Item")


class Stream:
    """An endless row of octets that the seed and the labels determine; no secret quality.

    Not `random.Random`: its choices may differ between versions of Python, and vectors are kept.
    """

    def __init__(self, seed: str, *labels: str) -> None:
        self._key = hashlib.sha256("\x1f".join((seed, *labels)).encode()).digest()
        self._counter = 0
        self._rest = b""

    def octets(self, count: int) -> bytes:
        """Take the next octets."""
        blocks = [self._rest]
        missing = count - len(self._rest)
        while missing > 0:
            block = hmac.digest(self._key, self._counter.to_bytes(8), "sha256")
            self._counter += 1
            blocks.append(block)
            missing -= len(block)
        taken = b"".join(blocks)
        self._rest = taken[count:]
        return taken[:count]

    def below(self, limit: int) -> int:
        """Choose an integer from 0 to `limit` - 1, each equally often."""
        bits = (limit - 1).bit_length()
        size = (bits + 7) // 8
        while True:
            number = int.from_bytes(self.octets(size)) >> (8 * size - bits)
            if number < limit:
                return number

    def choice(self, items: Sequence[_Item]) -> _Item:
        """Choose one of the items, each equally often."""
        return items[self.below(len(items))]
