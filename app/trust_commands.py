"""Commands of the operator on the trust bundle: what is in it, one more certificate, is it sound.

A running worker takes a change over at its next round; every change is a revision of its own.
"""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from app.errors import StartRefused
from app.main import read_clock
from app.settings import Settings
from app.trust.bundle import Manifest, checked_manifest, load_bundle
from app.trust.curation import add_to_bundle, faults_of_bundle, list_bundle

trust_commands = typer.Typer(
    help="Danh mục chứng thư gốc và trung gian được tin cậy.", no_args_is_help=True
)


class Purpose(StrEnum):
    """What a certificate of the bundle is for."""

    ANCHOR = "anchor"
    INTERMEDIATE = "intermediate"
    TSA = "tsa"


@trust_commands.command("list")
def list_trusted() -> None:
    """Liệt kê chứng thư được tin cậy, thời hạn và nơi công bố danh sách thu hồi."""
    folder = Settings().trust_folder
    typer.echo(_revision(checked_manifest(folder)))
    for one in list_bundle(folder):
        until = one.certificate.not_valid_after_utc.date()
        subject = one.certificate.subject.rfc4514_string()
        places = " ".join(filter(None, (one.crl, one.ocsp)))
        typer.echo(f"{one.purpose:12} {one.sha256} đến {until} {subject} {places}".rstrip())


def _revision(manifest: Manifest) -> str:
    return f"Phiên bản {manifest.revision}, mã băm {manifest.digests[-1]}"


@trust_commands.command("add")
def add_trusted(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)],
    purpose: Annotated[
        Purpose,
        typer.Option(help="anchor (gốc), intermediate (trung gian), tsa (gốc dấu thời gian)"),
    ],
    crl: Annotated[
        str | None, typer.Option(help="Địa chỉ danh sách thu hồi của tổ chức này")
    ] = None,
    ocsp: Annotated[
        str | None, typer.Option(help="Địa chỉ trả lời trực tuyến (OCSP) của tổ chức này")
    ] = None,
) -> None:
    """Thêm một chứng thư (tệp PEM hoặc DER) vào danh mục, thành một phiên bản mới."""
    folder = Settings().trust_folder
    digest = add_to_bundle(folder, file.read_bytes(), purpose=purpose.value, crl=crl, ocsp=ocsp)
    typer.echo(f"Đã thêm {digest}; worker đang chạy sẽ tự áp dụng ở lượt kế tiếp")


@trust_commands.command("verify")
def verify_trusted() -> None:
    """Kiểm tra danh mục khớp với tệp kê khai, còn thời hạn và đủ chuỗi chứng thực."""
    folder = Settings().trust_folder
    bundle = load_bundle(folder)
    if faults := faults_of_bundle(folder, read_clock()):
        raise StartRefused("; ".join(faults))
    count = len(bundle.manifest.entries)
    typer.echo(f"Danh mục hợp lệ: {count} chứng thư. {_revision(bundle.manifest)}")
