"""Language and clock of an answer."""

from datetime import UTC, datetime

import pytest

from app.locale import Language, local_time, preferred_language


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, "vi"),
        ("", "vi"),
        ("*", "vi"),
        ("vi", "vi"),
        ("en", "en"),
        ("EN-us", "en"),
        ("fr, en;q=0.3", "en"),
        ("en;q=0.5, vi;q=0.5", "vi"),
        ("vi;q=0.4, en;q=0.9", "en"),
        ("en;q=0", "vi"),
        ("en;q=2", "vi"),
        ("en;q=khong", "vi"),
        ("en;level=1", "vi"),
    ],
)
def test_the_best_weighted_language_wins_and_vietnamese_on_doubt(
    header: str | None, language: str
) -> None:
    assert preferred_language(header) is Language(language)


def test_times_are_those_of_viet_nam() -> None:
    at = datetime(2026, 6, 10, 20, 30, 15, 999_999, tzinfo=UTC)
    assert local_time(at) == "2026-06-11T03:30:15+07:00"
