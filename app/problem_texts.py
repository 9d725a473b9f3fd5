"""What each problem is called and what to do about it, in both languages; data only."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

from app.locale import Language


@dataclass(frozen=True, slots=True)
class Words:
    """One kind of problem in one language; the two stand side by side, so by position.

    Attributes:
        title: its name; never changes from case to case.
        detail: what happened and what to do; `{names}` are members of the problem.
    """

    title: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of problem.

    Attributes:
        status: the HTTP status of its answer.
        vi: its words in Vietnamese.
        en: its words in English.
    """

    status: HTTPStatus
    vi: Words
    en: Words

    def words(self, language: Language) -> Words:
        """Choose the words of one language."""
        match language:
            case Language.VIETNAMESE:
                return self.vi
            case Language.ENGLISH:
                return self.en


KINDS: Mapping[str, Kind] = {
    "not-authenticated": Kind(
        status=HTTPStatus.UNAUTHORIZED,
        vi=Words(
            "Chưa xác thực",
            "Yêu cầu thiếu mã truy cập (access token), hoặc mã đã hết hạn. Hãy lấy mã mới tại "
            "/v1/oauth/token rồi gửi lại.",
        ),
        en=Words(
            "Not authenticated",
            "The access token is missing or has expired. Get a new one at /v1/oauth/token and send "
            "the request again.",
        ),
    ),
    "invalid-client": Kind(
        status=HTTPStatus.UNAUTHORIZED,
        vi=Words(
            "Sai tài khoản kết nối",
            "client_id hoặc client_secret không đúng, hoặc tài khoản đã bị khóa. Hãy kiểm tra lại "
            "thông tin được cấp.",
        ),
        en=Words(
            "Invalid client",
            "The client_id or client_secret is wrong, or the account is disabled. Check what you "
            "were given.",
        ),
    ),
    "not-allowed": Kind(
        status=HTTPStatus.FORBIDDEN,
        vi=Words(
            "Không có quyền",
            "Tài khoản không có quyền thực hiện việc này. Hãy đề nghị cơ quan quản lý cấp quyền.",
        ),
        en=Words(
            "Not allowed",
            "The account has no right to do this. Ask the managing authority to grant it.",
        ),
    ),
    "not-found": Kind(
        status=HTTPStatus.NOT_FOUND,
        vi=Words("Không tìm thấy", "Không có dữ liệu này, hoặc tài khoản không có quyền xem."),
        en=Words("Not found", "There is nothing here, or the account has no right to see it."),
    ),
    "method-not-allowed": Kind(
        status=HTTPStatus.METHOD_NOT_ALLOWED,
        vi=Words(
            "Phương thức không được hỗ trợ",
            "Địa chỉ này không nhận phương thức HTTP đã dùng. Hãy xem tiêu đề Allow.",
        ),
        en=Words(
            "Method not allowed",
            "This address does not take the HTTP method used. See the Allow header.",
        ),
    ),
    "conflict": Kind(
        status=HTTPStatus.CONFLICT,
        vi=Words(
            "Xung đột với trạng thái hiện tại",
            "Yêu cầu không phù hợp với trạng thái hiện tại của dữ liệu. Hãy đọc lại rồi thử lại.",
        ),
        en=Words(
            "Conflict",
            "The request contradicts the present state of the record. Read it again, then retry.",
        ),
    ),
    "too-large": Kind(
        status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        vi=Words(
            "Nội dung quá lớn",
            "Nội dung vượt quá {limit} byte. Hãy chia thành nhiều gói tin nhỏ hơn, ví dụ mỗi lớp "
            "một gói.",
        ),
        en=Words(
            "Body too large",
            "The body exceeds {limit} bytes. Send smaller packages, such as one per class.",
        ),
    ),
    "wrong-media-type": Kind(
        status=HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        vi=Words("Sai kiểu nội dung", "Địa chỉ này chỉ nhận nội dung kiểu {expected}."),
        en=Words("Unsupported media type", "This address takes only {expected}."),
    ),
    "wrong-encoding": Kind(
        status=HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        vi=Words(
            "Cách nén không được hỗ trợ",
            "Tiêu đề Content-Encoding nêu cách nén mà địa chỉ này không giải được. Hãy gửi không "
            "nén, hoặc nén bằng đúng một trong: {accepted}.",
        ),
        en=Words(
            "Unsupported content coding",
            "Content-Encoding names a coding that this address cannot decode. Send the body "
            "uncompressed, or with exactly one of: {accepted}.",
        ),
    ),
    "digest-mismatch": Kind(
        status=HTTPStatus.BAD_REQUEST,
        vi=Words(
            "Nội dung không khớp mã băm",
            "Nội dung nhận được không khớp với mã băm khai trong tiêu đề {field}: tệp bị hỏng trên "
            "đường truyền hoặc bị gửi nhầm. Kho không lưu gì. Hãy tính lại mã băm của đúng các "
            "byte được gửi rồi gửi lại.",
        ),
        en=Words(
            "Digest mismatch",
            "What arrived is not what {field} declares: it was damaged on the way, or another file "
            "was sent. Nothing was kept. Compute the digest of the very bytes sent and send again.",
        ),
    ),
    "duplicate-message": Kind(
        status=HTTPStatus.CONFLICT,
        vi=Words(
            "Mã bản tin đã được dùng",
            "Trường đã gửi một gói tin khác có cùng mã bản tin {message_id} (mã băm "
            "{known_digest}). Kho không lưu gói tin này. Nếu muốn gửi lại, hãy gửi đúng tệp cũ; "
            "nếu nội dung đã sửa, hãy đặt mã bản tin mới, ký lại và gửi.",
        ),
        en=Words(
            "Message id used before",
            "The school has sent other bytes under the message id {message_id} (digest "
            "{known_digest}). This package was not kept. To repeat, send the very same file; when "
            "the content has changed, give it a new message id, sign it again and send it.",
        ),
    ),
    "invalid-request": Kind(
        status=HTTPStatus.UNPROCESSABLE_ENTITY,
        vi=Words(
            "Yêu cầu sai cấu trúc",
            "Một tham số hoặc nội dung gửi lên thiếu hoặc sai dạng. Hãy sửa rồi gửi lại.",
        ),
        en=Words(
            "Invalid request",
            "A parameter or the body is missing or malformed. Mend it and send it again.",
        ),
    ),
    "invalid-code": Kind(
        status=HTTPStatus.UNPROCESSABLE_ENTITY,
        vi=Words(
            "Mã tra cứu không hợp lệ",
            "Mã tra cứu học bạ số bị gõ sai hoặc thiếu ký tự. Hãy kiểm tra lại từng ký tự trên bản "
            "in.",
        ),
        en=Words(
            "Invalid transcript code",
            "The transcript code has a typing error or is incomplete. Compare it with the printed "
            "copy, character by character.",
        ),
    ),
    "document-refused": Kind(
        status=HTTPStatus.UNPROCESSABLE_ENTITY,
        vi=Words(
            "Không đọc được tệp",
            "Tệp không đọc được. Ý nghĩa của các mã lỗi kèm theo có tại /error-codes.",
        ),
        en=Words(
            "Document refused",
            "The document cannot be read. /error-codes explains the codes given.",
        ),
    ),
    "certificate-refused": Kind(
        status=HTTPStatus.UNPROCESSABLE_ENTITY,
        vi=Words(
            "Không đăng ký được chứng thư",
            "Chứng thư không đủ điều kiện đăng ký. Ý nghĩa của mã lỗi kèm theo có tại "
            "/error-codes.",
        ),
        en=Words(
            "Certificate refused",
            "The certificate cannot be registered. /error-codes explains the code given.",
        ),
    ),
    "file-refused": Kind(
        status=HTTPStatus.UNPROCESSABLE_ENTITY,
        vi=Words("Không nạp được tệp", "Tệp có lỗi nên không có gì được nạp. Hãy sửa rồi nạp lại."),
        en=Words("File refused", "The file has faults and nothing was taken. Mend it and retry."),
    ),
    "too-many-requests": Kind(
        status=HTTPStatus.TOO_MANY_REQUESTS,
        vi=Words("Quá nhiều yêu cầu", "Hãy đợi {retry_after} giây rồi thử lại."),
        en=Words("Too many requests", "Wait {retry_after} seconds, then try again."),
    ),
    "unavailable": Kind(
        status=HTTPStatus.SERVICE_UNAVAILABLE,
        vi=Words(
            "Hệ thống tạm thời chưa sẵn sàng",
            "Dữ liệu không bị mất. Hãy gửi lại đúng yêu cầu này sau {retry_after} giây; gửi lại "
            "luôn an toàn.",
        ),
        en=Words(
            "Temporarily unavailable",
            "Nothing is lost. Send the same request again in {retry_after} seconds; repeating it "
            "is always safe.",
        ),
    ),
    "integrity-failure": Kind(
        status=HTTPStatus.INTERNAL_SERVER_ERROR,
        vi=Words(
            "Dữ liệu lưu giữ không khớp",
            "Bản lưu không khớp với mã băm của nó nên không được trả về. Sự cố đã được ghi nhận.",
        ),
        en=Words(
            "Integrity failure",
            "The stored bytes do not match their digest and are not handed out. The incident has "
            "been recorded.",
        ),
    ),
    "start-refused": Kind(
        status=HTTPStatus.SERVICE_UNAVAILABLE,
        vi=Words(
            "Hệ thống chưa thể hoạt động", "Cấu hình chưa đúng. Hãy báo cho bộ phận vận hành."
        ),
        en=Words(
            "The service cannot work yet", "Its configuration is in doubt. Tell its operators."
        ),
    ),
    "internal": Kind(
        status=HTTPStatus.INTERNAL_SERVER_ERROR,
        vi=Words(
            "Lỗi hệ thống",
            "Có lỗi ngoài dự kiến. Hãy thử lại; nếu vẫn lỗi, hãy gửi trace_id cho bộ phận hỗ trợ.",
        ),
        en=Words(
            "Internal error",
            "Something unforeseen happened. Try again; if it persists, give the trace_id to "
            "support.",
        ),
    ),
}
"""Every kind of problem by its slug: the `code` of the error that it tells of."""
