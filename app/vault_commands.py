"""Commands of the operator on a second vault: bring everything there, and see that it is there.

Keys of the second server never stand on the command line: they come from a file or the environment.
"""

import asyncio
import os
from collections.abc import Callable, Coroutine, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from pydantic import SecretStr
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

from app.errors import StartRefused
from app.main import read_clock
from app.settings import Settings
from app.vault import Vault, open_configured_vault, open_vault
from app.vault.comparing import (
    MAX_DIFFERENCES,
    Compared,
    Comparing,
    Difference,
    compare_vaults,
)
from app.vault.copying import Copied, Copying, copy_vault
from app.vault.opening import S3Access

ACCESS_KEY, SECRET_KEY = "HOCBA_OTHER_S3_ACCESS_KEY", "HOCBA_OTHER_S3_SECRET_KEY"
"""Variables with the keys of the second server."""

MEBIBYTE = 1024**2

PLACES = 0x10000
"""Steps of the progress bar: originals come in the order of their digests, which are even."""

INTERRUPTED = 130
"""The status after Ctrl+C, as shells have it."""

DIFFERENCES = {
    Difference.ONLY_HERE: "chỉ có ở kho đang dùng",
    Difference.ONLY_THERE: "chỉ có ở kho kia",
    Difference.SIZE: "độ dài khác nhau",
    Difference.LOCK: "kho kia không khóa, hoặc khóa không đủ lâu",
    Difference.DAMAGED_HERE: "hỏng ở kho đang dùng",
    Difference.DAMAGED_THERE: "hỏng ở kho kia",
}

vault_commands = typer.Typer(
    help="Kho lưu thứ hai: sao chép và đối chiếu các bản gốc.", no_args_is_help=True
)

KeysFile = Annotated[
    Path | None,
    typer.Option(
        exists=True,
        dir_okay=False,
        help="Tệp hai dòng: khóa truy cập và khóa bí mật của kho kia; không có thì lấy từ"
        f" {ACCESS_KEY} và {SECRET_KEY}.",
    ),
]
AuthorityFile = Annotated[
    Path | None,
    typer.Option(exists=True, dir_okay=False, help="Tệp PEM: chứng thư gốc của máy chủ kho kia."),
]
Region = Annotated[str | None, typer.Option(help="Vùng (region) của kho kia.")]


@vault_commands.command("copy")
def copy(
    to: Annotated[str, typer.Option(help="Địa chỉ kho nhận: file:///… hoặc s3+https://…")],
    *,
    keys_file: KeysFile = None,
    ca_file: AuthorityFile = None,
    region: Region = None,
    expire: Annotated[
        bool,
        typer.Option(
            "--expire", help="Xóa ở kho nhận gói tin bị từ chối mà kho đang dùng đã hết hạn lưu."
        ),
    ] = False,
    rate: Annotated[
        float | None, typer.Option(min=0.01, help="Đọc nhiều nhất bao nhiêu MiB mỗi giây.")
    ] = None,
) -> None:
    """Sao chép mọi bản gốc và nhật ký sang kho khác, giữ nguyên khóa; chạy lại thì làm tiếp."""
    settings, copied, console = Settings(), Copied(), Console()
    run = Copying(
        source=open_configured_vault(settings),
        target=_other_vault(to, settings, keys_file, ca_file, region),
        retention=settings.retention,
        bytes_per_second=None if rate is None else rate * MEBIBYTE,
        expire=expire,
        clock=read_clock,
    )

    async def work() -> None:
        await _require_filled(run.source)
        await run.target.check()
        with _progress(console) as show:
            await copy_vault(run, copied, show=lambda: show(copied.place))

    try:
        _run(work())
    finally:
        _show_copied(console, copied)
    if not copied.complete:
        raise typer.Exit(1)


