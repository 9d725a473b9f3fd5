"""Merkle trees and proofs as RFC 6962 section 2.1 defines them, recursively, and published ones."""

from collections.abc import Sequence
from functools import cache
from hashlib import sha256

ENTRIES = [
    bytes.fromhex(entry)
    for entry in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
"""The eight entries that the implementations of Certificate Transparency share."""

ROOTS = [
    bytes.fromhex(root)
    for root in (
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    )
]
"""The published roots of their trees of 1 to 8 leaves."""

_NODES = {
    node[:4]: bytes.fromhex(node)
    for node in (
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    )
}


def _published(names: str) -> list[bytes]:
    return [_NODES[name] for name in names.split()]


INCLUSION = [
    (0, 1, _published("")),
    (0, 8, _published("96a2 5f08 6b47")),
    (5, 8, _published("bc1a ca85 d37e")),
    (2, 3, _published("fac5")),
    (1, 5, _published("6e34 5f08 bc1a")),
]
"""Published proofs that a leaf is in a tree: index, size, nodes."""

CONSISTENCY = [
    (1, 1, _published("")),
    (1, 8, _published("96a2 5f08 6b47")),
    (6, 8, _published("0ebc ca85 d37e")),
    (2, 5, _published("5f08 bc1a")),
    (6, 7, _published("0ebc b086 d37e")),
]
"""Published proofs that a tree has grown: both sizes, nodes."""


def _split(n: int) -> int:
    """The largest power of two smaller than n."""
    k = 1
    while k * 2 < n:
        k *= 2
    return k


@cache
def mth(entries: tuple[bytes, ...]) -> bytes:
    """MTH(D[n])."""
    if len(entries) == 1:
        return sha256(b"\x00" + entries[0]).digest()
    k = _split(len(entries))
    return sha256(b"\x01" + mth(entries[:k]) + mth(entries[k:])).digest()


def path(m: int, entries: tuple[bytes, ...]) -> list[bytes]:
    """PATH(m, D[n])."""
    if len(entries) == 1:
        return []
    k = _split(len(entries))
    if m < k:
        return [*path(m, entries[:k]), mth(entries[k:])]
    return [*path(m - k, entries[k:]), mth(entries[:k])]


def subproof(m: int, entries: tuple[bytes, ...], *, known: bool = True) -> list[bytes]:
    """SUBPROOF(m, D[n], b); PROOF(m, D[n]) where b is true."""
    if m == len(entries):
        return [] if known else [mth(entries)]
    k = _split(len(entries))
    if m <= k:
        return [*subproof(m, entries[:k], known=known), mth(entries[k:])]
    return [*subproof(m - k, entries[k:], known=False), mth(entries[:k])]


def path_sides(m: int, n: int) -> str:
    """Say on which side each node of PATH(m, D[n]) stands: "l" or "r"."""
    if n == 1:
        return ""
    k = _split(n)
    return path_sides(m, k) + "r" if m < k else path_sides(m - k, n - k) + "l"


def proof_sides(m: int, n: int, *, known: bool = True) -> str:
    """Say it of PROOF(m, D[n]); "." is the node that the others stand beside."""
    if m == n:
        return "" if known else "."
    k = _split(n)
    if m <= k:
        return proof_sides(m, k, known=known) + "r"
    return proof_sides(m - k, n - k, known=False) + "l"


def climbed(start: bytes, siblings: Sequence[bytes], sides: str) -> bytes:
    """The root to which siblings lead that stand on these sides."""
    for sibling, side in zip(siblings, sides, strict=True):
        pair = sibling + start if side == "l" else start + sibling
        start = sha256(b"\x01" + pair).digest()
    return start
