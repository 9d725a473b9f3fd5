"""What is kept of a verdict on a certificate is given for the same question only."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations, product

import pytest

from app.sandbox.certificates import Revocation
from app.signatures import validity
from app.signatures.report import Indication
from app.transcripts.limits import TRANSCRIPT_LIMITS
from app.transcripts.locations import DS, location_of
from app.transcripts.profile import Role
from app.transcripts.xml import read_xml, source_line
from tests.revocation import DAY, certificate, clean_lists, issuer_of, list_of, trust_with
from tests.scenarios import scenario_of
from tests.verdicts import RECEIVED_AT, STUDENTS, case_of, codes

SCHOOL = scenario_of(STUDENTS).school
STAMP = SCHOOL.seal.certificate_der
REVOKED = Revocation(certificate=certificate(STAMP), since=RECEIVED_AT - 10 * DAY)
DIMENSIONS: tuple[Sequence[object], ...] = (
    (STAMP, SCHOOL.principal.signer.certificate_der),
    (
        trust_with(*clean_lists()),
        trust_with(list_of(issuer_of(STAMP), REVOKED)),
        trust_with(provisional=False),
        replace(trust_with(), intermediates=()),
    ),
    (RECEIVED_AT, RECEIVED_AT - 15 * DAY),
    (None, (RECEIVED_AT - 20 * DAY).date(), (RECEIVED_AT - 5 * DAY).date()),
    (None, RECEIVED_AT - 18 * DAY),
    (Role.HOMEROOM_TEACHER, Role.SCHOOL),
)


def judged(*question: object) -> tuple[object, ...]:
    judgement = validity.validity_of(*question)
    path, revocation = judgement.path, judgement.revocation
    return judgement.judged_at, judgement.judged_by, path.code, revocation.code, judgement.codes


def test_a_verdict_is_kept_for_one_certificate_snapshot_time_and_role() -> None:
    questions = list(product(*DIMENSIONS))
    validity.validity_of.cache_clear()
    together = {question: judged(*question) for question in questions}
    again = {question: judged(*question) for question in reversed(questions)}
    assert again == together
    assert validity.validity_of.cache_info().misses == len(questions)
    for question in questions:
        validity.validity_of.cache_clear()
        assert judged(*question) == together[question]
    telling = {
        place
        for one, other in combinations(questions, 2)
        for place in range(len(DIMENSIONS))
        if together[one] != together[other]
        and [i for i in range(len(DIMENSIONS)) if one[i] is not other[i]] == [place]
    }
    assert telling == set(range(len(DIMENSIONS)))  # leave any of them out of the key, and it shows


def test_what_is_found_on_a_certificate_is_placed_at_the_signature_in_its_slot() -> None:
    case = replace(case_of(), trust=trust_with())
    found = case.verify().report.findings
    assert {finding.code for finding in found} == {"SIG-412"}
    root = read_xml(case.xml, TRANSCRIPT_LIMITS)
    places = [(location_of(one), source_line(one)) for one in root.iter(f"{{{DS}}}Signature")]
    assert [(finding.xpath, finding.line) for finding in found] == places


def test_the_approval_of_another_school_is_never_taken_for_this_ones() -> None:
    case = case_of()
    elsewhere = tuple(replace(one, school_code="79000702") for one in case.registrations)
    for _ in range(2):
        assert case.verify().report.indication is Indication.PASSED
        refused = replace(case, registrations=elsewhere).verify()
        assert codes(refused) == ["SIG-503", "SIG-503"]
        assert {one.judged_by for one in refused.report.slots if one.code} == {"receipt"}


@pytest.mark.parametrize("name", ["check_path", "check_revocation"])
def test_memory_that_runs_out_is_not_remembered(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    def exhausted(*_: object) -> None:
        raise MemoryError

    validity.validity_of.cache_clear()
    monkeypatch.setattr(validity, name, exhausted)
    with pytest.raises(MemoryError):
        case_of().verify()
    monkeypatch.undo()
    assert case_of().verify().report.indication is Indication.PASSED
