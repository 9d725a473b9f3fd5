import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.x509 import load_der_x509_certificate
from lxml import etree
from signxml import SignatureConfiguration, XMLVerifier

from app.sandbox.classes import make_class
from app.sandbox.pki import write_trust_bundle
from app.sandbox.school import signers_of
from app.sandbox.signing import NotReady, Signers, SigningStyle, sign_transcript
from app.sandbox.timestamping import stamper
from app.sandbox.transcript_writer import write_transcript
from app.signatures.algorithms import DS
from app.signatures.canonical import Canonicalization
from app.signatures.writing import Digest, SignatureForm, Signer
from app.transcripts.document import open_document
from app.transcripts.finding import DocumentRefused
from app.transcripts.limits import TRANSCRIPT_LIMITS
from app.transcripts.profile import HOC_BA_1_THCS
from app.transcripts.xml import read_xml
from tests.scenarios import scenario_of
from tests.xmlsec import accepts, trusting

ISSUE = "PHAT_HANH_HOC_BA/"
SIGNING_TIME = datetime(2026, 6, 10, 1, 0, tzinfo=UTC)
STYLES = {
    "default": SigningStyle(),
    "exclusive-enveloped-xades": SigningStyle(
        form=SignatureForm(canonicalization=Canonicalization.EXCLUSIVE, line_length=64),
        canonicalization=Canonicalization.EXCLUSIVE,
        enveloped=True,
        signing_time=SIGNING_TIME,
    ),
    "c14n11-sha512": SigningStyle(
        form=SignatureForm(
            canonicalization=Canonicalization.INCLUSIVE_11,
            digest=Digest.SHA512,
            signature_digest=Digest.SHA384,
        ),
        canonicalization=Canonicalization.INCLUSIVE_11,
        signing_time=SIGNING_TIME,
    ),
}
STYLES["timestamped"] = replace(
    STYLES["exclusive-enveloped-xades"],
    timestamps=(stamper(scenario_of(2).pki.tsa, SIGNING_TIME),),
)


@pytest.fixture(scope="module")
def unsigned() -> bytes:
    scenario = scenario_of(2)
    return write_transcript(make_class(scenario.spec, scenario.school)[0])


@pytest.fixture(scope="module")
def signers() -> Signers:
    scenario = scenario_of(2)
    return signers_of(scenario.school, scenario.pki)


@pytest.fixture(scope="module")
def signed(unsigned: bytes, signers: Signers) -> bytes:
    return sign_transcript(unsigned, signers)


def slot_paths(xml: bytes) -> list[str]:
    """XPath locations of all slots, one each."""
    root = read_xml(xml, TRANSCRIPT_LIMITS)
    below = [rule.path.split("/", 2)[2] for rule in HOC_BA_1_THCS.slots]
    tree = root.getroottree()
    return [tree.getpath(slot) for path in below for slot in root.findall(path)]


def signatures(xml: bytes) -> list[etree._Element]:
    return list(read_xml(xml, TRANSCRIPT_LIMITS).iter(f"{{{DS}}}Signature"))


@pytest.mark.parametrize("style", STYLES.values(), ids=STYLES)
def test_another_engine_verifies_every_slot_up_to_a_trusted_root(
    unsigned: bytes, signers: Signers, style: SigningStyle, tmp_path: Path
) -> None:
    write_trust_bundle(tmp_path, scenario_of(2).pki)
    file = tmp_path / "signed.xml"
    file.write_bytes(sign_transcript(unsigned, signers, style=style))
    options = trusting(tmp_path, "2026-06-10 12:00:00")
    paths = slot_paths(unsigned)
    assert 12 <= len(paths) <= 17
    for path in paths:
        assert accepts(file, path, options=options), path


@pytest.mark.parametrize("style", STYLES.values(), ids=STYLES)
@pytest.mark.parametrize("slot", ["DU_LIEU_HOC_BA/DANH_SACH_THONG_TIN_KY/GVCN/", ISSUE + "CBQL/"])
def test_signxml_verifies_homeroom_teacher_and_principal(
    unsigned: bytes, signers: Signers, style: SigningStyle, slot: str
) -> None:
    scenario = scenario_of(2)
    signer = scenario.school.principal.signer
    if slot.endswith("GVCN/"):
        signer = make_class(scenario.spec, scenario.school)[0].homeroom.signer
    expected = SignatureConfiguration(location=slot, expect_references=True)
    found = XMLVerifier().verify(
        sign_transcript(unsigned, signers, style=style),
        x509_cert=load_der_x509_certificate(signer.certificate_der),
        expect_config=expected,
    )
    references = found if isinstance(found, list) else [found]
    assert references[0].signed_xml is not None


