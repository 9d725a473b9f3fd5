import asyncio
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Generator
from multiprocessing.connection import Connection
from pathlib import Path

import asyncpg
import pytest

from app.embedded import EmbeddedPostgres, account, binaries, server
from app.errors import StartRefused

ROOT = Path(__file__).parents[2]
UNSAFE = {"fsync": "off"}
NOBODY = 65534

OWNER = """
import sys, time
from pathlib import Path
from app.embedded import EmbeddedPostgres
print(EmbeddedPostgres({"fsync": "off"}).start(Path(sys.argv[1])), flush=True)
time.sleep(600)
"""


@pytest.fixture
def home() -> Generator[Path]:
    """A home folder that every account can enter, unlike pytest's own."""
    path = Path(tempfile.mkdtemp(prefix="hocba-embedded-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@pytest.fixture
def elsewhere(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(account, "ELSEWHERE", home / "elsewhere")
    return home / "elsewhere"


def query(url: str, statement: str) -> object:
    async def run() -> object:
        connection = await asyncpg.connect(url)
        try:
            return await connection.fetchval(statement)
        finally:
            await connection.close()

    return asyncio.run(run())


def start_owner(home: Path) -> tuple[subprocess.Popen[str], str]:
    owner = subprocess.Popen(  # noqa: S603 -- reason: the interpreter of this run, with the text above
        [sys.executable, "-c", OWNER, str(home)], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert owner.stdout is not None
    return owner, owner.stdout.readline().strip()


def kill(owner: subprocess.Popen[str]) -> None:
    owner.kill()
    owner.communicate()


def server_pid(home: Path) -> int:
    return int((home / "postgres" / "data" / "postmaster.pid").read_text().split()[0])


def is_gone_within(seconds: float, pid: int) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not Path("/proc", str(pid)).exists():
            return True
        time.sleep(0.02)
    return False


def test_a_killed_owner_takes_the_server_along_and_the_data_stay(home: Path) -> None:
    owner, url = start_owner(home)
    query(url, "CREATE TABLE kept AS SELECT 42 AS answer")
    pid = server_pid(home)

    kill(owner)

    assert is_gone_within(5, pid)
    log = (home / "postgres" / "server.log").read_text()
    assert "database system is shut down" in log
    with EmbeddedPostgres(UNSAFE) as postgres:
        assert query(postgres.start(home), "SELECT answer FROM kept") == 42


def test_a_start_right_after_the_kill_waits_for_the_old_server(home: Path) -> None:
    owner, url = start_owner(home)
    query(url, "CREATE TABLE kept AS SELECT 42 AS answer")
    owner.send_signal(signal.SIGKILL)

    with EmbeddedPostgres(UNSAFE) as postgres:
        assert query(postgres.start(home), "SELECT answer FROM kept") == 42
    owner.communicate()


def test_a_second_process_attaches_and_leaves_the_server_running(home: Path) -> None:
    with EmbeddedPostgres(UNSAFE) as postgres:
        url = postgres.start(home)
        second, attached_url = start_owner(home)
        kill(second)
        assert attached_url == url
        assert query(url, "SELECT 1") == 1


def test_leaving_the_block_stops_the_server(home: Path) -> None:
    with EmbeddedPostgres(UNSAFE) as postgres:
        postgres.start(home)
        pid = server_pid(home)
    assert is_gone_within(0.1, pid)


def test_a_state_file_that_names_a_stranger_does_not_stop_the_start(home: Path) -> None:
    with EmbeddedPostgres(UNSAFE) as postgres:
        postgres.start(home)
        state = (home / "postgres" / "data" / "postmaster.pid").read_text()
    stranger = str(os.getpid())
    (home / "postgres" / "data" / "postmaster.pid").write_text(
        "\n".join([stranger, *state.splitlines()[1:]])
    )
    with EmbeddedPostgres(UNSAFE) as postgres:
        assert query(postgres.start(home), "SELECT 1") == 1


def test_the_remains_of_an_interrupted_creation_do_not_matter(home: Path) -> None:
    (home / "postgres" / "data.new" / "base").mkdir(parents=True)
    (home / "postgres" / "password").write_text("left over")
    with EmbeddedPostgres(UNSAFE) as postgres:
        assert query(postgres.start(home), "SELECT 1") == 1


def test_the_cluster_has_checksums_and_the_same_order_everywhere(home: Path) -> None:
    with EmbeddedPostgres(UNSAFE) as postgres:
        url = postgres.start(home)
        assert query(url, "SHOW data_checksums") == "on"
        assert query(url, "SHOW timezone") == "UTC"
        assert query(url, "SELECT 'Ấ' < 'ấ' COLLATE \"C\"") is True


def test_only_the_password_opens_the_database(home: Path) -> None:
    with EmbeddedPostgres(UNSAFE) as postgres:
        url = postgres.start(home)
        password = home / "postgres" / "password"
        assert password.stat().st_mode & 0o777 == 0o600
        with pytest.raises(asyncpg.InvalidPasswordError):
            query(url.replace(password.read_text(), "wrong"), "SELECT 1")


def test_a_private_home_works(tmp_path: Path, elsewhere: Path) -> None:
    tmp_path.chmod(0o700)
    with EmbeddedPostgres(UNSAFE) as postgres:
        assert query(postgres.start(tmp_path / "home"), "SELECT 1") == 1
    # Root's server runs as another account, which cannot enter: its cluster lies elsewhere.
    as_root = os.geteuid() == 0
    assert (tmp_path / "home" / "postgres").is_symlink() == as_root
    assert elsewhere.exists() == as_root
    with EmbeddedPostgres(UNSAFE) as postgres:
        assert query(postgres.start(tmp_path / "home"), "SELECT 1") == 1


def test_private_binaries_work(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tmp_path.chmod(0o700)
    private = binaries._copied(next(binaries._candidates()), tmp_path)
    monkeypatch.setattr(binaries, "_candidates", lambda: [private])
    for _ in range(2):
        with EmbeddedPostgres(UNSAFE) as postgres:
            assert query(postgres.start(home), "SELECT 1") == 1
    copies = list((home / "postgres").glob("binaries*"))
    assert len(copies) == (1 if os.geteuid() == 0 else 0)


def _start_as_ordinary_user(home: Path, pipe: Connection) -> None:
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
    os.environ["HOME"] = str(home)  # asyncpg looks there for keys, and root's is closed
    with EmbeddedPostgres(UNSAFE) as postgres:
        pipe.send(query(postgres.start(home), "SELECT 1"))


def test_an_ordinary_user_runs_the_server_as_itself(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    readable = binaries._copied(next(binaries._candidates()), home)
    monkeypatch.setattr(binaries, "_candidates", lambda: [readable])
    mine = home / "mine"
    mine.mkdir()
    mine.chmod(0o777)
    here, there = multiprocessing.Pipe()
    # A fork, because the interpreter itself may lie where only root can go.
    child = multiprocessing.get_context("fork").Process(
        target=_start_as_ordinary_user, args=(mine, there)
    )
    child.start()
    there.close()
    assert here.recv() == 1
    here.close()
    child.join()
    owner = (mine / "postgres" / "data").stat().st_uid
    assert owner == (NOBODY if os.geteuid() == 0 else os.geteuid())
    # And root, coming later, goes on as that user.
    with EmbeddedPostgres(UNSAFE) as postgres:
        assert query(postgres.start(mine), "SELECT 1") == 1
    assert (mine / "postgres" / "data").stat().st_uid == owner


def test_without_binaries_the_start_is_refused(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binaries, "_candidates", list)
    with EmbeddedPostgres() as postgres, pytest.raises(StartRefused, match="HOCBA_DATABASE_URL"):
        postgres.start(home)


def test_a_cluster_of_another_version_is_not_touched(home: Path) -> None:
    with EmbeddedPostgres(UNSAFE) as postgres:
        postgres.start(home)
    (home / "postgres" / "data" / "PG_VERSION").write_text("9\n")
    with EmbeddedPostgres() as postgres, pytest.raises(StartRefused, match="PostgreSQL 9"):
        postgres.start(home)


def test_a_server_that_does_not_come_up_is_refused_with_the_place_of_its_log(home: Path) -> None:
    with (
        EmbeddedPostgres({**UNSAFE, "no_such_setting": "on"}) as postgres,
        pytest.raises(StartRefused, match=r"server\.log"),
    ):
        postgres.start(home)


def test_a_failed_creation_is_refused(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "_USER", "pg_reserved")
    with EmbeddedPostgres(UNSAFE) as postgres, pytest.raises(StartRefused, match="initdb"):
        postgres.start(home)


def test_a_home_that_cannot_be_made_is_refused(home: Path) -> None:
    (home / "file").write_text("")
    with EmbeddedPostgres() as postgres, pytest.raises(StartRefused, match="không khởi động được"):
        postgres.start(home / "file" / "home")


def test_a_lost_cluster_is_not_replaced_by_an_empty_one(home: Path) -> None:
    (home / "postgres").symlink_to(home / "unmounted")
    with EmbeddedPostgres() as postgres, pytest.raises(StartRefused, match="đã mất"):
        postgres.start(home)


def test_only_the_main_thread_may_start_it(home: Path) -> None:
    refusals: list[str] = []

    def start() -> None:
        try:
            EmbeddedPostgres().start(home)
        except StartRefused as refused:
            refusals.append(refused.reason)

    thread = threading.Thread(target=start)
    thread.start()
    thread.join()
    assert refusals == ["PostgreSQL đi kèm phải được khởi động từ luồng chính"]
