"""What canonicalizing a document costs is counted, so that none can make it without end."""

import pytest

from app.signatures import targets
from app.signatures.canonical import Canonicalization
from app.signatures.failure import Failed
from app.signatures.shape import PLAIN_FORMS
from app.signatures.targets import Targets
from app.transcripts.limits import TRANSCRIPT_LIMITS
from app.transcripts.xml import read_xml

ELEMENTS, DECLARATIONS = 500, 10
LIMIT = 1_000_000
"""25 times what all the elements need for all the declarations: 8 for each pair."""


def calls_until_refused(document: bytes) -> int:
    root = read_xml(document, TRANSCRIPT_LIMITS)
    known = Targets(root, document, whole=False)
    form = PLAIN_FORMS[Canonicalization.EXCLUSIVE]
    for call in range(1000):
        try:
            known.octets(root, form)
        except Failed:
            return call
    return 1000


def document(declarations: int) -> bytes:
    """Many elements below one that declares many namespaces which nothing uses."""
    names = "".join(f' xmlns:p{number}="urn:{number}"' for number in range(declarations))
    return f"<r{names}>{'<a></a>' * (ELEMENTS - 1)}</r>".encode()


def test_searching_namespaces_counts_for_each_element_and_declaration(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(targets, "MAX_WORK", LIMIT)
    pairs = 8 * ELEMENTS * DECLARATIONS
    octets = 2 * len(document(0))
    assert calls_until_refused(document(DECLARATIONS)) == LIMIT // (pairs + octets) + 1
    assert calls_until_refused(document(0)) == LIMIT // octets + 1
