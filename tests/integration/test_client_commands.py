"""The operator manages accounts on the command line, as the owner of the database."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from joserfc.jwk import ECKey
from typer.testing import CliRunner

from app.client_commands import client_commands
from app.db import Database, connect
from app.directory.schools import School, register_school
from app.errors import InvalidRequest, NotFound, StartRefused
from tests.accounts import NOW, rows

Command = Callable[..., list[str]]


@pytest.fixture
def home(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    for folder in ("HOME", "KEYS_DIR", "TRUST_DIR"):  # named, so that nothing is made for them
        monkeypatch.setenv(f"HOCBA_{folder}", str(tmp_path))
    monkeypatch.setenv("HOCBA_DATABASE_URL", database_url)
    return tmp_path


@pytest.fixture
def clients(home: Path) -> Command:
    """Run a command; gives the lines that it prints, or raises what it raises."""
    assert home

    def run(*words: str) -> list[str]:
        result: Result = CliRunner().invoke(client_commands, words)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == 0, result.output
        return result.output.splitlines()

    return run


def as_owner(database_url: str, statement: str) -> list[tuple[object, ...]]:
    async def run() -> list[tuple[object, ...]]:
        database = connect(database_url, role=None)
        try:
            return await rows(database, statement)
        finally:
            await database.dispose()

    return asyncio.run(run())


def add_school(database_url: str) -> None:
    async def run() -> None:
        database: Database = connect(database_url, role=None)
        async with database.begin() as connection:
            school = School(code="79000701", name="Trường THCS Mẫu", province_code="79")
            await register_school(connection, school, NOW)
        await database.dispose()

    asyncio.run(run())


def test_an_account_lives_from_its_first_secret_to_its_lock(
    clients: Command, database_url: str
) -> None:
    add_school(database_url)
    [secret] = clients("add", "hub-mau", "Phần mềm Mẫu", "--school", "79000701", "--level", "03")
    assert len(secret) >= 40
    clients(
        "grant", "hub-mau", "--province", "01", "--since", "2026-09-01", "--until", "2027-05-31"
    )
    [newer] = clients("rotate-secret", "hub-mau", "--overlap-hours", "2")
    assert newer != secret
    first, scopes, one, two, old, new = clients("show", "hub-mau")
    assert first == "hub-mau  hub  dùng  Phần mềm Mẫu"
    assert scopes == (
        "quyền: certificates:read certificates:write packages:read packages:write transcripts:read "
        "webhooks:manage"
    )
    grants = sorted((one, two), key=lambda line: "tỉnh 01" in line)
    assert "trường 79000701 tỉnh * cấp 03" in grants[0]
    assert "từ 2026-09-01 00:00 đến 2027-06-01 00:00" in grants[1]
    assert "đến" in old
    assert "đến" not in new
    clients("end-secret", "hub-mau", new.split()[3].rstrip(":"))
    clients("end-grant", "hub-mau", grants[0].split()[2].rstrip(":"))
    clients("revoke-tokens", "hub-mau")
    clients("disable", "hub-mau")
    assert clients("list") == ["hub-mau  hub  khóa  Phần mềm Mẫu"]
    clients("enable", "hub-mau")
    assert clients("list", "--kind", "hub") == ["hub-mau  hub  dùng  Phần mềm Mẫu"]
    assert clients("list", "--kind", "ministry") == []
    audited = as_owner(database_url, "SELECT DISTINCT actor FROM audit")
    assert audited == [("operator",)]
    assert secret not in str(as_owner(database_url, "SELECT * FROM audit"))


def test_an_account_may_have_keys_instead(clients: Command, home: Path) -> None:
    for kid in ("k1", "k2"):
        jwk = ECKey.generate_key("P-256").as_dict(private=False) | {"kid": kid, "alg": "ES256"}
        (home / f"{kid}.json").write_text(json.dumps(jwk))
    created = clients(
        "add", "so-mau", "Sở Mẫu", "--kind", "department", "--province", "79",
        "--scope", "packages:read", "--key", str(home / "k1.json"),
    )  # fmt: skip
    assert created == ["Đã tạo tài khoản so-mau"]
    assert clients("rotate-key", "so-mau", str(home / "k2.json")) == ["Đã đăng ký khóa k2"]
    clients("end-key", "so-mau", "k1")
    shown = clients("show", "so-mau")
    assert shown[1] == "quyền: packages:read"
    assert [line.split(":")[0] for line in shown[3:]] == ["ES256 k1", "ES256 k2"]


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("show", "khong-co"), NotFound),
        (("grant", "khong-co"), StartRefused),
        (("add", "x", "Mẫu", "--school", "00000000"), InvalidRequest),
        (("add", "x", "Mẫu", "--kind", "school", "--scope", "clients:manage"), InvalidRequest),
        (("add", "x", "Mẫu", "--level", "09"), InvalidRequest),
        (("rotate-secret", "x", "--overlap-hours", "9999"), InvalidRequest),
        (("add", "x", "Mẫu", "--key", "{home}/khong-phai.json"), StartRefused),
        (("add", "x", "Mẫu", "--key", "{home}/danh-sach.json"), StartRefused),
    ],
)
def test_what_may_not_be_is_refused(
    clients: Command, home: Path, words: tuple[str, ...], error: type[Exception]
) -> None:
    (home / "khong-phai.json").write_text("khong phai JSON")
    (home / "danh-sach.json").write_text("[]")
    with pytest.raises(error):
        clients(*(word.format(home=home) for word in words))
