"""Each level is judged by its own profile, which its signed content chooses and nobody else."""

from dataclasses import dataclass, replace
from datetime import date
from functools import cache

import pytest

from app.sandbox.classes import ClassSpec
from app.sandbox.packaging import SignedTranscript
from app.sandbox.pki import Pki, make_pki
from app.sandbox.scenario import level_of, sign_class, without_signature
from app.sandbox.school import SyntheticSchool, make_school, signers_of
from app.sandbox.signing import sign_transcript
from app.secondopinion.opinion import second_opinion
from app.signatures.report import Indication, Verdict
from app.signatures.verify import Context, verify_transcript
from app.transcripts.content import PrimaryRecord, SecondaryRecord
from app.transcripts.curriculum import GDTX
from tests.scenarios import SEED, keys
from tests.verdicts import RECEIVED_AT, codes, in_slot, registrations_of

EVERY_KIND = 15
"""Students of a class in which every special kind occurs."""

GRADES = [
    *((level_of(grade), grade) for grade in range(1, 13)),
    *((GDTX.level, int(grade)) for grade in GDTX.grades),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """A signed class and its school."""

    spec: ClassSpec
    school: SyntheticSchool
    transcripts: tuple[SignedTranscript, ...]


@cache
def pki() -> Pki:
    return make_pki(keys())


@cache
def school_of(level: str) -> SyntheticSchool:
    return make_school(pki(), issued_year=2025, level=level)


@cache
def class_of(level: str, grade: int, students: int = 1) -> Signed:
    spec = ClassSpec(
        seed=SEED,
        start_year=2025,
        level=level,
        grade=grade,
        class_name=f"{grade}A1",
        students=students,
        issued_on=date(2026, 6, 10),
    )
    school = school_of(level)
    return Signed(spec=spec, school=school, transcripts=sign_class(spec, school, pki()))


def verified(group: Signed, xml: bytes, number: int = 0) -> Verdict:
    return verify_transcript(
        xml,
        context=Context(
            received_at=RECEIVED_AT,
            school_code=group.school.code,
            student_code=group.transcripts[number].student_code,
            province_code=group.school.province_code,
        ),
        trust=pki().trust,
        registrations=registrations_of(group.school),
    )


@cache
def without_teachers() -> bytes:
    """A primary transcript of software that lets no subject teacher sign."""
    group = class_of("02", 4)
    spec = replace(group.spec, teachers_sign=False)
    return sign_class(spec, group.school, pki())[0].xml


def resigned(xml: bytes, *edits: tuple[bytes, bytes]) -> bytes:
    """Change a primary transcript and let those sign again who cover the content."""
    group = class_of("02", 4)
    for slot in ("GVCN", "CBQL", "KY_PHAT_HANH"):
        xml = without_signature(xml, slot)
    for edit in edits:
        assert edit[0] in xml, edit[0]
        xml = xml.replace(*edit)
    return sign_transcript(xml, signers_of(group.school, pki()))


@pytest.mark.parametrize(("level", "grade"), GRADES)
def test_a_whole_class_with_every_kind_of_student_is_accepted_without_findings(
    level: str, grade: int
) -> None:
    group = class_of(level, grade, EVERY_KIND)
    for number, item in enumerate(group.transcripts):
        verdict = verified(group, item.xml, number)
        assert codes(verdict) == []
        assert verdict.report.indication is Indication.PASSED
        assert verdict.report.profile_id == f"hoc-ba-1/{level}"
        transcript = verdict.transcript
        assert transcript is not None
        assert (transcript.level, int(transcript.grade)) == (level, grade)
        kind = PrimaryRecord if level == "02" else SecondaryRecord
        assert isinstance(transcript.record, kind)


def test_a_primary_transcript_without_any_subject_teachers_slot_passes() -> None:
    verdict = verified(class_of("02", 4), without_teachers())
    assert verdict.transcript is not None
    assert verdict.report.indication is Indication.PASSED
    assert set(codes(verdict)) == {"SIG-203"}
    slots = {found.slot for found in verdict.report.findings}
    assert len(slots) == len(verdict.report.findings) == 6
    assert verdict.report.coverage is not None
    assert verdict.report.coverage.complete
    assert [one.slot for one in verdict.report.slots] == ["GVCN", "CBQL", "KY_PHAT_HANH"]
    assert second_opinion(without_teachers(), verdict.report).agrees


def test_an_empty_slot_of_a_primary_subject_teacher_is_told_and_not_refused() -> None:
    group = class_of("02", 4)
    teacher = f"GVBM[{group.school.teachers[1].id}]"
    verdict = verified(group, resigned(without_signature(group.transcripts[0].xml, teacher)))
    assert codes(verdict) == []  # signing again filled it
    unsigned = without_signature(group.transcripts[0].xml, teacher)
    found = verified(group, unsigned).report.findings
    assert [(one.code, one.slot) for one in found] == [
        ("SIG-203", teacher),
        ("SIG-300", "CBQL"),
        ("SIG-300", "KY_PHAT_HANH"),
    ]


def test_two_slots_of_one_primary_subject_teacher_are_refused() -> None:
    group = class_of("02", 4)
    slot = f'<GVBM Id="{group.school.teachers[1].id}">'.encode()
    doubled = group.transcripts[0].xml.replace(slot + b"<ds:", slot + b"</GVBM>" + slot + b"<ds:")
    verdict = verified(group, doubled)
    assert "SIG-202" in codes(verdict)
    assert verdict.transcript is None


def test_a_signature_of_a_primary_subject_teacher_must_be_valid() -> None:
    group = class_of("02", 4)
    xml = group.transcripts[0].xml
    renamed = ("<TEN_MON_HOC>Ngoại ngữ 1".encode(), "<TEN_MON_HOC>Tiếng Mẫu".encode())
    verdict = verified(group, resigned(xml, renamed))
    (finding,) = [one for one in verdict.report.findings if one.code == "SIG-300"]
    assert finding.slot == f"GVBM[{group.school.teacher_of('11').id}]"
    assert verdict.transcript is None


def test_a_primary_line_may_name_no_teacher() -> None:
    xml = without_teachers()
    teacher = class_of("02", 4).school.teacher_of("88")
    named = f'<GVBM Id="{teacher.id}"><HO_VA_TEN>{teacher.full_name}</HO_VA_TEN></GVBM>'
    verdict = verified(class_of("02", 4), resigned(xml, (named.encode(), b"")))
    assert verdict.transcript is not None
    assert len(codes(verdict)) == 5
    lines = {line.subject_code: line for line in verdict.transcript.subjects}
    assert lines["88"].teacher_id is None
    assert lines["89"].teacher_id is not None


def test_a_slot_of_somebody_whom_no_primary_line_names_is_refused() -> None:
    xml = without_teachers()
    slots = b'<DANH_SACH_GVBM><GVBM Id="9999"/></DANH_SACH_GVBM>'
    stray = xml.replace(b"<DANH_SACH_THONG_TIN_KY>", b"<DANH_SACH_THONG_TIN_KY>" + slots)
    assert "SIG-201" in codes(verified(class_of("02", 4), stray))


@pytest.mark.parametrize("role", ["GVCN", "CBQL", "KY_PHAT_HANH"])
def test_whoever_signs_the_whole_must_sign_at_every_level(role: str) -> None:
    for level, grade in (("02", 4), ("04", 10), ("05", 12)):
        group = class_of(level, grade)
        verdict = verified(group, without_signature(group.transcripts[0].xml, role))
        assert [one.slot for one in verdict.report.findings if one.code == "SIG-200"] == [role]
        assert verdict.transcript is None


@pytest.mark.parametrize(("level", "grade"), [("04", 10), ("05", 9), ("05", 12)])
def test_subject_teachers_must_sign_above_primary_school(level: str, grade: int) -> None:
    group = class_of(level, grade)
    teacher = group.school.teacher_of("19")
    verdict = verified(group, without_signature(group.transcripts[0].xml, f"GVBM[{teacher.id}]"))
    assert codes(verdict)[0] == "SIG-200"


@pytest.mark.parametrize("level", ["03", "04", "05"])
def test_a_primary_transcript_that_claims_another_level_is_refused_under_that_profile(
    level: str,
) -> None:
    lie = without_teachers().replace(b"<CAP_HOC_ID>02", f"<CAP_HOC_ID>{level}".encode())
    verdict = verified(class_of("02", 4), lie)
    assert verdict.report.profile_id == f"hoc-ba-1/{level}"
    assert {"SIG-140", "SIG-200"} <= set(codes(verdict))
    assert verdict.transcript is None


def test_a_secondary_transcript_that_claims_to_be_primary_is_refused() -> None:
    group = class_of("03", 6)
    xml = group.transcripts[0].xml.replace(b"<CAP_HOC_ID>03", b"<CAP_HOC_ID>02")
    for teacher in group.school.teachers:
        xml = without_signature(xml, f"GVBM[{teacher.id}]")
    for slot in ("GVCN", "CBQL", "KY_PHAT_HANH"):
        xml = in_slot(xml, slot, lambda old: old[: old.index(b">") + 1] + old[old.rindex(b"</") :])
    verdict = verified(group, xml)
    assert verdict.report.profile_id == "hoc-ba-1/02"
    assert "SIG-140" in codes(verdict)
    assert verdict.transcript is None


@pytest.mark.parametrize("level", [b"", b"01", b"3", b" 03", b"06"])
def test_an_unknown_level_is_refused_with_its_own_code(level: bytes) -> None:
    xml = class_of("02", 4).transcripts[0].xml
    verdict = verified(class_of("02", 4), xml.replace(b"ID>02</CAP", b"ID>" + level + b"</CAP"))
    assert codes(verdict) == ["CON-607"]
    assert verdict.report.profile_id == "hoc-ba-1"
    assert verdict.transcript is None
