from hypothesis import given
from hypothesis import strategies as st

from app.sandbox.stream import Stream


def test_a_seed_and_labels_determine_the_octets() -> None:
    assert Stream("mau", "a").octets(40) == Stream("mau", "a").octets(40)
    assert Stream("mau", "a").octets(8) == bytes.fromhex("70658f6178c6b985")


def test_other_labels_give_other_octets() -> None:
    streams = (Stream("mau"), Stream("mau", "a"), Stream("mau", "a", "b"), Stream("mau", "ab"))
    assert len({stream.octets(16) for stream in streams}) == len(streams)


@given(sizes=st.lists(st.integers(0, 70), max_size=6))
def test_octets_are_the_same_however_they_are_taken(sizes: list[int]) -> None:
    stream = Stream("mau")
    assert b"".join(map(stream.octets, sizes)) == Stream("mau").octets(sum(sizes))


@given(limit=st.integers(1, 1 << 70))
def test_a_choice_stays_below_its_limit(limit: int) -> None:
    assert 0 <= Stream("mau", str(limit)).below(limit) < limit


def test_every_item_is_chosen_about_equally_often() -> None:
    stream = Stream("mau")
    chosen = [stream.choice("abc") for _ in range(3000)]
    assert all(900 < chosen.count(item) < 1100 for item in "abc")
