"""What is read from a transcript of each level, and under which profile."""

from decimal import Decimal

import pytest
from lxml import etree

from app.transcripts.content import (
    Achievement,
    Completion,
    PrimaryLine,
    PrimaryRecord,
    PrimaryRemarks,
    PrimaryResult,
    Quality,
    QualityLevel,
    SecondaryRecord,
    Transcript,
)
from app.transcripts.content_reader import read_transcript
from app.transcripts.curriculum import CURRICULA, GDTX, QUALITIES, THPT, Curriculum
from app.transcripts.document import open_document
from app.transcripts.finding import DocumentRefused, Finding
from app.transcripts.profile import HOC_BA_1
from tests.vectors.transcripts import levels
from tests.vectors.transcripts.base import changed


def read(text: str, *edits: tuple[str, str]) -> Transcript:
    for edit in edits:
        text = changed(text, *edit)
    document = open_document(text.encode(), HOC_BA_1)
    content = etree.tostring(document.root[0], method="c14n")
    return read_transcript(content, document.profile)


def refusal(text: str, *edits: tuple[str, str]) -> tuple[Finding, ...]:
    with pytest.raises(DocumentRefused) as caught:
        read(text, *edits)
    return caught.value.findings


@pytest.mark.parametrize(
    ("text", "level"),
    [(levels.PRIMARY, "02"), (levels.THCS, "03"), (levels.THPT, "04"), (levels.GDTX, "05")],
)
def test_the_level_in_the_content_chooses_the_profile(text: str, level: str) -> None:
    document = open_document(text.encode(), HOC_BA_1)
    assert document.findings == ()
    assert document.profile.id == f"hoc-ba-1/{level}"
    transcript = read(text)
    assert (transcript.profile_id, transcript.level) == (document.profile.id, level)
    assert isinstance(transcript.record, PrimaryRecord if level == "02" else SecondaryRecord)


def test_the_whole_primary_record_is_read() -> None:
    again = levels.primary("01", "C", "4", "H")
    record = read(levels.PRIMARY, (levels.primary("01", test="9"), again)).record
    assert isinstance(record, PrimaryRecord)
    assert record.subjects[1] == PrimaryLine(
        id="mon-01",
        subject_code="01",
        subject_name="Môn Mẫu 01",
        achievement=Achievement.NOT_COMPLETED,
        test_mark=4,
        reassessed=Achievement.COMPLETED,
        teacher_id="4815131060",
        teacher_name="Ngô Văn Mẫu",
    )
    assert record.result == PrimaryResult(
        height=Decimal("132.5"),
        weight=Decimal(28),
        excused_absences=3,
        unexcused_absences=0,
        qualities=tuple(Quality(code=code, level=QualityLevel.GOOD) for code in QUALITIES),
        remarks=PrimaryRemarks(
            qualities="Em ngoan.",
            general="Em biết hợp tác.",
            specific="Em tính toán tốt.",
            overall="Em chăm học.",
        ),
        completion=Completion.EXCELLENT,
        promoted=True,
        programme_completed="Được lên lớp 5",
        award="Học sinh Xuất sắc",
    )


def test_what_is_empty_in_a_primary_record_is_unknown() -> None:
    record = read(
        levels.PRIMARY,
        ("<CHIEU_CAO>132.5</CHIEU_CAO>", "<CHIEU_CAO/>"),
        ("<CAN_NANG>28</CAN_NANG>", ""),
        (levels.quality("01"), levels.quality("01", "")),
    ).record
    assert isinstance(record, PrimaryRecord)
    result = record.result
    assert (result.height, result.weight, result.qualities[0].level) == (None, None, None)


