"""The command `rebuild`: what it does as it goes, and what it came to."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from app.db import connect, schema_is_current
from app.errors import StartRefused
from app.keys import load_worker_keys
from app.launch import stores_ready
from app.main import read_clock
from app.rebuild.gathering import Source
from app.rebuild.report import Tally, Thing
from app.rebuild.run import Show, rebuild
from app.rebuild.stop import Reason, Stopped
from app.settings import Settings
from app.vault import open_configured_vault

DOUBT = 2
"""Exit status of a run that found something in doubt."""

SENTENCES = {
    Reason.UNREADABLE: "mục sổ ghi không đọc được, đã bị sửa, hoặc không khớp journal.key: hãy"
    " kiểm tra khóa và kho lưu, hoặc lấy lại mục này từ bản sao của kho",
    Reason.MISSING: "kho lưu không còn bản gốc của gói tin này: hãy lấy lại từ bản sao của kho",
    Reason.INCOMPLETE: "sổ ghi thiếu các mục đi trước của đối tượng này: hãy lấy lại đủ sổ ghi từ"
    " bản sao của kho",
    Reason.WRONG_KEY: "mã tra cứu tính lại khác với sổ ghi: codes.key không phải khóa của kho này",
    Reason.ALTERED: "bản gốc trong kho không khớp với sổ ghi: hãy lấy lại từ bản sao của kho",
    Reason.CONTRADICTORY: "sổ ghi mâu thuẫn với cơ sở dữ liệu: đây không phải cơ sở dữ liệu của"
    " kho lưu này, hoặc nó thiếu dữ liệu có trước sổ ghi",
}

THINGS = {
    Thing.SCHOOLS: "trường",
    Thing.CLIENTS: "tài khoản (bị khóa, không quyền)",
    Thing.CERTIFICATES: "chứng thư",
    Thing.CERTIFICATE_EVENTS: "bước đăng ký chứng thư",
    Thing.PACKAGES: "gói tin",
    Thing.DECISIONS: "kết quả gói tin",
    Thing.TRANSCRIPTS: "học bạ",
    Thing.WITHDRAWALS: "thu hồi",
    Thing.REPLIES: "bản tin trả lời",
    Thing.READINGS: "xác nhận đã đọc",
    Thing.STANDINGS: "kết luận thu hồi chứng thư",
    Thing.DISCARDS: "gói tin hết hạn lưu",
}

STAGES = {
    "schools": "Trường",
    "certificates": "Chứng thư",
    "packages": "Gói tin",
    "undecided": "Gói tin chờ xử lý",
    "decisions": "Kết quả và học bạ",
    "replies": "Bản tin trả lời",
    "readings": "Xác nhận đã đọc",
    "standings": "Kết luận",
    "discards": "Hết hạn lưu",
}


def rebuild_database(
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Làm hết mọi bước nhưng không ghi gì.")
    ] = False,
) -> None:
    """Dựng lại cơ sở dữ liệu từ kho lưu và các khóa; hoặc bổ sung một bản phục hồi cũ hơn kho.

    Dừng mọi tiến trình web và worker trước khi chạy. Có gì đáng ngờ thì không ghi gì, mã thoát 2.
    """
    settings, console = Settings(), Console()
    try:
        with stores_ready(settings) as url:
            tally = asyncio.run(_run(settings, url, console, dry_run=dry_run))
    except Stopped as stopped:
        typer.echo(f"Dừng, chưa ghi gì: {SENTENCES[stopped.reason]} ({stopped.object})", err=True)
        raise typer.Exit(DOUBT) from None
    show_tally(console, tally, dry_run=dry_run)


def show_tally(console: Console, tally: Tally, *, dry_run: bool) -> None:
    """Print what was restored, what was there, and what is left to do."""
    table = Table("Đối tượng", "Sẽ khôi phục" if dry_run else "Đã khôi phục", "Đã có sẵn")
    for thing, words in THINGS.items():
        table.add_row(words, str(tally.restored[thing]), str(tally.present[thing] or "–"))
    console.print(table)
    console.print(f"Đã đọc {tally.notes} mục sổ ghi, đến số thứ tự {tally.highest}.")
    if tally.void:
        console.print(f"{tally.void} kết quả chưa từng được xác nhận: sẽ xử lý lại từ đầu.")
    if tally.undecided:
        console.print(f"{tally.undecided} gói tin đang chờ worker xử lý.")
    if tally.clients:
        console.print(
            "Cấp lại quyền bằng `clients reinstate`, gói tin đang chờ mới được xử lý: "
            + escape(", ".join(tally.clients))
        )


async def _run(settings: Settings, url: str, console: Console, *, dry_run: bool) -> Tally:
    database = connect(url, role=None, pool_size=1)
    vault = open_configured_vault(settings)
    try:
        if not await schema_is_current(database):
            raise StartRefused(
                "cơ sở dữ liệu có phiên bản lược đồ khác: hãy chạy `python -m app migrate`"
            )
        await vault.check()
        keys = load_worker_keys(settings.keys_folder)
        source = Source(vault=vault, keys=keys, journal_key=keys.journal)
        with _progress(console) as show:
            return await rebuild(database, source, now=read_clock(), dry_run=dry_run, show=show)
    finally:
        await database.dispose()


@contextmanager
def _progress(console: Console) -> Generator[Show]:
    """Show a bar for the journal and one for each stage with something to do."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console) as progress:
        journal = progress.add_task("Sổ ghi", total=None)
        bars = {
            stage: progress.add_task(words, total=None, visible=False)
            for stage, words in STAGES.items()
        }

        def planned(work: dict[str, int]) -> None:
            for stage, number in work.items():
                progress.update(bars[stage], total=number, visible=True)

        yield Show(
            read=lambda notes: progress.advance(journal, notes),
            planned=planned,
            done=lambda stage, number: progress.advance(bars[stage], number),
        )
