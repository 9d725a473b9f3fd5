"""The commands `kit` and `conformance`: what a vendor builds and tests against a sandbox with."""

import asyncio
import os
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import httpx
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from app.clients.accounts import Kind, Scope, create_client
from app.clients.secrets import new_secret
from app.db import Database, connect
from app.errors import Conflict, StartRefused
from app.journal import open_journal
from app.launch import SANDBOX_SEED, stores_ready
from app.main import read_clock
from app.sandbox.client import Client
from app.sandbox.conformance.making import coverage_of, make_cases
from app.sandbox.conformance.running import Outcome, run_cases
from app.sandbox.conformance.workshop import Workshop, open_workshop
from app.sandbox.enrolment import enrol_conformance
from app.sandbox.kit import KeptSet, read_set, write_account, write_kit
from app.sandbox.scenario import VIETNAM
from app.sandbox_commands import APPROVED_BEFORE
from app.settings import Settings

WIDTH = 140
"""Columns of the table where there is no terminal."""


def make_kit(
    folder: Annotated[Path, typer.Argument(help="Thư mục sẽ ghi bộ công cụ")],
    *,
    series: Annotated[
        str, typer.Option(help="Tên loạt: loạt khác có học sinh và mã bản tin khác")
    ] = "kit",
    client_id: Annotated[str, typer.Option(help="Tài khoản sẽ mở")] = "phan-mem-kit",
) -> None:
    """Ghi bộ công cụ cho nhà cung cấp và khai báo trường, tài khoản của bộ đó trong kho thử."""
    settings = Settings()
    if settings.environment != "sandbox":
        raise StartRefused("các lệnh sandbox không dùng cho kho chính thức")
    now = read_clock()
    today = now.astimezone(VIETNAM).date()
    workshop = _workshop(settings, today, series)
    secret, ministry = _enrol(settings, workshop, client_id, now)
    folder.mkdir(parents=True, exist_ok=True)
    write_account(
        folder / "client.env", (("HOCBA_CLIENT_ID", client_id), ("HOCBA_CLIENT_SECRET", secret))
    )
    write_account(
        folder / "ministry.env",
        (("HOCBA_MINISTRY_ID", f"{client_id}-bo"), ("HOCBA_MINISTRY_SECRET", ministry)),
    )
    cases = make_cases(workshop)
    write_kit(folder, workshop, KeptSet(series=series, today=today, cases=cases))
    covered, missing = coverage_of(cases)
    typer.echo(f"Đã ghi {folder}: {len(cases)} gói tin, {len(covered)} mã lỗi và thông báo")
    typer.echo(f"Có trong bộ thử: {' '.join(covered)}")
    typer.echo(f"Gói tin có thể gây ra nhưng chưa có: {' '.join(missing)}")


def run_conformance(
    folder: Annotated[
        Path, typer.Argument(help="Thư mục của bộ công cụ", exists=True, file_okay=False)
    ],
    *,
    url: str = "http://127.0.0.1:8115",
    client: Annotated[str, typer.Option(envvar="HOCBA_CLIENT_ID", help="Tài khoản")] = "",
) -> None:
    """Gửi bộ gói tin thử và so kết quả; mật khẩu lấy từ biến HOCBA_CLIENT_SECRET."""
    secret = os.environ.get("HOCBA_CLIENT_SECRET", "")
    if not client or not secret:
        typer.echo("Cần --client (HOCBA_CLIENT_ID) và biến HOCBA_CLIENT_SECRET.", err=True)
        raise typer.Exit(2)
    try:
        kept = read_set(folder / "conformance")
    except (OSError, KeyError, ValueError):
        typer.echo(f"{folder} không phải thư mục của lệnh kit.", err=True)
        raise typer.Exit(2) from None
    workshop = _workshop(Settings(), kept.today, kept.series)
    try:
        with Client(url, client, secret) as opened:
            outcomes = list(run_cases(kept.cases, opened, workshop))
    except httpx.HTTPError as error:
        typer.echo(f"Không nhận được trả lời: {error}", err=True)
        raise typer.Exit(1) from None
    console = Console(width=None if os.isatty(1) else WIDTH)
    _show(console, outcomes)
    if any(one.differences for one in outcomes):
        raise typer.Exit(1)


def _show(console: Console, outcomes: list[Outcome]) -> None:
    table = Table("Gói tin", "Kết quả", "Mã", "Khác với mong đợi", box=None)
    for one in outcomes:
        answered = one.answered
        codes = dict.fromkeys(
            (*answered.errors, *(code for item in answered.items for code in item.errors))
        )
        table.add_row(
            one.case.name,
            answered.problem or " ".join(item.result for item in answered.items) or "–",
            " ".join(codes),
            "[green]đúng[/]"
            if not one.differences
            else f"[red]{escape('; '.join(one.differences))}[/]",
        )
    console.print(table)
    wrong = sum(bool(one.differences) for one in outcomes)
    console.print(f"{len(outcomes)} gói tin, {wrong} khác với mong đợi")


def _workshop(settings: Settings, today: date, series: str) -> Workshop:
    cache = settings.home / "sandbox-keys"
    return open_workshop(SANDBOX_SEED, today=today, series=series, cache=cache)


def _enrol(
    settings: Settings, workshop: Workshop, client_id: str, now: datetime
) -> tuple[str, str]:
    async def enrol(database: Database) -> tuple[str, str]:
        secret = await enrol_conformance(
            database,
            await open_journal(settings),
            tuple(workshop.schools.values()),
            client_id=client_id,
            approved_from=workshop.issued_on - APPROVED_BEFORE,
            now=now,
        )
        ministry = new_secret()
        async with database.begin() as connection:
            await create_client(
                connection,
                client_id=f"{client_id}-bo",
                name="Bộ Giáo dục và Đào tạo (thử nghiệm)",
                kind=Kind.MINISTRY,
                scopes=tuple(Scope),
                secret=ministry,
                now=now,
            )
        return secret, ministry

    async def run(url: str) -> tuple[str, str]:
        database = connect(url, role=None, pool_size=1)
        try:
            return await enrol(database)
        except Conflict as error:
            raise StartRefused(f"tài khoản {client_id} đã có: hãy chọn --client-id khác") from error
        finally:
            await database.dispose()

    with stores_ready(settings) as url:
        return asyncio.run(run(url))
