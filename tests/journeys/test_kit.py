"""The vendor's kit as a vendor uses it: made, sent, compared, and every script run."""

import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, sleep

import httpx
import pytest

from app.launch import SANDBOX_SEED
from app.sandbox.conformance.case import Expected, ExpectedItem
from app.sandbox.keys import KeyStore
from app.sandbox.kit import read_set, write_set
from app.sandbox.kit_routes import ready_requests
from app.sandbox.pki import make_pki
from tests.declared import DECLARED
from tests.journeys.test_commands import PATIENCE, ROOT, environment, run
from tests.scenarios import KEY_CACHE

pytestmark = pytest.mark.xdist_group("commands")


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    make_pki(KeyStore(seed=SANDBOX_SEED, folder=KEY_CACHE))
    with TemporaryDirectory(prefix="hocba-kit-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # the embedded PostgreSQL of root runs as another account
        (folder / "sandbox-keys").symlink_to(KEY_CACHE)
        yield folder


@pytest.fixture(scope="module")
def service(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    log = tmp_path_factory.mktemp("log") / "serve.log"  # a pipe that nobody reads would fill
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "app", "serve"],
            cwd=ROOT,
            env=environment(home, HOCBA_PORT=str(port), HOCBA_PUBLIC_URL=url),
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    end = monotonic() + PATIENCE
    while monotonic() < end:
        try:
            if httpx.get(f"{url}/readyz").is_success:
                break
        except httpx.TransportError:
            sleep(0.1)
    yield url
    process.terminate()
    assert process.wait(PATIENCE) == 0
    assert "Mẫu" not in log.read_text()  # no name of anybody reaches the log


@pytest.fixture(scope="module")
def kit(home: Path, service: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    assert service
    folder = tmp_path_factory.mktemp("kit") / "kit"
    status, output = run(home, "kit", str(folder))
    assert status == 0, output
    assert re.search(r"[0-9]{3} gói tin", output)
    assert "Có trong bộ thử: CON-600" in output
    return folder


def account(kit: Path) -> dict[str, str]:
    return dict(line.split("=", 1) for line in (kit / "client.env").read_text().splitlines())


def test_every_script_runs_and_does_what_it_says(home: Path, service: str, kit: Path) -> None:
    scripts = sorted((kit / "curl").glob("*.sh"))
    failed = []
    for script in scripts:
        done = subprocess.run(  # noqa: S603 -- reason: a script that we wrote
            ["/bin/sh", str(script)],
            env=environment(home, HOCBA_URL=service),
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )
        if done.returncode:
            failed.append(f"{script.name}: {done.stdout[-300:]} {done.stderr}")
    assert failed == [], "\n".join(failed)


def test_the_set_agrees_with_the_service_and_a_difference_ends_with_status_one(
    home: Path, service: str, kit: Path, tmp_path: Path
) -> None:
    words = ("conformance", str(kit), "--url", service)
    status, output = run(home, *words, **account(kit))
    assert status == 0, output
    assert "0 khác với mong đợi" in output
    kept = read_set(kit / "conformance")
    (changed,) = (case for case in kept.cases if case.name == "mark-changed")
    wrong = ExpectedItem(result="02", errors=("SIG-320",))
    expecting = replace(changed, expected=Expected(items=(wrong,)))
    other = tmp_path / "other"
    write_set(other / "conformance", replace(kept, cases=(expecting,)))
    status, output = run(home, "conformance", str(other), "--url", service, **account(kit))
    assert status == 1, output
    assert "SIG-300 ≠ 02 SIG-320" in output


def test_what_is_missing_is_said(home: Path, kit: Path, tmp_path: Path) -> None:
    assert (kit / "client.env").stat().st_mode & 0o077 == 0
    assert run(home, "conformance", str(kit))[0] == 2
    status, output = run(home, "conformance", str(tmp_path), **account(kit))
    assert (status, "không phải thư mục" in output) == (2, True)
    status, output = run(
        home, "conformance", str(kit), "--url", "http://127.0.0.1:9", **account(kit)
    )
    assert (status, "Không nhận được trả lời" in output) == (1, True)
    status, output = run(home, "kit", str(tmp_path / "again"))
    assert (status, "--client-id" in output) == (1, True)


def test_there_is_a_request_for_every_route() -> None:
    ready = {(one.method, one.route) for one in ready_requests("s", "p", "k", "{}")}
    pages = {"/", "/openapi.json", "/error-codes", "/verify", "/verify/{code}", "/static/{name}"}
    assert {route for route in DECLARED if route[1] not in pages} <= ready
