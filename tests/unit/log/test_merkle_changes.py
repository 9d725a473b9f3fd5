"""One change to a good proof, to a size or to a root, and nothing is proven any more."""

from hypothesis import assume, given
from hypothesis import strategies as st

from tests.merkleproofs import (
    LARGEST,
    OTHER,
    ROOT,
    Proof,
    consistencies,
    hashes_of,
    inclusion,
    inclusions,
    proof_of,
    proofs,
    refusal,
    with_hashes,
    with_proof,
)
from tests.merkletrees import path_sides, proof_sides


@given(proofs, st.data())
def test_every_flipped_bit_of_any_hash_is_noticed(proof: Proof, data: st.DataObject) -> None:
    check, given = proof
    hashes = hashes_of(given)
    place = data.draw(st.integers(0, len(hashes) - 1))
    octets = bytearray(hashes[place])
    octets[data.draw(st.integers(0, 31))] ^= 1 << data.draw(st.integers(0, 7))
    hashes[place] = bytes(octets)
    assert refusal(check, with_hashes(given, hashes)) == "root"


@given(proofs, st.data())
def test_every_hash_in_another_place_is_noticed(proof: Proof, data: st.DataObject) -> None:
    check, given = proof
    hashes = hashes_of(given)
    one, two = (data.draw(st.integers(0, len(hashes) - 1)) for _ in "12")
    assume(hashes[one] != hashes[two])
    hashes[one], hashes[two] = hashes[two], hashes[one]
    assert refusal(check, with_hashes(given, hashes)) == "root"


@given(proofs, st.data())
def test_every_node_too_few_is_noticed(proof: Proof, data: st.DataObject) -> None:
    check, given = proof
    nodes = proof_of(given)
    assume(nodes)
    dropped = data.draw(st.integers(0, len(nodes) - 1))
    assert refusal(check, with_proof(given, nodes[:dropped] + nodes[dropped + 1 :])) == "length"
    assert refusal(check, with_proof(given, [])) == "length"


@given(proofs, st.data())
def test_every_node_too_many_is_noticed(proof: Proof, data: st.DataObject) -> None:
    check, given = proof
    nodes = proof_of(given)
    place = data.draw(st.integers(0, len(nodes)))
    added = data.draw(st.sampled_from([*hashes_of(given), OTHER, b""]))
    assert refusal(check, with_proof(given, [*nodes[:place], added, *nodes[place:]])) == "length"


@given(inclusions(), st.integers(-1, 2 * LARGEST))
def test_every_other_index_is_noticed(proof: Proof, index: int) -> None:
    check, (leaf, right, size, nodes, root) = proof
    assume(index != right)
    assert refusal(check, [leaf, index, size, nodes, root]) is not None


@given(consistencies(), st.integers(-1, 2 * LARGEST))
def test_every_other_earlier_size_is_noticed(proof: Proof, size1: int) -> None:
    check, (right, size2, nodes, root1, root2) = proof
    assume(size1 != right)
    assert refusal(check, [size1, size2, nodes, root1, root2]) is not None


@given(inclusions(), st.integers(-1, 2 * LARGEST))
def test_another_size_is_noticed_unless_it_leaves_the_leaf_in_its_place(
    proof: Proof, size: int
) -> None:
    check, (leaf, index, right, nodes, root) = proof
    same = index < size and path_sides(index, size) == path_sides(index, right)
    assert (refusal(check, [leaf, index, size, nodes, root]) is None) == same


@given(consistencies(), st.integers(-1, 2 * LARGEST))
def test_another_later_size_is_noticed_unless_it_leaves_the_earlier_tree_in_its_place(
    proof: Proof, size2: int
) -> None:
    check, (size1, right, nodes, root1, root2) = proof
    same = size1 <= size2 and proof_sides(size1, size2) == proof_sides(size1, right)
    assert (refusal(check, [size1, size2, nodes, root1, root2]) is None) == same


def test_a_proof_does_not_say_how_large_its_tree_is() -> None:
    check, (leaf, index, _, nodes, root) = inclusion(0, 5)
    accepted = [size for size in range(99) if not refusal(check, [leaf, index, size, nodes, root])]
    assert accepted == [5, 6, 7, 8]


@given(proofs, st.data())
def test_a_root_of_another_tree_is_noticed(proof: Proof, data: st.DataObject) -> None:
    check, given = proof
    root = data.draw(st.sampled_from(ROOT))
    assume(root != given[-1])
    assert refusal(check, [*given[:-1], root]) == "root"


@given(proofs, st.data(), st.binary(max_size=70))
def test_whatever_is_no_hash_proves_nothing(
    proof: Proof, data: st.DataObject, octets: bytes
) -> None:
    check, given = proof
    hashes = hashes_of(given)
    place = data.draw(st.integers(0, len(hashes) - 1))
    hashes[place] = octets
    assert refusal(check, with_hashes(given, hashes)) in {"hash", "root"}
