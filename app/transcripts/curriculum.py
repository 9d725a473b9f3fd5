"""What each level teaches, by the sector's codes: the one place to mend a list.

Codes are scoped by level: Toán is 01 in primary and 15 above. The codes are likely, the subjects of
each grade follow the programme (Thông tư 32/2018/TT-BGDĐT, amended by Thông tư 13/2022/TT-BGDĐT),
those of continuing education are a guess after Thông tư 12/2022/TT-BGDĐT.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from types import MappingProxyType


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A subject of a level.

    Attributes:
        by_comment: assessed Đ or CĐ only, never by a mark (Thông tư 22/2021/TT-BGDĐT, article 5).
        tested: has a periodic test with a mark (primary only; Thông tư 27/2020/TT-BGDĐT, article
            7).
    """

    name: str
    by_comment: bool = False
    tested: bool = False


@dataclass(frozen=True, kw_only=True)
class Programme:
    """What some grades of a level are taught; subjects by code, in the order of the transcript.

    Attributes:
        chosen: subjects of which every student takes `choices`.
        extra: subjects that a school may add (môn học tự chọn).
        spared_qualities: codes of `QUALITIES` that are not assessed yet.
    """

    grades: tuple[str, ...]
    compulsory: tuple[str, ...]
    chosen: tuple[str, ...] = ()
    choices: int = 0
    extra: tuple[str, ...] = ()
    spared_qualities: tuple[str, ...] = ()

    @property
    def codes(self) -> tuple[str, ...]:
        """Every subject that a transcript of these grades may name."""
        return (*self.compulsory, *self.chosen, *self.extra)

    @cached_property
    def known(self) -> frozenset[str]:
        """The same, to look a code up."""
        return frozenset(self.codes)

    def missing(self, codes: Collection[str]) -> list[str]:
        """List the compulsory subjects that are not among the codes."""
        return [code for code in self.compulsory if code not in codes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Curriculum:
    """A level (cấp học).

    Attributes:
        rated_by: the number of subjects whose marks decide the year's rating (Thông tư
            22/2021/TT-BGDĐT, article 9 clause 2); None where the rating is not recomputed.
    """

    level: str
    name: str
    subjects: Mapping[str, Subject]
    programmes: tuple[Programme, ...]
    rated_by: int | None = None

    @property
    def grades(self) -> tuple[str, ...]:
        """The level's grades (KHOI_ID), in order."""
        return tuple(chain.from_iterable(one.grades for one in self.programmes))

    def programme_of(self, grade: str) -> Programme | None:
        """Find what a grade is taught; None for a grade of another level."""
        for one in self.programmes:
            if grade in one.grades:
                return one
        return None


def _grades(first: int, last: int) -> tuple[str, ...]:
    return tuple(f"{grade:02d}" for grade in range(first, last + 1))


_PRIMARY_START = ("02", "01", "03", "04", "88", "89", "90", "91")

PRIMARY = Curriculum(
    level="02",
    name="Tiểu học",
    subjects=MappingProxyType(
        {
            "01": Subject(name="Toán", tested=True),
            "02": Subject(name="Tiếng Việt", tested=True),
            "03": Subject(name="Đạo đức"),
            "04": Subject(name="Tự nhiên và Xã hội"),
            "05": Subject(name="Lịch sử và Địa lí", tested=True),
            "11": Subject(name="Ngoại ngữ 1", tested=True),
            "12": Subject(name="Tin học", tested=True),
            "13": Subject(name="Khoa học", tested=True),
            "14": Subject(name="Tiếng dân tộc thiểu số"),
            "87": Subject(name="Công nghệ", tested=True),
            "88": Subject(name="Giáo dục thể chất"),
            "89": Subject(name="Âm nhạc"),
            "90": Subject(name="Mĩ thuật"),
            "91": Subject(name="Hoạt động trải nghiệm"),
        }
    ),
    programmes=(
        Programme(
            grades=_grades(1, 2),
            compulsory=_PRIMARY_START,
            extra=("11", "14"),
            spared_qualities=("12", "13"),
        ),
        Programme(
            grades=_grades(3, 3), compulsory=(*_PRIMARY_START, "11", "12", "87"), extra=("14",)
        ),
        Programme(
            grades=_grades(4, 5),
            compulsory=("02", "01", "03", "05", "13", "11", "12", "87", "88", "89", "90", "91"),
            extra=("14",),
        ),
    ),
)
"""Tiểu học."""

ONE_TEST = frozenset({"12", "87"})
"""Tin học và Công nghệ: one primary subject of the law under two codes; its test mark may stand on
either line."""

QUALITIES: Mapping[str, str] = MappingProxyType(
    {
        "01": "Yêu nước",
        "02": "Nhân ái",
        "03": "Chăm chỉ",
        "04": "Trung thực",
        "05": "Trách nhiệm",
        "06": "Tự chủ và tự học",
        "07": "Giao tiếp và hợp tác",
        "08": "Giải quyết vấn đề và sáng tạo",
        "09": "Ngôn ngữ",
        "10": "Tính toán",
        "11": "Khoa học",
        "12": "Công nghệ",
        "13": "Tin học",
        "14": "Thẩm mĩ",
        "15": "Thể chất",
    }
)
"""Phẩm chất 01-05, năng lực chung 06-08, năng lực đặc thù 09-15; the order of 06-15 is a guess.
Grades 1 and 2 have neither Công nghệ nor Tin học, so that these two need no value there."""

_THCS_SUBJECTS = {
    "05": Subject(name="Lịch sử và Địa lí"),
    "14": Subject(name="Tiếng dân tộc thiểu số"),
    "15": Subject(name="Toán"),
    "19": Subject(name="Ngữ văn"),
    "26": Subject(name="Giáo dục công dân"),
    "27": Subject(name="Công nghệ"),
    "31": Subject(name="Ngoại ngữ 2"),
    "32": Subject(name="Tin học"),
    "66": Subject(name="Khoa học tự nhiên"),
    "69": Subject(name="Ngoại ngữ 1"),
    "88": Subject(name="Giáo dục thể chất", by_comment=True),
    "91": Subject(name="Hoạt động trải nghiệm, hướng nghiệp", by_comment=True),
    "97": Subject(name="Nghệ thuật", by_comment=True),
    "99": Subject(name="Nội dung giáo dục của địa phương", by_comment=True),
}

THCS = Curriculum(
    level="03",
    name="THCS",
    subjects=MappingProxyType(_THCS_SUBJECTS),
    programmes=(
        Programme(
            grades=_grades(6, 9),
            compulsory=("19", "15", "69", "26", "05", "66", "27", "32", "88", "97", "91", "99"),
            extra=("14", "31"),
        ),
    ),
    rated_by=6,
)
"""Trung học cơ sở."""

_THPT_SUBJECTS = {
    "14": Subject(name="Tiếng dân tộc thiểu số"),
    "15": Subject(name="Toán"),
    "19": Subject(name="Ngữ văn"),
    "29": Subject(name="Âm nhạc", by_comment=True),
    "30": Subject(name="Mĩ thuật", by_comment=True),
    "35": Subject(name="Vật lí"),
    "36": Subject(name="Hóa học"),
    "37": Subject(name="Sinh học"),
    "38": Subject(name="Tin học"),
    "40": Subject(name="Lịch sử"),
    "41": Subject(name="Địa lí"),
    "46": Subject(name="Công nghệ"),
    "47": Subject(name="Giáo dục quốc phòng và an ninh"),
    "69": Subject(name="Ngoại ngữ 1"),
    "70": Subject(name="Ngoại ngữ 2"),
    "88": Subject(name="Giáo dục thể chất", by_comment=True),
    "91": Subject(name="Hoạt động trải nghiệm, hướng nghiệp", by_comment=True),
    "99": Subject(name="Nội dung giáo dục của địa phương", by_comment=True),
    "100": Subject(name="Giáo dục kinh tế và pháp luật"),
}

THPT = Curriculum(
    level="04",
    name="THPT",
    subjects=MappingProxyType(_THPT_SUBJECTS),
    programmes=(
        Programme(
            grades=_grades(10, 12),
            compulsory=("19", "15", "69", "40", "88", "47", "91", "99"),
            chosen=("41", "100", "35", "36", "37", "46", "38", "29", "30"),
            choices=4,
            extra=("14", "70"),
        ),
    ),
    rated_by=6,
)
"""Trung học phổ thông: eight compulsory subjects and four chosen of nine (Thông tư 13/2022)."""

GDTX = Curriculum(
    level="05",
    name="GDTX",
    subjects=MappingProxyType(_THCS_SUBJECTS | _THPT_SUBJECTS),
    programmes=(
        Programme(
            grades=_grades(6, 9),
            compulsory=("19", "15", "26", "05", "66"),
            extra=("69", "27", "32", "91", "99", "14"),
        ),
        Programme(
            grades=_grades(10, 12),
            compulsory=("19", "15", "40", "91", "99"),
            chosen=("41", "100", "35", "36", "37", "46", "38"),
            choices=4,
            extra=("69", "14"),
        ),
    ),
)
"""Giáo dục thường xuyên: fewer subjects, the codes of the same stage at school. A guess throughout,
so that its ratings are not recomputed."""

CURRICULA: Mapping[str, Curriculum] = MappingProxyType(
    {one.level: one for one in (PRIMARY, THCS, THPT, GDTX)}
)
"""Level (CAP_HOC_ID) → what it teaches."""
