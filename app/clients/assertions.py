"""Signed assertions by which a client proves itself (RFC 7523, `private_key_jwt`).

Pure: keys, time and audiences are arguments. The checks cost a millisecond of processor time: call
them in a thread.
"""

import re
from binascii import Error as Base64Error
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from json import loads
from types import MappingProxyType
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey
from joserfc.util import urlsafe_b64decode

from app.clients.credentials import PublicKey
from app.errors import InvalidClient, InvalidRequest

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
"""RFC 7523 section 2.2."""

ASSERTION_LIMIT = 8192
"""Characters of an assertion that are looked at: one signed with RSA 4096 has about 1,200."""

ASSERTION_LIFETIME = timedelta(minutes=5)
"""The furthest that `exp` may lie ahead: an assertion is made for one request, and a used one is
remembered until it runs out."""

CLOCK_SKEW = timedelta(seconds=30)
"""A client's clock may run ahead by this much; `exp` itself gets no more time."""

JTI_LIMIT = 256
"""Characters of a `jti`: a UUID has 36."""

RSA_BITS = range(2048, 4097)
"""Shorter keys are broken, longer ones only cost time."""

KEY_TYPES: Mapping[str, tuple[str, frozenset[str]]] = MappingProxyType(
    {
        "RS256": ("RSA", frozenset({"kty", "n", "e"})),
        "PS256": ("RSA", frozenset({"kty", "n", "e"})),
        "ES256": ("EC", frozenset({"kty", "crv", "x", "y"})),
    }
)
"""The algorithms that are taken, with their kind of key and its public members (RFC 7518)."""

_PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
_KID = re.compile(r"[A-Za-z0-9._~-]{1,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """What an assertion says of itself before anything is proven: whose it is, and by which key."""

    client_id: str
    kid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """A proven assertion, to be remembered until it runs out so that nobody repeats it."""

    digest: bytes
    expires_at: datetime


def read_public_key(jwk: Mapping[str, Any]) -> PublicKey:
    """Check a public key that somebody wants to register (RFC 7517).

    It must name itself (`kid`) and its one algorithm (`alg`), so that an assertion's own header
    chooses nothing (RFC 8725 section 3.1).

    Raises:
        InvalidRequest: it is private, of another kind, too weak, or no point of its curve.
    """
    if _PRIVATE & jwk.keys():
        raise InvalidRequest(parameter="key", reason="private")
    kid, algorithm = jwk.get("kid"), jwk.get("alg")
    if not isinstance(kid, str) or not _KID.fullmatch(kid):
        raise InvalidRequest(parameter="key", reason="kid")
    if not isinstance(algorithm, str) or algorithm not in KEY_TYPES:
        raise InvalidRequest(parameter="key", reason="alg")
    kind, members = KEY_TYPES[algorithm]
    public = {name: jwk.get(name) for name in sorted(members)}
    if public["kty"] != kind or not all(isinstance(value, str) for value in public.values()):
        raise InvalidRequest(parameter="key", reason="kty")
    key = PublicKey(kid=kid, algorithm=algorithm, jwk=public)
    try:
        if not _is_strong(key):
            raise InvalidRequest(parameter="key", reason="weak")
        _imported(key)
    except (JoseError, ValueError, TypeError) as error:
        raise InvalidRequest(parameter="key", reason="malformed") from error
    return key


def claims_of(assertion: str) -> Claimed:
    """Read whose assertion this claims to be, to find the key that decides.

    Raises:
        InvalidClient: it is no assertion.
    """
    try:
        header, payload, _ = assertion.split(".")
        kid, client_id = _json(header)["kid"], _json(payload)["sub"]
    except (ValueError, KeyError, TypeError, Base64Error, RecursionError) as error:
        raise InvalidClient from error
    if not isinstance(kid, str) or not _KID.fullmatch(kid) or not isinstance(client_id, str):
        raise InvalidClient
    return Claimed(client_id=client_id, kid=kid)


def prove_assertion(
    assertion: str, key: PublicKey, *, client_id: str, now: datetime, audiences: tuple[str, ...]
) -> Used:
    """Check an assertion by a client's own key (RFC 7523 section 3).

    Args:
        assertion: the JWT.
        key: the registered key that it names.
        client_id: must be both its issuer and its subject.
        now: the time of the request.
        audiences: the names of this service; the assertion must be for one of them and nobody else.

    Raises:
        InvalidClient: anything about it is in doubt.
    """
    try:
        claims = jwt.decode(assertion, _imported(key), algorithms=[key.algorithm]).claims
        expires_at = datetime.fromtimestamp(claims["exp"], UTC)
        begins = [datetime.fromtimestamp(claims[name], UTC) for name in _BEGINS if name in claims]
    except (JoseError, ValueError, TypeError, KeyError, OverflowError, OSError) as error:
        raise InvalidClient from error
    audience, jti = claims.get("aud"), claims.get("jti")
    held = (
        claims.get("iss") == client_id,
        claims.get("sub") == client_id,
        audience in audiences or (isinstance(audience, list) and _only(audience) in audiences),
        now < expires_at <= now + ASSERTION_LIFETIME + CLOCK_SKEW,
        all(moment <= now + CLOCK_SKEW for moment in begins),
        isinstance(jti, str) and 0 < len(jti) <= JTI_LIMIT,
    )
    if not all(held):
        raise InvalidClient
    return Used(
        digest=sha256(str(jti).encode(errors="surrogatepass")).digest(), expires_at=expires_at
    )


_BEGINS = ("iat", "nbf")


def _only(values: list[Any]) -> Any:
    return values[0] if len(values) == 1 else None


def _json(part: str) -> dict[str, Any]:
    read = loads(urlsafe_b64decode(part.encode()))
    if not isinstance(read, dict):
        raise TypeError
    return read


def _imported(key: PublicKey) -> RSAKey | ECKey:
    kind, _ = KEY_TYPES[key.algorithm]
    return (RSAKey if kind == "RSA" else ECKey).import_key(dict(key.jwk))


def _is_strong(key: PublicKey) -> bool:
    """Tell whether a key may be imported at all; one that is no key is found at its import."""
    if "n" not in key.jwk:
        return bool(key.jwk["crv"] == "P-256")
    modulus, exponent = (_number(key.jwk[name]) for name in ("n", "e"))
    return modulus.bit_length() in RSA_BITS and exponent > 2 and exponent % 2 == 1  # noqa: PLR2004 -- reason: 1 and 2 are no exponents


def _number(text: str) -> int:
    return int.from_bytes(urlsafe_b64decode(text.encode()), "big")
