"""From verified canonical octets to a typed transcript (profiles `hoc-ba-1`, every level)."""

from contextlib import suppress

from app.engine import native
from app.transcripts.content import School, Student, Transcript
from app.transcripts.curriculum import PRIMARY
from app.transcripts.fields import Record, name_at, record_of
from app.transcripts.finding import DocumentRefused, Finding
from app.transcripts.profile import HOC_BA_1, Profile
from app.transcripts.record_reader import read_primary, read_secondary
from app.transcripts.values import day_at, flag_at, number_at
from app.transcripts.xml import read_canonical


def read_transcript(canonical: bytes, profile: Profile) -> Transcript:
    """Read what the signatures attest.

    Args:
        canonical: the canonical octets of the element that principal and school signed
            (`DU_LIEU_HOC_BA`), their digest verified.
        profile: the profile that the document was opened with.

    Raises:
        DocumentRefused: SIG-140, something that the schema should have caught.
    """
    data_name, content_name = profile.content.split("/")[-2:]
    octets = _cut(canonical, data_name, content_name)
    engine = native()
    if engine is not None:
        # What does not fit, the tree says.
        with suppress(engine.unreadable):
            record = engine.records(octets)
            if record is not None:
                return _transcript(record.child_at(content_name), profile)
    return _transcript(record_of(read_canonical(octets)).child_at(content_name), profile)


def _transcript(content: Record, profile: Profile) -> Transcript:
    level = content.text_at("CAP_HOC_ID")
    if level not in HOC_BA_1.profiles or HOC_BA_1.profiles[level].id != profile.id:
        raise content.misfit("CAP_HOC_ID", level)
    return Transcript(
        profile_id=profile.id,
        start_year=number_at(content, "NAM_BAT_DAU"),
        end_year=number_at(content, "NAM_KET_THUC"),
        level=level,
        grade=content.text_at("KHOI_ID"),
        class_id=content.text_at("LOP_HOC_ID"),
        class_name=name_at(content, "TEN_LOP_HOC"),
        register_number=content.optional_at("SO_SO_DANG_BO") or "",
        not_assessed=flag_at(content, "CO_KHUYET_TAT_KHONG_DANH_GIA"),
        school=_school(content.child_at("CO_SO_GIAO_DUC")),
        student=_student(content.child_at("NGUOI_HOC")),
        record=(read_primary if level == PRIMARY.level else read_secondary)(content),
        homeroom_teacher_id=content.child_at("GVCN").attribute_of("Id"),
        homeroom_teacher_name=name_at(content, "GVCN/HO_VA_TEN"),
        principal_name=name_at(content, "GIAM_HIEU_KY_HOC_BA/HO_VA_TEN"),
        principal_position=name_at(content, "GIAM_HIEU_KY_HOC_BA/CHUC_VU_CONG_TAC"),
        issued_at_place=name_at(content, "DIA_DANH_PHAT_HANH"),
        issued_on=day_at(content, "NGAY_KY_PHAT_HANH"),
    )


def _cut(canonical: bytes, data_name: str, content_name: str) -> bytes:
    """Cut the content out of the octets, without the signatures behind it.

    In canonical octets "<" is nothing but the start of a tag, so the name finds the element, of
    which the schema allows one.
    """
    if not canonical.startswith(f"<{data_name} ".encode()):
        raise DocumentRefused(Finding(code="SIG-140", xpath=f"/{data_name}"))
    start = canonical.find(f"<{content_name} ".encode())
    last = f"</{content_name}>".encode()
    content = canonical[start : canonical.rfind(last) + len(last)]
    return b"<%b>%b</%b>" % (data_name.encode(), content, data_name.encode())


def _school(element: Record) -> School:
    return School(
        code=element.text_at("CO_SO_GIAO_DUC_ID"),
        name=name_at(element, "TEN_CO_SO_GIAO_DUC"),
        department_code=element.text_at("MA_SO_GD"),
        province_code=element.text_at("DIA_CHI/TINH_THANH_ID"),
        province_name=name_at(element, "DIA_CHI/TEN_TINH_THANH"),
    )


def _student(element: Record) -> Student:
    return Student(
        code=element.text_at("NGUOI_HOC_ID"),
        full_name=name_at(element, "HO_VA_TEN"),
        gender=element.text_at("GIOI_TINH_ID"),
        birth_date=element.text_at("NGAY_SINH"),
        nationality=element.optional_at("QUOC_TICH"),
        personal_number=element.optional_at("SO_DINH_DANH_CA_NHAN"),
        passport_number=element.optional_at("SO_HO_CHIEU"),
    )
