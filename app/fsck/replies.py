"""Whether a kept reply is signed by the repository and says what the rows say: pure."""

from collections.abc import Collection, Iterator
from datetime import datetime

from lxml import etree

from app.fsck.findings import Code, Finding
from app.fsck.package_rows import ItemRow, PackageRows
from app.signatures import verify_xmldsig
from app.transcripts.codes import format_code
from app.transcripts.finding import DocumentRefused
from app.transcripts.limits import PACKAGE_LIMITS
from app.transcripts.xml import read_xml

_CONTENT = "NOI_DUNG"
_SIGNED = "/BAN_TIN_TRA_LOI/NOI_DUNG"
_ITEMS = f"{_CONTENT}/Body/Result/Items/Item"
_CODES = "DANH_SACH_LOI/LOI/loi_xu_ly_du_lieu_id"


def check_reply(rows: PackageRows, *, signers: Collection[str]) -> Iterator[Finding]:
    """Verify a reply, as of when it was made, and compare it with the rows.

    Args:
        rows: of a package that has a reply.
        signers: SHA-256 of every certificate that the repository signs or signed replies with.
    """
    body = rows.row.reply or b""
    if not _is_signed(body, signers, rows.row.replied_at or rows.row.received_at):
        yield Finding(code=Code.REPLY_SIGNATURE, object=rows.name)
    wrong = _differences(rows, body)
    if wrong:
        yield Finding(code=Code.REPLY_CONTENT, object=rows.name, detail=" ".join(wrong))


def _is_signed(body: bytes, signers: Collection[str], at: datetime) -> bool:
    results = verify_xmldsig(body, at=at)
    return (
        len(results) == 1
        and results[0].passed
        and results[0].certificate_sha256 in signers
        and [reference.target_path for reference in results[0].references] == [_SIGNED]
    )


def _differences(rows: PackageRows, body: bytes) -> list[str]:
    """Name the elements that say something else than the rows."""
    try:
        root = read_xml(body, PACKAGE_LIMITS)
    except DocumentRefused as refused:
        return [refused.findings[0].code]
    row = rows.row
    expected = {
        "BAN_TIN_ID": row.message_id,
        "GOI_TIN_ID": rows.name,
        "MA_BAM_GOI_TIN": row.digest,
        "MUC_DICH_BAN_TIN": row.purpose,
        "CO_QUAN_DON_VI_ID": row.school_code,
        "TONG_SO": row.total,
        "SO_DUYET": row.accepted,
        "SO_TU_CHOI": row.rejected,
    }
    wrong = [
        name
        for name, value in expected.items()
        if root.findtext(f"{_CONTENT}/{name}") != ("" if value is None else str(value))
    ]
    if _codes(root.find(_CONTENT)) != row.codes:
        wrong.append("DANH_SACH_LOI")
    if [_told(item) for item in root.iterfind(_ITEMS)] != [_kept(item) for item in rows.items]:
        wrong.append("Items")
    return wrong


_Item = tuple[str | None, str | None, str | None, list[str]]


def _told(item: etree._Element) -> _Item:
    return (
        item.findtext("ma_hoc_sinh"),
        item.findtext("ma_dinh_danh_hoc_ba"),
        item.findtext("trang_thai"),
        _codes(item),
    )


def _kept(item: ItemRow) -> _Item:
    code = "" if item.transcript_code is None else format_code(item.transcript_code)
    return item.student_code or "", code, "1" if item.result == "01" else "0", item.codes


def _codes(element: etree._Element | None) -> list[str]:
    return [] if element is None else [code.text or "" for code in element.iterfind(_CODES)]
