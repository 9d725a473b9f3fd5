"""Good proofs about small trees as the arguments of their checks, ready to be spoilt."""

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from app.log.merkle import ProofRefused, leaf_hash, verify_consistency, verify_inclusion
from tests.merkletrees import mth, path, subproof

Proof = tuple[Callable[..., None], list[Any]]
"""What checks it, and its arguments."""

OTHER = bytes(range(32))
"""A hash that stands in none of them."""

LARGEST = 70
LEAVES = [f"entry {number}".encode() for number in range(LARGEST)]
ROOT = [mth(tuple(LEAVES[:size])) for size in range(1, LARGEST + 1)]

sizes = st.integers(1, LARGEST)


def inclusion(index: int, size: int) -> Proof:
    proof = path(index, tuple(LEAVES[:size]))
    return verify_inclusion, [leaf_hash(LEAVES[index]), index, size, proof, ROOT[size - 1]]


def consistency(size1: int, size2: int) -> Proof:
    proof = subproof(size1, tuple(LEAVES[:size2]))
    return verify_consistency, [size1, size2, proof, ROOT[size1 - 1], ROOT[size2 - 1]]


@st.composite
def inclusions(draw: st.DrawFn) -> Proof:
    size = draw(sizes)
    return inclusion(draw(st.integers(0, size - 1)), size)


@st.composite
def consistencies(draw: st.DrawFn) -> Proof:
    size2 = draw(sizes)
    return consistency(draw(st.integers(1, size2)), size2)


proofs = inclusions() | consistencies()


def refusal(check: Callable[..., None], given: list[Any]) -> str | None:
    """Say why a proof is refused, None when it is accepted; anything else that is raised leaks."""
    try:
        check(*given)
    except ProofRefused as refused:
        return refused.reason
    return None


def hashes_of(given: list[Any]) -> list[bytes]:
    """Every hash among the arguments, in order."""
    return [
        value
        for argument in given
        for value in (argument if isinstance(argument, list) else [argument])
        if isinstance(value, bytes)
    ]


def with_hashes(given: list[Any], hashes: list[bytes]) -> list[Any]:
    """The arguments with other hashes in the places of theirs."""
    left = iter(hashes)
    return [
        [next(left) for _ in argument]
        if isinstance(argument, list)
        else next(left)
        if isinstance(argument, bytes)
        else argument
        for argument in given
    ]


def with_proof(given: list[Any], proof: list[Any]) -> list[Any]:
    return [proof if isinstance(argument, list) else argument for argument in given]


def proof_of(given: list[Any]) -> list[bytes]:
    return next(argument for argument in given if isinstance(argument, list))
