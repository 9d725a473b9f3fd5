"""Every sentence of the public answer and its page, in Vietnamese and in English.

Written for a school office or a parent: what was found, what it means, what to do next.
"""

from collections.abc import Mapping

from app.locale import Language
from app.signatures.report import Outcome
from app.verification.answer import NotChecked, PublicCheck, Status

Words = Mapping[Language, str]
"""One text in every language."""


def both(vi: str, en: str) -> Words:
    """Put a text and its translation side by side."""
    return {Language.VIETNAMESE: vi, Language.ENGLISH: en}


LEVELS: Mapping[str, Words] = {
    "02": both("Tiểu học", "Primary"),
    "03": both("Trung học cơ sở", "Lower secondary"),
    "04": both("Trung học phổ thông", "Upper secondary"),
    "05": both("Giáo dục thường xuyên", "Continuing education"),
}
"""Cấp học by code, the levels that have a học bạ."""

OUTCOMES: Mapping[Outcome, Words] = {
    Outcome.PASSED: both("Đạt", "Passed"),
    Outcome.FAILED: both("Không đạt", "Failed"),
    Outcome.NOT_CHECKED: both("Chưa kiểm tra", "Not checked"),
}

STATUSES: Mapping[Status, Words] = {
    Status.IN_FORCE: both("Học bạ đang lưu hành", "Transcript in force"),
    Status.WITHDRAWN: both("Học bạ đã bị thu hồi", "Transcript withdrawn"),
    Status.NOT_CONFIRMED: both("Không xác nhận được học bạ", "Transcript not confirmed"),
}

STATUS_SENTENCES: Mapping[Status, Words] = {
    Status.IN_FORCE: both(
        "Mã này thuộc về một học bạ số mà Cơ sở dữ liệu Học bạ số đang lưu giữ. "
        "Bản gốc còn nguyên vẹn và học bạ chưa bị thu hồi. Hãy đọc cả mục những gì chưa được kiểm "
        "tra.",
        "This code belongs to a digital transcript kept in the national transcript database. "
        "The original is unaltered and has not been withdrawn. Please read what was not checked, "
        "too.",
    ),
    Status.WITHDRAWN: both(
        "Học bạ này không còn giá trị sử dụng. Hãy đề nghị học sinh hoặc nhà trường cung cấp mã "
        "của học bạ đã cấp lại.",
        "This transcript may no longer be used. Ask the student or the school for the code of the "
        "transcript that was issued anew.",
    ),
    Status.NOT_CONFIRMED: both(
        "Có nội dung kiểm tra không đạt hoặc chưa kết luận được. Chưa dùng học bạ này; hãy liên "
        "hệ nhà trường đã phát hành hoặc Sở Giáo dục và Đào tạo.",
        "A check failed or could not be concluded. Do not rely on this transcript for now; contact "
        "the issuing school or the provincial Department of Education and Training.",
    ),
}

CHECKS: Mapping[PublicCheck, Words] = {
    PublicCheck.ORIGINAL_UNALTERED: both("Bản gốc nguyên vẹn", "Original unaltered"),
    PublicCheck.SIGNATURES: both("Đủ chữ ký và chữ ký hợp lệ", "Signatures complete and valid"),
    PublicCheck.CERTIFICATES: both(
        "Chứng thư số còn hiệu lực khi ký", "Certificates valid at signing"
    ),
    PublicCheck.REVOCATION: both("Chứng thư số không bị thu hồi", "Certificates not revoked"),
    PublicCheck.IN_FORCE: both("Học bạ đang lưu hành", "Transcript in force"),
}

