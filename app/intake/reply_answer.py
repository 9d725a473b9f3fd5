"""The reply as JSON, in the field's own names: the same content as the signed XML, unsigned."""

from lxml import etree
from pydantic import BaseModel, ConfigDict, Field

from app.transcripts.limits import PACKAGE_LIMITS
from app.transcripts.xml import read_xml


class ReplyError(BaseModel):
    """One coded finding (LOI)."""

    loi_xu_ly_du_lieu_id: str = Field(description="Mã lỗi", examples=["SIG-300"])
    ten_loi_xu_ly_du_lieu: str = Field(description="Nội dung lỗi")


class ReplyItem(BaseModel):
    """One item of the reply (Item)."""

    ma_hoc_sinh: str = Field(description="Mã học sinh")
    ten_hoc_sinh: str = Field(description="Họ và tên; rỗng khi bị từ chối")
    ma_dinh_danh_hoc_ba: str = Field(description="Mã tra cứu học bạ số; rỗng khi bị từ chối")
    trang_thai: str = Field(description="1 thành công, 0 có lỗi", examples=["1"])
    DANH_SACH_LOI: list[ReplyError] = Field(description="Lỗi, cảnh báo và thông tin")


class ReplyItems(BaseModel):
    """The items (Items)."""

    Item: list[ReplyItem] = Field(description="Kết quả từng học bạ, theo thứ tự gói tin")


class ReplyResult(BaseModel):
    """The result (Result)."""

    Items: ReplyItems = Field(description="Danh sách kết quả")


class ReplyBody(BaseModel):
    """The body (Body)."""

    Result: ReplyResult = Field(description="Kết quả")


class ReplyAnswer(BaseModel):
    """The reply's signed content in the field's own names (bản tin trả lời dạng JSON, không ký)."""

    model_config = ConfigDict(title="ReplyAnswer")

    BAN_TIN_ID: str = Field(description="Mã bản tin của trường")
    GOI_TIN_ID: str = Field(description="Mã tiếp nhận của kho")
    MA_BAM_GOI_TIN: str = Field(description="SHA-256 của gói tin, dạng hex")
    MUC_DICH_BAN_TIN: str = Field(description="Mục đích bản tin")
    CO_QUAN_DON_VI_ID: str = Field(description="Mã cơ sở giáo dục")
    NGAY_TIEP_NHAN: str = Field(description="Thời điểm tiếp nhận")
    NGAY_XU_LY: str = Field(description="Thời điểm có kết quả")
    TONG_SO: str = Field(description="Tổng số")
    SO_DUYET: str = Field(description="Số được duyệt")
    SO_TU_CHOI: str = Field(description="Số bị từ chối")
    DANH_SACH_LOI: list[ReplyError] = Field(description="Lỗi và cảnh báo của cả gói tin")
    Body: ReplyBody = Field(description="Kết quả từng học bạ")


def reply_answer(body: bytes) -> ReplyAnswer:
    """Read a reply that the repository made; blocking.

    Args:
        body: the signed reply as it is kept.
    """
    content = read_xml(body, PACKAGE_LIMITS)[0]
    items = [
        ReplyItem(
            DANH_SACH_LOI=_errors(item),
            **{child.tag: child.text or "" for child in item if child.tag != "DANH_SACH_LOI"},
        )
        for item in content.iterfind("Body/Result/Items/Item")
    ]
    head = {child.tag: child.text or "" for child in content if not len(child)}
    head.pop("DANH_SACH_LOI", None)
    return ReplyAnswer(
        DANH_SACH_LOI=_errors(content),
        Body=ReplyBody(Result=ReplyResult(Items=ReplyItems(Item=items))),
        **head,
    )


def wants_json(accept: str | None) -> bool:
    """Tell whether an Accept header puts JSON before XML (RFC 9110 section 12.5.1)."""
    weights = {"application/json": 0.0, "application/xml": 0.0}
    for choice in (accept or "").split(","):
        name, _, parameters = choice.partition(";")
        if name.strip().lower() in weights:
            weights[name.strip().lower()] = _weight(parameters)
    return weights["application/json"] > weights["application/xml"]


def _weight(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name.strip().lower() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0


def _errors(element: etree._Element) -> list[ReplyError]:
    return [
        ReplyError(**{str(child.tag): child.text or "" for child in error})
        for error in element.iterfind("DANH_SACH_LOI/LOI")
    ]
