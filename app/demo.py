"""The demonstration: the whole main job on one machine, over real HTTP, in under a minute.

It starts the service with its embedded defaults in a folder of its own, plays the officer who
enrols a school and the school software that signs and submits, and shows what the repository says.
"""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
from rich.console import Console
from rich.progress import Progress

from app.console import show_package, show_refused, show_slots, show_verification
from app.db import connect
from app.errors import StartRefused
from app.journal import open_journal
from app.launch import SANDBOX_SEED, stores_ready
from app.main import read_clock
from app.sandbox.classes import ClassSpec, make_class
from app.sandbox.client import Answer, Client
from app.sandbox.enrolment import enrol_school, open_account
from app.sandbox.keys import KeyStore
from app.sandbox.packaging import MessageHead, SignedTranscript, build_package
from app.sandbox.pki import Pki, make_pki
from app.sandbox.scenario import (
    VIETNAM,
    issue_day,
    with_changed_mark,
    without_signature,
)
from app.sandbox.school import SyntheticSchool, make_school, signers_of
from app.sandbox.signing import sign_transcript
from app.sandbox.transcript_writer import write_transcript
from app.settings import Settings

START_SECONDS = 45.0
"""Patience for the service: a first start creates a database and looks for keys."""

RESULT_SECONDS = 60.0
"""Patience for one class; it takes a second or two."""

STOP_SECONDS = 20.0
"""Patience for a clean stop of the service."""

POLL_SECONDS = 0.1
CLIENT_ID = "demo"
_STATES = ("00", "01", "02", "03", "04")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What every act of the demonstration uses."""

    console: Console
    client: Client
    pki: Pki
    school: SyntheticSchool
    grade: int
    now: datetime


def run_demo(*, students: int, grade: int, level: str, keep: bool, console: Console) -> bool:
    """Play the demonstration and say whether everything ended as it should.

    Args:
        students: the size of each class.
        grade: of both classes.
        level: of the school (CAP_HOC_ID).
        keep: whether to leave the service running until interrupted.
        console: where to print.

    Raises:
        StartRefused: the service does not start.
    """
    started = time.monotonic()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)  # both end every block below in order
    with TemporaryDirectory(prefix="hocba-demo-") as folder:
        home = Path(folder)
        home.chmod(0o755)  # the embedded PostgreSQL of root runs as another account
        _share_keys(home)
        port = _free_port()
        url = f"http://127.0.0.1:{port}"
        console.rule("[bold]1. Khởi động kho trung tâm · start the repository")
        with _service(home, port, url):
            console.print(f"Dịch vụ, PostgreSQL và kho tệp đang chạy tại {url}")
            with _stage(home, url, console, grade, level) as stage:
                codes = _first_class(stage, students)
                right = _tampered_class(stage, students)
            console.print(f"\nXong sau {time.monotonic() - started:.0f} giây.")
            if keep:
                _keep_running(console, url, codes)
    return right and len(codes) == students


def _share_keys(home: Path) -> None:
    """Use the sandbox's keys of earlier runs: looking for them takes some seconds."""
    keys = Settings(environment="sandbox").home.resolve() / "sandbox-keys"
    keys.mkdir(parents=True, exist_ok=True)
    (home / "sandbox-keys").symlink_to(keys)


@contextmanager
def _stage(home: Path, url: str, console: Console, grade: int, level: str) -> Generator[Stage]:
    """Make the school and its people, and enrol them as an officer would."""
    now = read_clock()
    console.rule("[bold]2. Tạo trường, chứng thư và tài khoản · a school, its certificates")
    pki = make_pki(KeyStore(seed=SANDBOX_SEED, folder=home / "sandbox-keys"))
    day = issue_day(now.astimezone(VIETNAM).date())
    school = make_school(pki, issued_year=day.year - 1, level=level)
    secret = _enrol(home, school, now)
    console.print(
        f"{school.name} (mã {school.code}): {len(school.teachers)} giáo viên, "
        f"{school.principal.position} {school.principal.full_name}, tài khoản kết nối “{CLIENT_ID}”"
    )
    with Client(url, CLIENT_ID, secret) as client:
        yield Stage(console=console, client=client, pki=pki, school=school, grade=grade, now=now)


def _enrol(home: Path, school: SyntheticSchool, now: datetime) -> str:
    settings = Settings(home=home, database_url=None, vault_url=None, keys_dir=None, trust_dir=None)

    async def enrol(url: str) -> str:
        database = connect(url, role=None, pool_size=1)
        try:
            since = issue_day(now.astimezone(VIETNAM).date()) - timedelta(days=200)
            journal = await open_journal(settings)
            await enrol_school(database, journal, school, approved_from=since, now=now)
            return await open_account(database, school, client_id=CLIENT_ID, now=now)
        finally:
            await database.dispose()

    with stores_ready(settings) as url:  # attaches to the server that the service runs
        return asyncio.run(enrol(url))


def _first_class(stage: Stage, students: int) -> list[str]:
    """Submit a class that is in order; give its transcript codes."""
    console, client = stage.console, stage.client
    console.rule(f"[bold]3. Ký và gửi lớp {stage.grade}A1, {students} học sinh · sign and submit")
    transcripts = _signed_class(stage, f"{stage.grade}A1", students)
    package = _package(stage, transcripts, number=1)
    answer = _submit(stage, package)
    show_package(console, answer)
    codes = [item["transcript_code"] for item in answer["items"] if item["transcript_code"]]
    console.rule("[bold]4. Từng chữ ký của một học bạ · every signature of one transcript")
    show_slots(console, client.report(codes[0]))
    console.rule("[bold]5. Bản tin trả lời, bản gốc, tra cứu mã · reply, original, verification")
    reply = client.reply(answer["package_id"])
    client.acknowledge_reply(answer["package_id"])
    state = client.package(answer["package_id"])
    console.print(f"Bản tin trả lời có chữ ký của kho: {len(reply)} byte; ", end="")
    console.print(f"trạng thái gói tin {state['state']} {state['state_name']}")
    same = client.transcript_original(codes[0]) == transcripts[0].xml
    console.print(f"Bản gốc tải lại {'giống từng byte' if same else 'KHÁC'} bản đã gửi")
    again = client.submit(package)
    console.print(f"Gửi lại đúng gói đó: cùng câu trả lời, mã {again['package_id']}")
    show_verification(console, client.verification(codes[0]))
    return codes if same and again["package_id"] == answer["package_id"] else []


