from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.sandbox.classes import make_class
from app.sandbox.packaging import MessageHead, build_package, wrap_folder
from app.sandbox.pki import write_trust_bundle
from app.sandbox.signing import NotReady, SigningStyle, sign_package
from app.sandbox.transcript_writer import write_transcript
from app.signatures.canonical import Canonicalization, canonical_octets
from app.transcripts.document import open_document
from app.transcripts.limits import PACKAGE_LIMITS
from app.transcripts.message import original_of, read_message
from app.transcripts.profile import BAN_TIN_1
from app.transcripts.xml import read_xml
from tests.scenarios import scenario_of
from tests.xmlsec import accepts, trusting

HEAD = MessageHead(message_id="tin-1", created_at=datetime(2026, 6, 10, 2, 30, tzinfo=UTC))
SLOT = "/BAN_TIN/KY_PHAT_HANH_GOI_TIN"


def originals(package: bytes) -> dict[str, bytes]:
    content = read_xml(package, PACKAGE_LIMITS).find("NOI_DUNG")
    assert content is not None
    message = read_message(package, canonical_octets(content, Canonicalization.INCLUSIVE_10))
    return {item.student_code: original_of(package, item) for item in message.items}


def test_a_package_is_clean_under_the_schema_and_holds_each_original() -> None:
    scenario = scenario_of(2)
    package = build_package(scenario.transcripts, school=scenario.school, head=HEAD)
    assert open_document(package, BAN_TIN_1).findings == ()
    assert originals(package) == {one.student_code: one.xml for one in scenario.transcripts}


@pytest.mark.parametrize("method", Canonicalization, ids=lambda method: method.name)
def test_another_engine_verifies_the_package_up_to_a_trusted_root(
    method: Canonicalization, tmp_path: Path
) -> None:
    scenario = scenario_of(2)
    style = SigningStyle(canonicalization=method, enveloped=True, signing_time=HEAD.created_at)
    package = build_package(scenario.transcripts, school=scenario.school, head=HEAD, style=style)
    write_trust_bundle(tmp_path, scenario.pki)
    file = tmp_path / "package.xml"
    options = trusting(tmp_path, "2026-06-10 12:00:00")
    file.write_bytes(package)
    assert accepts(file, SLOT, options=options)
    file.write_bytes(package.replace(b"tin-1", b"tin-2"))
    assert not accepts(file, SLOT, options=options)


def test_a_package_without_its_slot_is_not_ready() -> None:
    seal = scenario_of(2).school.seal
    with pytest.raises(NotReady):
        sign_package(b"<BAN_TIN><NOI_DUNG/></BAN_TIN>", seal)
    with pytest.raises(NotReady):
        sign_package(b"<BAN_TIN><KY_PHAT_HANH_GOI_TIN/></BAN_TIN>", seal)


def test_a_folder_of_ready_files_is_signed_and_packed_by_file_name(tmp_path: Path) -> None:
    scenario = scenario_of(2)
    first, second = make_class(scenario.spec, scenario.school)
    (tmp_path / "b.xml").write_bytes(write_transcript(first))
    (tmp_path / "a.xml").write_bytes(scenario.transcripts[1].xml)
    (tmp_path / "note.txt").write_text("x")
    package = wrap_folder(tmp_path, school=scenario.school, pki=scenario.pki, head=HEAD)
    found = originals(package)
    assert list(found) == [second.student.code, first.student.code]
    assert list(found.values()) == [scenario.transcripts[1].xml, scenario.transcripts[0].xml]


def test_teachers_whom_the_school_does_not_know_get_certificates_in_their_names(
    tmp_path: Path,
) -> None:
    scenario = scenario_of(2)
    teacher = scenario.school.teachers[3]
    xml = write_transcript(make_class(scenario.spec, scenario.school)[0])
    xml = xml.replace(teacher.id.encode(), b"gv-khac")
    xml = xml.replace(teacher.full_name.encode(), "Đinh Thị Mẫu Khách".encode())
    (tmp_path / "a.xml").write_bytes(xml)
    package = wrap_folder(tmp_path, school=scenario.school, pki=scenario.pki, head=HEAD)
    (signed,) = originals(package).values()
    bundle, file = tmp_path / "bundle", tmp_path / "signed.xml"
    write_trust_bundle(bundle, scenario.pki)
    file.write_bytes(signed)
    slot = "//DANH_SACH_GVBM/GVBM[@Id='gv-khac']"
    assert accepts(file, slot, options=trusting(bundle, "2026-06-10 12:00:00"))


def test_a_folder_without_files_and_a_file_without_a_student_are_not_ready(tmp_path: Path) -> None:
    scenario = scenario_of(2)
    with pytest.raises(NotReady):
        wrap_folder(tmp_path, school=scenario.school, pki=scenario.pki, head=HEAD)
    (tmp_path / "a.xml").write_bytes(b"<HOC_BA/>")
    with pytest.raises(NotReady, match="NGUOI_HOC_ID"):
        wrap_folder(tmp_path, school=scenario.school, pki=scenario.pki, head=HEAD)
