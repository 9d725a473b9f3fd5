import unicodedata

import pytest

from app.transcripts.masking import mask_name

NAME = "Nguyễn Thị Mẫu Ánh"


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_every_word_keeps_only_its_first_letter(form: str) -> None:
    assert mask_name(unicodedata.normalize(form, NAME)) == "N*** T*** M*** Á***"


def test_white_space_tells_nothing() -> None:
    assert mask_name("  Ô \t Mẫu ") == "Ô*** M***"


def test_a_mask_does_not_tell_how_long_a_word_is() -> None:
    assert mask_name("Y Mẫu") == mask_name("Yên Minh")