CHECK_SENTENCES: Mapping[tuple[PublicCheck, Outcome], Words] = {
    (PublicCheck.ORIGINAL_UNALTERED, Outcome.PASSED): both(
        "Bản gốc đang lưu giữ giống từng byte với bản đã tiếp nhận (đối chiếu mã băm SHA-256 ngay "
        "lúc này).",
        "The original in the archive is byte for byte the one that was accepted (its SHA-256 was "
        "compared just now).",
    ),
    (PublicCheck.ORIGINAL_UNALTERED, Outcome.FAILED): both(
        "Bản gốc đang lưu giữ không khớp với mã băm đã ghi khi tiếp nhận. Sự cố đã được ghi nhận "
        "để đơn vị vận hành xử lý.",
        "The original in the archive does not match the digest recorded at acceptance. The "
        "incident has been reported to the operators.",
    ),
    (PublicCheck.ORIGINAL_UNALTERED, Outcome.NOT_CHECKED): both(
        "Chưa đối chiếu được bản gốc đang lưu giữ.",
        "The original in the archive could not be compared.",
    ),
    (PublicCheck.SIGNATURES, Outcome.PASSED): both(
        "Khi tiếp nhận, học bạ có đủ chữ ký của giáo viên bộ môn, giáo viên chủ nhiệm, cán bộ quản "
        "lý và nhà trường theo quy định của cấp học; mọi chữ ký khớp với nội dung.",
        "At acceptance the transcript bore every signature that its level requires (subject "
        "teachers, homeroom teacher, principal, school), and each one fitted the content.",
    ),
    (PublicCheck.SIGNATURES, Outcome.FAILED): both(
        "Khi tiếp nhận, học bạ thiếu chữ ký hoặc có chữ ký không khớp với nội dung.",
        "At acceptance a signature was missing or did not fit the content.",
    ),
    (PublicCheck.SIGNATURES, Outcome.NOT_CHECKED): both(
        "Chưa kết luận được về chữ ký của bản đang lưu giữ.",
        "Nothing can be said about the signatures on the original as it is kept now.",
    ),
    (PublicCheck.CERTIFICATES, Outcome.PASSED): both(
        "Chứng thư số của người ký và của nhà trường do tổ chức được tin cậy cấp và còn thời hạn "
        "tại thời điểm xét (ngày ký phát hành hoặc lúc tiếp nhận).",
        "The certificates of the signers and of the school came from trusted authorities and were "
        "within their validity at the time that counts (the day of issue or the acceptance).",
    ),
    (PublicCheck.CERTIFICATES, Outcome.FAILED): both(
        "Có chứng thư số không do tổ chức được tin cậy cấp hoặc không còn thời hạn tại thời điểm "
        "xét.",
        "A certificate did not come from a trusted authority or was not within its validity at the "
        "time that counts.",
    ),
    (PublicCheck.CERTIFICATES, Outcome.NOT_CHECKED): both(
        "Chưa kết luận được về chứng thư số của bản đang lưu giữ.",
        "Nothing can be said about the certificates on the original as it is kept now.",
    ),
    (PublicCheck.REVOCATION, Outcome.PASSED): both(
        "Không chứng thư số nào bị thu hồi trước thời điểm xét.",
        "No certificate had been revoked before the time that counts.",
    ),
    (PublicCheck.REVOCATION, Outcome.FAILED): both(
        "Có chứng thư số đã bị thu hồi trước thời điểm xét.",
        "A certificate had been revoked before the time that counts.",
    ),
    (PublicCheck.REVOCATION, Outcome.NOT_CHECKED): both(
        "Chưa có đủ danh sách thu hồi để kết luận: học bạ được tiếp nhận tạm thời và sẽ được đối "
        "chiếu lại.",
        "There are not yet lists enough to conclude: the transcript was accepted provisionally and "
        "will be compared again.",
    ),
    (PublicCheck.IN_FORCE, Outcome.PASSED): both(
        "Học bạ chưa bị nhà trường thu hồi.",
        "The school has not withdrawn the transcript.",
    ),
    (PublicCheck.IN_FORCE, Outcome.FAILED): both(
        "Học bạ đã bị thu hồi và không dùng được nữa.",
        "The transcript has been withdrawn and may no longer be used.",
    ),
    (PublicCheck.IN_FORCE, Outcome.NOT_CHECKED): both(
        "Chưa xác định được học bạ còn lưu hành hay không.",
        "It could not be determined whether the transcript is in force.",
    ),
}

NOT_CHECKED: Mapping[NotChecked, Words] = {
    NotChecked.REVOCATION: both(
        "Chứng thư số của người ký có bị thu hồi trước khi ký hay không: chưa có danh sách thu hồi "
        "đủ mới của tổ chức chứng thực.",
        "Whether a signer's certificate had been revoked before signing: the revocation lists at "
        "hand do not reach to the acceptance.",
    ),
    NotChecked.HOLDER: both(
        "Người đưa mã này cho bạn có phải là học sinh trên học bạ hay không: hãy đối chiếu giấy tờ "
        "tùy thân.",
        "Whether the person who gave you this code is the student: compare an identity document.",
    ),
    NotChecked.COPY: both(
        "Bản in, ảnh chụp hoặc tệp mà bạn đang cầm có giống bản gốc hay không: trang này không "
        "nhìn thấy bản đó.",
        "Whether the print, photograph or file in your hands equals the original: this service "
        "has not seen it.",
    ),
}
