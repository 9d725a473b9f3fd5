import hmac
from base64 import b64decode
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from app.webhooks.deliveries import FIRST_REST, LONGEST_REST, rest_after
from app.webhooks.signing import secret_of, shown_secret, signed_headers

KEY = b"k" * 32
ID = UUID("0e9d7a52-3c41-4f0b-9a6e-5b1f8c2d7e10")
AT = datetime(2026, 7, 1, 8, tzinfo=UTC)


def test_a_secret_belongs_to_one_webhook_and_one_key() -> None:
    secret = secret_of(KEY, ID)
    assert len(secret) == 32
    assert len({secret, secret_of(KEY, uuid4()), secret_of(b"o" * 32, ID)}) == 3
    assert b64decode(shown_secret(secret).removeprefix("whsec_")) == secret


@given(st.binary(max_size=50))
def test_the_signature_is_that_of_standard_webhooks(body: bytes) -> None:
    headers = signed_headers(b"s", ID, body, at=AT)
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    version, _, signature = headers["webhook-signature"].partition(",")
    assert version == "v1"
    assert b64decode(signature) == hmac.new(b"s", signed, "sha256").digest()
    assert headers["webhook-timestamp"] == "1782892800"


@given(st.integers(0, 10_000), st.floats(0, 1))
def test_rests_grow_and_stay_within_their_bounds(attempts: int, jitter: float) -> None:
    rest = rest_after(attempts, jitter)
    assert FIRST_REST / 2 <= rest <= LONGEST_REST
    assert rest <= rest_after(attempts, 1) <= rest_after(attempts + 1, 1)
    assert rest >= rest_after(attempts, 1) / 2 - timedelta(microseconds=1)
