"""Commands of the operator on the directory: schools over time, staff, who teaches what.

`diff` tells what a file would change; `load` changes it. Both tell every fault of a file with its
line, and a file with a fault changes nothing.
"""

import asyncio
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Annotated

import typer

from app.db import connect
from app.directory.loading import SourceFile, load_assignments, load_schools, load_staff
from app.directory.staff import staff_key
from app.errors import FileRefused, InvalidRequest
from app.journal import open_journal
from app.keys import load_worker_keys
from app.launch import stores_ready
from app.main import read_clock
from app.settings import Settings

directory_commands = typer.Typer(
    help="Danh mục trường theo thời gian, danh sách giáo viên, phân công giảng dạy.",
    no_args_is_help=True,
)

FAULTS: Mapping[str, str] = MappingProxyType(
    {
        "too-large": "tệp quá lớn",
        "encoding": "tệp không phải UTF-8",
        "csv": "tệp không phải CSV",
        "columns": "dòng đầu phải là tên đúng các cột này",
        "fields": "số cột không đúng",
        "missing": "thiếu giá trị",
        "text": "giá trị quá dài hoặc có ký tự không in được",
        "number": "không phải số hợp lệ",
        "date": "ngày phải viết YYYY-MM-DD",
        "order": "ngày cuối trước ngày đầu",
        "overlap": "trùng thời gian với dòng khác của cùng trường",
        "future": "bắt đầu sau hôm nay: hãy nạp vào ngày đó",
        "province": "không có mã tỉnh này vào thời gian đó",
        "province-changed": "mã tỉnh đổi nghĩa trong thời gian này: hãy tách thành hai dòng",
        "level": "không có mã cấp học này",
        "personal-number": "số định danh cá nhân phải có đúng 12 chữ số",
        "twice": "dòng này đã có ở trên",
    }
)
"""What is wrong with a line, for an officer."""


class What(StrEnum):
    """What a file tells about."""

    SCHOOLS = "schools"
    STAFF = "staff"
    ASSIGNMENTS = "assignments"


_What = Annotated[
    What,
    typer.Argument(help="schools (trường), staff (giáo viên), assignments (phân công giảng dạy)"),
]
_File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="Tệp CSV, UTF-8")]
_School = Annotated[str, typer.Option(help="Mã trường, với staff và assignments")]


@directory_commands.command("diff")
def show_changes(what: _What, file: _File, school: _School = "") -> None:
    """Cho biết một tệp CSV sẽ thay đổi những gì; không ghi gì cả."""
    _tell(_load(what, file, school, write=False), "Sẽ thay đổi")


@directory_commands.command("load")
def load_file(
    what: _What,
    file: _File,
    school: _School = "",
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Chỉ xem, như lệnh diff")] = False,
) -> None:
    """Nạp một tệp CSV vào danh mục."""
    _tell(_load(what, file, school, write=not dry_run), "Sẽ thay đổi" if dry_run else "Đã thay đổi")


def _tell(changed: tuple[str, ...], done: str) -> None:
    for line in changed:
        typer.echo(line)
    typer.echo(f"{done} {len(changed)} dòng" if changed else "Không có gì thay đổi")


def _load(what: What, path: Path, school: str, *, write: bool) -> tuple[str, ...]:
    if not school and what is not What.SCHOOLS:
        raise InvalidRequest(parameter="school", reason="missing")
    settings = Settings()
    file = SourceFile(content=path.read_bytes(), now=read_clock(), write=write)

    async def run(url: str) -> tuple[str, ...]:
        database = connect(url, role=None, pool_size=1)
        try:
            async with database.begin() as connection:
                match what:
                    case What.SCHOOLS:
                        return await load_schools(connection, await open_journal(settings), file)
                    case What.STAFF:
                        key = staff_key(load_worker_keys(settings.keys_folder).identity)
                        return await load_staff(connection, file, school, key)
                    case What.ASSIGNMENTS:
                        return await load_assignments(connection, file, school)
        finally:
            await database.dispose()

    try:
        with stores_ready(settings) as url:
            return asyncio.run(run(url))
    except FileRefused as refused:
        for line, column, reason in refused.faults:
            typer.echo(f"{path.name}, dòng {line}, {column}: {FAULTS[reason]}", err=True)
        raise typer.Exit(1) from refused