def test_another_engine_refuses_a_certificate_that_has_run_out(
    signed: bytes, tmp_path: Path
) -> None:
    write_trust_bundle(tmp_path, scenario_of(2).pki)
    file = tmp_path / "signed.xml"
    file.write_bytes(signed)
    options = trusting(tmp_path, "2029-06-10 12:00:00")
    assert not accepts(file, "/HOC_BA/PHAT_HANH_HOC_BA/CBQL", options=options)


@pytest.mark.parametrize("style", STYLES.values(), ids=STYLES)
def test_a_signed_transcript_is_clean_under_the_schema(
    unsigned: bytes, signers: Signers, style: SigningStyle
) -> None:
    signed = sign_transcript(unsigned, signers, style=style)
    assert open_document(signed, HOC_BA_1_THCS).findings == ()


def test_signing_adds_signatures_and_changes_nothing_else(unsigned: bytes, signed: bytes) -> None:
    without = re.sub(rb"<ds:Signature .*?</ds:Signature>", b"", signed, flags=re.DOTALL)
    for name in (b"GVCN", b"CBQL", b"KY_PHAT_HANH"):
        without = without.replace(b"<%b></%b>" % (name, name), b"<%b/>" % name)
    without = re.sub(rb'<GVBM Id="(\d+)"></GVBM>', rb'<GVBM Id="\1"/>', without)
    assert without == unsigned


def test_each_slot_references_what_its_role_signs(signed: bytes) -> None:
    school = scenario_of(2).school
    uris = [
        [reference.get("URI") for reference in one.iter(f"{{{DS}}}Reference")]
        for one in signatures(signed)
    ]
    lines = [[f"#mon-{code}" for code in teacher.subjects] for teacher in school.teachers]
    assert uris == [*lines, ["#thongtinhocba"], ["#data"], ["#data"]]


def test_signing_again_leaves_a_signed_transcript_as_it_is(signed: bytes, signers: Signers) -> None:
    other = SigningStyle(form=SignatureForm(line_length=64))
    assert sign_transcript(signed, signers, style=other) == signed


def test_only_empty_slots_are_signed(signed: bytes, signers: Signers) -> None:
    cut = re.sub(rb"<KY_PHAT_HANH>.*</KY_PHAT_HANH>", b"<KY_PHAT_HANH>\n </KY_PHAT_HANH>", signed)
    assert cut != signed
    assert sign_transcript(cut, signers) == signed


def test_the_same_input_gives_the_same_signatures(
    unsigned: bytes, signed: bytes, signers: Signers
) -> None:
    assert sign_transcript(unsigned, signers) == signed


def test_a_teacher_of_several_subjects_signs_once_for_all_lines(
    unsigned: bytes, signers: Signers
) -> None:
    teachers = scenario_of(2).school.teachers
    first, second = teachers[0], teachers[1]
    merged = unsigned.replace(f'        <GVBM Id="{second.id}"/>\n'.encode(), b"")
    merged = merged.replace(second.id.encode(), first.id.encode())
    signature = signatures(sign_transcript(merged, signers))[0]
    uris = [reference.get("URI") for reference in signature.iter(f"{{{DS}}}Reference")]
    assert uris == [f"#mon-{code}" for code in (*first.subjects, *second.subjects)]


def test_teachers_are_asked_for_by_id_and_full_name(unsigned: bytes, signers: Signers) -> None:
    scenario = scenario_of(2)
    asked = []

    def teacher(teacher_id: str, name: str) -> Signer:
        asked.append((teacher_id, name))
        return signers.teacher(teacher_id, name)

    recording = Signers(teacher=teacher, principal=signers.principal, school=signers.school)
    sign_transcript(unsigned, recording)
    homeroom = make_class(scenario.spec, scenario.school)[0].homeroom
    expected = [*scenario.school.teachers, homeroom]
    assert asked == [(one.id, one.full_name) for one in expected]


@pytest.mark.parametrize(
    ("removed", "missing"),
    [
        (b"    <CBQL/>\n", "/HOC_BA/PHAT_HANH_HOC_BA/CBQL"),
        (rb"      <GVCN Id=.*?</GVCN>\n", "GVCN"),
        (rb'          <GVBM Id="\d+"><HO_VA_TEN>.*?</GVBM>\n', "DIEM_TONG_KET (GVBM 910701"),
    ],
    ids=["slot", "homeroom teacher", "subject line of a slot"],
)
def test_a_file_without_what_its_slots_need_is_not_ready(
    unsigned: bytes, signers: Signers, removed: bytes, missing: str
) -> None:
    broken = re.sub(removed, b"", unsigned)
    with pytest.raises(NotReady) as caught:
        sign_transcript(broken, signers)
    assert missing in caught.value.missing


def test_what_the_hardened_reader_refuses_is_not_signed(signers: Signers) -> None:
    with pytest.raises(DocumentRefused):
        sign_transcript(b"<!DOCTYPE HOC_BA><HOC_BA/>", signers)
