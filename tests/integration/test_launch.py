"""The program as it is started: processes of its own, killed and stopped like real ones."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, sleep

import httpx
import psutil
import pytest

from app.sandbox.pki import write_trust_bundle
from app.sandbox.repository_keys import make_repository_keys
from tests.scenarios import keys as scenario_keys
from tests.scenarios import scenario_of
from tests.working import STUDENTS

ROOT = Path(__file__).parent.parent.parent
PATIENCE = 60


@pytest.fixture
def environment(tmp_path: Path, database_url: str) -> dict[str, str]:
    """Settings that name a database, keys and trust of the test's own."""
    make_repository_keys(tmp_path / "keys", today=date(2026, 7, 1), keys=scenario_keys())
    write_trust_bundle(tmp_path / "trust", scenario_of(STUDENTS).pki)
    return {
        "HOCBA_HOME": str(tmp_path),
        "HOCBA_DATABASE_URL": database_url,
        "HOCBA_KEYS_DIR": str(tmp_path / "keys"),
        "HOCBA_TRUST_DIR": str(tmp_path / "trust"),
        "HOCBA_VERIFICATION_PROCESSES": "1",
    }


def command(*words: str, **environment: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(  # noqa: S603 -- reason: our own program
        [sys.executable, "-m", "app", *words],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def outcome(*words: str, **environment: str) -> tuple[int, str]:
    """Run a command to its end; gives its status and what it wrote."""
    with command(*words, **environment) as process:
        output, _ = process.communicate(timeout=PATIENCE)
    return process.returncode, output


def eventually(condition: Callable[[], bool]) -> None:
    deadline = monotonic() + PATIENCE
    while not condition():
        assert monotonic() < deadline
        sleep(0.05)


def workers_of(process: "subprocess.Popen[str]") -> list[psutil.Process]:
    return [child for child in psutil.Process(process.pid).children() if _works(child)]


def _works(child: psutil.Process) -> bool:
    try:
        return child.is_running() and "work" in child.cmdline()
    except psutil.NoSuchProcess:  # it ended in between; a zombie is one of these
        return False


@contextmanager
def service(*words: str, **environment: str) -> "Iterator[tuple[subprocess.Popen[str], str]]":
    """Run `serve` until the block ends; gives the process and its address."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    process = command("serve", *words, **environment, HOCBA_PORT=str(port))
    url = f"http://127.0.0.1:{port}"

    def answers() -> bool:
        assert process.poll() is None, process.communicate()[0]
        try:
            return httpx.get(f"{url}/readyz").status_code == httpx.codes.OK
        except httpx.TransportError:
            return False

    try:
        eventually(answers)
        yield process, url
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that root's PostgreSQL, which runs as another account, may enter."""
    with TemporaryDirectory(prefix="hocba-home-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


def test_with_no_settings_everything_is_embedded_and_stops_cleanly(open_folder: Path) -> None:
    home = open_folder / "hocba"
    with service(HOCBA_HOME=str(home)) as (process, url):
        assert httpx.get(f"{url}/verify").status_code == httpx.codes.OK
        eventually(lambda: bool(workers_of(process)))
        family = psutil.Process(process.pid).children(recursive=True)
        assert any("postgres" in child.name() for child in family)
        process.terminate()
        output, _ = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0, output
        assert not psutil.wait_procs(family, 10)[1]
    assert (home / "keys" / "codes.key").exists()
    assert (home / "trust" / "manifest.json").exists()


def test_a_worker_that_is_killed_is_replaced(environment: dict[str, str]) -> None:
    with service(**environment) as (process, _):
        eventually(lambda: bool(workers_of(process)))
        [first] = workers_of(process)
        first.kill()
        eventually(lambda: bool(workers_of(process)) and first not in workers_of(process))


def test_a_web_process_that_is_killed_takes_its_worker_along(
    environment: dict[str, str],
) -> None:
    with service(**environment) as (process, _):
        eventually(lambda: bool(workers_of(process)))
        [worker] = workers_of(process)
        eventually(lambda: bool(worker.children()))
        family = [worker, *worker.children(recursive=True)]
        process.kill()
        assert not psutil.wait_procs(family, 20)[1]


def test_a_web_process_runs_without_a_worker(environment: dict[str, str]) -> None:
    with service("--no-worker", **environment) as (process, _):
        assert not workers_of(process)
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0, output
    lines = [json.loads(line) for line in output.splitlines()]
    assert {line["event"] for line in lines} == {"request.served", "web.leaving"}


def test_a_worker_runs_alone_until_it_is_told_to_stop(environment: dict[str, str]) -> None:
    with command("work", **environment) as worker:
        assert worker.stdout
        assert "worker.started" in worker.stdout.readline()
        worker.terminate()
        output, _ = worker.communicate(timeout=PATIENCE)
    assert worker.returncode == 0, output
    assert "worker.stopped" in output


def test_a_key_file_that_is_missing_stops_the_start_with_one_sentence(
    environment: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "keys" / "tokens.pem").unlink()
    status, output = outcome("serve", **environment)
    assert status == 1
    assert output.startswith("Không khởi động được: không đọc được tệp khóa")
    assert len(output.splitlines()) == 1


def test_a_database_without_a_schema_stops_the_start_until_it_is_migrated(
    environment: dict[str, str], blank_database: "Callable[[], contextmanager[str]]"
) -> None:
    with blank_database() as url:
        settings = {**environment, "HOCBA_DATABASE_URL": url}
        for process in ("serve", "work"):
            status, output = outcome(process, **settings)
            assert status == 1
            assert "python -m app migrate" in output
        assert outcome("migrate", **settings) == (0, "")
        with service("--no-worker", **settings):
            pass


def test_production_refuses_the_embedded_defaults() -> None:
    status, output = outcome("serve", HOCBA_ENVIRONMENT="production")
    assert status == 1
    assert "HOCBA_DATABASE_URL" in output


def test_the_committed_api_description_is_the_one_that_is_served() -> None:
    assert outcome("openapi", "--check") == (0, "")


def test_every_operation_of_the_api_is_described_and_named_once() -> None:
    document = json.loads((ROOT / "openapi" / "openapi.json").read_text(encoding="utf-8"))
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    names = [operation["operationId"] for operation in operations]
    assert len(set(names)) == len(names)
    assert all(operation["summary"] for operation in operations)
    assert document["openapi"].startswith("3.1")
    schemas = document["components"]["schemas"]
    assert "Problem" in schemas
    assert "HTTPValidationError" not in schemas
    assert all(
        field.get("description") or "$ref" in field
        for name in ("PackageAnswer", "ItemAnswer", "PackageFinding")
        for field in schemas[name]["properties"].values()
    )
