import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.signatures.names import plain_name, same_name


@pytest.mark.parametrize(
    "certified",
    [
        "Đỗ Thị Mẫu",
        "ĐỖ THỊ MẪU",
        "DO THI MAU",
        "do  thi\u00a0mau",
        unicodedata.normalize("NFD", "Đỗ Thị Mẫu"),
        "Đỗ-Thị, Mẫu",
    ],
)
def test_a_name_is_recognised_in_every_common_spelling(certified: str) -> None:
    assert same_name(certified, "Đỗ Thị Mẫu")


@pytest.mark.parametrize("other", ["Đỗ Thị Mẫn", "Đỗ Mẫu", "Đỗ Thị Mẫu Ánh", "", "…"])
def test_another_name_is_not_recognised(other: str) -> None:
    assert not same_name(other, "Đỗ Thị Mẫu")


def test_two_empty_names_are_not_the_same_person() -> None:
    assert not same_name("", "")


@given(st.text())
def test_a_plain_name_is_stable(name: str) -> None:
    assert plain_name(plain_name(name)) == plain_name(name)