def test_a_foreigner_has_a_passport_and_a_nationality() -> None:
    student = read(
        levels.THPT,
        ("<SO_DINH_DANH_CA_NHAN>048312000456</SO_DINH_DANH_CA_NHAN>", ""),
        ("<NOI_SINH>", "<SO_HO_CHIEU>M1234567</SO_HO_CHIEU><NOI_SINH>"),
        ("Việt Nam", "Lào"),
    ).student
    assert (student.personal_number, student.passport_number) == (None, "M1234567")
    assert student.nationality == "Lào"


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("132.5", "132,5", "TONG_KET_HOC_BA/CHIEU_CAO"),
        ("NGHI_CO_PHEP>3", "NGHI_CO_PHEP>ba", "TONG_KET_HOC_BA/SO_BUOI_NGHI_CO_PHEP"),
        ("ID>HTXS", "ID>TOT", "TONG_KET_HOC_BA/KET_QUA_GIAO_DUC_ID"),
        ('<GVBM Id="4815131060"><HO', "<GVBM><HO", "BANG_DIEM_HOC_BA/DIEM_TONG_KET[1]/GVBM/@Id"),
    ],
)
def test_what_the_schema_should_have_caught_is_refused_at_its_place(
    old: str, new: str, place: str
) -> None:
    (finding,) = refusal(levels.PRIMARY, (old, new))
    assert finding.code == "SIG-140"
    assert finding.xpath == f"/DU_LIEU_HOC_BA/THONG_TIN_HOC_BA/{place}"


PLACE = "/HOC_BA/DU_LIEU_HOC_BA/THONG_TIN_HOC_BA/CAP_HOC_ID"
LEVEL = "<CAP_HOC_ID>02</CAP_HOC_ID>"


def test_an_unknown_level_is_named_with_its_value() -> None:
    (finding,) = refusal(levels.PRIMARY, (LEVEL, "<CAP_HOC_ID>07</CAP_HOC_ID>"))
    assert (finding.code, finding.xpath, finding.value) == ("CON-607", PLACE, "07")
    assert finding.line is not None


def test_a_missing_level_is_named_by_its_place() -> None:
    (finding,) = refusal(levels.PRIMARY, (LEVEL, ""))
    assert (finding.code, finding.xpath) == ("CON-607", PLACE)


def test_a_missing_content_is_a_structural_fault_too() -> None:
    structure, level = refusal("<HOC_BA><DU_LIEU_HOC_BA/></HOC_BA>")
    assert (structure.code, structure.xpath) == ("SIG-140", "/HOC_BA/DU_LIEU_HOC_BA")
    assert structure.value == "THONG_TIN_HOC_BA"
    assert level.code == "CON-607"


def test_another_root_has_no_level_to_look_for() -> None:
    (finding,) = refusal("<BAN_TIN><NOI_DUNG/></BAN_TIN>")
    assert (finding.code, finding.xpath) == ("SIG-140", "/BAN_TIN")


def test_faults_of_the_bytes_are_told_beside_an_unknown_level() -> None:
    edits = ((LEVEL, ""), ("<CBQL>", '<CBQL xmlns:x="urn:mau">'))
    assert [found.code for found in refusal("\ufeff" + levels.PRIMARY, *edits)] == [
        "SIG-115",
        "SIG-130",
        "CON-607",
    ]


@pytest.mark.parametrize("curriculum", CURRICULA.values(), ids=lambda one: one.level)
def test_every_code_of_a_programme_is_a_subject_of_its_level(curriculum: Curriculum) -> None:
    for programme in curriculum.programmes:
        assert set(programme.codes) <= set(curriculum.subjects)
        assert len(set(programme.codes)) == len(programme.codes)
        assert (programme.choices > 0) == bool(programme.chosen)
        assert set(programme.spared_qualities) <= set(QUALITIES)
    assert len(set(curriculum.grades)) == len(curriculum.grades)


@pytest.mark.parametrize("curriculum", CURRICULA.values(), ids=lambda one: one.level)
def test_a_level_and_its_schema_know_the_same_grades(curriculum: Curriculum) -> None:
    texts = {"02": levels.PRIMARY, "03": levels.THCS, "04": levels.THPT, "05": levels.GDTX}
    text = texts[curriculum.level]
    grade = text[text.index("<KHOI_ID>") + 9 :][:2]
    for number in range(14):
        other = text.replace(f"<KHOI_ID>{grade}", f"<KHOI_ID>{number:02d}")
        clean = open_document(other.encode(), HOC_BA_1).findings == ()
        assert clean == (f"{number:02d}" in curriculum.grades), number


def test_upper_secondary_students_take_eight_subjects_and_four_of_nine() -> None:
    (programme,) = THPT.programmes
    assert (len(programme.compulsory), len(programme.chosen), programme.choices) == (8, 9, 4)


def test_every_school_grade_belongs_to_one_level() -> None:
    grades = [grade for one in CURRICULA.values() if one is not GDTX for grade in one.grades]
    assert grades == [f"{grade:02d}" for grade in range(1, 13)]
