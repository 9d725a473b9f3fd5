"""Commands of the operator on the trust bundle: what is in it, one more certificate, is it sound.

A running worker has read the bundle at its start: restart it after a change.
"""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from app.errors import StartRefused
from app.main import read_clock
from app.settings import Settings
from app.trust.bundle import load_bundle
from app.trust.curation import add_to_bundle, faults_of_bundle, list_bundle

trust_commands = typer.Typer(
    help="Danh mục chứng thư gốc và trung gian được tin cậy.", no_args_is_help=True
)


class Purpose(StrEnum):
    """What a certificate of the bundle is for."""

    ANCHOR = "anchor"
    INTERMEDIATE = "intermediate"


@trust_commands.command("list")
def list_trusted() -> None:
    """Liệt kê chứng thư được tin cậy, thời hạn và nơi công bố danh sách thu hồi."""
    for one in list_bundle(Settings().trust_folder):
        until = one.certificate.not_valid_after_utc.date()
        subject = one.certificate.subject.rfc4514_string()
        typer.echo(f"{one.purpose:12} {one.sha256} đến {until} {subject} {one.crl or ''}".rstrip())


@trust_commands.command("add")
def add_trusted(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)],
    purpose: Annotated[Purpose, typer.Option(help="anchor (gốc) hoặc intermediate (trung gian)")],
    crl: Annotated[
        str | None, typer.Option(help="Địa chỉ danh sách thu hồi của tổ chức này")
    ] = None,
) -> None:
    """Thêm một chứng thư (tệp PEM hoặc DER) vào danh mục; khởi động lại worker để áp dụng."""
    folder = Settings().trust_folder
    digest = add_to_bundle(folder, file.read_bytes(), purpose=purpose.value, crl=crl)
    typer.echo(f"Đã thêm {digest}; khởi động lại worker để áp dụng")


@trust_commands.command("verify")
def verify_trusted() -> None:
    """Kiểm tra danh mục khớp với tệp kê khai, còn thời hạn và đủ chuỗi chứng thực."""
    folder = Settings().trust_folder
    trust = load_bundle(folder)
    if faults := faults_of_bundle(folder, read_clock()):
        raise StartRefused("; ".join(faults))
    count = len(trust.anchors) + len(trust.intermediates)
    typer.echo(f"Danh mục hợp lệ: {count} chứng thư, mã băm {trust.sha256}")
