"""From verified canonical octets to a typed transcript (profiles `hoc-ba-1`, every level)."""

from functools import cache

from app.engine import Unplain, native
from app.transcripts.content import School, Student, Transcript
from app.transcripts.curriculum import PRIMARY
from app.transcripts.fields import Record, name_at, record_of
from app.transcripts.finding import DocumentRefused, Finding
from app.transcripts.limits import TRANSCRIPT_LIMITS
from app.transcripts.profile import HOC_BA_1, Profile
from app.transcripts.record_reader import read_primary, read_secondary
from app.transcripts.values import day_at, flag_at, number_at
from app.transcripts.xml import read_canonical

_WITHIN = (
    TRANSCRIPT_LIMITS.depth,
    TRANSCRIPT_LIMITS.elements,
    TRANSCRIPT_LIMITS.attributes,
    0,
    0,
    TRANSCRIPT_LIMITS.text,
)
"""What the content may have at most, which has been read before as a part of its document."""


def read_transcript(canonical: bytes, profile: Profile) -> Transcript:
    """Read what the signatures attest.

    Args:
        canonical: the canonical octets of the element that principal and school signed
            (`DU_LIEU_HOC_BA`), their digest verified.
        profile: the profile that the document was opened with.

    Raises:
        DocumentRefused: SIG-140, something that the schema should have caught.
    """
    content = _cut(canonical, profile)
    # What does not fit, the tree says.
    return _plainly_read(content, profile) or _transcript(_opened(content, profile), profile)


def _plainly_read(content: bytes, profile: Profile) -> Transcript | None:
    engine = native()
    if engine is None:
        return None
    record = engine.read(content, (), *_WITHIN)
    try:
        return None if record is None else _transcript(record, profile)
    except Unplain:
        return None


def _opened(content: bytes, profile: Profile) -> Record:
    """Open the content as a tree, below the element that it stands in: refusals name both."""
    _, data_name, content_name = profile.content.rsplit("/", 2)
    octets = b"<%b>%b</%b>" % (data_name.encode(), content, data_name.encode())
    return record_of(read_canonical(octets)).child_at(content_name)


def _transcript(content: Record, profile: Profile) -> Transcript:
    level = content.text_at("CAP_HOC_ID")
    known = HOC_BA_1.profiles.get(level)
    if known is None or known.id != profile.id:
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


def _cut(canonical: bytes, profile: Profile) -> bytes:
    """Cut the content out of the octets, without the signatures behind it.

    In canonical octets "<" is nothing but the start of a tag, so the name finds the element, of
    which the schema allows one.
    """
    data, begin, end = _tags(profile.content)
    if not canonical.startswith(data):
        raise DocumentRefused(Finding(code="SIG-140", xpath=f"/{profile.content.split('/')[-2]}"))
    return canonical[canonical.find(begin) : canonical.rfind(end) + len(end)]


@cache
def _tags(content: str) -> tuple[bytes, bytes, bytes]:
    """Write the tags that begin the signed element, and begin and end the content in it."""
    _, data_name, content_name = content.encode().rsplit(b"/", 2)
    return b"<%b " % data_name, b"<%b " % content_name, b"</%b>" % content_name


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
