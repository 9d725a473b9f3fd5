"""Every attack of every family is refused for its flaw; its valid twin is not."""

import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from lxml import etree

from app.signatures.revocation import PROVISIONAL, Times, check_revocation
from app.transcripts import document
from tests.attacks import evidence
from tests.attacks.attack import Attack, Verify
from tests.attacks.families import FAMILIES, attacks_of
from tests.attacks.guard import sockets_opened
from tests.attacks.harmless import odd_but_true, other_octets
from tests.attacks.make import line_of, listed
from tests.attacks.meaning import read
from tests.attacks.victims import victim
from tests.revocation import path_of
from tests.verdicts import RECEIVED_AT

CPU_SECONDS = 5.0
"""What one hostile document may cost."""

STRUCTURAL = ("A01", "A02", "A03", "A14", "A17", "A18", "A22", "A30")
"""Families that the schema refuses almost alone."""


@dataclass(slots=True)
class Trial:
    """The attacks of a family, tried one after the other; it collects what went wrong."""

    faults: list[str] = field(default_factory=list)
    tried_twins: set[tuple[bytes, Verify]] = field(default_factory=set)

    def run(self, attack: Attack) -> None:
        self._try_twin(attack)
        start = time.process_time()
        with sockets_opened() as opened:
            report, value = attack.verify(attack.hostile)
        seconds = time.process_time() - start
        found = {finding.code for finding in report.findings}
        places = [
            f"{finding.slot} {finding.xpath}"
            for finding in report.findings
            if finding.code == attack.codes[0]
        ]
        for wrong, what in (
            (value is not None, "accepted"),
            (report.indication == "PASSED", "passed"),
            ("SIG-999" in found, f"crashed: {report.fault}"),
            (not found.issuperset(attack.codes), f"not {attack.codes} but {sorted(found)}"),
            (not any(attack.at in place for place in places), f"not at {attack.at}: {places}"),
            (seconds > CPU_SECONDS, f"took {seconds:.1f} s"),
            (bool(opened), f"reached for the network: {opened}"),
        ):
            if wrong:
                self.faults.append(f"{attack.name}: {what}")

    def _try_twin(self, attack: Attack) -> None:
        judge = attack.judge_twin or attack.verify
        if (attack.twin, judge) in self.tried_twins:
            return
        report, value = judge(attack.twin)
        if value is None:
            codes = [finding.code for finding in report.findings]
            self.faults.append(f"{attack.name}: its valid twin is refused: {codes}")
        self.tried_twins.add((attack.twin, judge))


@pytest.mark.parametrize("family", FAMILIES)
def test_every_attack_of_the_family_is_refused_for_its_flaw(family: str) -> None:
    trial = Trial()
    made = []
    for attack in attacks_of(family):
        made.append(line_of(family, attack))
        trial.run(attack)
    assert not trial.faults, "\n".join(trial.faults)
    # `python -m tests.attacks.make` writes the manifest anew after a wanted change.
    assert made == listed(family)


def test_evidence_that_proves_nothing_leaves_a_certificate_provisional_at_best() -> None:
    path = path_of(victim("school").signer.certificate_der)
    for der in evidence.certificates().values():
        for name, published in evidence.worthless(der):
            trust = evidence.trust_about(der, published, provisional=True)
            for attested in (True, False):
                times = Times(judged_at=RECEIVED_AT, received_at=RECEIVED_AT, attested=attested)
                assert check_revocation(path, trust, times) in PROVISIONAL, name


@pytest.mark.parametrize("family", STRUCTURAL)
def test_what_the_schema_lets_through_changes_no_value(
    family: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(document, "_schema_findings", lambda *_: iter(()))
    for attack in attacks_of(family):
        report, value = attack.verify(attack.hostile)
        if value is not None:
            _, honest = (attack.judge_twin or attack.verify)(attack.twin)
            assert read(value, attack.hostile) == read(honest, attack.twin), attack.name
        else:
            assert report.findings, attack.name


def test_other_octets_of_the_same_content_are_accepted_with_the_same_values() -> None:
    for one in other_octets():
        assert one.document != one.twin, one.name
        report, value = one.verify(one.document)
        codes = [finding.code for finding in report.findings]
        assert value is not None, (one.name, codes)
        assert read(value, one.document) == read(one.verify(one.twin)[1], one.twin), one.name


def test_odd_but_true_signatures_are_accepted_without_a_look_at_the_network() -> None:
    for one in odd_but_true():
        with sockets_opened() as opened:
            report, value = one.verify(one.document)
        assert value is not None, (one.name, [finding.code for finding in report.findings])
        assert opened == [], one.name


def test_the_guard_sees_a_socket() -> None:
    with sockets_opened() as opened:
        socket.socket(socket.AF_UNIX).close()
    assert opened == ["socket.__new__"]


def test_libxml2_has_no_code_that_speaks_to_the_network() -> None:
    assert etree.LIBXML_FEATURES.isdisjoint({"http", "ftp"})


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        server.setblocking(False)  # noqa: FBT003 -- reason: the standard library's signature
        yield server


def test_addresses_in_a_document_are_never_called(listener: socket.socket) -> None:
    address = f"127.0.0.1:{listener.getsockname()[1]}".encode()
    tried = 0
    for family in ("A06", "A10", "A12", "A13"):
        for attack in attacks_of(family):
            if b"127.0.0.1:9" in attack.hostile:
                _, value = attack.verify(attack.hostile.replace(b"127.0.0.1:9", address))
                assert value is None, attack.name
                tried += 1
    assert tried > 20
    with pytest.raises(BlockingIOError):
        listener.accept()
