"""The command `reverify`: a run over the archive with its progress and its summary."""

import asyncio
import secrets
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from app.db import connect, schema_is_current
from app.errors import InvalidCode, StartRefused
from app.intake.processes import CheckFailed, VerificationProcesses
from app.keys import load_worker_keys
from app.launch import stores_ready
from app.main import read_clock
from app.reverification.comparison import Result
from app.reverification.run import MAX_FINDINGS, Parts, Selection, Tally, reverify
from app.secondopinion.sampling import EVERYTHING
from app.settings import Settings
from app.transcripts.codes import ALPHABET, format_code, parse_code
from app.trust.bundle import load_bundle
from app.trust.evidence import with_evidence
from app.vault import open_configured_vault

START_SYMBOLS = 8
"""Symbols of the place where a sample begins: finer than any archive."""

RESULTS = {
    Result.CONFIRMED: "nguyên vẹn, đúng như khi tiếp nhận",
    Result.MISSING: "không còn trong kho lưu",
    Result.ALTERED: "bản lưu đã bị thay đổi",
    Result.REFUSED: "không còn đạt khi kiểm tra lại",
    Result.DISPUTED: "hai bộ kiểm tra chữ ký cho kết quả khác nhau",
    Result.CHANGED: "sổ đăng ký khác với nội dung đã ký",
}


def reverify_archive(
    *,
    year: Annotated[
        int | None, typer.Option(help="Chỉ năm học bắt đầu từ năm này; mặc định mọi năm.")
    ] = None,
    sample: Annotated[
        int | None, typer.Option(min=1, help="Số học bạ lấy ngẫu nhiên của mỗi năm học.")
    ] = None,
    share: Annotated[
        float | None, typer.Option(min=0, max=1, help="Tỷ lệ lấy ngẫu nhiên của mỗi năm học.")
    ] = None,
    after: Annotated[
        str | None, typer.Option(help="Tiếp tục sau mã tra cứu này; cần --year.")
    ] = None,
    processes: Annotated[
        int | None, typer.Option(min=1, max=64, help="Số tiến trình kiểm tra chữ ký.")
    ] = None,
) -> None:
    """Kiểm tra lại kho lưu: đọc, băm và kiểm tra chữ ký từng bản gốc bằng hai bộ kiểm tra."""
    if after is not None and (year is None or sample is not None or share is not None):
        raise typer.BadParameter("--after chỉ dùng cùng --year, không cùng --sample, --share")
    settings, tally = Settings(), Tally()
    selection = Selection(
        year=year,
        sample=sample,
        share=1.0 if share is None else share,
        after=_place(after, sampled=sample is not None or share is not None),
    )
    console = Console()
    try:
        with stores_ready(settings) as url:
            asyncio.run(_run(settings, url, selection, tally, processes, console))
    except KeyboardInterrupt:
        if tally.last_code:
            place = f"--year {tally.year} --after {format_code(tally.last_code)}"
            console.print(f"Đã dừng; chạy tiếp bằng: reverify {place}")
        raise typer.Exit(130) from None
    show_summary(console, tally)
    if not tally.confirmed:
        raise typer.Exit(1)


def show_summary(console: Console, tally: Tally) -> None:
    """Print how many came to what, and the first ones that were not confirmed."""
    table = Table("Kết quả", "Số học bạ")
    for result, words in RESULTS.items():
        if tally.results[result] or result is Result.CONFIRMED:
            table.add_row(words, str(tally.results[result]))
    console.print(table)
    for found in tally.findings:
        code = format_code(found.transcript_code)
        reasons = escape(", ".join(found.reasons))
        console.print(f"{found.school_year} {code}: {RESULTS[found.result]} {reasons}".rstrip())
    if len(tally.findings) == MAX_FINDINGS:
        console.print(f"… (chỉ liệt kê {MAX_FINDINGS} trường hợp đầu; nhật ký có đủ)")


def _place(after: str | None, *, sampled: bool) -> str:
    """Name where to begin: behind a code, at random for a sample, else at the beginning."""
    if after is not None:
        try:
            return parse_code(after)
        except InvalidCode as error:
            raise typer.BadParameter("--after không phải là mã tra cứu") from error
    return "".join(secrets.choice(ALPHABET) for _ in range(START_SYMBOLS)) if sampled else ""


async def _run(  # what the command was told
    settings: Settings,
    url: str,
    selection: Selection,
    tally: Tally,
    processes: int | None,
    console: Console,
) -> None:
    database = connect(url, role="hocba_worker")
    vault = open_configured_vault(settings)
    try:
        if not await schema_is_current(database):
            raise StartRefused(
                "cơ sở dữ liệu có phiên bản lược đồ khác: hãy chạy `python -m app migrate`"
            )
        verification = VerificationProcesses(
            processes=processes or settings.verification_processes,
            trust=await with_evidence(
                database, load_bundle(settings.trust_folder).trust, now=read_clock()
            ),
            sampling=EVERYTHING,
        )
        with verification, _progress(console, tally) as show:
            await verification.start()
            parts = Parts(
                database=database,
                vault=vault,
                keys=load_worker_keys(settings.keys_folder),
                processes=verification,
                clock=read_clock,
            )
            await reverify(parts, selection, tally, show=show)
    except CheckFailed as error:
        raise StartRefused("không khởi động được các tiến trình kiểm tra chữ ký") from error
    finally:
        await database.dispose()


@contextmanager
def _progress(console: Console, tally: Tally) -> Generator[Callable[[], None]]:
    """Show a bar for the year being read; gives what brings it up to date."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("", total=None)

        def show() -> None:
            year = f"Năm học {tally.year}-{tally.year + 1}"
            progress.update(task, description=year, total=tally.expected, completed=tally.done)

        yield show
