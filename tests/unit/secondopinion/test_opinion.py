"""The second engine agrees on everything that is right, and is heard where it does not."""

from base64 import b64decode, b64encode
from dataclasses import replace
from pathlib import Path

import pytest

from app.sandbox.pki import write_trust_bundle
from app.sandbox.scenario import sign_class, with_changed_mark, without_signature
from app.sandbox.signing import SigningStyle
from app.secondopinion import opinion as module
from app.secondopinion.opinion import second_opinion
from app.signatures.canonical import Canonicalization
from app.signatures.report import Outcome, Report, SlotReport
from app.signatures.writing import Digest, SignatureForm
from tests.disputes import disputed
from tests.scenarios import scenario_of
from tests.verdicts import RECEIVED_AT, SEAL, STUDENTS, Case, case_of, in_slot, replaced, resealed
from tests.xmlsec import accepts, trusting

STYLES = {
    "c14n-1.0": SigningStyle(),
    "c14n-1.1 enveloped": SigningStyle(
        form=SignatureForm(canonicalization=Canonicalization.INCLUSIVE_11, line_length=64),
        canonicalization=Canonicalization.INCLUSIVE_11,
        enveloped=True,
    ),
    "exclusive xades": SigningStyle(
        form=SignatureForm(canonicalization=Canonicalization.EXCLUSIVE, line_length=76),
        canonicalization=Canonicalization.EXCLUSIVE,
        signing_time=RECEIVED_AT,
    ),
    "sha-512 xades": SigningStyle(
        form=SignatureForm(digest=Digest.SHA512, signature_digest=Digest.SHA512),
        signing_time=RECEIVED_AT,
    ),
}


def report_of(case: Case, xml: bytes | None = None) -> Report:
    return case.verify(xml).report


def with_slot(report: Report, name: str, **changes: object) -> Report:
    """Make the first engine say something else of one slot."""
    slots = tuple(replace(slot, **changes) if slot.slot == name else slot for slot in report.slots)  # type: ignore[arg-type]  # reason: the fields are the test's to name
    return replace(report, slots=slots)


def differing(xml: bytes, report: Report) -> dict[str, str]:
    return {d.slot: d.reason for d in second_opinion(xml, report).disagreements}


def test_both_engines_and_a_third_agree_on_every_signature_of_a_class(tmp_path: Path) -> None:
    scenario = scenario_of(STUDENTS)
    write_trust_bundle(tmp_path, scenario.pki)
    options = trusting(tmp_path, "2026-06-10 12:00:00")
    for number, item in enumerate(scenario.transcripts):
        report = report_of(case_of(number))
        found = second_opinion(item.xml, report)
        assert found.agrees
        assert found.compared == tuple(slot.slot for slot in report.slots)
        file = tmp_path / f"{number}.xml"
        file.write_bytes(item.xml)
        for slot in report.slots:
            assert accepts(file, slot.xpath, options=options), slot.slot


@pytest.mark.parametrize("style", STYLES.values(), ids=STYLES)
def test_signatures_of_every_style_are_agreed_on_and_so_are_their_forgeries(
    style: SigningStyle,
) -> None:
    scenario = scenario_of(STUDENTS)
    spec = replace(scenario.spec, seed="second", class_name="6A4", students=1)
    (item,) = sign_class(spec, scenario.school, scenario.pki, style=style)
    case = case_of().of_student(item.student_code)
    for xml in (item.xml, with_changed_mark(item.xml)):
        report = report_of(case, xml)
        found = second_opinion(xml, report)
        assert found.agrees, found.disagreements
        assert len(found.compared) == len(report.slots)


@pytest.mark.parametrize(
    ("name", "reasons"),
    [
        ("CBQL", {"CBQL": "InvalidSignature"}),
        # Principal and school sign the homeroom teacher's signature too.
        ("GVCN", dict.fromkeys(("CBQL", SEAL), "InvalidDigest") | {"GVCN": "InvalidSignature"}),
    ],
)
def test_a_signature_that_only_the_first_engine_takes_is_a_disagreement(
    name: str, reasons: dict[str, str]
) -> None:
    case = case_of()
    forged = in_slot(case.xml, name, _with_another_value)
    assert second_opinion(forged, report_of(case, forged)).agrees
    assert differing(forged, report_of(case)) == reasons


