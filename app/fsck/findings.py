"""What an examination can find, with the words for the operator who must act on it."""

from dataclasses import dataclass
from enum import StrEnum


class Code(StrEnum):
    """What is wrong; the values stand in reports and never change their meaning."""

    PACKAGE_STATE = "package.state"
    PACKAGE_UNFINISHED = "package.unfinished"
    PACKAGE_LEASE = "package.lease"
    PACKAGE_COUNTS = "package.counts"
    PACKAGE_RECORD = "package.record"
    PACKAGE_HOLD = "package.hold"
    PACKAGE_DISCARD = "package.discard"
    ITEM_RESULT = "item.result"
    ITEM_UNREGISTERED = "item.unregistered"
    ITEM_WITHDRAWAL = "item.withdrawal"
    REPLY_MISSING = "reply.missing"
    REPLY_SIGNATURE = "reply.signature"
    REPLY_CONTENT = "reply.content"
    OBJECT_LOST = "object.lost"
    OBJECT_ALTERED = "object.altered"
    OBJECT_UNLOCKED = "object.unlocked"
    OBJECT_KEPT = "object.kept"
    OBJECT_ORPHAN = "object.orphan"
    TRANSCRIPT_BYTES = "transcript.bytes"
    TRANSCRIPT_CODE = "transcript.code"
    TRANSCRIPT_INDEX = "transcript.index"
    TRANSCRIPT_SOURCE = "transcript.source"
    TRANSCRIPT_CONTENT = "transcript.content"
    TRANSCRIPT_CHAIN = "transcript.chain"
    TRANSCRIPT_RIVAL = "transcript.rival"
    TRANSCRIPT_WITHDRAWAL = "transcript.withdrawal"
    TRANSCRIPT_STANDING = "transcript.standing"
    TRANSCRIPT_VERIFICATION = "transcript.verification"
    RECORD_UNKNOWN = "record.unknown"
    JOURNAL_ALTERED = "journal.altered"
    JOURNAL_DIFFERS = "journal.differs"
    JOURNAL_AHEAD = "journal.ahead"
    JOURNAL_MISSING = "journal.missing"
    JOURNAL_UNCOMMITTED = "journal.uncommitted"


class Severity(StrEnum):
    """Whether somebody must act."""

    ERROR = "error"
    NOTE = "note"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is not as it must be.

    Attributes:
        object: a package id, with "/" and an ordinal for an item; a transcript code; a digest; or
            the name of a journal entry.
        detail: names of columns, codes of the catalogue, numbers; never a value of a person.
    """

    code: Code
    object: str
    detail: str = ""

    @property
    def severity(self) -> Severity:
        """Whether it is an error or a note."""
        return WORDS[self.code].severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What a finding means, in Vietnamese: one sentence on what is wrong, one on what to do."""

    what: str
    fix: str
    severity: Severity = Severity.ERROR


_RESTORE = (
    "Ngừng ghi vào kho, giữ nguyên hiện trạng, đối chiếu với bản sao lưu của cơ sở dữ liệu và dựng"
    " lại bằng `python -m app rebuild`."
)
_INCIDENT = (
    "Xử lý như sự cố an toàn thông tin: giữ nguyên hiện trạng, tìm ai đã sửa cơ sở dữ liệu ngoài"
    " chương trình, rồi khôi phục từ bản sao lưu."
)
_COPY = "Khôi phục đối tượng từ bản sao của kho lưu (cùng mã băm), rồi chạy lại fsck."

