"""Where a finding on the content says that something stands (profiles `hoc-ba-1`)."""

CONTENT = "/HOC_BA/DU_LIEU_HOC_BA/THONG_TIN_HOC_BA"
RESULT = f"{CONTENT}/TONG_KET_HOC_BA"
LINES = f"{CONTENT}/BANG_DIEM_HOC_BA"
QUALITIES = f"{RESULT}/BANG_NANG_LUC_PHAM_CHAT"


def place_of(path: str, position: int, count: int) -> str:
    """Locate one of the elements that share a path, by its position from 0 and their number."""
    return path if count == 1 else f"{path}[{position + 1}]"
