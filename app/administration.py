"""Commands of the operator: schools and approved certificates.

They act as the owner of the database and answer for what they enter.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_der_x509_certificate, load_pem_x509_certificate
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from app.db import connect
from app.directory.journaling import journal_schools
from app.directory.schools import School, register_school
from app.errors import StartRefused
from app.journal import Journal, open_journal
from app.launch import stores_ready
from app.main import read_clock
from app.settings import Settings
from app.transcripts.profile import Role
from app.trust.journaling import journal_certificate
from app.trust.registry import register_certificate

school_commands = typer.Typer(help="Danh mục cơ sở giáo dục.", no_args_is_help=True)
certificate_commands = typer.Typer(
    help="Chứng thư của nhà trường và người quản lý.", no_args_is_help=True
)


@school_commands.command("add")
def add_school(code: str, name: str, province: str) -> None:
    """Thêm trường vào danh mục hoặc sửa tên: MÃ TÊN MÃ_TỈNH (hai chữ số)."""
    school = School(code=code, name=name, province_code=province)

    async def register(connection: AsyncConnection, journal: Journal, now: datetime) -> None:
        await register_school(connection, school, now)
        await journal_schools(journal, connection, [code], at=now)

    _in_transaction(register)
    typer.echo(f"Trường {code} đã có trong danh mục")


@certificate_commands.command("approve")
def approve_certificate(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)],
    school: Annotated[str, typer.Option()],
    role: Annotated[Role, typer.Option(help="CBQL (người quản lý) hoặc KY_PHAT_HANH (nhà trường)")],
    since: Annotated[
        datetime, typer.Option(formats=["%Y-%m-%d"], help="ngày đầu tiên có hiệu lực, YYYY-MM-DD")
    ],
) -> None:
    """Duyệt chứng thư (tệp PEM hoặc DER) cho một trường."""
    der = _read_certificate(file)

    async def register(connection: AsyncConnection, journal: Journal, now: datetime) -> None:
        added = await register_certificate(
            connection,
            der=der,
            school_code=school,
            role=role,
            approved_from=date(since.year, since.month, since.day),
            approved_by="operator",
            now=now,
        )
        if added is not None:
            await journal_certificate(journal, connection, added, at=now)

    _in_transaction(register)
    typer.echo(f"Đã duyệt chứng thư cho trường {school}, vai trò {role.value}")


def _read_certificate(file: Path) -> bytes:
    data = file.read_bytes()
    try:
        pem = b"-----BEGIN" in data
        certificate = load_pem_x509_certificate(data) if pem else load_der_x509_certificate(data)
    except ValueError as error:
        raise StartRefused(f"tệp {file} không chứa chứng thư số") from error
    return certificate.public_bytes(Encoding.DER)


def _in_transaction(work: Callable[[AsyncConnection, Journal, datetime], Awaitable[None]]) -> None:
    """Do work that ends with its entry in the journal; a crash before the commit leaves just that.

    Nobody was told then, and the command is given again.
    """
    settings = Settings()

    async def run(url: str) -> None:
        database = connect(url, role=None, pool_size=1)
        try:
            journal = await open_journal(settings)
            async with database.begin() as connection:
                await work(connection, journal, read_clock())
        except IntegrityError as error:
            raise StartRefused("chưa có trường này: hãy thêm trước") from error
        finally:
            await database.dispose()

    with stores_ready(settings) as url:
        asyncio.run(run(url))
