import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import InvalidCode
from app.transcripts.codes import ALPHABET, format_code, parse_code, transcript_code

KEY = bytes(range(32))
digests = st.binary(min_size=32, max_size=32)
places = st.integers(min_value=0, max_value=17)


def test_the_code_of_a_digest_never_changes() -> None:
    assert transcript_code(KEY, bytes(32)) == "BVZUJ9RE3X58HMWJTH"


def test_another_key_gives_another_code() -> None:
    assert transcript_code(KEY, bytes(32)) != transcript_code(bytes(32), bytes(32))


def test_the_alphabet_is_a_prime_number_of_symbols_that_nobody_misreads() -> None:
    assert len(set(ALPHABET)) == 31
    assert not set(ALPHABET) & set("01ILO")


@given(digests)
def test_every_code_is_read_back_from_how_it_is_shown(digest: bytes) -> None:
    code = transcript_code(KEY, digest)
    shown = format_code(code)
    assert [len(group) for group in shown.split("-")] == [6, 6, 6]
    assert parse_code(shown) == code


@given(digests, places, st.sampled_from(ALPHABET))
def test_every_single_wrong_symbol_is_caught(digest: bytes, place: int, symbol: str) -> None:
    code = transcript_code(KEY, digest)
    typed = code[:place] + symbol + code[place + 1 :]
    if typed == code:
        assert parse_code(typed) == code
    else:
        with pytest.raises(InvalidCode):
            parse_code(typed)


@given(digests, places, places)
def test_every_swap_of_two_different_symbols_is_caught(digest: bytes, one: int, two: int) -> None:
    code = transcript_code(KEY, digest)
    symbols = list(code)
    symbols[one], symbols[two] = symbols[two], symbols[one]
    typed = "".join(symbols)
    if typed == code:
        assert parse_code(typed) == code
    else:
        with pytest.raises(InvalidCode):
            parse_code(typed)


@pytest.mark.parametrize("separator", ["", " ", "-", " – ", "\u2011", "\u00a0", "\t"])
def test_separators_and_case_do_not_matter(separator: str) -> None:
    code = transcript_code(KEY, bytes(32))
    groups = [code[:6], code[6:12].lower(), code[12:]]
    assert parse_code(separator.join(groups) + "\n") == code


def test_full_width_forms_are_read() -> None:
    code = transcript_code(KEY, bytes(32))
    assert parse_code("".join(chr(ord(symbol) + 0xFEE0) for symbol in code)) == code


def test_a_code_of_equal_symbols_is_refused_although_no_neighbour_differs() -> None:
    with pytest.raises(InvalidCode):
        parse_code("3" * 18)


@pytest.mark.parametrize("cut", [slice(0, 17), slice(1, 18), slice(0, 0)])
def test_a_part_of_a_code_is_refused(cut: slice) -> None:
    with pytest.raises(InvalidCode):
        parse_code(transcript_code(KEY, bytes(32))[cut])


@pytest.mark.parametrize("symbol", ["0", "O", "1", "I", "L", "Đ", "_", "٣"])
def test_a_symbol_outside_the_alphabet_is_refused(symbol: str) -> None:
    with pytest.raises(InvalidCode):
        parse_code(symbol + transcript_code(KEY, bytes(32))[1:])


def test_an_overlong_text_is_refused_unread() -> None:
    with pytest.raises(InvalidCode):
        parse_code(transcript_code(KEY, bytes(32)) + " " * 64)


@given(st.text(max_size=80))
def test_whatever_is_typed_is_a_code_or_refused(text: str) -> None:
    try:
        code = parse_code(text)
    except InvalidCode:
        return
    assert set(code) <= set(ALPHABET)
