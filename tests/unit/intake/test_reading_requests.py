"""What the intake reads from headers and from bytes that are not proven yet."""

import pytest

from app.intake.claims import claimed_school
from app.intake.exchange import wait_seconds


@pytest.mark.parametrize(
    ("prefer", "seconds"),
    [
        (None, None),
        ("", None),
        ("wait=20", 20),
        ("respond-async, wait=5", 5),
        ("Wait = 7; x=y", 7),
        ('wait="8"', 8),
        ("wait=999", 30),
        ("wait=0", 0),
        ("await=20", None),
        ("wait=-1", None),
        ("wait=dài", None),
        ("wait=123456", None),
    ],
)
def test_the_time_to_wait_is_read_and_capped(prefer: str | None, seconds: int | None) -> None:
    assert wait_seconds(prefer) == seconds


@pytest.mark.parametrize(
    ("content", "school"),
    [
        (b"<CO_QUAN_DON_VI_ID>79000701</CO_QUAN_DON_VI_ID>", "79000701"),
        (b"<CO_QUAN_DON_VI_ID >\n 79000701 </CO_QUAN_DON_VI_ID>", "79000701"),
        (b"<CO_QUAN_DON_VI_ID/>", None),
        (b"<CO_QUAN_DON_VI_ID>&#55;9</CO_QUAN_DON_VI_ID>", None),
        (b"<CO_QUAN_DON_VI_ID>123456789012345678901</CO_QUAN_DON_VI_ID>", None),
        (b"", None),
    ],
)
def test_the_claimed_school_is_found_before_anything_is_proven(
    content: bytes, school: str | None
) -> None:
    assert claimed_school(content) == school
