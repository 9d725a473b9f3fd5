"""What an assertion must be before it proves anything (RFC 7523), and a key before it is kept."""

from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from functools import cache
from json import dumps
from typing import Any

import pytest
from joserfc import jws, jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from app.clients.assertions import claims_of, prove_assertion, read_public_key
from app.clients.credentials import PublicKey
from app.errors import InvalidClient, InvalidRequest

NOW = datetime(2026, 6, 10, 8, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
AUDIENCES = ("https://hocba.example", "https://hocba.example/v1/oauth/token")
CLAIMS = {
    "iss": "pm-mau",
    "sub": "pm-mau",
    "aud": AUDIENCES[0],
    "iat": SECONDS,
    "exp": SECONDS + 60,
    "jti": "mot-lan",
}


@cache
def private_key(algorithm: str, number: int = 1) -> RSAKey | ECKey:
    assert number
    return ECKey.generate_key("P-256") if algorithm == "ES256" else RSAKey.generate_key(2048)


def jwk(algorithm: str) -> dict[str, Any]:
    return {**private_key(algorithm).as_dict(private=False), "kid": "k1", "alg": algorithm}


def signed(algorithm: str = "ES256", *, key: Any = None, header: Any = None, **changes: Any) -> str:
    claims = {name: value for name, value in (CLAIMS | changes).items() if value is not None}
    full = {"alg": algorithm, "kid": "k1"} | (header or {})
    allowed = ["ES256", "RS256", "PS256", "RS384", "HS256"]
    return jwt.encode(full, claims, key or private_key(algorithm), algorithms=allowed)


def prove(assertion: str, algorithm: str = "ES256") -> Any:
    key = read_public_key(jwk(algorithm))
    return prove_assertion(assertion, key, client_id="pm-mau", now=NOW, audiences=AUDIENCES)


@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256"])
def test_an_assertion_signed_by_the_registered_key_proves_its_client(algorithm: str) -> None:
    assertion = signed(algorithm)
    assert claims_of(assertion).client_id == "pm-mau"
    assert prove(assertion, algorithm).expires_at == NOW + timedelta(seconds=60)


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": AUDIENCES[1]},
        {"aud": [AUDIENCES[0]]},
        {"exp": SECONDS + 300},
        {"iat": None},
        {"nbf": SECONDS + 20},
    ],
)
def test_what_the_standard_leaves_open_is_taken(changes: dict[str, Any]) -> None:
    assert prove(signed(**changes))


def test_a_name_that_is_no_text_still_counts_once() -> None:
    payload = dumps(CLAIMS | {"jti": "\ud800"}).encode()
    header = {"alg": "ES256", "kid": "k1"}
    assertion = jws.serialize_compact(header, payload, private_key("ES256"), algorithms=["ES256"])
    assert len(prove(assertion).digest) == 32


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "pm-khac"},
        {"sub": "pm-khac"},
        {"aud": "https://khac.example"},
        {"aud": [AUDIENCES[0], "https://khac.example"]},
        {"aud": None},
        {"aud": []},
        {"exp": SECONDS},
        {"exp": SECONDS + 400},
        {"exp": None},
        {"exp": "mai"},
        {"exp": 10**20},
        {"iat": SECONDS + 120},
        {"nbf": SECONDS + 120},
        {"nbf": "mai"},
        {"jti": None},
        {"jti": ""},
        {"jti": 7},
        {"jti": "x" * 300},
    ],
)
def test_an_assertion_with_a_claim_in_doubt_proves_nothing(changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidClient):
        prove(signed(**changes))


@pytest.mark.parametrize(
    "assertion",
    [
        signed(key=ECKey.generate_key("P-256")),
        signed("RS256"),
        signed("HS256", key=OctKey.import_key("x" * 32)),
        signed(header={"crit": ["b64"], "b64": False}),
        signed()[:-4],
        signed() + "A",
    ],
    ids=range(6),
)
def test_an_assertion_that_the_key_did_not_sign_proves_nothing(assertion: str) -> None:
    with pytest.raises(InvalidClient):
        prove(assertion)


def test_a_key_is_used_with_its_own_algorithm_only() -> None:
    same = {**private_key("RS256").as_dict(private=False), "kid": "k1", "alg": "PS256"}
    with pytest.raises(InvalidClient):
        prove_assertion(
            signed("RS256"),
            read_public_key(same),
            client_id="pm-mau",
            now=NOW,
            audiences=AUDIENCES,
        )


def part(text: str) -> str:
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "assertion",
    [
        "",
        "a.b",
        "a.b.c",
        "é.é.é",
        f"{part('[]')}.{part('{}')}.x",
        f"{part('{}')}.{part('{}')}.x",
        ".".join((part('{"kid": 1}'), part('{"sub": "a"}'), "x")),
        ".".join((part('{"kid": "\\ud800"}'), part('{"sub": "a"}'), "x")),
        f"{part('[' * 5000)}.{part('{}')}.x",
    ],
    ids=range(9),
)
def test_what_is_no_assertion_claims_nothing(assertion: str) -> None:
    with pytest.raises(InvalidClient):
        claims_of(assertion)


def test_a_public_key_is_kept_with_its_public_members_only() -> None:
    kept = read_public_key(jwk("RS256") | {"x5u": "https://khac.example", "use": "sig"})
    assert isinstance(kept, PublicKey)
    assert (kept.kid, kept.algorithm, set(kept.jwk)) == ("k1", "RS256", {"kty", "n", "e"})


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        (private_key("ES256").as_dict(private=True) | {"kid": "k1", "alg": "ES256"}, "private"),
        ({"kty": "oct", "k": "eHh4", "kid": "k1", "alg": "HS256"}, "private"),
        (jwk("ES256") | {"kid": "có dấu"}, "kid"),
        (jwk("ES256") | {"kid": None}, "kid"),
        (jwk("ES256") | {"alg": "ES384"}, "alg"),
        (jwk("RS256") | {"alg": "RS512"}, "alg"),
        (jwk("RS256") | {"alg": None}, "alg"),
        (jwk("RS256") | {"alg": "ES256"}, "kty"),
        (jwk("ES256") | {"x": 7}, "kty"),
        (jwk("ES256") | {"x": part("x" * 32)}, "malformed"),
        (jwk("RS256") | {"n": "a"}, "malformed"),
        (jwk("ES256") | {"crv": "P-999"}, "weak"),
        (jwk("RS256") | {"n": part("x" * 128)}, "weak"),
        (jwk("RS256") | {"e": "Ag"}, "weak"),
        (
            ECKey.generate_key("P-384").as_dict(private=False) | {"kid": "k1", "alg": "ES256"},
            "weak",
        ),
    ],
    ids=range(15),
)
def test_a_key_in_doubt_is_not_registered(key: dict[str, Any], reason: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        read_public_key(key)
    assert (refused.value.parameter, refused.value.reason) == ("key", reason)
