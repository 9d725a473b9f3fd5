"""The commands as a newcomer types them: the demonstration, a school of one's own, submitting."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, sleep

import httpx
import psutil
import pytest

from app.launch import SANDBOX_SEED
from app.sandbox.keys import KeyStore
from app.sandbox.pki import make_pki
from tests.scenarios import KEY_CACHE

ROOT = Path(__file__).parents[2]
PATIENCE = 90
SINCE = "--since=2025-08-01"

pytestmark = pytest.mark.xdist_group("commands")


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """A home folder whose sandbox keys were looked for in an earlier run."""
    make_pki(KeyStore(seed=SANDBOX_SEED, folder=KEY_CACHE))
    with TemporaryDirectory(prefix="hocba-home-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # the embedded PostgreSQL of root runs as another account
        (folder / "sandbox-keys").symlink_to(KEY_CACHE)
        yield folder


def environment(home: Path, **settings: str) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("HOCBA_")}
    return {**kept, "HOCBA_HOME": str(home), **settings}


def run(home: Path, *words: str, **settings: str) -> tuple[int, str]:
    done = subprocess.run(  # noqa: S603 -- reason: our own program
        [sys.executable, "-m", "app", *words],
        cwd=ROOT,
        env=environment(home, **settings),
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    return done.returncode, done.stdout + done.stderr


def start(home: Path, *words: str, **settings: str) -> subprocess.Popen[str]:
    return subprocess.Popen(  # noqa: S603 -- reason: our own program
        [sys.executable, "-m", "app", *words],
        cwd=ROOT,
        env=environment(home, **settings),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_the_demonstration_shows_the_whole_main_job(home: Path) -> None:
    status, output = run(home, "demo", "--students", "4")
    assert status == 0, output
    assert "tổng số 4, duyệt 4, từ chối 0" in output
    assert "tổng số 4, duyệt 2, từ chối 2" in output
    assert "SIG-300 GVBM[" in output
    assert "SIG-200 GVCN" in output
    assert "giống từng byte" in output
    assert "04 Đã đọc bản tin trả lời" in output
    assert "2 học bạ đã có hiệu lực giữ nguyên mã; 2 mới" in output
    assert re.search(r"[2-9A-Z]{6}-[2-9A-Z]{6}-[2-9A-Z]{6} \w\*\*\*", output)


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_the_demonstration_stays_on_request_and_leaves_nothing_running(
    home: Path, end: signal.Signals
) -> None:
    demo = start(home, "demo", "--students", "3", "--keep")
    assert demo.stdout is not None
    lines = []
    for line in demo.stdout:
        lines.append(line)
        if "Ctrl+C" in line:
            break
    (page,) = re.findall(r"(http://127\.0\.0\.1:\d+/verify/[2-9A-Z-]+)\n", "".join(lines))
    assert httpx.get(page).status_code == httpx.codes.OK
    family = psutil.Process(demo.pid).children(recursive=True)
    assert family
    demo.send_signal(end)
    assert demo.wait(PATIENCE) == (-end if end is signal.SIGKILL else 0)
    demo.stdout.close()
    _, alive = psutil.wait_procs(family, timeout=30)
    assert alive == []


@pytest.fixture(scope="module")
def service(home: Path) -> Iterator[str]:
    """The service as `make serve` runs it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    process = start(home, "serve", HOCBA_PORT=str(port), HOCBA_PUBLIC_URL=url)
    end = monotonic() + PATIENCE
    while monotonic() < end:
        try:
            if httpx.get(f"{url}/readyz").is_success:
                break
        except httpx.TransportError:
            sleep(0.1)
    yield url
    process.terminate()
    output, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, output
    assert "Mẫu" not in output  # no name of anybody reaches the log


