"""Every byte of an accepted document, changed in turn, is refused or proven to change nothing."""

import os
from collections.abc import Sequence

import pytest

from app.sandbox.stream import Stream
from tests.attacks.attack import Verify
from tests.attacks.meaning import read, same_meaning
from tests.attacks.victims import (
    package,
    transcript_of,
    verify_small_package,
    verify_small_transcript,
    victims,
    without,
)
from tests.scenarios import SEED

pytestmark = [
    # What cryptography says of odd certificates; the service does not stop at its warnings.
    pytest.mark.filterwarnings("ignore:Attribute's length must be:UserWarning"),
    pytest.mark.filterwarnings("ignore:Parsed a serial number which wasn't positive"),
]

EVERYTHING = os.environ.get("HOCBA_ATTACKS") == "all"
"""Whether every position is tried (some minutes) or a sample."""

SAMPLE = 400
"""Positions of each document in a usual run."""

PARTS = 8
"""Parts of a document, so that several processes share the work."""

DOCUMENTS = {
    "transcript": (transcript_of, verify_small_transcript),
    "package": (package, verify_small_package),
}


def _positions(name: str, size: int) -> Sequence[int]:
    if EVERYTHING:
        return range(size)
    stream = Stream(SEED, "bytes", name)
    return sorted({stream.below(size) for _ in range(SAMPLE)})


def _replacements(name: str, xml: bytes, at: int) -> list[bytes]:
    """One flipped bit, one other byte of XML, none, and the byte twice."""
    stream = Stream(SEED, "replacement", name, str(at))
    old = xml[at : at + 1]
    others = [byte for byte in b"<>&\"'=/# \t\r\nA0z:" if byte != old[0]]
    flipped = bytes([old[0] ^ (1 << stream.below(8))])
    return [flipped, bytes([stream.choice(others)]), b"", old * 2]


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_changed_byte_is_refused_or_changes_nothing(name: str, part: int) -> None:
    make, verify = DOCUMENTS[name]
    xml = make()
    honest = read(verify(xml)[1], xml)
    for at in _positions(name, len(xml))[part::PARTS]:
        for new in _replacements(name, xml, at):
            _try(verify, xml, xml[:at] + new + xml[at + 1 :], honest)


def _try(verify: Verify, xml: bytes, changed: bytes, honest: object) -> None:
    report, value = verify(changed)
    assert "SIG-999" not in {finding.code for finding in report.findings}, report.fault
    if value is not None:
        assert same_meaning(xml, changed)
        assert read(value, changed) == honest


def test_every_pair_of_missing_signatures_is_named() -> None:
    slots = [one.slot for one in victims() if one.role != "package"]
    pairs = [(a, b) for place, a in enumerate(slots) for b in slots[place + 1 :]]
    for pair in pairs:
        report, value = verify_small_transcript(without(transcript_of(), *pair))
        assert value is None
        missing = {finding.slot for finding in report.findings if finding.code == "SIG-200"}
        assert missing == set(pair)
