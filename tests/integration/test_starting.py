"""Every reason not to start: one Vietnamese sentence, status 1, no traceback, no secret."""

import asyncio
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg
import pytest

from app.sandbox.keys import KeyStore
from app.sandbox.pki import write_trust_bundle
from app.sandbox.repository_keys import make_repository_keys
from app.vault.vault import PROBE_DIGEST, object_key
from tests.deployment import PATIENCE, ROOT, program_environment
from tests.scenarios import KEY_CACHE, scenario_of
from tests.scenarios import keys as scenario_keys

PROGRAM = (
    "import sys; from app import launch, starting; {change}; import app.__main__ as m; m.main()"
)
"""The program with one thing about its machine changed, such as its clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A folder with everything that a process needs, and the settings that name it."""

    folder: Path
    settings: dict[str, str]

    def outcome(self, command: str, change: str = "pass") -> str:
        """Start a process that must not start; gives its only line."""
        words = ["serve", "--no-worker"] if command == "web" else ["work"]
        done = subprocess.run(  # noqa: S603 -- reason: our own program
            [sys.executable, "-c", PROGRAM.format(change=change), *words],
            cwd=ROOT,
            env=program_environment(self.settings),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert done.returncode == 1, done.stdout
        [line] = done.stdout.splitlines()
        assert line.startswith("Không khởi động được: "), line
        password = urlsplit(self.settings["HOCBA_DATABASE_URL"]).password
        assert not password or password not in line
        return line.removeprefix("Không khởi động được: ")


@pytest.fixture
def site(tmp_path: Path, database_url: str) -> Site:
    make_repository_keys(tmp_path / "keys", today=date(2026, 7, 1), keys=scenario_keys())
    write_trust_bundle(tmp_path / "trust", scenario_of(3).pki)
    return Site(
        folder=tmp_path,
        settings={
            "HOCBA_HOME": str(tmp_path),
            "HOCBA_DATABASE_URL": database_url,
            "HOCBA_KEYS_DIR": str(tmp_path / "keys"),
            "HOCBA_TRUST_DIR": str(tmp_path / "trust"),
            "HOCBA_VERIFICATION_PROCESSES": "1",
        },
    )


def execute(url: str, *statements: str) -> None:
    async def run() -> None:
        connection = await asyncpg.connect(url)
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    asyncio.run(run())


def without_key(name: str) -> Callable[[Site], None]:
    return lambda site: (site.folder / "keys" / name).unlink()


def with_bytes(name: str, content: bytes) -> Callable[[Site], None]:
    def change(site: Site) -> None:
        (site.folder / "keys" / name).write_bytes(content)

    return change


def with_keys_of(day: date) -> Callable[[Site], None]:
    """Keys whose reply certificate, valid for ten years, begins on another day."""

    def change(site: Site) -> None:
        shutil.rmtree(site.folder / "keys")
        store = KeyStore(seed="mau", folder=KEY_CACHE)
        make_repository_keys(site.folder / "keys", today=day, keys=store)

    return change


def with_setting(name: str, value: str) -> Callable[[Site], None]:
    return lambda site: site.settings.update({name: value})


def with_database(*statements: str) -> Callable[[Site], None]:
    return lambda site: execute(site.settings["HOCBA_DATABASE_URL"], *statements)


def with_stranger(site: Site) -> None:
    """An account that may connect and has been granted none of the three roles."""
    address = urlsplit(site.settings["HOCBA_DATABASE_URL"])
    account = f"la_{uuid4().hex}"
    execute(address.geturl(), f"CREATE ROLE {account} LOGIN PASSWORD 'mat-khau-mau'")
    netloc = f"{account}:mat-khau-mau@{address.hostname}:{address.port}"
    site.settings["HOCBA_DATABASE_URL"] = address._replace(netloc=netloc).geturl()


def with_wrong_password(site: Site) -> None:
    address = urlsplit(site.settings["HOCBA_DATABASE_URL"])
    netloc = f"{address.username}:khong-dung@{address.hostname}:{address.port}"
    site.settings["HOCBA_DATABASE_URL"] = address._replace(netloc=netloc).geturl()


def with_spoilt_place(site: Site) -> None:
    """A file where the vault wants to make a folder: root may write everywhere else."""
    place = site.folder / "vault" / object_key(PROBE_DIGEST)
    place.parents[1].parent.mkdir(parents=True)
    place.parents[1].write_bytes(b"")


def with_spoilt_probe(site: Site) -> None:
    place = site.folder / "vault" / object_key(PROBE_DIGEST)
    place.parent.mkdir(parents=True)
    place.write_bytes(b"khac")


CAUSES: dict[str, tuple[str, Callable[[Site], None], str]] = {
    "schema-older": (
        "web",
        with_database("UPDATE alembic_version SET version_num = '0001'"),
        "cũ hơn chương trình",
    ),
    "schema-newer": (
        "worker",
        with_database("UPDATE alembic_version SET version_num = '9999'"),
        "(9999) mới hơn chương trình",
    ),
    "worker-key-missing": ("worker", without_key("codes.key"), "không đọc được tệp khóa"),
    "key-too-short": ("worker", with_bytes("identity.key", b"x"), "phải có đúng 32 byte"),
    "key-of-another-kind": ("web", with_bytes("tokens.pem", b"x"), "không chứa khóa PEM"),
    "certificate-expired": ("worker", with_keys_of(date(2015, 7, 1)), "đã hết hạn ngày 28/06/2025"),
    "certificate-to-come": (
        "worker",
        with_keys_of(date(2049, 7, 1)),
        "chưa có hiệu lực trước ngày 01/07/2049",
    ),
    "database-wrong-password": ("web", with_wrong_password, "sai mật khẩu"),
    "database-away": (
        "worker",
        with_setting("HOCBA_DATABASE_URL", "postgresql://a@127.0.0.1:1/b"),
        "máy chủ không trả lời",
    ),
    "database-malformed": (
        "web",
        with_setting("HOCBA_DATABASE_URL", "mysql://a:mat-khau@b/c"),
        "HOCBA_DATABASE_URL phải có dạng postgresql://",
    ),
    "role-not-granted": ("web", with_stranger, "không được cấp vai trò hocba_web"),
    "privileges-lost": (
        "worker",
        with_database("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM hocba_worker"),
        "vai trò hocba_worker, hoặc vai trò ấy thiếu quyền",
    ),
    "one-privilege-lost": (
        "web",
        with_database("REVOKE INSERT ON packages FROM hocba_web"),
        "hocba_web của cơ sở dữ liệu thiếu quyền INSERT trên packages",
    ),
    "verifier-privilege-lost": (
        "web",
        with_database("REVOKE SELECT ON public_transcripts FROM hocba_verifier"),
        "hocba_verifier của cơ sở dữ liệu thiếu quyền SELECT",
    ),
    "vault-folder-unwritable": (
        "web",
        with_setting("HOCBA_VAULT_URL", "file:///proc/hoc-ba"),
        "không dùng được thư mục kho lưu /proc/hoc-ba",
    ),
    "vault-takes-nothing": ("worker", with_spoilt_place, "không ghi được vào kho lưu ("),
    "vault-spoilt": ("web", with_spoilt_probe, "đã bị sửa"),
    "home-unwritable": (
        "web",
        lambda site: site.settings.update(
            HOCBA_HOME="/proc/hoc-ba", HOCBA_KEYS_DIR="/proc/hoc-ba/keys"
        ),
        "/proc/hoc-ba",
    ),
    "setting-malformed": ("web", with_setting("HOCBA_PORT", "99999"), "HOCBA_PORT không được quá"),
}
"""The process, what is wrong with its surroundings, and what its sentence says."""


@pytest.mark.parametrize("cause", CAUSES)
def test_a_process_says_in_one_sentence_why_it_does_not_start(site: Site, cause: str) -> None:
    process, spoil, said = CAUSES[cause]
    spoil(site)
    assert said in site.outcome(process)


def test_a_port_in_use_is_said_before_any_worker_starts(site: Site) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        site.settings["HOCBA_PORT"] = str(other.getsockname()[1])
        assert "đang có chương trình khác dùng cổng này" in site.outcome("web")


AN_HOUR_LATE = (
    "from datetime import timedelta; clock = launch.read_clock;"
    " launch.read_clock = lambda: clock() - timedelta(hours=1)"
)

MACHINES = {
    "clock": (AN_HOUR_LATE, "lệch với máy chủ cơ sở dữ liệu"),
    "disk": (f"starting.LEAST_SPACE = {1 << 60}", "MiB trống, cần ít nhất"),
}
"""What cannot be done to the machine of a test run, done to the program, and what it says."""


@pytest.mark.parametrize("machine", MACHINES)
def test_a_machine_that_is_not_fit_is_said_in_one_sentence(site: Site, machine: str) -> None:
    change, said = MACHINES[machine]
    assert said in site.outcome("worker", change)
