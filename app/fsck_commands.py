"""The command `fsck`: look at the stores as an outsider would."""

import asyncio
import secrets
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_pem_x509_certificate
from rich.console import Console

from app.db import Database, connect, schema_is_current
from app.errors import StartRefused, Unavailable
from app.fsck.examination import PARALLEL, Examination, Pace
from app.fsck.examine import examine
from app.fsck.nightly import last_run
from app.fsck.package_rows import count_packages
from app.fsck.progress import Options, Progress
from app.fsck.report import Report, ReportRefused, read_signed_report, sign_report
from app.fsck.state import read_state, write_state
from app.fsck_output import show_last, show_progress, show_proofs, show_report, show_signed
from app.intake.processes import CheckFailed, VerificationProcesses
from app.keys import load_worker_keys
from app.launch import stores_ready
from app.main import read_clock
from app.secondopinion.sampling import EVERYTHING
from app.settings import Settings
from app.trust.bundle import load_bundle
from app.trust.evidence import with_evidence
from app.vault import open_configured_vault
from app.vault.vault import Proof

FOUND = 1
"""Exit status when something asks somebody to act."""

COULD_NOT_RUN = 2
"""Exit status when nothing can be said: a store is away, a key is missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wish:
    """What the command was told."""

    options: Options
    pace: Pace
    state: Path | None
    signers: frozenset[str]
    processes: int | None


def fsck_stores(  # noqa: PLR0913 -- reason: one parameter for each option of the command
    *,
    prove_locks: Annotated[
        bool, typer.Option("--prove-locks", help="Thử phá khóa của kho lưu trên một vật thử.")
    ] = False,
    last: Annotated[
        bool, typer.Option("--last", help="Chỉ xem kết quả lượt kiểm tra đêm gần nhất.")
    ] = False,
    check_report: Annotated[
        Path | None, typer.Option(help="Chỉ kiểm tra chữ ký của một báo cáo đã ghi.")
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Không đọc nội dung, chỉ hỏi kho lưu từng đối tượng.")
    ] = False,
    verify: Annotated[
        float, typer.Option(min=0, max=1, help="Tỷ lệ học bạ được kiểm tra lại chữ ký.")
    ] = 0.01,
    settled: Annotated[
        bool, typer.Option("--settled", help="Coi gói tin chưa xử lý xong là lỗi.")
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Kết thúc với mã 1 cả khi chỉ có ghi chú.")
    ] = False,
    journal_days: Annotated[
        int | None, typer.Option(min=1, help="Chỉ đọc sổ ghi của số ngày gần nhất này.")
    ] = None,
    parallel: Annotated[int, typer.Option(min=1, max=64, help="Số đối tượng cùng lúc.")] = PARALLEL,
    rate: Annotated[
        float | None, typer.Option(min=0.1, help="Số đối tượng nhiều nhất mỗi giây.")
    ] = None,
    processes: Annotated[
        int | None, typer.Option(min=1, max=64, help="Số tiến trình kiểm tra chữ ký.")
    ] = None,
    reply_certificate: Annotated[
        list[Path] | None, typer.Option(help="Chứng thư trả lời đã dùng trước đây (PEM).")
    ] = None,
    report: Annotated[Path | None, typer.Option(help="Ghi báo cáo có chữ ký (JWS).")] = None,
    state: Annotated[
        Path | None, typer.Option(help="Tệp ghi tiến độ, để chạy tiếp sau khi dừng.")
    ] = None,
) -> None:
    """Kiểm tra toàn bộ kho: cơ sở dữ liệu, bản gốc, mã, bản tin trả lời, khóa, cả hai chiều.

    Mã kết thúc: 0 không có lỗi, 1 có lỗi, 2 không kiểm tra được.
    """
    console, settings = Console(), Settings()
    with _sentences():
        if prove_locks:
            _prove_locks(console, settings)
            return
        if check_report is not None:
            _check_report(console, settings, check_report)
            return
        if last:
            _show_last(console, settings)
            return
        wish = _Wish(
            options=Options(
                reading=not quick, verify=verify, settled=settled, journal_days=journal_days
            ),
            pace=Pace(parallel=parallel, rate=rate),
            state=state,
            signers=frozenset(_digest_of(file) for file in reply_certificate or ()),
            processes=processes,
        )
        done = _examine(console, settings, wish)
        if report is not None:
            keys = load_worker_keys(settings.keys_folder)
            report.write_text(sign_report(done, keys), encoding="utf-8")
        show_report(console, done)
        if not done.clean or (strict and done.findings):
            raise typer.Exit(FOUND)


@contextmanager
def _sentences() -> Generator[None]:
    """End the command with one sentence and `COULD_NOT_RUN` where nothing can be said."""
    try:
        yield
    except StartRefused as refused:
        _give_up(refused.reason)
    except ReportRefused as refused:
        _give_up(str(refused))
    except Unavailable as error:
        _give_up(f"không truy cập được {error.part}; chạy lại sau")
    except CheckFailed:
        _give_up("không khởi động được các tiến trình kiểm tra chữ ký")
    except OSError as error:
        _give_up(f"không đọc hoặc ghi được tệp: {error.strerror}")


def _give_up(reason: str) -> NoReturn:
    typer.echo(f"Không kiểm tra được: {reason}", err=True)
    raise typer.Exit(COULD_NOT_RUN)


def _prove_locks(console: Console, settings: Settings) -> None:
    async def prove() -> tuple[Proof, ...]:
        vault = open_configured_vault(settings)
        await vault.check()
        return await vault.prove_locks()

    proofs = asyncio.run(prove())
    show_proofs(console, proofs)
    if not all(proof.withstood for proof in proofs):
        raise typer.Exit(FOUND)


def _check_report(console: Console, settings: Settings, file: Path) -> None:
    keys = load_worker_keys(settings.keys_folder)
    said = read_signed_report(file.read_text(encoding="utf-8"), keys)
    show_signed(console, said)
    if not said["clean"]:
        raise typer.Exit(FOUND)


def _show_last(console: Console, settings: Settings) -> None:
    async def read(url: str) -> bool:
        async with _database(url) as database, database.read() as connection:
            run = await last_run(connection)
        show_last(console, run)
        return run is not None and not run.errors

    with stores_ready(settings) as url:
        clean = asyncio.run(read(url))
    if not clean:
        raise typer.Exit(FOUND)


def _digest_of(file: Path) -> str:
    try:
        certificate = load_pem_x509_certificate(file.read_bytes())
    except ValueError as error:
        raise StartRefused(f"{file} không phải chứng thư PEM") from error
    return sha256(certificate.public_bytes(Encoding.DER)).hexdigest()


@asynccontextmanager
async def _database(url: str) -> AsyncGenerator[Database]:
    database = connect(url, role="hocba_worker")
    try:
        if not await schema_is_current(database):
            raise StartRefused(
                "cơ sở dữ liệu có phiên bản lược đồ khác: hãy chạy `python -m app migrate`"
            )
        yield database
    finally:
        await database.dispose()


def _examine(console: Console, settings: Settings, wish: _Wish) -> Report:
    begun = None if wish.state is None else read_state(wish.state, wish.options)
    progress = begun or Progress(started_at=read_clock(), seed=secrets.token_hex(16))

    async def save(progress: Progress) -> None:
        if wish.state is not None:
            await asyncio.to_thread(write_state, wish.state, progress, wish.options)

    async def run(url: str) -> Report:
        async with _database(url) as database, _verifying(settings, wish, database) as processes:
            async with database.read() as connection:
                expected = await count_packages(connection)
            with show_progress(console, expected) as show:
                parts = Examination(
                    database=database,
                    vault=open_configured_vault(settings),
                    keys=load_worker_keys(settings.keys_folder),
                    processes=processes,
                    options=wish.options,
                    environment=settings.environment,
                    progress=progress,
                    pace=wish.pace,
                    signers=wish.signers,
                    save=save,
                    show=show,
                )
                await parts.vault.check()
                return await examine(parts, clock=read_clock)

    with stores_ready(settings) as url:
        report = asyncio.run(run(url))
    if wish.state is not None:
        wish.state.unlink(missing_ok=True)
    return report


@asynccontextmanager
async def _verifying(
    settings: Settings, wish: _Wish, database: Database
) -> AsyncGenerator[VerificationProcesses | None]:
    """Start what verifies the sample, with both engines; nothing where there is no sample."""
    if wish.options.verify == 0:
        yield None
        return
    trust = await with_evidence(
        database, load_bundle(settings.trust_folder).trust, now=read_clock()
    )
    with VerificationProcesses(
        processes=wish.processes or settings.verification_processes,
        trust=trust,
        sampling=EVERYTHING,
    ) as processes:
        await processes.start()
        yield processes
