from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import TooManyRequests
from app.ratelimit import TokenBuckets, network_of

NOON = datetime(2026, 6, 10, 12, tzinfo=UTC)


def passes(buckets: TokenBuckets, key: str, now: datetime) -> bool:
    try:
        buckets.take(key, now)
    except TooManyRequests:
        return False
    return True


def test_a_full_bucket_gives_its_burst_and_then_refuses() -> None:
    buckets = TokenBuckets(rate_per_second=1, burst=3, capacity=10)
    assert [passes(buckets, "a", NOON) for _ in range(4)] == [True, True, True, False]


def test_a_refusal_says_when_the_next_request_may_succeed() -> None:
    buckets = TokenBuckets(rate_per_second=0.1, burst=1, capacity=10)
    buckets.take("a", NOON)
    with pytest.raises(TooManyRequests) as refused:
        buckets.take("a", NOON + timedelta(seconds=2))
    assert refused.value.retry_after == 8
    assert passes(buckets, "a", NOON + timedelta(seconds=10))


def test_one_key_does_not_slow_down_another() -> None:
    buckets = TokenBuckets(rate_per_second=1, burst=1, capacity=10)
    buckets.take("a", NOON)
    assert passes(buckets, "b", NOON)


def test_the_key_that_was_quiet_longest_is_forgotten_first() -> None:
    buckets = TokenBuckets(rate_per_second=0.001, burst=1, capacity=2)
    for key in ("a", "b"):
        buckets.take(key, NOON)
    assert not passes(buckets, "a", NOON)
    buckets.take("c", NOON)
    assert not passes(buckets, "a", NOON)
    assert passes(buckets, "b", NOON)


def test_a_clock_that_is_set_back_gives_no_tokens() -> None:
    buckets = TokenBuckets(rate_per_second=1, burst=1, capacity=10)
    buckets.take("a", NOON)
    assert not passes(buckets, "a", NOON - timedelta(hours=1))


@given(
    pauses=st.lists(st.floats(min_value=0, max_value=5), max_size=60),
    rate=st.floats(min_value=0.1, max_value=5),
    burst=st.integers(min_value=1, max_value=5),
)
def test_no_more_pass_than_the_burst_and_the_rate_allow(
    pauses: list[float], rate: float, burst: int
) -> None:
    buckets = TokenBuckets(rate_per_second=rate, burst=burst, capacity=1)
    now, passed = NOON, 0
    for pause in pauses:
        now += timedelta(seconds=pause)
        passed += passes(buckets, "a", now)
    assert passed <= burst + (now - NOON).total_seconds() * rate + 1e-6


@pytest.mark.parametrize(
    ("host", "network"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2::1", "2001:db8:1:2::"),
        ("", ""),
        ("testclient", "testclient"),
    ],
)
def test_an_ipv6_client_counts_as_its_network(host: str, network: str) -> None:
    assert network_of(host) == network
