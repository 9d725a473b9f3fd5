from datetime import date

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    SECP384R1,
    SECP521R1,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS

from app.signatures.algorithms import (
    DIGESTS,
    SIGNATURES,
    DigestMethod,
    accepted_on,
    verify_value,
)
from tests.scenarios import keys

DATA = "Học bạ số".encode()
PSS_METHODS = [uri for uri, method in SIGNATURES.items() if isinstance(method.padding, PSS)]


@pytest.mark.parametrize("uri", PSS_METHODS)
def test_rsa_pss_with_a_salt_of_the_hash_length_verifies(uri: str) -> None:
    method = SIGNATURES[uri]
    hash_ = method.hash
    key = keys().rsa("pss")
    for salt, expected in ((hash_.digest_size, True), (0, False)):
        value = key.sign(DATA, PSS(mgf=MGF1(hash_), salt_length=salt), hash_)
        assert verify_value(method, key.public_key(), DATA, value) is expected


@pytest.mark.parametrize("curve", [SECP256R1, SECP384R1, SECP521R1])
def test_an_ecdsa_value_of_zeros_is_refused(curve: type[SECP256R1]) -> None:
    key = generate_private_key(curve())
    zeros = bytes(2 * ((key.curve.key_size + 7) // 8))
    method = next(m for m in SIGNATURES.values() if m.padding is None)
    assert not verify_value(method, key.public_key(), DATA, zeros)
    assert not verify_value(method, key.public_key(), DATA, zeros[:-1])


@pytest.mark.parametrize("uri", SIGNATURES)
def test_a_key_of_another_kind_verifies_nothing(uri: str) -> None:
    method = SIGNATURES[uri]
    rsa, curve = keys().rsa("pss").public_key(), generate_private_key(SECP256R1()).public_key()
    for key in (rsa, curve):
        assert method.fits(key) == (("ecdsa" in uri) == (key is curve))
        assert not verify_value(method, key, DATA, bytes(64))


def test_an_algorithm_counts_only_within_its_dates() -> None:
    method = DigestMethod(
        new=DIGESTS[next(iter(DIGESTS))].new,
        not_before=date(2024, 1, 1),
        not_after=date(2030, 12, 31),
    )
    days = (date(2023, 12, 31), date(2024, 1, 1), date(2030, 12, 31), date(2031, 1, 1))
    assert [accepted_on(method, day) for day in days] == [False, True, True, False]


def test_nothing_weak_is_in_the_tables() -> None:
    for uri in (*DIGESTS, *SIGNATURES):
        assert not any(
            weak in uri.lower() for weak in ("sha1", "md5", "hmac", "dsa-sha1", "ripemd")
        )