WORDS = {
    Code.PACKAGE_STATE: Words(
        what="Trạng thái của gói tin không khớp với thời điểm và kết quả đã ghi.", fix=_INCIDENT
    ),
    Code.PACKAGE_UNFINISHED: Words(
        what="Gói tin chờ quá lâu mà chưa có bản tin trả lời.",
        fix="Xem worker có chạy không và nhật ký có package.failed không; gói tin vẫn còn nguyên.",
    ),
    Code.PACKAGE_LEASE: Words(
        what="Gói tin bị giữ bởi một lượt xử lý không thể có.",
        fix="Kiểm tra đồng hồ của máy chủ cơ sở dữ liệu; lượt giữ tự hết hạn sau 20 giây.",
    ),
    Code.PACKAGE_COUNTS: Words(
        what="Số lượng của gói tin không khớp với các mục của nó.", fix=_INCIDENT
    ),
    Code.PACKAGE_RECORD: Words(
        what="Nhật ký kiểm toán không ghi đúng một lần việc tiếp nhận, xử lý hoặc xác nhận.",
        fix=_INCIDENT,
    ),
    Code.PACKAGE_HOLD: Words(
        what="Gói tin có học bạ được chấp nhận nhưng không ghi khóa lưu giữ, hoặc khóa quá ngắn.",
        fix="Khóa lại đối tượng trong kho lưu đủ thời hạn và tìm nguyên nhân; chưa có gì bị mất.",
    ),
    Code.PACKAGE_DISCARD: Words(what="Gói tin được ghi là đã hủy dù còn phải giữ.", fix=_RESTORE),
    Code.ITEM_RESULT: Words(
        what="Kết quả của một mục không hợp lệ: từ chối mà có mã, hoặc không có lý do.",
        fix=_INCIDENT,
    ),
    Code.ITEM_UNREGISTERED: Words(
        what="Mục đã được chấp nhận nhưng sổ đăng ký không có học bạ đó.", fix=_RESTORE
    ),
    Code.ITEM_WITHDRAWAL: Words(
        what="Mục báo đã thu hồi nhưng học bạ không được thu hồi, hoặc thiếu ghi chép.",
        fix=_RESTORE,
    ),
    Code.REPLY_MISSING: Words(
        what="Gói tin ở trạng thái đã trả lời nhưng không còn bản tin trả lời.", fix=_RESTORE
    ),
    Code.REPLY_SIGNATURE: Words(
        what="Chữ ký của bản tin trả lời không đúng, hoặc do chứng thư khác ký.",
        fix="Nếu vừa đổi khóa trả lời, chạy lại với --reply-certificate của chứng thư cũ; nếu "
        "không, xử lý như sự cố an toàn thông tin.",
    ),
    Code.REPLY_CONTENT: Words(what="Bản tin trả lời nói khác với kết quả đã ghi.", fix=_INCIDENT),
    Code.OBJECT_LOST: Words(what="Kho lưu không còn bản gốc của gói tin.", fix=_COPY),
    Code.OBJECT_ALTERED: Words(
        what="Bản gốc trong kho lưu đã bị thay đổi: sai mã băm hoặc sai kích thước.", fix=_COPY
    ),
    Code.OBJECT_UNLOCKED: Words(
        what="Khóa của bản gốc trong kho lưu ngắn hơn đã ghi, hoặc không có.",
        fix="Khóa lại đối tượng, kiểm tra ai đã có quyền bỏ khóa, chạy `fsck --prove-locks`.",
    ),
    Code.OBJECT_KEPT: Words(
        what="Bản gốc của gói tin đã hủy vẫn còn trong kho lưu.",
        fix="Xóa đối tượng này khỏi kho lưu: nó chứa dữ liệu của trẻ em mà kho không còn cần.",
    ),
    Code.OBJECT_ORPHAN: Words(
        what="Đối tượng trong kho lưu mà không dòng nào nhắc tới.",
        fix="Thường do một tiến trình chết trước khi ghi dòng: không mất gì, nơi gửi sẽ gửi lại.",
        severity=Severity.NOTE,
    ),
    Code.TRANSCRIPT_BYTES: Words(
        what="Vị trí đã ghi trong gói tin không cho ra đúng bản gốc của học bạ.", fix=_INCIDENT
    ),
    Code.TRANSCRIPT_CODE: Words(
        what="Mã tra cứu không phải là mã mà khóa codes.key tính ra từ bản gốc.",
        fix="Kiểm tra HOCBA_KEYS_DIR có đúng bộ khóa của kho này không, trước khi nghĩ đến sự cố.",
    ),
    Code.TRANSCRIPT_INDEX: Words(
        what="Mã tra cứu và học bạ không tương ứng một - một.", fix=_RESTORE
    ),
    Code.TRANSCRIPT_SOURCE: Words(
        what="Học bạ không do gói tin nào được chấp nhận mang đến.", fix=_INCIDENT
    ),
    Code.TRANSCRIPT_CONTENT: Words(what="Sổ đăng ký ghi khác với nội dung đã ký.", fix=_INCIDENT),
    Code.TRANSCRIPT_CHAIN: Words(
        what="Chuỗi phiên bản của học bạ bị đứt hoặc sai thứ tự.", fix=_INCIDENT
    ),
    Code.TRANSCRIPT_RIVAL: Words(
        what="Hai học bạ cùng có hiệu lực cho một học sinh, trường, năm học và cấp.", fix=_INCIDENT
    ),
    Code.TRANSCRIPT_WITHDRAWAL: Words(
        what="Việc thu hồi học bạ không có ghi chép đúng, hoặc ngược lại.", fix=_RESTORE
    ),
    Code.TRANSCRIPT_STANDING: Words(
        what="Các bước của tình trạng tạm chấp nhận không hợp lệ.", fix=_INCIDENT
    ),
    Code.TRANSCRIPT_VERIFICATION: Words(
        what="Học bạ không còn đạt khi kiểm tra lại chữ ký.",
        fix="Chạy `python -m app reverify` cho năm học đó và xem từng lý do.",
    ),
    Code.RECORD_UNKNOWN: Words(
        what="Nhật ký kiểm toán nhắc tới một gói tin không có trong cơ sở dữ liệu.", fix=_RESTORE
    ),
    Code.JOURNAL_ALTERED: Words(
        what="Một mục của sổ ghi trong kho lưu bị hỏng hoặc không do khóa journal.key ghi.",
        fix="Kiểm tra HOCBA_KEYS_DIR; nếu đúng khóa, khôi phục mục đó từ bản sao của kho lưu.",
    ),
    Code.JOURNAL_DIFFERS: Words(
        what="Cơ sở dữ liệu ghi khác với sổ ghi trong kho lưu.", fix=_INCIDENT
    ),
    Code.JOURNAL_AHEAD: Words(
        what="Cơ sở dữ liệu cũ hơn kho lưu: sổ ghi nhắc tới việc mà cơ sở dữ liệu không biết.",
        fix="Dừng dịch vụ và chạy `python -m app rebuild`.",
    ),
    Code.JOURNAL_MISSING: Words(
        what="Sổ ghi trong kho lưu thiếu mục của một việc đã ghi trong cơ sở dữ liệu.",
        fix="Khôi phục thư mục journal/ từ bản sao của kho lưu, rồi chạy lại fsck.",
    ),
    Code.JOURNAL_UNCOMMITTED: Words(
        what="Sổ ghi có mục về một việc không thành: giao dịch đã hủy, chưa ai được báo.",
        fix="Không cần làm gì: nơi gửi đã gửi lại, hoặc sẽ gửi lại.",
        severity=Severity.NOTE,
    ),
}
"""The words for every code."""