@pytest.fixture(scope="module")
def tryout(home: Path, service: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    assert service
    folder = tmp_path_factory.mktemp("tryout")
    status, output = run(home, "sandbox", "enrol", str(folder), "--students", "3")
    assert status == 0, output
    return folder


def account(tryout: Path) -> dict[str, str]:
    lines = (tryout / "client.env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines)


def test_a_package_of_ones_own_is_sent_and_its_results_are_shown(
    home: Path, service: str, tryout: Path
) -> None:
    assert (tryout / "client.env").stat().st_mode & 0o077 == 0
    package = str(tryout / "package.xml")
    status, output = run(home, "submit", package, "--url", service, **account(tryout))
    assert status == 0, output
    assert "tổng số 3, duyệt 3, từ chối 0" in output
    assert run(home, "submit", package, "--url", service, **account(tryout)) == (0, output)


def test_a_folder_of_ready_files_is_wrapped_and_signed(
    home: Path, service: str, tryout: Path, tmp_path: Path
) -> None:
    known = str(tryout / "package.xml")
    assert run(home, "submit", known, "--url", service, **account(tryout))[0] == 0
    folder, package = tmp_path / "ready", tmp_path / "package.xml"
    folder.mkdir()
    first, second, _ = sorted((tryout / "transcripts").glob("*.xml"))
    unsigned = re.sub(rb"(?s)<ds:Signature .*?</ds:Signature>", b"", first.read_bytes())
    (folder / "a.xml").write_bytes(unsigned)
    (folder / "b.xml").write_bytes(second.read_bytes())
    status, output = run(home, "sandbox", "package", str(folder), str(package))
    assert status == 0, output
    status, output = run(home, "submit", str(package), "--url", service, **account(tryout))
    assert status == 0, output
    assert output.count("đang lưu hành") == 2  # signing is deterministic: the same originals


def test_the_archive_is_proven_again_whole_and_by_sample(
    home: Path, service: str, tryout: Path
) -> None:
    package = str(tryout / "package.xml")
    assert run(home, "submit", package, "--url", service, **account(tryout))[0] == 0
    status, output = run(home, "reverify", "--processes", "1")
    assert status == 0, output
    assert "nguyên vẹn, đúng như khi tiếp nhận" in output
    status, output = run(home, "reverify", "--sample", "1", "--year", "2025", "--processes", "1")
    assert status == 0, output
    assert run(home, "reverify", "--after", "HHB8WGCUCGKZZA4SVQ")[0] == 2
    assert run(home, "reverify", "--after", "x", "--year", "2025")[0] == 2


def test_an_archive_that_has_lost_an_original_ends_with_status_one(
    home: Path, service: str, tryout: Path
) -> None:
    package = tryout / "package.xml"
    assert run(home, "submit", str(package), "--url", service, **account(tryout))[0] == 0
    digest = sha256(package.read_bytes()).hexdigest()
    (kept,) = (home / "vault").rglob(digest)
    hidden = kept.rename(kept.with_suffix(".away"))
    try:
        status, output = run(home, "reverify", "--processes", "1")
    finally:
        hidden.rename(kept)
    assert status == 1, output
    assert "không còn trong kho lưu" in output
    assert "Mẫu" not in output  # no name of anybody


def test_what_goes_wrong_is_said_in_one_sentence(
    home: Path, service: str, tryout: Path, tmp_path: Path
) -> None:
    good = account(tryout)
    broken = tmp_path / "broken.xml"
    head = (tryout / "package.xml").read_bytes()[:2000]
    broken.write_bytes(head.replace(b"<BAN_TIN_ID>", b"<BAN_TIN_ID>hong-"))
    attempts = (
        (("submit", str(broken), "--url", service), good, "SIG-120"),
        (("submit", str(tmp_path / "none.xml"), "--url", service), good, "Không đọc được tệp"),
        (
            ("submit", str(broken), "--url", service),
            {**good, "HOCBA_CLIENT_SECRET": "sai"},
            "Bị từ chối (401)",
        ),
        (("submit", str(broken), "--url", "http://127.0.0.1:9"), good, "gửi lại đúng tệp này"),
        (("school", "add", "79000702", "Trường Mẫu", "99"), {}, "province_code"),
        (("clients", "add", "khac", "Mẫu", "--school", "00000000"), {}, "school_code"),
        (("sandbox", "enrol", str(tmp_path)), {}, "--client-id"),
        (("sandbox", "package", str(tmp_path / "x"), "y"), {}, "does not exist"),
        (("sandbox", "enrol", "x"), {"HOCBA_ENVIRONMENT": "production"}, "HOCBA_DATABASE_URL"),
    )
    for words, settings, sentence in attempts:
        status, output = run(home, *words, **settings)
        assert status in {1, 2}, output
        assert sentence in output
        assert "Traceback" not in output
    assert run(home, "submit", "x")[0] == 2


def test_an_operator_enrols_a_school_step_by_step(home: Path, service: str, tmp_path: Path) -> None:
    assert service
    pem = tmp_path / "certificate.pem"
    pem.write_bytes(next((home / "trust" / "intermediates").glob("*.pem")).read_bytes())
    steps = (
        ("school", "add", "79000702", "Trường THCS Mẫu Số Hai", "79"),
        ("certificate", "approve", str(pem), "--school=79000702", "--role=CBQL", SINCE),
        ("clients", "add", "phan-mem-hai", "Phần mềm Mẫu", "--school", "79000702"),
        ("clients", "grant", "phan-mem-hai", "--school", "79000702"),
    )
    for words in steps:
        status, output = run(home, *words)
        assert status == 0, output
    pem.write_bytes(b"khong phai chung thu")
    status, output = run(home, *steps[1])
    assert (status, "không chứa chứng thư số" in output) == (1, True)
