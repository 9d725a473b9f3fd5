"""The `sandbox` commands: a school to try the service with, and signatures for files of one's own.

They refuse to run against production. Everything they make is synthetic and signed by the sandbox's
own authorities, which only a sandbox trusts.
"""

import asyncio
import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from app.db import connect
from app.errors import Conflict, StartRefused
from app.journal import open_journal
from app.launch import SANDBOX_SEED, stores_ready
from app.main import read_clock
from app.sandbox.enrolment import enrol_school, open_account
from app.sandbox.keys import KeyStore
from app.sandbox.packaging import MessageHead, wrap_folder
from app.sandbox.pki import Pki, make_pki
from app.sandbox.scenario import CLASS_SIZE, VIETNAM, Scenario, issue_day, level_of, make_scenario
from app.sandbox.school import SyntheticSchool, make_school
from app.settings import Settings

APPROVED_BEFORE = timedelta(days=200)
"""Certificates count from half a year before the day of issue: the whole school year."""

sandbox_commands = typer.Typer(
    help="Trường, tài khoản và chữ ký thử nghiệm (không dùng cho môi trường thật).",
    no_args_is_help=True,
)


@sandbox_commands.command("enrol")
def enrol(
    folder: Annotated[Path, typer.Argument(help="Thư mục ghi tài khoản, gói tin và học bạ mẫu")],
    *,
    client_id: str = "truong-thu-nghiem",
    students: int = CLASS_SIZE,
    grade: Annotated[int, typer.Option(min=1, max=12, help="Khối lớp")] = 6,
    continuing: Annotated[bool, typer.Option(help="Giáo dục thường xuyên (từ lớp 6)")] = False,
) -> None:
    """Khai báo trường mẫu, mở tài khoản và ghi một gói tin đã ký sẵn sàng để gửi."""
    settings = _sandbox_settings()
    now = read_clock()
    today = now.astimezone(VIETNAM).date()
    cache = settings.home / "sandbox-keys"
    scenario = make_scenario(
        SANDBOX_SEED,
        today=today,
        students=students,
        cache=cache,
        grade=grade,
        level=level_of(grade, continuing=continuing),
    )
    secret = _enrol(settings, scenario.school, client_id, now)
    _write_scenario(folder, scenario)
    account = folder / "client.env"
    with open(account, "w", opener=_private, encoding="utf-8") as file:
        file.write(f"HOCBA_CLIENT_ID={client_id}\nHOCBA_CLIENT_SECRET={secret}\n")
    typer.echo(f"Đã ghi {folder}/package.xml, {folder}/transcripts/*.xml và {account}")
    typer.echo(f"Gửi thử: set -a; . {account}; python -m app submit {folder}/package.xml")


@sandbox_commands.command("package")
def package(
    folder: Annotated[
        Path, typer.Argument(help="Thư mục chứa các tệp XML học bạ", exists=True, file_okay=False)
    ],
    out: Annotated[Path, typer.Argument(help="Tệp gói tin sẽ ghi")],
    *,
    message_id: Annotated[str | None, typer.Option(help="Mã bản tin (BAN_TIN_ID)")] = None,
    grade: Annotated[int, typer.Option(min=1, max=12, help="Khối lớp")] = 6,
    continuing: Annotated[bool, typer.Option(help="Giáo dục thường xuyên (từ lớp 6)")] = False,
) -> None:
    """Ký các vị trí còn trống của mọi tệp XML trong thư mục rồi đóng thành một gói tin đã ký."""
    settings = _sandbox_settings()
    now = read_clock().astimezone(VIETNAM)
    pki, school = _school(settings, now, level_of(grade, continuing=continuing))
    head = MessageHead(
        message_id=message_id or f"{school.code}-{now:%Y%m%d-%H%M%S}", created_at=now
    )
    out.write_bytes(wrap_folder(folder, school=school, pki=pki, head=head))
    typer.echo(f"Đã ghi {out}")


def _school(settings: Settings, now: datetime, level: str) -> tuple[Pki, SyntheticSchool]:
    pki = make_pki(KeyStore(seed=SANDBOX_SEED, folder=settings.home / "sandbox-keys"))
    return pki, make_school(pki, issued_year=issue_day(now.date()).year - 1, level=level)


def _sandbox_settings() -> Settings:
    settings = Settings()
    if settings.environment != "sandbox":
        raise StartRefused("các lệnh sandbox không dùng cho kho chính thức")
    return settings


def _enrol(settings: Settings, school: SyntheticSchool, client_id: str, now: datetime) -> str:
    async def run(url: str) -> str:
        database = connect(url, role=None, pool_size=1)
        try:
            since = issue_day(now.astimezone(VIETNAM).date()) - APPROVED_BEFORE
            journal = await open_journal(settings)
            await enrol_school(database, journal, school, approved_from=since, now=now)
            return await open_account(database, school, client_id=client_id, now=now)
        except Conflict as error:
            raise StartRefused(f"tài khoản {client_id} đã có: hãy chọn --client-id khác") from error
        finally:
            await database.dispose()

    with stores_ready(settings) as url:
        return asyncio.run(run(url))


def _write_scenario(folder: Path, scenario: Scenario) -> None:
    (folder / "transcripts").mkdir(parents=True, exist_ok=True)
    (folder / "package.xml").write_bytes(scenario.package)
    for item in scenario.transcripts:
        (folder / "transcripts" / f"{item.student_code}.xml").write_bytes(item.xml)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
