"""Writing an unsigned transcript in the field's own XML (profile `hoc-ba-1`, level 03)."""

from xml.sax.saxutils import escape

from app.sandbox.classes import WARDS_FROM, StudentYear, SubjectYear
from app.sandbox.people import Parent

LAST_GRADE = 9
"""The grade that ends lower secondary school."""


def write_transcript(year: StudentYear) -> bytes:
    """Write one student's file: UTF-8 without BOM, line feeds, every signature slot empty."""
    spec = year.spec
    slots = "".join(f'        <GVBM Id="{each}"/>\n' for each in _teacher_ids(year))
    lines = "".join(map(_subject_line, year.subjects))
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<HOC_BA>
  <DU_LIEU_HOC_BA Id="data">
    <THONG_TIN_HOC_BA Id="thongtinhocba">
      <NAM_BAT_DAU>{spec.start_year}</NAM_BAT_DAU>
      <NAM_KET_THUC>{spec.start_year + 1}</NAM_KET_THUC>
      <CAP_HOC_ID>03</CAP_HOC_ID>
      <KHOI_ID>{spec.grade:02d}</KHOI_ID>
      <LOP_HOC_ID>{escape(year.class_id)}</LOP_HOC_ID>
      <TEN_LOP_HOC>{escape(spec.class_name)}</TEN_LOP_HOC>
      <SO_SO_DANG_BO>{year.register_number}</SO_SO_DANG_BO>
      <CO_KHUYET_TAT_KHONG_DANH_GIA>0</CO_KHUYET_TAT_KHONG_DANH_GIA>
{_school(year)}{_student(year)}      <BANG_DIEM_HOC_BA>
{lines}      </BANG_DIEM_HOC_BA>
{_result(year)}      <GVCN Id="{year.homeroom.id}">\
<HO_VA_TEN>{escape(year.homeroom.full_name)}</HO_VA_TEN></GVCN>
      <GIAM_HIEU_KY_HOC_BA><HO_VA_TEN>{escape(year.school.principal.full_name)}</HO_VA_TEN>\
<CHUC_VU_CONG_TAC>{escape(year.school.principal.position)}</CHUC_VU_CONG_TAC></GIAM_HIEU_KY_HOC_BA>
      <DIA_DANH_PHAT_HANH>{escape(year.school.province_name)}</DIA_DANH_PHAT_HANH>
      <NGAY_KY_PHAT_HANH>{spec.issued_on.isoformat()}</NGAY_KY_PHAT_HANH>
    </THONG_TIN_HOC_BA>
    <DANH_SACH_THONG_TIN_KY>
      <DANH_SACH_GVBM>
{slots}      </DANH_SACH_GVBM>
      <GVCN/>
    </DANH_SACH_THONG_TIN_KY>
  </DU_LIEU_HOC_BA>
  <PHAT_HANH_HOC_BA>
    <CBQL/>
    <KY_PHAT_HANH/>
  </PHAT_HANH_HOC_BA>
</HOC_BA>
""".encode()


def _teacher_ids(year: StudentYear) -> list[str]:
    """List each teacher once, in the order of their first subject line."""
    return list(dict.fromkeys(each.teacher.id for each in year.subjects))


def _school(year: StudentYear) -> str:
    school = year.school
    district = """          <QUAN_HUYEN_ID>760</QUAN_HUYEN_ID>
          <TEN_QUAN_HUYEN>Quận Mẫu</TEN_QUAN_HUYEN>
"""
    return f"""      <CO_SO_GIAO_DUC>
        <CO_SO_GIAO_DUC_ID>{escape(school.code)}</CO_SO_GIAO_DUC_ID>
        <TEN_CO_SO_GIAO_DUC>{escape(school.name)}</TEN_CO_SO_GIAO_DUC>
        <MA_SO_GD>{school.province_code}</MA_SO_GD>
        <DIA_CHI>
          <TINH_THANH_ID>{school.province_code}</TINH_THANH_ID>
          <TEN_TINH_THANH>{escape(school.province_name)}</TEN_TINH_THANH>
{district if year.spec.start_year < WARDS_FROM else ""}\
          <PHUONG_XA_ID>26734</PHUONG_XA_ID>
          <TEN_PHUONG_XA>Phường Mẫu</TEN_PHUONG_XA>
        </DIA_CHI>
      </CO_SO_GIAO_DUC>
