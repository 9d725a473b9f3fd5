"""The valid transcript and the valid package that every vector changes in one place.

Signatures here have the shape of real ones and no cryptographic meaning: these documents test what
is read before any signature is.
"""

DS = "http://www.w3.org/2000/09/xmldsig#"
XADES = "http://uri.etsi.org/01903/v1.3.2#"
C14N = "http://www.w3.org/2001/10/xml-exc-c14n#"
RSA = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"


def signature(*uris: str, extra: str = "", prefix: str = "ds") -> str:
    """Write a ds:Signature over the URIs; `extra` are ds:Object elements."""
    name = f"{prefix}:" if prefix else ""
    declaration = f'xmlns:{prefix}="{DS}"' if prefix else f'xmlns="{DS}"'
    references = "".join(
        f'<{name}Reference URI="{uri}"><{name}Transforms><{name}Transform Algorithm="{C14N}"/>'
        f'</{name}Transforms><{name}DigestMethod Algorithm="{SHA256}"/>'
        f"<{name}DigestValue>bcPoSkEsL6f3kSH1OCuDQxkbI8o5H0qnXHNSlc5YjVE=</{name}DigestValue>"
        f"</{name}Reference>"
        for uri in uris
    )
    return (
        f"<{name}Signature {declaration}><{name}SignedInfo>"
        f'<{name}CanonicalizationMethod Algorithm="{C14N}"/>'
        f'<{name}SignatureMethod Algorithm="{RSA}"/>{references}</{name}SignedInfo>'
        f"<{name}SignatureValue>TWFu\nTWFu&#13;\nTWFu</{name}SignatureValue><{name}KeyInfo>"
        f"<{name}X509Data><{name}X509Certificate>TWFu</{name}X509Certificate></{name}X509Data>"
        f"</{name}KeyInfo>{extra}</{name}Signature>"
    )


_PROPERTIES = f"""<ds:Object><xades:QualifyingProperties xmlns:xades="{XADES}" Target="#ky-gvcn">\
<xades:SignedProperties Id="thuoc-tinh-gvcn"><xades:SignedSignatureProperties>\
<xades:SigningTime>2025-06-10T08:00:00+07:00</xades:SigningTime><xades:SigningCertificateV2>\
<xades:Cert><xades:CertDigest><ds:DigestMethod Algorithm="{SHA256}"/>\
<ds:DigestValue>bcPoSkEsL6f3kSH1OCuDQxkbI8o5H0qnXHNSlc5YjVE=</ds:DigestValue></xades:CertDigest>\
<xades:IssuerSerialV2>TWFu</xades:IssuerSerialV2></xades:Cert></xades:SigningCertificateV2>\
</xades:SignedSignatureProperties></xades:SignedProperties><xades:UnsignedProperties>\
<xades:UnsignedSignatureProperties><xades:SignatureTimeStamp>\
<ds:CanonicalizationMethod Algorithm="{C14N}"/>\
<xades:EncapsulatedTimeStamp>TWFu</xades:EncapsulatedTimeStamp></xades:SignatureTimeStamp>\
</xades:UnsignedSignatureProperties></xades:UnsignedProperties></xades:QualifyingProperties>\
</ds:Object>"""

_TIME = """<ds:Object Id="thoi-gian-ky"><ds:SignatureProperties><ds:SignatureProperty \
Target="#ky-cbql"><SigningTime>2025-06-10T08:30:00</SigningTime></ds:SignatureProperty>\
</ds:SignatureProperties></ds:Object>"""

