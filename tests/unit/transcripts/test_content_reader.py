from datetime import date
from decimal import Decimal

import pytest
from lxml import etree

from app.transcripts.content import (
    Rating,
    School,
    SecondaryRecord,
    Student,
    SubjectLine,
    Transcript,
    YearResult,
)
from app.transcripts.content_reader import read_transcript
from app.transcripts.finding import DocumentRefused, Finding
from app.transcripts.limits import TRANSCRIPT_LIMITS
from app.transcripts.profile import HOC_BA_1_THCS
from app.transcripts.xml import read_xml
from tests.vectors.transcripts.base import TRANSCRIPT, changed

CONTENT = "/DU_LIEU_HOC_BA/THONG_TIN_HOC_BA"


def read(*edits: tuple[str, str]) -> Transcript:
    text = TRANSCRIPT
    for edit in edits:
        text = changed(text, *edit)
    root = read_xml(text.encode(), TRANSCRIPT_LIMITS)
    return read_transcript(etree.tostring(root[0], method="c14n"), HOC_BA_1_THCS)


def secondary(transcript: Transcript) -> SecondaryRecord:
    assert isinstance(transcript.record, SecondaryRecord)
    return transcript.record


def test_the_whole_transcript_is_read() -> None:
    transcript = read()
    assert transcript == Transcript(
        profile_id="hoc-ba-1/03",
        start_year=2024,
        end_year=2025,
        level="03",
        grade="07",
        class_id="48000123-7A2-2024",
        class_name="7A2",
        register_number="0456/THCS",
        not_assessed=False,
        school=School(
            code="48000123",
            name="Trường THCS Mẫu Số Hai",
            department_code="48",
            province_code="48",
            province_name="Thành phố Đà Nẵng",
        ),
        student=Student(
            code="4800012324000456",
            full_name="Đặng Thị Mẫu Hằng",
            gender="2",
            birth_date="2012-02-29",
            nationality="Việt Nam",
            personal_number="048312000456",
            passport_number=None,
        ),
        record=SecondaryRecord(
            subjects=secondary(transcript).subjects,
            result=YearResult(
                conduct_1=Rating.FAIR,
                conduct_2=Rating.GOOD,
                conduct=Rating.GOOD,
                conduct_reassessed=None,
                study_1=Rating.FAIR,
                study_2=Rating.PASSED,
                study=Rating.NOT_PASSED,
                study_reassessed=Rating.PASSED,
                absences=3,
                promoted=True,
                award=None,
            ),
        ),
        homeroom_teacher_id="4815131077",
        homeroom_teacher_name="Bùi Thị Mẫu",
        principal_name="Hồ Văn Mẫu",
        principal_position="Phó Hiệu trưởng",
        issued_at_place="Thành phố Đà Nẵng",
        issued_on=date(2025, 6, 10),
    )


def test_subject_lines_keep_order_marks_and_comments() -> None:
    subjects = secondary(read()).subjects
    assert [line.subject_code for line in subjects] == ["19", "26", "97"]
    assert subjects[0] == SubjectLine(
        id="mon-19",
        subject_code="19",
        subject_name="Ngữ văn",
        semester_1=Decimal("7.5"),
        semester_2=Decimal("8.0"),
        year=Decimal("7.8"),
        reassessed=None,
        teacher_id="4815131060",
        teacher_name="Ngô Văn Mẫu",
    )
    assert (subjects[2].semester_1, subjects[2].year) == (Rating.NOT_PASSED, Rating.PASSED)


def test_names_are_read_composed_and_trimmed() -> None:
    transcript = read(("Đặng Thị Mẫu Hằng", " Đặng Thị Ma\u0302\u0303u Hă\u0300ng\n"))
    assert transcript.student.full_name == "Đặng Thị Mẫu Hằng"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<SO_DINH_DANH_CA_NHAN>048312000456</SO_DINH_DANH_CA_NHAN>", ""),
        ("048312000456", ""),
    ],
)
def test_a_student_may_have_no_personal_number(old: str, new: str) -> None:
    assert read((old, new)).student.personal_number is None


def test_absences_may_be_unknown() -> None:
    unknown = read(("<SO_BUOI_NGHI_HOC>3</SO_BUOI_NGHI_HOC>", ""))
    assert secondary(unknown).result.absences is None


