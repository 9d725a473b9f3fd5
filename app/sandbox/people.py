"""Names of people who do not exist: every full name carries the word "Mẫu" (specimen)."""

from dataclasses import dataclass
from enum import StrEnum

from app.sandbox.stream import Stream


class Gender(StrEnum):
    """GIOI_TINH_ID, the sector's code list."""

    MALE = "1"
    FEMALE = "2"


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


FAMILY_NAMES = _words(
    "Nguyễn Trần Lê Phạm Hoàng Huỳnh Phan Vũ Võ Đặng Bùi Đỗ Hồ Ngô Dương Lý Trịnh Đinh"
)
MIDDLE_NAMES = {
    Gender.MALE: _words("Văn Hữu Đức Minh Quốc Gia Công Thành"),
    Gender.FEMALE: _words("Thị Ngọc Thanh Thùy Kim Bích Như Khánh"),
}
GIVEN_NAMES = {
    Gender.MALE: _words(
        "An Bảo Bình Cường Dũng Duy Đạt Hải Hiếu Hoàng Hùng Huy Khang Khoa Kiên Long Nam "
        "Nghĩa Phong Phúc Quân Sơn Tài Thắng Thịnh Toàn Trung Tuấn Việt Vinh"
    ),
    Gender.FEMALE: _words(
        "Ánh Châu Chi Dung Giang Hà Hạnh Hân Hương Lan Linh Mai My Nga Ngân Nhi Oanh Phương "
        "Quyên Quỳnh Thảo Thư Trang Trâm Trinh Tuyết Uyên Vân Vy Yến"
    ),
}
JOBS = ("Công nhân", "Nông dân", "Kế toán", "Buôn bán", "Tài xế", "Y tá", "Kỹ sư", "Nội trợ")
ETHNIC_GROUPS = (*["Kinh"] * 9, "Hoa", "Khmer", "Chăm")
HOME_PROVINCES = (
    "Thành phố Hồ Chí Minh",
    "Tỉnh Đồng Tháp",
    "Tỉnh Tây Ninh",
    "Tỉnh Vĩnh Long",
    "Tỉnh Cà Mau",
    "Tỉnh Quảng Ngãi",
    "Tỉnh Gia Lai",
    "Tỉnh Nghệ An",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parent:
    """THONG_TIN_CHA or THONG_TIN_ME."""

    full_name: str
    job: str


def choose_gender(stream: Stream) -> Gender:
    """Choose a gender."""
    return stream.choice((Gender.MALE, Gender.FEMALE))


def full_name(stream: Stream, gender: Gender, family_name: str | None = None) -> str:
    """Make up a full name, with a given family name where one is said."""
    family = family_name or stream.choice(FAMILY_NAMES)
    middle, given = stream.choice(MIDDLE_NAMES[gender]), stream.choice(GIVEN_NAMES[gender])
    return f"{family} {middle} Mẫu {given}"


def parent(stream: Stream, gender: Gender, family_name: str | None = None) -> Parent:
    """Make up a father or a mother."""
    return Parent(full_name=full_name(stream, gender, family_name), job=stream.choice(JOBS))


def personal_number(*, gender: Gender, birth_year: int, number: int) -> str:
    """Compose a personal number of Thành phố Hồ Chí Minh (Nghị định 137/2015/NĐ-CP, article 13).

    Three digits of the province, one of century and gender, two of the year, six of a number.
    """
    century = 2 * (birth_year // 100 - 19) + (gender is Gender.FEMALE)
    return f"079{century}{birth_year % 100:02d}{number:06d}"


def passport_number(number: int) -> str:
    """Compose a passport number, of a form that many states use."""
    return f"M{number % 10_000_000:07d}"
