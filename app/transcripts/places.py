"""Where a finding on the content says that something stands (profiles `hoc-ba-1`)."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

CONTENT = "/HOC_BA/DU_LIEU_HOC_BA/THONG_TIN_HOC_BA"
RESULT = f"{CONTENT}/TONG_KET_HOC_BA"
LINES = f"{CONTENT}/BANG_DIEM_HOC_BA"
QUALITIES = f"{RESULT}/BANG_NANG_LUC_PHAM_CHAT"

_T = TypeVar("_T")


def placed(path: str, values: Sequence[_T]) -> Iterator[tuple[str, _T]]:
    """Pair values with the locations of the elements that say them, which share one path."""
    for position, value in enumerate(values, start=1):
        yield path if len(values) == 1 else f"{path}[{position}]", value
