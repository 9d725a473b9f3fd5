import pytest

from app.clients.secrets import hash_secret, is_secret


def test_a_secret_is_known_by_its_hash_and_another_is_not() -> None:
    kept = hash_secret("khóa của phần mềm Mẫu")
    assert is_secret("khóa của phần mềm Mẫu", ("", kept))
    assert not is_secret("khóa khác", (kept,))


def test_the_same_secret_never_has_the_same_hash() -> None:
    assert hash_secret("secret") != hash_secret("secret")


@pytest.mark.parametrize("kept", [(), ("",), ("secret",), ("$argon2id$v=19$broken",)])
def test_nothing_matches_what_is_no_hash(kept: tuple[str, ...]) -> None:
    assert not is_secret("secret", kept)