"""


def _student(year: StudentYear) -> str:
    one = year.student
    number = f"        <SO_DINH_DANH_CA_NHAN>{one.personal_number}</SO_DINH_DANH_CA_NHAN>\n"
    return f"""      <NGUOI_HOC>
        <NGUOI_HOC_ID>{escape(one.code)}</NGUOI_HOC_ID>
        <HO_VA_TEN>{escape(one.full_name)}</HO_VA_TEN>
        <GIOI_TINH_ID>{one.gender}</GIOI_TINH_ID>
        <NGAY_SINH>{one.birth_date}</NGAY_SINH>
        <DAN_TOC>{one.ethnic_group}</DAN_TOC>
        <QUOC_TICH>Việt Nam</QUOC_TICH>
{number if one.personal_number else ""}\
        <NOI_SINH>{one.home_province}</NOI_SINH>
        <QUE_QUAN>{one.home_province}</QUE_QUAN>
        <NOI_O_HIEN_TAI>{one.house_number} Đường Mẫu, Phường Mẫu</NOI_O_HIEN_TAI>
        {_parent("THONG_TIN_CHA", one.father)}
        {_parent("THONG_TIN_ME", one.mother)}
      </NGUOI_HOC>
"""


def _parent(element: str, one: Parent) -> str:
    name = f"<HO_VA_TEN>{escape(one.full_name)}</HO_VA_TEN>"
    return f"<{element}>{name}<NGHE_NGHIEP>{escape(one.job)}</NGHE_NGHIEP></{element}>"


def _subject_line(each: SubjectYear) -> str:
    teacher = each.teacher
    return f"""        <DIEM_TONG_KET Id="mon-{each.subject.code}">
          <MON_HOC_ID>{each.subject.code}</MON_HOC_ID>
          <TEN_MON_HOC>{escape(each.subject.name)}</TEN_MON_HOC>
          <DIEM_HOC_KY_1>{each.marks.semester_1}</DIEM_HOC_KY_1>
          <DIEM_HOC_KY_2>{each.marks.semester_2}</DIEM_HOC_KY_2>
          <DIEM_CA_NAM>{each.marks.year}</DIEM_CA_NAM>
          <NHAN_XET>{escape(each.remark)}</NHAN_XET>
          <GVBM Id="{teacher.id}"><HO_VA_TEN>{escape(teacher.full_name)}</HO_VA_TEN></GVBM>
        </DIEM_TONG_KET>
"""


def _result(year: StudentYear) -> str:
    grade = year.spec.grade
    next_step = f"Được lên lớp {grade + 1}"
    if grade == LAST_GRADE:
        next_step = "Hoàn thành chương trình giáo dục trung học cơ sở"
    study_1, study_2, study = year.study
    award = f"        <KHEN_THUONG>{year.award}</KHEN_THUONG>\n" if year.award else ""
    return f"""      <TONG_KET_HOC_BA>
        <KET_QUA_REN_LUYEN_KY_1_ID>{year.conduct}</KET_QUA_REN_LUYEN_KY_1_ID>
        <KET_QUA_HOC_TAP_KY_1_ID>{study_1}</KET_QUA_HOC_TAP_KY_1_ID>
        <KET_QUA_REN_LUYEN_KY_2_ID>{year.conduct}</KET_QUA_REN_LUYEN_KY_2_ID>
        <KET_QUA_HOC_TAP_KY_2_ID>{study_2}</KET_QUA_HOC_TAP_KY_2_ID>
        <KET_QUA_REN_LUYEN_NAM_ID>{year.conduct}</KET_QUA_REN_LUYEN_NAM_ID>
        <KET_QUA_HOC_TAP_NAM_ID>{study}</KET_QUA_HOC_TAP_NAM_ID>
        <SO_BUOI_NGHI_HOC>{year.absences}</SO_BUOI_NGHI_HOC>
        <DUOC_LEN_LOP>1</DUOC_LEN_LOP>
        <NOI_DUNG_LEN_LOP>{next_step}</NOI_DUNG_LEN_LOP>
{award}        <NHAN_XET_TONG_HOP>{escape(year.summary)}</NHAN_XET_TONG_HOP>
      </TONG_KET_HOC_BA>
"""