TRANSCRIPT = f"""<?xml version="1.0" encoding="UTF-8"?>
<HOC_BA>
  <DU_LIEU_HOC_BA Id="data">
    <THONG_TIN_HOC_BA Id="thongtinhocba">
      <NAM_BAT_DAU>2024</NAM_BAT_DAU>
      <NAM_KET_THUC>2025</NAM_KET_THUC>
      <CAP_HOC_ID>03</CAP_HOC_ID>
      <KHOI_ID>07</KHOI_ID>
      <LOP_HOC_ID>48000123-7A2-2024</LOP_HOC_ID>
      <TEN_LOP_HOC>7A2</TEN_LOP_HOC>
      <SO_SO_DANG_BO>0456/THCS</SO_SO_DANG_BO>
      <CO_KHUYET_TAT_KHONG_DANH_GIA>0</CO_KHUYET_TAT_KHONG_DANH_GIA>
      <CO_SO_GIAO_DUC>
        <CO_SO_GIAO_DUC_ID>48000123</CO_SO_GIAO_DUC_ID>
        <TEN_CO_SO_GIAO_DUC>Trường THCS Mẫu Số Hai</TEN_CO_SO_GIAO_DUC>
        <MA_SO_GD>48</MA_SO_GD>
        <DIA_CHI>
          <TINH_THANH_ID>48</TINH_THANH_ID>
          <TEN_TINH_THANH>Thành phố Đà Nẵng</TEN_TINH_THANH>
          <QUAN_HUYEN_ID>490</QUAN_HUYEN_ID>
          <TEN_QUAN_HUYEN>Quận Mẫu</TEN_QUAN_HUYEN>
          <PHUONG_XA_ID>20194</PHUONG_XA_ID>
          <TEN_PHUONG_XA>Phường Mẫu</TEN_PHUONG_XA>
        </DIA_CHI>
      </CO_SO_GIAO_DUC>
      <NGUOI_HOC>
        <NGUOI_HOC_ID>4800012324000456</NGUOI_HOC_ID>
        <HO_VA_TEN>Đặng Thị Mẫu Hằng</HO_VA_TEN>
        <GIOI_TINH_ID>2</GIOI_TINH_ID>
        <NGAY_SINH>2012-02-29</NGAY_SINH>
        <DAN_TOC>Kinh</DAN_TOC>
        <QUOC_TICH>Việt Nam</QUOC_TICH>
        <SO_DINH_DANH_CA_NHAN>048312000456</SO_DINH_DANH_CA_NHAN>
        <NOI_SINH>Thành phố Đà Nẵng</NOI_SINH>
        <THONG_TIN_ME><HO_VA_TEN>Lý Thị Mẫu</HO_VA_TEN><NGHE_NGHIEP/></THONG_TIN_ME>
      </NGUOI_HOC>
      <BANG_DIEM_HOC_BA>
        <DIEM_TONG_KET Id="mon-19">
          <MON_HOC_ID>19</MON_HOC_ID>
          <TEN_MON_HOC>Ngữ văn</TEN_MON_HOC>
          <DIEM_HOC_KY_1>7.5</DIEM_HOC_KY_1>
          <DIEM_HOC_KY_2>8.0</DIEM_HOC_KY_2>
          <DIEM_CA_NAM>7.8</DIEM_CA_NAM>
          <DIEM_SAU_DANH_GIA_LAI/>
          <NHAN_XET>Viết tốt &amp; đọc nhiều.</NHAN_XET>
          <GVBM Id="4815131060"><HO_VA_TEN>Ngô Văn Mẫu</HO_VA_TEN></GVBM>
        </DIEM_TONG_KET>
        <DIEM_TONG_KET Id="mon-26">
          <MON_HOC_ID>26</MON_HOC_ID>
          <TEN_MON_HOC>Giáo dục công dân</TEN_MON_HOC>
          <DIEM_HOC_KY_1>9</DIEM_HOC_KY_1>
          <DIEM_HOC_KY_2>10</DIEM_HOC_KY_2>
          <DIEM_CA_NAM>9.7</DIEM_CA_NAM>
          <GVBM Id="4815131060"><HO_VA_TEN>Ngô Văn Mẫu</HO_VA_TEN></GVBM>
        </DIEM_TONG_KET>
        <DIEM_TONG_KET Id="mon-97">
          <MON_HOC_ID>97</MON_HOC_ID>
          <TEN_MON_HOC>Nghệ thuật</TEN_MON_HOC>
          <DIEM_HOC_KY_1>CĐ</DIEM_HOC_KY_1>
          <DIEM_HOC_KY_2>Đ</DIEM_HOC_KY_2>
          <DIEM_CA_NAM>Đ</DIEM_CA_NAM>
          <GVBM Id="4815131077"><HO_VA_TEN>Bùi Thị Mẫu</HO_VA_TEN></GVBM>
        </DIEM_TONG_KET>
      </BANG_DIEM_HOC_BA>
      <TONG_KET_HOC_BA>
        <KET_QUA_REN_LUYEN_KY_1_ID>K</KET_QUA_REN_LUYEN_KY_1_ID>
        <KET_QUA_HOC_TAP_KY_1_ID>K</KET_QUA_HOC_TAP_KY_1_ID>
        <KET_QUA_REN_LUYEN_KY_2_ID>T</KET_QUA_REN_LUYEN_KY_2_ID>
        <KET_QUA_HOC_TAP_KY_2_ID>Đ</KET_QUA_HOC_TAP_KY_2_ID>
        <KET_QUA_REN_LUYEN_NAM_ID>T</KET_QUA_REN_LUYEN_NAM_ID>
        <KET_QUA_HOC_TAP_NAM_ID>CĐ</KET_QUA_HOC_TAP_NAM_ID>
        <KET_QUA_HOC_TAP_HE_ID>Đ</KET_QUA_HOC_TAP_HE_ID>
        <SO_BUOI_NGHI_HOC>3</SO_BUOI_NGHI_HOC>
        <DUOC_LEN_LOP>1</DUOC_LEN_LOP>
        <NOI_DUNG_LEN_LOP>Được lên lớp 8 sau đánh giá lại</NOI_DUNG_LEN_LOP>
        <KHEN_THUONG/>
      </TONG_KET_HOC_BA>
      <GVCN Id="4815131077"><HO_VA_TEN>Bùi Thị Mẫu</HO_VA_TEN></GVCN>
      <GIAM_HIEU_KY_HOC_BA><HO_VA_TEN>Hồ Văn Mẫu</HO_VA_TEN>\
<CHUC_VU_CONG_TAC>Phó Hiệu trưởng</CHUC_VU_CONG_TAC></GIAM_HIEU_KY_HOC_BA>
      <DIA_DANH_PHAT_HANH>Thành phố Đà Nẵng</DIA_DANH_PHAT_HANH>
      <NGAY_KY_PHAT_HANH>2025-06-10</NGAY_KY_PHAT_HANH>
    </THONG_TIN_HOC_BA>
    <DANH_SACH_THONG_TIN_KY>
      <DANH_SACH_GVBM>
        <GVBM Id="4815131060">{signature("#mon-19", "#mon-26")}</GVBM>
        <GVBM Id="4815131077">{signature("#mon-97", prefix="")}</GVBM>
      </DANH_SACH_GVBM>
      <GVCN>{signature("#thongtinhocba", "#thuoc-tinh-gvcn", extra=_PROPERTIES)}</GVCN>
    </DANH_SACH_THONG_TIN_KY>
  </DU_LIEU_HOC_BA>
  <PHAT_HANH_HOC_BA>
    <CBQL>{signature("#data", "#thoi-gian-ky", extra=_TIME)}</CBQL>
    <KY_PHAT_HANH>{signature("#data")}</KY_PHAT_HANH>
  </PHAT_HANH_HOC_BA>
</HOC_BA>
"""

