"""Proofs about Merkle trees, against the recursive definitions of the RFC and published values."""

from itertools import combinations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.log.merkle import (
    leaf_hash,
    node_hash,
    verify_consistency,
    verify_inclusion,
)
from tests.merkleproofs import LARGEST, OTHER, consistency, inclusion, refusal
from tests.merkletrees import (
    CONSISTENCY,
    ENTRIES,
    INCLUSION,
    ROOTS,
    climbed,
    mth,
    path_sides,
    proof_sides,
)

LARGEST_SIZE = 2**64 - 1
"""What a uint64 holds."""

huge = st.integers(2, LARGEST_SIZE) | st.sampled_from([2**63, 2**63 + 1, LARGEST_SIZE])


def test_leaves_and_nodes_hash_to_the_published_roots() -> None:
    hashes = [leaf_hash(entry) for entry in ENTRIES]
    assert hashes[0] == ROOTS[0]
    assert node_hash(hashes[0], hashes[1]) == ROOTS[1]
    assert node_hash(ROOTS[1], hashes[2]) == ROOTS[2]
    assert [mth(tuple(ENTRIES[:size])) for size in range(1, 9)] == ROOTS


def test_no_leaf_has_the_hash_of_a_node_although_it_holds_the_same_octets() -> None:
    assert leaf_hash(ROOTS[0] + ROOTS[1]) != node_hash(ROOTS[0], ROOTS[1])


@pytest.mark.parametrize(("index", "size", "proof"), INCLUSION)
def test_a_published_inclusion_proof_is_accepted(index: int, size: int, proof: list[bytes]) -> None:
    verify_inclusion(leaf_hash(ENTRIES[index]), index, size, proof, ROOTS[size - 1])


@pytest.mark.parametrize(("size1", "size2", "proof"), CONSISTENCY)
def test_a_published_consistency_proof_is_accepted(
    size1: int, size2: int, proof: list[bytes]
) -> None:
    verify_consistency(size1, size2, proof, ROOTS[size1 - 1], ROOTS[size2 - 1])


def test_the_example_of_rfc_9162_section_2_1_5_is_accepted() -> None:
    a, b, c, d, e, f, j = (leaf_hash(entry) for entry in ENTRIES[:7])
    g, h, i = node_hash(a, b), node_hash(c, d), node_hash(e, f)
    k, l_ = node_hash(g, h), node_hash(i, j)
    verify_inclusion(a, 0, 7, [b, h, l_], ROOTS[6])
    verify_inclusion(d, 3, 7, [c, g, l_], ROOTS[6])
    verify_inclusion(e, 4, 7, [f, j, k], ROOTS[6])
    verify_inclusion(j, 6, 7, [i, k], ROOTS[6])
    verify_consistency(3, 7, [c, d, g, l_], node_hash(g, c), ROOTS[6])
    verify_consistency(4, 7, [l_], k, ROOTS[6])
    verify_consistency(6, 7, [i, j, k], node_hash(k, i), ROOTS[6])


def test_every_inclusion_proof_of_every_tree_is_accepted() -> None:
    for size in range(1, LARGEST + 1):
        for index in range(size):
            assert refusal(*inclusion(index, size)) is None, (index, size)


def test_every_consistency_proof_of_every_two_trees_is_accepted() -> None:
    for size1, size2 in combinations(range(1, LARGEST + 1), 2):
        assert refusal(*consistency(size1, size2)) is None, (size1, size2)


@given(huge, st.data())
def test_an_inclusion_proof_of_a_tree_that_nobody_can_build_is_accepted(
    size: int, data: st.DataObject
) -> None:
    index = data.draw(st.integers(0, size - 1) | st.just(size - 1))
    sides = path_sides(index, size)
    proof = [leaf_hash(bytes([level])) for level in range(len(sides))]
    verify_inclusion(OTHER, index, size, proof, climbed(OTHER, proof, sides))


@given(huge, st.data())
def test_a_consistency_proof_of_trees_that_nobody_can_build_is_accepted(
    size2: int, data: st.DataObject
) -> None:
    size1 = data.draw(st.integers(1, size2 - 1) | st.just(size2 - 1))
    first, sides = proof_sides(size1, size2), proof_sides(size1, size2).removeprefix(".")
    siblings = [leaf_hash(bytes([level])) for level in range(len(sides))]
    lefts = [node for node, side in zip(siblings, sides, strict=True) if side == "l"]
    proof = [OTHER, *siblings] if first.startswith(".") else siblings
    root1, root2 = climbed(OTHER, lefts, "l" * len(lefts)), climbed(OTHER, siblings, sides)
    verify_consistency(size1, size2, proof, root1, root2)


