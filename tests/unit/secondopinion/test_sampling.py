"""The sample is what was asked for, always the same, and nobody outside can foretell it."""

from hashlib import sha256

from hypothesis import given
from hypothesis import strategies as st

from app.secondopinion.sampling import EVERYTHING, NO_SAMPLE, Sampling, is_sampled

DIGESTS = [sha256(bytes([n // 256, n % 256])).hexdigest() for n in range(4000)]


@given(st.binary(min_size=32, max_size=32), st.binary())
def test_a_share_of_one_takes_everything_and_of_none_nothing(digest: bytes, key: bytes) -> None:
    assert is_sampled(digest.hex(), Sampling(share=1.0, key=key))
    assert not is_sampled(digest.hex(), Sampling(share=0.0, key=key))
    assert is_sampled(digest.hex(), EVERYTHING)
    assert not is_sampled(digest.hex(), NO_SAMPLE)


def test_a_share_takes_about_that_many_and_each_time_the_same() -> None:
    sampling = Sampling(share=0.1, key=b"k" * 32)
    taken = [digest for digest in DIGESTS if is_sampled(digest, sampling)]
    assert 300 < len(taken) < 500
    assert taken == [digest for digest in DIGESTS if is_sampled(digest, sampling)]


def test_a_larger_share_takes_what_a_smaller_one_takes_and_more() -> None:
    small, large = (Sampling(share=share, key=b"k") for share in (0.1, 0.3))
    assert all(is_sampled(d, large) for d in DIGESTS if is_sampled(d, small))


def test_another_key_takes_others() -> None:
    one, other = (Sampling(share=0.5, key=key) for key in (b"k", b"j"))
    assert any(is_sampled(d, one) != is_sampled(d, other) for d in DIGESTS)


def test_the_key_is_never_shown() -> None:
    assert "geheim" not in repr(Sampling(share=0.5, key=b"geheim"))
