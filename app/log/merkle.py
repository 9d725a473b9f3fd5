"""Proofs about a Merkle tree: that an entry is in it, and that a later tree has only grown.

The tree of RFC 6962 section 2.1 with SHA-256, verified with the outcome of RFC 9162 sections
2.1.3.2 and 2.1.4.2. Seen level by level, two neighbours are hashed together, and the last node of a
level with an odd number of them rises unchanged: so a node's index and that of the last node of
its level say on which side its sibling stands, if it has one.

A proof says nothing about the size of a tree: several sizes may lead to the same hashes in the same
order. The size must come from whoever vouches for the root, together with it.

What the RFCs leave open is decided as in transparency-dev/merkle.
"""

import hmac
from collections.abc import Iterable
from hashlib import sha256
from typing import Literal

HASH_SIZE = 32
"""Octets of a SHA-256. With other lengths the octets of a node could be cut into other children."""

MAX_TREE_SIZE = 2**64 - 1
"""The largest tree: sizes are uint64 (RFC 6962 section 3.5). No proof has more than 65 nodes."""

_LEAF = b"\x00"
_NODE = b"\x01"

_Side = Literal["left", "right"]
_Step = tuple[_Side, bytes]


class ProofRefused(Exception):
    """The proof does not prove what it was given for.

    Attributes:
        reason: "size" (there is no such tree, or no such pair of trees), "index" (the tree has no
            such leaf), "length" (too few or too many nodes), "hash" (one is no SHA-256) or "root"
            (the proof leads to another root).
    """

    def __init__(self, reason: Literal["size", "index", "length", "hash", "root"]) -> None:
        super().__init__(reason)
        self.reason = reason


def leaf_hash(entry: bytes) -> bytes:
    """Hash an entry as a leaf; an inner node never has the same hash (RFC 6962 section 2.1)."""
    return sha256(_LEAF + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash two neighbours into the node above them (RFC 6962 section 2.1).

    Args:
        left: the hash of the earlier entries, `HASH_SIZE` octets.
        right: the hash of the later ones, likewise.
    """
    return sha256(_NODE + left + right).digest()


def verify_inclusion(
    leaf_hash: bytes, index: int, tree_size: int, proof: list[bytes], root: bytes
) -> None:
    """Check that a leaf stands at its place in a tree (RFC 9162 section 2.1.3).

    In a tree of one leaf the proof is empty and the leaf's hash is the root. An empty tree has no
    leaf.

    Args:
        leaf_hash: of the entry, as `leaf_hash` makes it.
        index: the leaf's, from 0.
        tree_size: leaves of the tree, from whoever vouches for `root`.
        proof: the siblings from the leaf upwards.
        root: of the tree.

    Raises:
        ProofRefused: it does not, or nothing can be said of it.
    """
    if tree_size > MAX_TREE_SIZE:
        raise ProofRefused("size")
    if not 0 <= index < tree_size:
        raise ProofRefused("index")
    steps = _steps(index, tree_size - 1, [leaf_hash, *proof])
    _require_same(_climb(leaf_hash, steps), root)


def verify_consistency(
    size1: int, size2: int, proof: list[bytes], root1: bytes, root2: bytes
) -> None:
    """Check that a later tree begins with all leaves of an earlier one (RFC 9162 section 2.1.4).

    - Nothing can be proven from an empty tree: `size1` 0 is refused with any `size2`, 0 as well.
    - A tree is consistent with itself: for equal sizes the proof must be empty and the roots equal.
      They are compared as they are, also where they are no hashes.
    - The root of a perfect earlier tree is a node of the later one and does not stand in the proof.

    Args:
        size1: leaves of the earlier tree.
        size2: leaves of the later tree.
        proof: the last perfect subtree of the earlier tree, then the siblings above it.
        root1: of the earlier tree.
        root2: of the later tree.

    Raises:
        ProofRefused: it does not, or nothing can be said of it.
    """
    if not 0 < size1 <= size2 <= MAX_TREE_SIZE:
        raise ProofRefused("size")
    if size1 == size2:
        if proof:
            raise ProofRefused("length")
        _require_same(root1, root2)
        return
    level = (size1 & -size1).bit_length() - 1
    index, last = (size1 - 1) >> level, (size2 - 1) >> level
    nodes = proof if index else [root1, *proof]
    steps = _steps(index, last, nodes)
    # What stands on the right came later: without it the same path leads to the earlier root.
    earlier = [step for step in steps if step[0] == "left"]
    _require_same(_climb(nodes[0], earlier), root1)
    _require_same(_climb(nodes[0], steps), root2)


def _steps(index: int, last: int, nodes: list[bytes]) -> list[_Step]:
    """Pair every node after the first with its side on the first one's way to the root.

    Args:
        index: of the first node in its level.
        last: the index of the last node of that level.
        nodes: the first node, then its siblings upwards.

    Raises:
        ProofRefused: "length" or "hash".
    """
    sides = _sides(index, last)
    if len(nodes) != 1 + len(sides):
        raise ProofRefused("length")
    if not all(_is_hash(node) for node in nodes):
        raise ProofRefused("hash")
    return list(zip(sides, nodes[1:], strict=True))


def _sides(index: int, last: int) -> list[_Side]:
    sides: list[_Side] = []
    while last:
        if index % 2:
            sides.append("left")
        elif index < last:
            sides.append("right")
        index, last = index // 2, last // 2
    return sides


def _climb(start: bytes, steps: Iterable[_Step]) -> bytes:
    node = start
    for side, sibling in steps:
        node = node_hash(sibling, node) if side == "left" else node_hash(node, sibling)
    return node


def _is_hash(value: object) -> bool:
    """Say whether it is one; a list may hold anything, whatever its type says."""
    return isinstance(value, bytes) and len(value) == HASH_SIZE


def _require_same(computed: bytes, root: bytes) -> None:
    if not hmac.compare_digest(computed, root):
        raise ProofRefused("root")
