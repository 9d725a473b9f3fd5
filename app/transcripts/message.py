"""The message envelope (profile `ban-tin-1`): who sends which transcripts, and where they lie.

Values come from the verified canonical octets of `NOI_DUNG`. The places of the transcripts are
byte ranges of the package as received, so that one stored object keeps a class and one ranged read
returns one original; each range is proven to hold exactly the text that was signed.
"""

import binascii
import re
from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from app.transcripts.fields import TreeRecord, name_at, record_of
from app.transcripts.finding import DocumentRefused, Finding, shortened
from app.transcripts.limits import PACKAGE_LIMITS
from app.transcripts.xml import read_xml

CREATE = "01"
"""MUC_DICH_BAN_TIN of a message that brings new transcripts."""

AMEND = "02"
"""Reserved: issued content never changes, so a correction is a withdrawal and a new transcript."""

WITHDRAW = "03"
"""MUC_DICH_BAN_TIN of a message that withdraws transcripts (thu hồi)."""

ITEM_LIMIT = 300
"""Transcripts or withdrawals of one message: several classes, one unit of work for a worker. The
schema holds transcripts to the same number."""

_CONTENT = "/BAN_TIN/NOI_DUNG"
_ITEM = f"{_CONTENT}/DANH_SACH_HOC_BA/HOC_BA_SO"
_LISTS = {CREATE: "DANH_SACH_HOC_BA", WITHDRAW: "DANH_SACH_THU_HOI"}

_ORIGINAL = re.compile(rb"<DU_LIEU_SO_GOC\s*(?:/>|>([^<]*)</DU_LIEU_SO_GOC\s*>)")
"""In a document without comments, CDATA and processing instructions, every such text is a tag."""

_WHITE_SPACE_REFERENCE = re.compile(rb"&#(?:0*(?:9|10|13)|x0*[9aAdD]);")
"""Java's XML tools break base64 lines with `&#13;` and a line feed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageItem:
    """One transcript of a message.

    Attributes:
        ordinal: its place in the message, from 1.
        student_code: MA_HOC_SINH.
        offset: where its base64 text starts in the package, in bytes.
        length: bytes of the base64 text, white space included.
    """

    ordinal: int
    student_code: str
    offset: int
    length: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawalItem:
    """One withdrawal of a message.

    Attributes:
        ordinal: its place in the message, from 1.
        typed_code: MA_DINH_DANH_HOC_BA as the school wrote it.
        reason: LY_DO, NFC; None where it is absent or blank. May hold personal data.
    """

    ordinal: int
    typed_code: str
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What a package says about itself.

    Attributes:
        message_id: BAN_TIN_ID, the sender's own number.
        purpose: MUC_DICH_BAN_TIN: `CREATE`, `WITHDRAW` or the reserved `AMEND`.
        data_kind: LOAI_DU_LIEU_SO.
        school_code: CO_QUAN_DON_VI_ID.
        school_name: TEN_CO_QUAN_DON_VI, NFC.
        created_at: NGAY_TAO_BAN_TIN, aware.
        items: in the order of the message; none unless it creates.
        withdrawals: in the order of the message; none unless it withdraws.
    """

    message_id: str
    purpose: str
    data_kind: str
    school_code: str
    school_name: str
    created_at: datetime
    items: tuple[MessageItem, ...]
    withdrawals: tuple[WithdrawalItem, ...] = ()

    @property
    def total(self) -> int:
        """How many items it asks to be decided."""
        return len(self.items) + len(self.withdrawals)


def read_message(data: bytes, canonical: bytes) -> Message:
    """Read a package whose signature over `NOI_DUNG` has been verified.

    Args:
        data: the package as received.
        canonical: the canonical octets of its `NOI_DUNG` whose digest was verified.

    Raises:
        DocumentRefused: PKG-101 the octets are no NOI_DUNG, its list is not the one of its purpose
            or a transcript cannot be located in the package, PKG-104 SO_LUONG is not the number of
            transcripts, PKG-105 a student twice, SIG-121 more withdrawals than `ITEM_LIMIT`,
            SIG-140 what the schema should have caught.
    """
    root = read_xml(canonical, PACKAGE_LIMITS)
    if root.tag != "NOI_DUNG":
        raise DocumentRefused(Finding(code="PKG-101", xpath=_CONTENT, value=str(root.tag)))
    content = record_of(root)
    return Message(
        message_id=content.text_at("BAN_TIN_ID"),
        purpose=content.text_at("MUC_DICH_BAN_TIN"),
        data_kind=content.text_at("LOAI_DU_LIEU_SO"),
        school_code=content.text_at("NOI_TAO_BAN_TIN/CO_QUAN_DON_VI_ID"),
        school_name=name_at(content, "NOI_TAO_BAN_TIN/TEN_CO_QUAN_DON_VI"),
        created_at=_moment(content, "NGAY_TAO_BAN_TIN"),
        items=_items(data, content),
        withdrawals=_withdrawals(content),
    )


def original_of(package: bytes, item: MessageItem) -> bytes:
    """Decode one transcript's own bytes from the package that it came in.

    Raises:
        DocumentRefused: PKG-106, the text is empty or no base64; concerns this transcript alone.
    """
    decoded = _decoded(package[item.offset : item.offset + item.length])
    if decoded is None:
        xpath = f"{_ITEM}[{item.ordinal}]/DU_LIEU_SO_GOC"
        raise DocumentRefused(Finding(code="PKG-106", xpath=xpath))
    return decoded