def _with_another_value(octets: bytes) -> bytes:
    start = octets.index(b"<ds:SignatureValue>") + len(b"<ds:SignatureValue>")
    end = octets.index(b"</ds:SignatureValue>")
    value = bytearray(b64decode(octets[start:end]))
    value[-1] ^= 1
    return octets[:start] + b64encode(bytes(value)) + octets[end:]


def test_a_signature_that_only_the_first_engine_refuses_is_a_disagreement() -> None:
    case = case_of()
    report = report_of(case)
    broken = tuple(
        replace(check, outcome=Outcome.FAILED, code="SIG-320")
        if check.name == "signature_value"
        else check
        for check in _seal(report).checks
    )
    (found,) = second_opinion(case.xml, with_slot(report, SEAL, checks=broken)).disagreements
    assert (found.slot, found.intact, found.reason) == (SEAL, False, "intact")


def test_what_the_first_engine_refuses_by_its_own_stricter_rules_is_not_compared() -> None:
    case = case_of()
    other = resealed(case.xml, uris=("#thongtinhocba",))
    found = second_opinion(other, report_of(case, other))
    assert found.agrees
    assert SEAL not in found.compared


def test_another_element_than_the_report_says_is_a_disagreement() -> None:
    case = case_of()
    report = report_of(case)
    elsewhere = with_slot(report, "GVCN", covers=_seal(report).covers)
    assert differing(case.xml, elsewhere) == {"GVCN": "other_content"}
    nowhere = with_slot(report, "GVCN", covers=())
    assert differing(case.xml, nowhere) == {"GVCN": "other_content"}


def test_another_certificate_than_the_report_says_is_a_disagreement() -> None:
    case = case_of()
    report = report_of(case)
    principal = next(slot.signer for slot in report.slots if slot.slot == "CBQL")
    assert differing(case.xml, with_slot(report, SEAL, signer=principal)) == {SEAL: "certificate"}
    assert differing(case.xml, with_slot(report, SEAL, signer=None)) == {SEAL: "certificate"}


def test_a_transform_that_signxml_would_pass_over_is_a_disagreement() -> None:
    case = case_of()
    xpath = "http://www.w3.org/TR/1999/REC-xpath-19991116"
    c14n = Canonicalization.INCLUSIVE_10.value
    odd = in_slot(
        case.xml,
        SEAL,
        replaced(f'<ds:Transform Algorithm="{c14n}"', f'<ds:Transform Algorithm="{xpath}"'),
    )
    assert differing(odd, report_of(case)) == {SEAL: "transform"}


def test_a_signature_that_one_engine_sees_and_the_other_does_not_is_a_disagreement() -> None:
    case = case_of()
    missing = without_signature(case.xml, SEAL)
    assert differing(missing, report_of(case)) == {"": "number_of_signatures", SEAL: "ValueError"}
    blind = replace(report_of(case), slots=())
    assert differing(case.xml, blind) == {"": "number_of_signatures"}


def test_a_document_that_only_one_engine_can_read_is_a_disagreement() -> None:
    case = case_of()
    assert differing(b"<HOC_BA>", report_of(case)) == {"": "SIG-120"}
    assert second_opinion(b"<HOC_BA>", report_of(case, b"<HOC_BA>")).agrees


def test_too_many_references_are_not_looked_at_and_do_not_pass(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "MAX_REFERENCES", 10)
    assert differing(case_of().xml, report_of(case_of())) == {"": "number_of_references"}


def _seal(report: Report) -> SlotReport:
    return next(slot for slot in report.slots if slot.slot == SEAL)


def test_the_engines_differ_on_a_prefix_list_with_a_line_feed() -> None:
    item = disputed(scenario_of(STUDENTS))
    report = report_of(case_of(), item.xml)
    assert report.findings == ()
    (found,) = second_opinion(item.xml, report).disagreements
    assert (found.slot, found.intact, found.reason) == (SEAL, True, "InvalidDigest")
