"""What the vault in a folder does with the file system, and with a process that dies."""

import os
import signal
import subprocess
import sys
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import pytest

from app.errors import NotFound, StartRefused, Unavailable
from app.vault import open_vault
from app.vault.directory import DirectoryVault, open_directory
from app.vault.durable import takes_unnamed_files
from app.vault.vault import object_key

CONTENT = bytes(range(256)) * 4096 * 16  # 16 MiB
DIGEST = sha256(CONTENT).hexdigest()
PROJECT = Path(__file__).parents[2]

PUT_WHAT_ARRIVES = """
import asyncio, sys
from pathlib import Path
from app.vault.directory import DirectoryVault
vault = DirectoryVault(Path(sys.argv[1]), unnamed_files=sys.argv[2] == "True")
asyncio.run(vault.put_once(sys.argv[3], sys.stdin.buffer))
"""


@pytest.fixture(params=[True, False], ids=["unnamed-files", "named-files"])
def vault(request: pytest.FixtureRequest, tmp_path: Path) -> DirectoryVault:
    open_directory(tmp_path / "vault")
    return DirectoryVault(tmp_path / "vault", unnamed_files=request.param)


async def test_a_writer_killed_in_the_middle_leaves_no_object(vault: DirectoryVault) -> None:
    command = [sys.executable, "-c", PUT_WHAT_ARRIVES, str(vault.root), str(vault.unnamed_files)]
    with subprocess.Popen(  # noqa: S603, ASYNC220 -- reason: our own interpreter; nothing else runs here
        [*command, DIGEST], stdin=subprocess.PIPE, cwd=PROJECT
    ) as writer:
        assert writer.stdin is not None
        # A pipe holds 64 KiB: when 8 MiB have gone through it, the writer is in the middle.
        writer.stdin.write(CONTENT[: len(CONTENT) // 2])
        writer.stdin.flush()
        writer.send_signal(signal.SIGKILL)
    assert writer.returncode == -signal.SIGKILL

    with pytest.raises(NotFound):
        await vault.get(DIGEST)
    assert [path for path in (vault.root / "sha256").rglob("*") if path.is_file()] == []

    await vault.put_once(DIGEST, BytesIO(CONTENT))
    assert await vault.get(DIGEST) == CONTENT


async def test_a_kept_file_is_read_only_and_nothing_is_left_beside_it(
    vault: DirectoryVault,
) -> None:
    await vault.put_once(DIGEST, BytesIO(CONTENT))
    files = [path for path in vault.root.rglob("*") if path.is_file()]
    assert files == [vault.root / object_key(DIGEST)]
    assert files[0].stat().st_mode & 0o777 == 0o400


async def test_a_source_that_fails_leaves_nothing(vault: DirectoryVault) -> None:
    class Broken(BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            chunk = super().read(size)
            if not chunk:
                raise OSError("the disk under the spool is gone")
            return chunk

    with pytest.raises(Unavailable):
        await vault.put_once(DIGEST, Broken(CONTENT))
    assert [path for path in vault.root.rglob("*") if path.is_file()] == []


async def test_a_writer_that_loses_the_race_compares_what_is_kept(vault: DirectoryVault) -> None:
    class Overtaken(BytesIO):
        """Another writer finishes while this one is read."""

        def read(self, size: int | None = -1, /) -> bytes:
            chunk = super().read(size)
            if not chunk:
                (vault.root / object_key(DIGEST)).write_bytes(CONTENT)
            return chunk

    await vault.put_once(DIGEST, Overtaken(CONTENT))
    assert await vault.get(DIGEST) == CONTENT


async def test_a_volume_that_is_gone_is_an_outage_and_not_an_empty_vault(
    vault: DirectoryVault,
) -> None:
    for name in ("sha256", "incoming"):
        (vault.root / name).rename(vault.root / f"{name}-unmounted")
    with pytest.raises(Unavailable) as outage:
        await vault.get(DIGEST)
    assert outage.value.part == "vault"
    with pytest.raises(Unavailable):
        await vault.check()
    with pytest.raises(Unavailable):
        await vault.put_once(DIGEST, BytesIO(CONTENT))


async def test_a_folder_in_place_of_an_object_is_an_outage(vault: DirectoryVault) -> None:
    (vault.root / object_key(DIGEST)).mkdir(parents=True)
    with pytest.raises(Unavailable):
        await vault.get(DIGEST)


def test_a_new_folder_opens_for_its_owner_alone(tmp_path: Path) -> None:
    open_directory(tmp_path / "deep" / "vault")
    assert (tmp_path / "deep" / "vault").stat().st_mode & 0o777 == 0o700


async def test_a_vault_opened_again_still_holds_its_objects(tmp_path: Path) -> None:
    await open_directory(tmp_path).put_once(DIGEST, BytesIO(CONTENT))
    assert await open_directory(tmp_path).get(DIGEST) == CONTENT


def test_a_file_system_without_unnamed_files_is_recognised(tmp_path: Path) -> None:
    assert takes_unnamed_files(tmp_path) is True
    if os.geteuid() == 0:
        assert takes_unnamed_files(Path("/dev/pts")) is False
    else:
        with pytest.raises(PermissionError):
            takes_unnamed_files(Path("/dev/pts"))
    with pytest.raises(FileNotFoundError):
        takes_unnamed_files(tmp_path / "absent")


def test_a_path_that_cannot_be_a_folder_refuses_the_start(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StartRefused, match="không dùng được"):
        open_vault((tmp_path / "file" / "vault").as_uri())


async def test_a_url_names_a_folder_with_any_letters(tmp_path: Path) -> None:
    folder = tmp_path / "kho học bạ 100%"
    await open_vault(folder.as_uri()).put_once(DIGEST, BytesIO(CONTENT))
    assert (folder / object_key(DIGEST)).is_file()


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/folder",
        "http://127.0.0.1/bucket",
        "file:relative",
        "file://elsewhere/folder",
        "file:///folder?mode=ro",
        "file:///folder#part",
        "s3+https://[/bucket",
    ],
)
def test_a_url_that_names_no_vault_refuses_the_start(url: str) -> None:
    with pytest.raises(StartRefused, match=r"HOCBA_VAULT_URL|đường dẫn đầy đủ"):
        open_vault(url)
