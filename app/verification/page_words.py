"""The fixed texts of the public page, by key; every key is used by a template or by `pages`."""

from collections.abc import Mapping

from app.locale import Language
from app.verification.words import Words, both

PAGE: Mapping[str, Words] = {
    "ministry": both("Bộ Giáo dục và Đào tạo", "Ministry of Education and Training"),
    "system": both("Cơ sở dữ liệu Học bạ số", "National Digital Transcript Database"),
    "banner": both("Môi trường thử nghiệm", "Test environment"),
    "banner_sentence": both(
        "Dữ liệu mẫu, không có giá trị sử dụng.",
        "Sample data without validity.",
    ),
    "skip": both("Đến nội dung chính", "Skip to main content"),
    "languages": both("Ngôn ngữ", "Language"),
    "title": both("Kiểm tra học bạ số", "Verify a digital transcript"),
    "lead": both(
        "Nhập mã tra cứu in trên bản thể hiện của học bạ để biết học bạ có thật, còn nguyên vẹn và "
        "đang lưu hành hay không. Không cần tài khoản.",
        "Enter the code printed on the transcript's rendition to learn whether the transcript is "
        "genuine, unaltered and in force. No account is needed.",
    ),
    "form_label": both("Mã tra cứu học bạ số", "Transcript code"),
    "form_hint": both(
        "Mã gồm 18 chữ và số, chia thành ba nhóm. Không phân biệt chữ hoa, chữ thường; không có "
        "chữ I, L, O và số 0, 1. Đừng nhập số định danh cá nhân.",
        "The code has 18 letters and digits in three groups, in upper or lower case, and never the "
        "letters I, L, O or the digits 0, 1. Do not enter a personal identification number.",
    ),
    "form_button": both("Kiểm tra", "Verify"),
    "another": both("Kiểm tra mã khác", "Verify another code"),
    "retry": both("Thử lại", "Try again"),
    "typed": both("Mã đã nhập", "The code entered"),
    "trace": both("Mã yêu cầu (gửi kèm khi cần hỗ trợ)", "Request number (give it to support)"),
    "code": both("Mã tra cứu", "Code"),
    "facts": both("Thông tin học bạ", "About the transcript"),
    "school": both("Trường phát hành", "Issuing school"),
    "province": both("Tỉnh, thành phố", "Province or city"),
    "school_year": both("Năm học", "School year"),
    "level": both("Cấp học", "Level"),
    "student": both("Học sinh (đã che bớt)", "Student (masked)"),
    "accepted_at": both("Tiếp nhận lúc", "Accepted at"),
    "checked_at": both("Kiểm tra lúc", "Checked at"),
    "time_zone": both("(giờ Việt Nam, GMT+7)", "(Việt Nam time, GMT+7)"),
    "checks": both("Các nội dung kiểm tra", "Checks"),
    "check": both("Nội dung", "Check"),
    "outcome": both("Kết quả", "Outcome"),
    "meaning": both("Giải thích", "Meaning"),
    "not_checked": both("Những gì chưa được kiểm tra", "What was not checked"),
    "not_shown": both(
        "Trang này không hiển thị gì, và vì sao",
        "What this page does not show, and why",
    ),
    "not_shown_sentence": both(
        "Để bảo vệ dữ liệu cá nhân của trẻ em, trang này không hiển thị họ tên đầy đủ, ngày sinh, "
        "số định danh, lớp, điểm và nhận xét. Mỗi lượt kiểm tra được ghi nhật ký, không kèm địa "
        "chỉ của người kiểm tra.",
        "To protect children's personal data this page shows no full name, birth date, personal "
        "number, class, marks or comments. Every check is logged, without the address of who made "
        "it.",
    ),
    "help": both("Cần hỗ trợ?", "Need help?"),
    "help_sentence": both(
        "Hãy liên hệ nhà trường đã phát hành học bạ hoặc Sở Giáo dục và Đào tạo của tỉnh, thành "
        "phố đó, kèm mã tra cứu.",
        "Contact the issuing school or the Department of Education and Training of its province, "
        "and give the code.",
    ),
    "footer": both(
        "Trang không dùng cookie và không tải nội dung từ nơi khác.",
        "This page uses no cookies and loads nothing from elsewhere.",
    ),
    "length_title": both("Mã thiếu hoặc thừa ký tự", "The code is too short or too long"),
    "length_sentence": both(
        "Mã tra cứu có đúng 18 chữ và số. Hãy đếm lại từng nhóm trên bản in.",
        "A code has exactly 18 letters and digits. Count each group on the printed copy.",
    ),
    "character_title": both("Mã có ký tự không hợp lệ", "The code contains an invalid character"),
    "character_sentence": both(
        "Mã tra cứu không dùng các chữ I, L, O, các số 0, 1 và dấu tiếng Việt. Hãy so lại từng ký "
        "tự với bản in.",
        "Codes never contain the letters I, L, O, the digits 0, 1 or accented letters. Compare "
        "each character with the printed copy.",
    ),
    "check_title": both("Mã bị gõ sai", "The code has a typing error"),
    "check_sentence": both(
        "Ký tự kiểm tra không khớp: có một ký tự sai hoặc hai ký tự đổi chỗ cho nhau. Hãy so lại "
        "từng ký tự với bản in.",
        "The check character does not fit: a character is wrong or two are swapped. Compare each "
        "character with the printed copy.",
    ),
    "unknown_title": both("Không có học bạ với mã này", "No transcript has this code"),
    "unknown_sentence": both(
        "Mã được gõ đúng quy cách nhưng không thuộc về học bạ nào đã được tiếp nhận. Hãy so lại "
        "với bản in; nếu vẫn vậy, hãy hỏi nhà trường đã phát hành.",
        "The code is well formed but belongs to no accepted transcript. Compare it with the "
        "printed copy; if it is the same, ask the issuing school.",
    ),
    "busy_title": both("Quá nhiều lượt kiểm tra", "Too many checks"),
    "busy_sentence": both(
        "Có quá nhiều lượt kiểm tra từ kết nối mạng của bạn. Hãy đợi một lát rồi thử lại.",
        "Too many checks came from your network connection. Wait a moment, then try again.",
    ),
    "unavailable_title": both(
        "Tạm thời chưa kiểm tra được", "Verification is temporarily unavailable"
    ),
    "unavailable_sentence": both(
        "Hệ thống đang bận hoặc bảo trì. Điều này không nói gì về học bạ của bạn; hãy thử lại sau "
        "ít phút.",
        "The service is busy or under maintenance. This says nothing about your transcript; try "
        "again in a few minutes.",
    ),
    "codes_title": both("Danh mục mã lỗi", "Error codes"),
    "codes_lead": both(
        "Khi gói tin hoặc học bạ bị từ chối hay có cảnh báo, câu trả lời nêu một mã dưới đây. Mỗi "
        "mã cho biết điều gì sai, nguyên nhân thường gặp và cách khắc phục.",
        "When a package or a transcript is refused or has a warning, the answer names one of these "
        "codes. Each says what is wrong, the likely cause and what to do.",
    ),
    "codes_package": both("PKG · Gói tin", "PKG · Packages"),
    "codes_signature": both(
        "SIG · Tệp XML, chữ ký số và chứng thư", "SIG · XML files, signatures and certificates"
    ),
    "codes_content": both("CON · Nội dung học bạ", "CON · Content of the transcript"),
    "code_cause": both("Nguyên nhân thường gặp", "Likely cause"),
    "code_fix": both("Cách khắc phục", "What to do"),
    "severity_error": both("Lỗi, bị từ chối", "Error, refused"),
    "severity_warning": both("Cảnh báo", "Warning"),
    "severity_info": both("Thông tin", "Information"),
}


def page_words(language: Language) -> dict[str, str]:
    """Choose the texts of one language."""
    return {key: words[language] for key, words in PAGE.items()}