@pytest.mark.parametrize(
    ("index", "size", "reason"),
    [
        (0, 0, "index"),
        (1, 1, "index"),
        (0, -1, "index"),
        (-1, 1, "index"),
        (-1, -1, "index"),
        (-2, -1, "index"),
        (2**64 - 1, 1, "index"),
        (2**4000, 1, "index"),
        (-(2**4000), 1, "index"),
        (0, 2**4000, "size"),
        (2**4000, 2**4000, "size"),
        (0, 2**64, "size"),
        (0, LARGEST_SIZE, "length"),
    ],
)
def test_a_leaf_that_no_tree_has_is_refused(index: int, size: int, reason: str) -> None:
    assert refusal(verify_inclusion, [OTHER, index, size, [], OTHER]) == reason


@pytest.mark.parametrize(
    ("size1", "size2", "reason"),
    [
        (0, 0, "size"),
        (0, 1, "size"),
        (-1, -1, "size"),
        (-1, 1, "size"),
        (1, 0, "size"),
        (2, 1, "size"),
        (1, 2**4000, "size"),
        (2**4000, 2**4000, "size"),
        (2**4000, 1, "size"),
        (1, 2**64, "size"),
        (1, 2, "length"),
        (3, 4, "length"),
        (1, LARGEST_SIZE, "length"),
    ],
)
def test_trees_of_which_nothing_is_proven_are_refused(size1: int, size2: int, reason: str) -> None:
    assert refusal(verify_consistency, [size1, size2, [], OTHER, OTHER]) == reason
    if reason == "size":
        assert refusal(verify_consistency, [size1, size2, [OTHER], OTHER, OTHER]) == reason


@pytest.mark.parametrize("size", [1, 5, 8, LARGEST_SIZE])
def test_a_tree_is_consistent_with_itself_by_an_empty_proof_alone(size: int) -> None:
    assert refusal(verify_consistency, [size, size, [], OTHER, OTHER]) is None
    assert refusal(verify_consistency, [size, size, [], b"any", b"any"]) is None
    assert refusal(verify_consistency, [size, size, [], OTHER, OTHER[:-1]]) == "root"
    assert refusal(verify_consistency, [size, size, [OTHER], OTHER, OTHER]) == "length"


@pytest.mark.parametrize("octets", [b"", OTHER[:-1], OTHER + b"x", OTHER + OTHER])
def test_a_root_made_of_what_is_no_hash_is_refused(octets: bytes) -> None:
    before, behind = node_hash(octets, OTHER), node_hash(OTHER, octets)
    assert refusal(verify_inclusion, [octets, 0, 1, [], octets]) == "hash"
    assert refusal(verify_inclusion, [octets, 0, 2, [OTHER], before]) == "hash"
    assert refusal(verify_inclusion, [OTHER, 0, 2, [octets], behind]) == "hash"
    assert refusal(verify_consistency, [1, 2, [OTHER], octets, before]) == "hash"
    assert refusal(verify_consistency, [1, 2, [octets], OTHER, behind]) == "hash"


def test_hashes_that_share_their_octets_otherwise_are_refused() -> None:
    one, two = ROOTS[0], OTHER
    root, both = node_hash(one, two), one + two
    for cut in (0, 31, 33, 64):
        left, right = both[:cut], both[cut:]
        assert node_hash(left, right) == root
        assert refusal(verify_inclusion, [left, 0, 2, [right], root]) == "hash"
        assert refusal(verify_inclusion, [right, 1, 2, [left], root]) == "hash"
        assert refusal(verify_consistency, [1, 2, [right], left, root]) == "hash"


@pytest.mark.parametrize("other", [None, 7, "0" * 32, bytearray(32), [OTHER]])
def test_what_is_not_even_octets_is_refused_as_a_node(other: object) -> None:
    assert refusal(verify_inclusion, [OTHER, 0, 2, [other], OTHER]) == "hash"
    assert refusal(verify_consistency, [3, 4, [OTHER, other, OTHER], OTHER, OTHER]) == "hash"


@given(
    st.integers() | st.integers(0, 9),
    st.integers() | st.integers(0, 9),
    st.lists(st.binary(max_size=40) | st.just(OTHER), max_size=5),
    st.binary(max_size=40) | st.just(OTHER),
    st.binary(max_size=40),
)
def test_garbage_is_refused_and_nothing_else_is_raised(
    one: int, two: int, proof: list[bytes], first: bytes, second: bytes
) -> None:
    assume(first != second)
    assert refusal(verify_inclusion, [first, one, two, proof, second]) is not None
    assert refusal(verify_consistency, [one, two, proof, first, second]) is not None