def transcript_range(kept: bytes) -> bytes:
    """Decode a transcript's own bytes from its range of a kept package.

    Raises:
        DocumentRefused: PKG-106, the range holds no base64.
    """
    decoded = _decoded(kept)
    if decoded is None:
        raise DocumentRefused(Finding(code="PKG-106"))
    return decoded


def _listing(content: TreeRecord, purpose: str) -> TreeRecord | None:
    """Find the list of a purpose when the message has it; it must be the one of its purpose."""
    said = content.text_at("MUC_DICH_BAN_TIN")
    listing = next(iter(content.children_at(_LISTS[purpose])), None)
    if said in _LISTS and (said == purpose) != (listing is not None):
        xpath = f"{_CONTENT}/MUC_DICH_BAN_TIN"
        raise DocumentRefused(Finding(code="PKG-101", xpath=xpath, value=said))
    return listing if said == purpose else None


def _withdrawals(content: TreeRecord) -> tuple[WithdrawalItem, ...]:
    listing = _listing(content, WITHDRAW)
    entries = [] if listing is None else listing.children_at("THU_HOI")
    if len(entries) > ITEM_LIMIT:
        xpath = f"{_CONTENT}/{_LISTS[WITHDRAW]}"
        raise DocumentRefused(Finding(code="SIG-121", xpath=xpath, value=str(len(entries))))
    return tuple(
        WithdrawalItem(
            ordinal=ordinal,
            typed_code=entry.text_at("MA_DINH_DANH_HOC_BA"),
            reason=entry.optional_at("LY_DO"),
        )
        for ordinal, entry in enumerate(entries, start=1)
    )


def _items(data: bytes, content: TreeRecord) -> tuple[MessageItem, ...]:
    listing = _listing(content, CREATE)
    if listing is None:
        return ()
    entries = listing.children_at("HOC_BA_SO")
    declared = listing.attribute_of("SO_LUONG")
    if declared != str(len(entries)):
        value = shortened(f"{declared} ≠ {len(entries)}")
        raise DocumentRefused(
            Finding(code="PKG-104", xpath=f"{_CONTENT}/DANH_SACH_HOC_BA", value=value)
        )
    students = [entry.text_at("MA_HOC_SINH") for entry in entries]
    _refuse_repeated(students)
    return tuple(
        MessageItem(ordinal=ordinal, student_code=student, offset=start, length=end - start)
        for ordinal, (student, (start, end)) in enumerate(
            zip(students, _ranges(data, entries), strict=True), start=1
        )
    )


def _refuse_repeated(students: list[str]) -> None:
    repeated = [
        Finding(
            code="PKG-105",
            xpath=f"{_ITEM}[{len(students) - students[::-1].index(code)}]/MA_HOC_SINH",
            value=code,
        )
        for code, times in Counter(students).items()
        if times > 1
    ]
    if repeated:
        raise DocumentRefused(*repeated)


def _ranges(data: bytes, entries: list[TreeRecord]) -> list[tuple[int, int]]:
    """Locate the base64 texts in the raw bytes and prove them equal to the signed ones."""
    found = list(_ORIGINAL.finditer(data))
    if len(found) != len(entries):
        value = f"{len(found)} ≠ {len(entries)}"
        raise DocumentRefused(Finding(code="PKG-101", xpath=_ITEM, value=value))
    for ordinal, (match, entry) in enumerate(zip(found, entries, strict=True), start=1):
        signed = entry.child_at("DU_LIEU_SO_GOC").element.text or ""
        if _parsed(match[1] or b"") != signed.encode():
            xpath = f"{_ITEM}[{ordinal}]/DU_LIEU_SO_GOC"
            raise DocumentRefused(Finding(code="PKG-101", xpath=xpath))
    return [match.span(1) if match[1] is not None else (match.end(),) * 2 for match in found]


def _parsed(raw: bytes) -> bytes:
    """Turn raw character data into what a parser reads: line ends and references resolved."""
    if b"&" in raw:
        return (read_xml(b"<t>" + raw + b"</t>", PACKAGE_LIMITS).text or "").encode()
    return raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n") if b"\r" in raw else raw


def _decoded(kept: bytes) -> bytes | None:
    """Decode base64 (RFC 4648 section 4) in which only white space is tolerated."""
    text = _WHITE_SPACE_REFERENCE.sub(b"", kept) if b"&" in kept else kept
    compact = text.translate(None, b" \t\r\n")
    try:
        decoded = binascii.a2b_base64(compact, strict_mode=True)
    except binascii.Error:
        return None
    # Python takes superfluous padding and stray bits in the last symbol even then.
    if not decoded or binascii.b2a_base64(decoded, newline=False) != compact:
        return None
    return decoded


def _moment(content: TreeRecord, path: str) -> datetime:
    value = content.text_at(path)
    try:
        moment = datetime.fromisoformat(value)
    except ValueError as error:
        raise content.misfit(path, value) from error
    if moment.tzinfo is None:
        raise content.misfit(path, value)
    return moment
