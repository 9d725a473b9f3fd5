"""The command line: `python -m app COMMAND`."""

import json
import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.console import Console

from app.administration import certificate_commands, school_commands
from app.client_commands import client_commands
from app.contract import with_examples
from app.db import migrate as migrate_database
from app.demo import run_demo
from app.directory_commands import directory_commands
from app.errors import RepositoryError, StartRefused
from app.fsck_commands import fsck_stores
from app.kit_commands import make_kit, run_conformance
from app.launch import configure_logs, openapi_document, run_worker, stores_ready
from app.launch import serve as serve_until_stopped
from app.problem_texts import KINDS
from app.rebuild.command import rebuild_database
from app.reverification_commands import reverify_archive
from app.sandbox.client import Client
from app.sandbox.scenario import level_of
from app.sandbox_commands import sandbox_commands
from app.settings import Settings
from app.submission import submit_files
from app.trust_commands import trust_commands
from app.vault_commands import vault_commands

OPENAPI = Path(__file__).parent.parent / "openapi" / "openapi.json"

FILE_WIDTH = 120
"""Columns where there is no terminal: the table of signatures fits."""

cli = typer.Typer(
    name="hocba",
    help="Kho trung tâm học bạ số: tiếp nhận, kiểm tra chữ ký, lưu giữ và tra cứu.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,  # a traceback with local variables shows personal data
    rich_markup_mode=None,  # plain sentences, also in a log
)
cli.add_typer(school_commands, name="school")
cli.add_typer(directory_commands, name="directory")
cli.add_typer(client_commands, name="clients")
cli.add_typer(certificate_commands, name="certificate")
cli.add_typer(sandbox_commands, name="sandbox")
cli.add_typer(trust_commands, name="trust")
cli.add_typer(vault_commands, name="vault")


@cli.command()
def demo(
    *,
    students: Annotated[int, typer.Option(min=3, max=300, help="Số học sinh mỗi lớp.")] = 45,
    grade: Annotated[int, typer.Option(min=1, max=12, help="Khối lớp.")] = 6,
    continuing: Annotated[bool, typer.Option(help="Giáo dục thường xuyên (từ lớp 6).")] = False,
    keep: Annotated[bool, typer.Option(help="Để dịch vụ chạy tiếp cho tới khi Ctrl+C.")] = False,
) -> None:
    """Trình diễn toàn bộ: tạo trường, ký, gửi, kiểm tra, từ chối, tra cứu."""
    level = level_of(grade, continuing=continuing)
    right = run_demo(students=students, grade=grade, level=level, keep=keep, console=_console())
    if not right:
        raise typer.Exit(1)


@cli.command()
def submit(
    files: Annotated[list[Path], typer.Argument(help="Các tệp gói tin đã ký")],
    url: str = "http://127.0.0.1:8115",
    client_id: Annotated[str, typer.Option(envvar="HOCBA_CLIENT_ID")] = "",
) -> None:
    """Gửi gói tin và xem kết quả; mật khẩu lấy từ biến HOCBA_CLIENT_SECRET."""
    secret = os.environ.get("HOCBA_CLIENT_SECRET", "")
    if not client_id or not secret:
        typer.echo("Cần --client-id (HOCBA_CLIENT_ID) và biến HOCBA_CLIENT_SECRET.", err=True)
        raise typer.Exit(2)
    with Client(url, client_id, secret) as client:
        if not submit_files(files, client, _console()):
            raise typer.Exit(1)


@cli.command()
def serve(
    *,
    worker: Annotated[
        bool, typer.Option(help="Chạy kèm một tiến trình xử lý gói tin (worker).")
    ] = True,
    parent: Annotated[int | None, typer.Option(hidden=True)] = None,
) -> None:
    """Chạy dịch vụ; không có cấu hình thì dùng PostgreSQL và kho tệp kèm sẵn."""
    serve_until_stopped(Settings(), with_worker=worker, parent=parent)


@cli.command()
def work(parent: Annotated[int | None, typer.Option(hidden=True)] = None) -> None:
    """Chạy một tiến trình xử lý gói tin (worker)."""
    run_worker(Settings(), parent=parent)


@cli.command()
def migrate() -> None:
    """Đưa cơ sở dữ liệu lên phiên bản của chương trình."""
    with stores_ready(Settings()) as url:
        migrate_database(url)


cli.command("reverify")(reverify_archive)
cli.command("fsck")(fsck_stores)
cli.command("rebuild")(rebuild_database)
cli.command("kit")(make_kit)
cli.command("conformance")(run_conformance)


@cli.command()
def openapi(
    *, check: Annotated[bool, typer.Option(help="Chỉ so sánh với tệp đã lưu.")] = False
) -> None:
    """Ghi mô tả API vào openapi/openapi.json."""
    described = with_examples(openapi_document(), OPENAPI.parent / "examples")
    document = json.dumps(described, ensure_ascii=False, indent=2) + "\n"
    if not check:
        OPENAPI.write_text(document, encoding="utf-8")
    elif not OPENAPI.exists() or OPENAPI.read_text(encoding="utf-8") != document:
        typer.echo("openapi/openapi.json đã cũ: hãy chạy `python -m app openapi`.", err=True)
        raise typer.Exit(1)


def _console() -> Console:
    """Print as wide as the terminal, and wide enough for tables into a file."""
    return Console(width=None if sys.stdout.isatty() else FILE_WIDTH)


def _sentence(error: RepositoryError) -> str:
    """Say what went wrong in the words of the service."""
    facts = ", ".join(str(fact) for fact in error.args)
    kind = KINDS.get(error.code)
    if kind is None:
        return f"{error.code}: {facts}"
    return f"{kind.vi.title} ({facts})" if facts else kind.vi.title


_SETTING_FAULTS = {
    "int_parsing": "phải là số nguyên",
    "float_parsing": "phải là số",
    "greater_than_equal": "phải từ {ge} trở lên",
    "less_than_equal": "không được quá {le}",
    "literal_error": "phải là một trong {expected}",
    "value_error": "{error}",
}
"""What is wrong with a setting, by pydantic's name of the fault; other faults in its own words."""


def _settings_sentence(invalid: ValidationError) -> str:
    """Say in one sentence which settings are wrong and how, without their values."""
    words = []
    for error in invalid.errors(include_input=False, include_url=False):
        fault = _SETTING_FAULTS.get(error["type"], "{msg}")
        told = fault.format_map({"msg": error["msg"], **error.get("ctx", {})})
        name = "_".join(str(part) for part in error["loc"]).upper()
        words.append(f"HOCBA_{name} {told}" if name else told)
    return f"cấu hình sai: {'; '.join(words)}"


def main() -> None:
    """Run a command; a start in doubt ends with one sentence and status 1."""
    configure_logs()
    try:
        cli()
    except StartRefused as refused:
        typer.echo(f"Không khởi động được: {refused.reason}", err=True)
        sys.exit(1)
    except RepositoryError as failure:
        typer.echo(_sentence(failure), err=True)
        sys.exit(1)
    except ValidationError as invalid:
        typer.echo(f"Không khởi động được: {_settings_sentence(invalid)}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
