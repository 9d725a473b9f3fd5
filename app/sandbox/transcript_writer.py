"""Writing an unsigned transcript in the field's own XML (profiles `hoc-ba-1`)."""

from xml.sax.saxutils import escape

from app.sandbox.classes import WARDS_FROM, StudentYear
from app.sandbox.people import Parent
from app.sandbox.record_writer import write_lines, write_result
from app.sandbox.students import Kind


def write_transcript(year: StudentYear) -> bytes:
    """Write one student's file: UTF-8 without BOM, line feeds, every signature slot empty."""
    spec, unassessed = year.spec, year.kind is Kind.NOT_ASSESSED
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<HOC_BA>
  <DU_LIEU_HOC_BA Id="data">
    <THONG_TIN_HOC_BA Id="thongtinhocba">
      <NAM_BAT_DAU>{spec.start_year}</NAM_BAT_DAU>
      <NAM_KET_THUC>{spec.start_year + 1}</NAM_KET_THUC>
      <CAP_HOC_ID>{spec.level}</CAP_HOC_ID>
      <KHOI_ID>{spec.grade:02d}</KHOI_ID>
      <LOP_HOC_ID>{escape(year.class_id)}</LOP_HOC_ID>
      <TEN_LOP_HOC>{escape(spec.class_name)}</TEN_LOP_HOC>
      <SO_SO_DANG_BO>{year.register_number}</SO_SO_DANG_BO>
      <CO_KHUYET_TAT_KHONG_DANH_GIA>{unassessed:d}</CO_KHUYET_TAT_KHONG_DANH_GIA>
{_school(year)}{_student(year)}      <BANG_DIEM_HOC_BA>
{write_lines(year)}      </BANG_DIEM_HOC_BA>
{write_result(year)}      <GVCN Id="{year.homeroom.id}">\
<HO_VA_TEN>{escape(year.homeroom.full_name)}</HO_VA_TEN></GVCN>
      <GIAM_HIEU_KY_HOC_BA><HO_VA_TEN>{escape(year.school.principal.full_name)}</HO_VA_TEN>\
<CHUC_VU_CONG_TAC>{escape(year.school.principal.position)}</CHUC_VU_CONG_TAC></GIAM_HIEU_KY_HOC_BA>
      <DIA_DANH_PHAT_HANH>{escape(year.school.province_name)}</DIA_DANH_PHAT_HANH>
      <NGAY_KY_PHAT_HANH>{spec.issued_on.isoformat()}</NGAY_KY_PHAT_HANH>
    </THONG_TIN_HOC_BA>
    <DANH_SACH_THONG_TIN_KY>
{_teacher_slots(year)}      <GVCN/>
    </DANH_SACH_THONG_TIN_KY>
  </DU_LIEU_HOC_BA>
  <PHAT_HANH_HOC_BA>
    <CBQL/>
    <KY_PHAT_HANH/>
  </PHAT_HANH_HOC_BA>
</HOC_BA>
""".encode()


def _teacher_slots(year: StudentYear) -> str:
    """Write a slot for each teacher once, in the order of their first subject line."""
    if not year.spec.teachers_sign:
        return ""
    ids = dict.fromkeys(each.teacher.id for each in year.subjects)
    slots = "".join(f'        <GVBM Id="{each}"/>\n' for each in ids)
    return f"      <DANH_SACH_GVBM>\n{slots}      </DANH_SACH_GVBM>\n"


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
    passport = f"        <SO_HO_CHIEU>{one.passport_number}</SO_HO_CHIEU>\n"
    return f"""      <NGUOI_HOC>
        <NGUOI_HOC_ID>{escape(one.code)}</NGUOI_HOC_ID>
        <HO_VA_TEN>{escape(one.full_name)}</HO_VA_TEN>
        <GIOI_TINH_ID>{one.gender}</GIOI_TINH_ID>
        <NGAY_SINH>{one.birth_date}</NGAY_SINH>
        <DAN_TOC>{one.ethnic_group}</DAN_TOC>
        <QUOC_TICH>{one.nationality}</QUOC_TICH>
{number if one.personal_number else ""}{passport if one.passport_number else ""}\
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
