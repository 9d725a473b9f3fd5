"""Asking about paths of the chain that most tests ask about, and its clean lists."""

from app.signatures import PathResult, validate_path
from tests.chains import (
    AT,
    Party,
    chain,
    crl,
)

CHAIN = chain()
LISTS = [crl(CHAIN.root), crl(CHAIN.authority)]


def ask(
    leaf: Party = CHAIN.leaf,
    others: list[Party] | None = None,
    *,
    roots: list[Party] | None = None,
    crls: list[bytes] | None = None,
    ocsps: list[bytes] | None = None,
    revocation: str = "require",
) -> PathResult:
    return validate_path(
        leaf.der,
        [party.der for party in ([CHAIN.authority] if others is None else others)],
        anchors=[party.der for party in ([CHAIN.root] if roots is None else roots)],
        crls=LISTS if crls is None else crls,
        ocsps=ocsps or [],
        at=AT,
        revocation=revocation,  # type: ignore[arg-type]  # reason: one of the three words
    )


def without_revocation(leaf: Party, others: list[Party] | None = None) -> str | None:
    return ask(leaf, others, revocation="off").code
