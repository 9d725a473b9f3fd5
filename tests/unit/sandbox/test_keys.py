import hashlib
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)

from app.sandbox import keys as module
from app.sandbox.keys import KeyStore

BITS = 1024  # found in a twentieth of a second


def public_numbers(store: KeyStore, name: str) -> int:
    return store.rsa(name, BITS).public_key().public_numbers().n


def test_a_seed_and_a_name_determine_an_rsa_key() -> None:
    assert public_numbers(KeyStore(seed="mau"), "a") == public_numbers(KeyStore(seed="mau"), "a")
    numbers = {
        public_numbers(KeyStore(seed=seed), name) for seed in ("mau", "khac") for name in "ab"
    }
    assert len(numbers) == 4


def test_keys_stay_what_they_were_when_vectors_were_made() -> None:
    store = KeyStore(seed="mau")
    public = (store.rsa("a", BITS).public_key(), store.p256("a").public_key())
    spki = b"".join(
        key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo) for key in public
    )
    assert (
        hashlib.sha256(spki).hexdigest()
        == "337efa6d0f905a29e298e88cd1ec09e6aba36722c675ce4e4e51927fb68da438"
    )


@pytest.mark.parametrize("bits", [1024, 2048])
def test_an_rsa_key_is_as_long_as_asked_and_signs(bits: int) -> None:
    key = KeyStore(seed="mau").rsa("a", bits)
    assert key.key_size == bits
    signature = key.sign(b"x", PKCS1v15(), SHA256())
    key.public_key().verify(signature, b"x", PKCS1v15(), SHA256())


def test_a_kept_key_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    key = KeyStore(seed="mau", folder=folder).rsa("a", BITS)
    (file,) = folder.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    kept = load_pem_private_key(file.read_bytes(), password=None)
    assert kept.public_key() == key.public_key()


def test_a_kept_key_is_not_looked_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = KeyStore(seed="mau", folder=tmp_path).rsa("a", BITS)
    monkeypatch.delattr(module, "_prime")
    again = KeyStore(seed="mau", folder=tmp_path).rsa("a", BITS)
    assert again.public_key() == key.public_key()


def test_keys_of_another_seed_in_the_same_folder_are_not_mixed_up(tmp_path: Path) -> None:
    first, second = (KeyStore(seed=seed, folder=tmp_path) for seed in ("mau", "khac"))
    assert public_numbers(first, "a") != public_numbers(second, "a")
    assert len(list(tmp_path.iterdir())) == 2


def test_a_store_looks_for_a_key_only_once() -> None:
    store = KeyStore(seed="mau")
    assert store.rsa("a", BITS) is store.rsa("a", BITS)


def test_an_elliptic_key_follows_from_its_name() -> None:
    store = KeyStore(seed="mau")
    assert store.p256("a").private_numbers() == store.p256("a").private_numbers()
    assert store.p256("a").private_numbers() != store.p256("b").private_numbers()