def _tampered_class(stage: Stage, students: int) -> bool:
    """Submit a class with two spoilt transcripts, then the same class mended."""
    console = stage.console
    console.rule(f"[bold]6. Lớp {stage.grade}A2: sửa điểm, bỏ chữ ký · a tampered class")
    good = _signed_class(stage, f"{stage.grade}A2", students)
    spoilt = list(good)
    spoilt[0] = replace(good[0], xml=with_changed_mark(good[0].xml))
    spoilt[-1] = replace(good[-1], xml=without_signature(good[-1].xml, "GVCN"))
    first = _submit(stage, _package(stage, spoilt, number=2))
    show_package(console, first)
    show_refused(console, first)
    console.rule("[bold]7. Gửi lại cả lớp sau khi sửa · the class again, mended")
    second = _submit(stage, _package(stage, good, number=3))
    show_package(console, second)
    known = [i for i in second["items"] if any(e["code"] == "PKG-200" for e in i["errors"])]
    console.print(f"{len(known)} học bạ đã có hiệu lực giữ nguyên mã; {students - len(known)} mới")
    before = {i["student_code"]: i["transcript_code"] for i in first["items"]}
    kept = all(before[i["student_code"]] == i["transcript_code"] for i in known)
    refused = [i["student_code"] for i in first["items"] if i["result"] == "02"]
    return (
        kept
        and refused == [good[0].student_code, good[-1].student_code]
        and (second["accepted"], second["rejected"]) == (students, 0)
        and len(known) == students - len(refused)
    )


def _signed_class(stage: Stage, class_name: str, students: int) -> list[SignedTranscript]:
    day = issue_day(stage.now.astimezone(VIETNAM).date())
    spec = ClassSpec(
        seed=SANDBOX_SEED,
        start_year=day.year - 1,
        level=stage.school.level,
        grade=stage.grade,
        class_name=class_name,
        students=students,
        issued_on=day,
    )
    signers = signers_of(stage.school, stage.pki)
    years = make_class(spec, stage.school)
    with Progress(console=stage.console) as progress:
        return [
            SignedTranscript(
                student_code=year.student.code,
                xml=sign_transcript(write_transcript(year), signers),
            )
            for year in progress.track(years, description=f"Ký học bạ lớp {class_name}")
        ]


def _package(stage: Stage, transcripts: Sequence[SignedTranscript], *, number: int) -> bytes:
    day = stage.now.astimezone(VIETNAM)
    message_id = f"{stage.school.code}-{day:%Y%m%d}-{number:04d}"
    head = MessageHead(message_id=message_id, created_at=day)
    return build_package(transcripts, school=stage.school, head=head)


def _submit(stage: Stage, package: bytes) -> Answer:
    """Submit and follow the states to the reply, with a progress bar."""
    with Progress(console=stage.console) as progress:
        task = progress.add_task("Gửi gói tin", total=len(_STATES) - 2)

        def watch(answer: Answer) -> None:
            label = f"{answer['state']} {answer['state_name']}"
            progress.update(task, completed=_STATES.index(answer["state"]), description=label)

        received = stage.client.submit(package)
        watch(received)
        return stage.client.await_reply(received["package_id"], seconds=RESULT_SECONDS, watch=watch)


def _keep_running(console: Console, url: str, codes: Sequence[str]) -> None:
    console.rule("[bold]Dịch vụ vẫn chạy · the service goes on")
    console.print(f"Tra cứu công khai:  {url}/verify/{codes[0]}")
    console.print(f"In English:         {url}/verify/{codes[0]}?lang=en")
    console.print(f"Kết quả dạng JSON:  {url}/v1/verifications/{codes[0]}")
    console.print(f"Mô tả API:          {url}/openapi.json")
    console.print("Nhấn Ctrl+C để dừng · press Ctrl+C to stop")
    try:
        while True:
            time.sleep(1)
    except KeyboardInterrupt:
        console.print("Đang dừng …")


@contextmanager
def _service(home: Path, port: int, url: str) -> Iterator[None]:
    """Run `python -m app serve` with nothing set but its folder and port."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("HOCBA_")}
    environment |= {"HOCBA_HOME": str(home), "HOCBA_PORT": str(port), "HOCBA_PUBLIC_URL": url}
    command = (sys.executable, "-m", "app", "serve", "--parent", str(os.getpid()))
    with (home / "service.log").open("wb") as log:
        # A session of its own: Ctrl+C in a terminal ends the demonstration, then this.
        process = subprocess.Popen(  # noqa: S603 -- reason: our own program
            command, env=environment, stdout=log, stderr=log, start_new_session=True
        )
    try:
        _await_ready(process, url, home / "service.log")
        yield
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _await_ready(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            if httpx.get(f"{url}/readyz").is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(POLL_SECONDS)
    words = log.read_text(errors="replace").splitlines() or ["none"]
    raise StartRefused(f"dịch vụ không khởi động; dòng cuối của nó: {words[-1]}")


def _free_port() -> int:
    """Let the system choose, so that a service or demonstration that runs already is left alone."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