@vault_commands.command("compare")
def compare(
    with_: Annotated[
        str, typer.Option("--with", help="Địa chỉ kho kia: file:///… hoặc s3+https://…")
    ],
    *,
    keys_file: KeysFile = None,
    ca_file: AuthorityFile = None,
    region: Region = None,
    read: Annotated[
        bool, typer.Option("--read", help="Đọc và băm lại từng vật ở cả hai kho.")
    ] = False,
) -> None:
    """Đối chiếu với kho khác: thiếu, khác độ dài, khóa ngắn hơn; --read thì cả nội dung."""
    settings, compared, console = Settings(), Compared(), Console()
    run = Comparing(
        here=open_configured_vault(settings),
        there=_other_vault(with_, settings, keys_file, ca_file, region),
        retention=settings.retention,
        read=read,
    )

    async def work() -> None:
        await _require_filled(run.here)
        with _progress(console) as show:
            await compare_vaults(run, compared, show=lambda: show(compared.place))

    try:
        _run(work())
    finally:
        _show_compared(console, compared)
    if not compared.complete:
        raise typer.Exit(1)


async def _require_filled(vault: Vault) -> None:
    """Refuse a vault in use that is empty: an address gone wrong opens one, and it equals all.

    Raises:
        StartRefused: it holds no original.
        Unavailable: it cannot be used now.
    """
    await vault.check()
    if not await vault.survey(limit=1):
        raise StartRefused("kho đang dùng không có bản gốc nào: hãy xem lại HOCBA_VAULT_URL")


def _other_vault(
    url: str, settings: Settings, keys_file: Path | None, ca_file: Path | None, region: str | None
) -> Vault:
    """Open the second vault; a folder of production is made as immutable as the first.

    Raises:
        StartRefused: it is the vault in use, its keys are missing, or as `open_vault`.
    """
    if url.rstrip("/") == settings.vault_location.rstrip("/"):
        raise StartRefused("kho kia chính là kho đang dùng")
    access_key, secret_key = _keys(keys_file)
    if url.startswith("s3+") and (access_key is None or secret_key is None):
        raise StartRefused(f"kho kia cần --keys-file, hoặc {ACCESS_KEY} và {SECRET_KEY}")
    return open_vault(
        url,
        access_key=access_key,
        secret_key=secret_key,
        access=S3Access(ca_file=ca_file, region=region),
        immutable=settings.environment == "production",
    )


def _keys(file: Path | None) -> tuple[SecretStr | None, SecretStr | None]:
    """Read the keys of the second server.

    Raises:
        StartRefused: the file is not two lines.
    """
    if file is None:
        return _variable(ACCESS_KEY), _variable(SECRET_KEY)
    lines = file.read_text(encoding="utf-8").split()
    try:
        access, secret = lines
    except ValueError:
        raise StartRefused(f"{file} phải có hai dòng: khóa truy cập và khóa bí mật") from None
    return SecretStr(access), SecretStr(secret)


def _variable(name: str) -> SecretStr | None:
    value = os.environ.get(name)
    return SecretStr(value) if value else None


def _run(work: Coroutine[None, None, None]) -> None:
    try:
        asyncio.run(work)
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None


@contextmanager
def _progress(console: Console) -> Generator[Callable[[str], None]]:
    """Show how far a run is; gives what takes the digest that it has come to."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("Nhật ký", total=None)

        def show(place: str) -> None:
            if place:
                done = int(place[:4], 16) + 1
                progress.update(task, description="Bản gốc", total=PLACES, completed=done)

        yield show


def _show_copied(console: Console, copied: Copied) -> None:
    table = Table("Kết quả", "Số vật")
    table.add_row("đã sao chép", f"{copied.copied} ({copied.size / MEBIBYTE:.1f} MiB)")
    table.add_row("đã có sẵn", str(copied.present))
    table.add_row("đã khóa lâu hơn", str(copied.locked))
    table.add_row("đã hết hạn lưu", str(copied.expired))
    table.add_row("hỏng ở kho đang dùng, không sao chép", str(len(copied.damaged_here)))
    table.add_row("hỏng ở kho nhận", str(len(copied.damaged_there)))
    console.print(table)
    for name in (*copied.damaged_here, *copied.damaged_there)[:MAX_DIFFERENCES]:
        console.print(name, soft_wrap=True)


def _show_compared(console: Console, compared: Compared) -> None:
    table = Table("Kết quả", "Số vật")
    table.add_row("như nhau", str(compared.alike))
    for difference, words in DIFFERENCES.items():
        if compared.counts[difference]:
            table.add_row(words, str(compared.counts[difference]))
    console.print(table)
    for difference, name in compared.named:
        console.print(f"{name} {DIFFERENCES[difference]}", soft_wrap=True)