PACKAGE = f"""<?xml version="1.0" encoding="UTF-8"?>
<BAN_TIN>
  <NOI_DUNG Id="noidung">
    <BAN_TIN_ID>48000123-20250610-0002</BAN_TIN_ID>
    <MUC_DICH_BAN_TIN>01</MUC_DICH_BAN_TIN>
    <LOAI_DU_LIEU_SO>01</LOAI_DU_LIEU_SO>
    <NOI_TAO_BAN_TIN>
      <CO_QUAN_DON_VI_ID>48000123</CO_QUAN_DON_VI_ID>
      <TEN_CO_QUAN_DON_VI>Trường THCS Mẫu Số Hai</TEN_CO_QUAN_DON_VI>
    </NOI_TAO_BAN_TIN>
    <NGAY_TAO_BAN_TIN>2025-06-10T09:30:00+07:00</NGAY_TAO_BAN_TIN>
    <DANH_SACH_HOC_BA SO_LUONG="3">
      <HOC_BA_SO><MA_HOC_SINH>4800012324000456</MA_HOC_SINH>\
<DU_LIEU_SO_GOC>PEhPQ19CQT5t4bqrdSAxPC9IT0NfQkE+</DU_LIEU_SO_GOC></HOC_BA_SO>
      <HOC_BA_SO><MA_HOC_SINH>4800012324000457</MA_HOC_SINH>
        <DU_LIEU_SO_GOC>
PEhPQ19CQT5t4bqrdSAy&#13;
PC9IT0NfQkE+
</DU_LIEU_SO_GOC></HOC_BA_SO>
      <HOC_BA_SO><MA_HOC_SINH>4800012324000458</MA_HOC_SINH>\
<DU_LIEU_SO_GOC>không phải base64</DU_LIEU_SO_GOC></HOC_BA_SO>
    </DANH_SACH_HOC_BA>
  </NOI_DUNG>
  <KY_PHAT_HANH_GOI_TIN>{signature("#noidung")}</KY_PHAT_HANH_GOI_TIN>
</BAN_TIN>
"""


def changed(document: str, old: str, new: str) -> str:
    """Replace the first occurrence of a text that must be there."""
    if old not in document:
        raise ValueError(old)
    return document.replace(old, new, 1)
