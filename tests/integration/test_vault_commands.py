"""The commands `vault copy` and `vault compare`, as an operator gives them."""

import asyncio
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from uuid import uuid4

import pytest
import typer
from click.testing import Result
from typer.testing import CliRunner

from app.__main__ import cli
from app.errors import StartRefused
from app.vault import open_vault
from app.vault.vault import object_key
from app.vault_commands import _run
from tests.s3 import S3Server
from tests.vaults import open_bucket

CONTENT = "gói tin mẫu".encode()
DIGEST = sha256(CONTENT).hexdigest()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    vault = open_vault((tmp_path / "vault").as_uri())
    asyncio.run(vault.put_once(DIGEST, BytesIO(CONTENT)))
    return tmp_path


def run(home: Path, *words: str, **variables: str) -> Result:
    return CliRunner().invoke(cli, ["vault", *words], env={"HOCBA_HOME": str(home)} | variables)


def test_a_folder_is_copied_and_compared(home: Path) -> None:
    other = (home / "other").as_uri()
    missing = run(home, "compare", "--with", other)
    assert missing.exit_code == 1
    assert f"{DIGEST} chỉ có ở kho đang dùng" in missing.output
    done = run(home, "copy", "--to", other, "--rate", "10")
    assert done.exit_code == 0, done.output
    assert (home / "other" / object_key(DIGEST)).read_bytes() == CONTENT
    alike = run(home, "compare", "--with", other, "--read")
    assert alike.exit_code == 0, alike.output
    assert "như nhau" in alike.output


def test_a_damaged_original_is_named_and_ends_the_copy_with_status_1(home: Path) -> None:
    path = home / "vault" / object_key(DIGEST)
    path.chmod(0o600)
    path.write_bytes(b"?")
    done = run(home, "copy", "--to", (home / "other").as_uri())
    assert done.exit_code == 1
    assert DIGEST in done.output


def test_an_original_found_elsewhere_is_brought_into_the_vault_and_held(home: Path) -> None:
    sent = b"the sender's own file"
    digest = sha256(sent).hexdigest()
    found = home / "found" / object_key(digest)
    found.parent.mkdir(parents=True)
    found.write_bytes(sent)
    found.chmod(0o444)
    vault = (home / "vault").as_uri()
    done = run(home, "copy", "--to", vault, HOCBA_VAULT_URL=(home / "found").as_uri())
    assert done.exit_code == 0, done.output
    assert (home / "vault" / object_key(digest)).stat().st_mode & 0o777 == 0o444


@pytest.mark.xdist_group("s3")
def test_keys_of_the_other_server_come_from_a_file_or_the_environment(
    home: Path, s3_server: S3Server
) -> None:
    url = s3_server.url(f"vault-{uuid4()}")
    file = home / "keys.txt"
    file.write_text(f"{s3_server.access_key}\n{s3_server.secret_key}\n")
    done = run(home, "copy", "--to", url, "--keys-file", str(file))
    assert done.exit_code == 0, done.output
    bucket = open_bucket(s3_server, url.rpartition("/")[2])
    assert asyncio.run(bucket.get(DIGEST)) == CONTENT
    alike = run(
        home,
        *("compare", "--with", url),
        HOCBA_OTHER_S3_ACCESS_KEY=s3_server.access_key,
        HOCBA_OTHER_S3_SECRET_KEY=s3_server.secret_key,
    )
    assert alike.exit_code == 0, alike.output


@pytest.mark.parametrize(
    ("url", "keys", "reason"),
    [
        ("s3+https://s3.example/hocba", None, "HOCBA_OTHER_S3_ACCESS_KEY"),
        ("s3+https://s3.example/hocba", "mot-dong", "hai dòng"),
        ("itself", None, "chính là kho đang dùng"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    home: Path, url: str, keys: str | None, reason: str
) -> None:
    words = ["copy", "--to", url.replace("itself", (home / "vault").as_uri() + "/")]
    if keys is not None:
        (home / "keys.txt").write_text(keys)
        words += ["--keys-file", str(home / "keys.txt")]
    refused = run(home, *words)
    assert isinstance(refused.exception, StartRefused)
    assert reason in refused.exception.reason
    assert "mot-dong" not in str(refused.exception)


@pytest.mark.parametrize("words", [("copy", "--to"), ("compare", "--with")])
def test_an_empty_vault_in_use_is_an_address_gone_wrong(
    tmp_path: Path, words: tuple[str, str]
) -> None:
    refused = run(tmp_path, *words, (tmp_path / "other").as_uri())
    assert isinstance(refused.exception, StartRefused)
    assert "HOCBA_VAULT_URL" in refused.exception.reason


def test_an_interrupted_run_ends_with_the_status_of_an_interrupt() -> None:
    async def interrupted() -> None:
        raise KeyboardInterrupt

    with pytest.raises(typer.Exit) as end:
        _run(interrupted())
    assert end.value.exit_code == 130