def test_an_award_is_read_as_written() -> None:
    awarded = read(("<KHEN_THUONG/>", "<KHEN_THUONG>Học sinh Giỏi</KHEN_THUONG>"))
    assert secondary(awarded).result.award == "Học sinh Giỏi"


def refusal(old: str, new: str) -> Finding:
    with pytest.raises(DocumentRefused) as caught:
        read((old, new))
    (finding,) = caught.value.findings
    assert finding.code == "SIG-140"
    return finding


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("<CAP_HOC_ID>03", "<CAP_HOC_ID>04", "CAP_HOC_ID"),
        ("<CAP_HOC_ID>03", "<CAP_HOC_ID>99", "CAP_HOC_ID"),
        ("<KHOI_ID>07</KHOI_ID>", "", "KHOI_ID"),
        ("<KHOI_ID>07</KHOI_ID>", "<KHOI_ID/>", "KHOI_ID"),
        ("<KHOI_ID>07", "<KHOI_ID> 07", "KHOI_ID"),
        ("<KHOI_ID>07</KHOI_ID>", "<KHOI_ID>07</KHOI_ID><KHOI_ID>08</KHOI_ID>", "KHOI_ID"),
        ("<KHOI_ID>07", "<KHOI_ID>07<a/>", "KHOI_ID"),
        ("<NAM_BAT_DAU>2024", "<NAM_BAT_DAU>２０２４", "NAM_BAT_DAU"),
        ("<TEN_LOP_HOC>7A2", "<TEN_LOP_HOC> ", "TEN_LOP_HOC"),
        ("DANH_GIA>0<", "DANH_GIA>2<", "CO_KHUYET_TAT_KHONG_DANH_GIA"),
        ("9.7", "9,7", "BANG_DIEM_HOC_BA/DIEM_TONG_KET[2]/DIEM_CA_NAM"),
        ("9.7", "T", "BANG_DIEM_HOC_BA/DIEM_TONG_KET[2]/DIEM_CA_NAM"),
        ("LUYEN_NAM_ID>T", "LUYEN_NAM_ID>TB", "TONG_KET_HOC_BA/KET_QUA_REN_LUYEN_NAM_ID"),
        ("NGHI_HOC>3", "NGHI_HOC>3.5", "TONG_KET_HOC_BA/SO_BUOI_NGHI_HOC"),
        ('<GVCN Id="4815131077">', "<GVCN>", "GVCN/@Id"),
        ("2025-06-10</NGAY", "2025-06-31</NGAY", "NGAY_KY_PHAT_HANH"),
        ("2025-06-10</NGAY", "2025-06-10\n</NGAY", "NGAY_KY_PHAT_HANH"),
    ],
)
def test_what_the_schema_should_have_caught_is_refused_at_its_place(
    old: str, new: str, place: str
) -> None:
    assert refusal(old, new).xpath == f"{CONTENT}/{place}"


def test_every_mark_with_at_most_one_decimal_is_read() -> None:
    tenths = [f"{mark // 10}.{mark % 10}" for mark in range(101)]
    for written in (*map(str, range(11)), *tenths):
        mark = secondary(read(("9.7", written))).subjects[1].year
        assert mark == Decimal(written)
        assert str(mark) == written


@pytest.mark.parametrize("written", ["10.1", "11", "07", "9.", ".9", "9.70", "+9", "1E1", "٩"])
def test_what_is_no_mark_is_refused(written: str) -> None:
    assert refusal("9.7", written).value == written


def test_a_missing_content_is_refused() -> None:
    with pytest.raises(DocumentRefused):
        read_transcript(b"<DU_LIEU_HOC_BA/>", HOC_BA_1_THCS)


def test_a_second_content_is_refused() -> None:
    end = "</THONG_TIN_HOC_BA>"
    assert refusal(end, f"{end}<THONG_TIN_HOC_BA Id='2'>{end}").xpath == CONTENT


def test_octets_of_another_element_are_refused() -> None:
    with pytest.raises(DocumentRefused) as caught:
        read_transcript(b"<HOC_BA/>", HOC_BA_1_THCS)
    assert caught.value.findings[0].code == "SIG-140"


def test_a_prefix_that_nothing_uses_changes_no_value() -> None:
    plain = '<THONG_TIN_HOC_BA Id="thongtinhocba">'
    assert plain in TRANSCRIPT
    declared = plain.replace(" Id", ' xmlns:ds="http://www.w3.org/2000/09/xmldsig#" Id')
    assert read((plain, declared)) == read()
