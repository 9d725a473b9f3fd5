"""Held files of a folder whose process may make them immutable, and of one that may not."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from app.errors import Unavailable
from app.main import read_clock
from app.settings import Settings
from app.vault import open_configured_vault
from app.vault.directory import DirectoryVault, open_directory
from app.vault.immutable import is_immutable, may_set_immutable, set_immutable
from app.vault.vault import Attempt, object_key
from tests.vaults import erasable

CONTENT = "Học bạ của Phạm Thị Mẫu".encode() * 1000
DIGEST = sha256(CONTENT).hexdigest()
FAR = read_clock() + timedelta(days=400)

ATTACKS: dict[str, Callable[[Path], object]] = {
    "write": lambda path: path.write_bytes(b"other"),
    "remove": lambda path: path.unlink(),
    "rename": lambda path: path.rename(path.with_suffix(".old")),
    "replace": lambda path: path.with_suffix(".new").rename(path),
    "mode": lambda path: path.chmod(0o600),
}


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[DirectoryVault]:
    """The vault of a production folder."""
    root = tmp_path / "vault"
    with erasable(root):
        yield open_directory(root, immutable=True)


async def test_a_held_file_resists_even_its_owner_where_the_flag_may_be_set(
    vault: DirectoryVault,
) -> None:
    await vault.put_once(DIGEST, BytesIO(CONTENT))
    await vault.hold(DIGEST, FAR)
    path = vault.root / object_key(DIGEST)
    assert path.stat().st_mode & 0o777 == 0o444
    assert vault.immutable == may_set_immutable(vault.root)
    if vault.immutable:
        path.with_suffix(".new").write_bytes(b"other")
        for attack in ATTACKS.values():
            with pytest.raises(PermissionError):
                attack(path)
    assert await vault.get(DIGEST) == CONTENT


async def test_a_flagged_file_is_put_held_and_kept_again(vault: DirectoryVault) -> None:
    for _ in range(2):
        await vault.put_once(DIGEST, BytesIO(CONTENT))
        await vault.hold(DIGEST, FAR)
        assert await vault.discard(DIGEST, before=FAR) is False


async def test_the_proof_of_a_folder_admits_that_its_owner_may_undo_all(
    vault: DirectoryVault, tmp_path: Path
) -> None:
    plain = open_directory(tmp_path / "plain")
    proofs = {proof.attempt: proof.withstood for proof in await vault.prove_locks()}
    assert proofs[Attempt.WEAKEN] is False
    assert proofs[Attempt.DELETE] is vault.immutable
    assert not any(
        proof.withstood
        for proof in await plain.prove_locks()
        if proof.attempt is not Attempt.OVERWRITE  # the mode stops those who are not root
    )


async def test_a_process_without_the_right_says_so_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A number that no file system knows stands for one without flags.
    monkeypatch.setattr("app.vault.immutable._SET_FLAGS", 0)
    with capture_logs() as lines:
        vault = open_directory(tmp_path / "vault", immutable=True)
    assert [line["event"] for line in lines] == ["vault.tamper_evident_only"]
    await vault.put_once(DIGEST, BytesIO(CONTENT))
    await vault.hold(DIGEST, FAR)
    assert await vault.get(DIGEST) == CONTENT


async def test_a_flag_that_can_no_longer_be_set_holds_nothing(
    vault: DirectoryVault, monkeypatch: pytest.MonkeyPatch
) -> None:
    await vault.put_once(DIGEST, BytesIO(CONTENT))
    monkeypatch.setattr("app.vault.immutable._SET_FLAGS", 0)
    if vault.immutable:
        with pytest.raises(Unavailable):
            await vault.hold(DIGEST, FAR)


def test_a_file_system_without_flags_has_no_immutable_file() -> None:
    with Path("/proc/self/status").open("rb") as file:
        assert is_immutable(file.fileno()) is False
        with pytest.raises(OSError, match=r".*"):
            set_immutable(file.fileno(), on=True)


def test_only_a_production_folder_is_made_immutable(tmp_path: Path) -> None:
    folders = {
        "environment": "production",
        "database_url": "postgresql://127.0.0.1/none",
        "vault_url": (tmp_path / "vault").as_uri(),
        "keys_dir": tmp_path,
        "trust_dir": tmp_path,
    }
    production = open_configured_vault(Settings.model_validate(folders))
    sandbox = open_configured_vault(Settings(home=tmp_path))
    assert isinstance(production, DirectoryVault)
    assert isinstance(sandbox, DirectoryVault)
    assert production.immutable == may_set_immutable(tmp_path)
    assert sandbox.immutable is False
