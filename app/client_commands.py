"""Commands of the operator on client accounts: `python -m app clients …`.

They act as the owner of the database; the audit names the operator. A secret is printed once and
kept only as a hash.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, TypeVar
from uuid import UUID

import typer

from app.clients.accounts import Kind, Scope
from app.clients.act import Act
from app.clients.assertions import read_public_key
from app.clients.credentials import OVERLAP, PublicKey
from app.clients.grants import Grant
from app.clients.manage import (
    Change,
    Dossier,
    NewClient,
    change_client,
    drop_grant,
    grant,
    list_clients,
    open_client,
    read_client,
)
from app.clients.restoring import Reinstatement, reinstate_client
from app.clients.rotation import drop_key, drop_secret, revoke_tokens, rotate_key, rotate_secret
from app.db import connect
from app.errors import StartRefused
from app.intake.restoring import release_waiting
from app.launch import stores_ready
from app.locale import VIETNAM
from app.main import read_clock
from app.settings import Settings

client_commands = typer.Typer(
    help="Tài khoản kết nối: phần mềm, trường, Sở, bên thứ ba, Bộ.", no_args_is_help=True
)

OVERLAP_HOURS = int(OVERLAP.total_seconds() / 3600)

_T = TypeVar("_T")

_Client = Annotated[str, typer.Argument(help="Mã tài khoản")]
_Schools = Annotated[list[str], typer.Option("--school", help="Mã trường được làm thay")]
_Provinces = Annotated[list[str], typer.Option("--province", help="Mã tỉnh được làm thay")]
_Levels = Annotated[list[str], typer.Option("--level", help="Cấp học được làm thay: 02…05")]
_Since = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Từ ngày, YYYY-MM-DD")]
_Until = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Hết ngày, YYYY-MM-DD")]
_Hours = Annotated[int, typer.Option(min=0, help="Khóa cũ còn dùng được bao nhiêu giờ")]
_KeyFile = Annotated[
    Path, typer.Argument(exists=True, dir_okay=False, help="Khóa công khai, tệp JWK")
]


@client_commands.command("add")
def add_client(  # noqa: PLR0913, PLR0917 -- reason: the options of a command
    client_id: _Client,
    name: str,
    kind: Annotated[Kind, typer.Option(help="Loại tài khoản")] = Kind.HUB,
    scope: Annotated[list[Scope] | None, typer.Option(help="Chỉ các quyền này")] = None,
    school: _Schools = [],  # noqa: B006 -- reason: typer copies it
    province: _Provinces = [],  # noqa: B006 -- reason: typer copies it
    level: _Levels = [],  # noqa: B006 -- reason: typer copies it
    key: Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="Tệp JWK")] = None,
) -> None:
    """Tạo tài khoản; in khóa bí mật ra một lần duy nhất, trừ khi dùng khóa công khai."""
    read = None if key is None else _read_key(key)

    async def add(act: Act) -> str | None:
        new = NewClient(
            client_id=client_id,
            name=name,
            kind=kind,
            scopes=frozenset(scope) if scope else None,
            grants=_grants(school, province, level, since=act.now, until=None),
            key=read,
        )
        return await open_client(act, new)

    secret = _acting(add)
    typer.echo(f"Đã tạo tài khoản {client_id}" if secret is None else secret)


@client_commands.command("list")
def list_all(kind: Annotated[Kind | None, typer.Option(help="Chỉ loại này")] = None) -> None:
    """Liệt kê tài khoản: mã, loại, trạng thái, tên."""

    async def read(act: Act) -> list[str]:
        lines: list[str] = []
        after = ""
        while page := await list_clients(act.database, kind=kind, after=after):
            after = page[-1].client_id
            lines += [
                f"{one.client_id}  {one.kind}  {'dùng' if one.enabled else 'khóa'}  {one.name}"
                for one in page
            ]
        return lines

    for line in _acting(read):
        typer.echo(line)


@client_commands.command("show")
def show(client_id: _Client) -> None:
    """Xem quyền, phạm vi được làm thay và thời hạn các khóa của một tài khoản."""

    async def read(act: Act) -> Dossier:
        return await read_client(act.database, client_id)

    found = _acting(read)
    account = found.account
    state = "dùng" if account.enabled else "khóa"
    typer.echo(f"{account.client_id}  {account.kind}  {state}  {account.name}")
    typer.echo(f"quyền: {' '.join(sorted(account.scopes))}")
    for one in found.grants:
        where = f"trường {one.school_code or '*'} tỉnh {one.province_code or '*'}"
        typer.echo(
            f"làm thay {one.grant_id}: {where} cấp {one.level or '*'} "
            f"{_term(one.valid_from, one.valid_to)}"
        )
    for credential in (*found.secrets, *found.keys):
        sort = "khóa bí mật" if credential.algorithm is None else credential.algorithm
        typer.echo(
            f"{sort} {credential.name}: {_term(credential.created_at, credential.expires_at)}"
        )


@client_commands.command("grant")
def add_grants(
    client_id: _Client,
    school: _Schools = [],  # noqa: B006 -- reason: typer copies it
    province: _Provinces = [],  # noqa: B006 -- reason: typer copies it
    level: _Levels = [],  # noqa: B006 -- reason: typer copies it
    since: _Since = None,
    until: _Until = None,
) -> None:
    """Cho làm thay thêm: mỗi trường, tỉnh và cấp học đã nêu kết hợp với nhau."""

    async def add(act: Act) -> None:
        begins = act.now if since is None else since.replace(tzinfo=VIETNAM)
        for one in _grants(school, province, level, since=begins, until=_end_of(until)):
            await grant(act, client_id, one)

    if not (school or province or level):
        raise StartRefused("cần ít nhất một --school, --province hoặc --level")
    _acting(add)
    typer.echo(f"Tài khoản {client_id} được làm thay: {' '.join((*school, *province, *level))}")


@client_commands.command("end-grant")
def end_grant(client_id: _Client, grant_id: UUID) -> None:
    """Chấm dứt ngay một quyền làm thay (xem mã bằng `clients show`)."""
    _acting(lambda act: drop_grant(act, client_id, grant_id))
    typer.echo("Đã chấm dứt")


@client_commands.command("rotate-secret")
def new_secret(client_id: _Client, overlap_hours: _Hours = OVERLAP_HOURS) -> None:
    """Cấp khóa bí mật mới và in ra một lần; khóa cũ còn dùng được thêm một thời gian."""
    overlap = timedelta(hours=overlap_hours)
    typer.echo(_acting(lambda act: rotate_secret(act, client_id, overlap)))


@client_commands.command("rotate-key")
def new_key(client_id: _Client, file: _KeyFile, overlap_hours: _Hours = OVERLAP_HOURS) -> None:
    """Đăng ký khóa công khai mới; khóa cũ còn dùng được thêm một thời gian."""
    key, overlap = _read_key(file), timedelta(hours=overlap_hours)
    _acting(lambda act: rotate_key(act, client_id, key, overlap))
    typer.echo(f"Đã đăng ký khóa {key.kid}")


@client_commands.command("end-secret")
def no_secret(client_id: _Client, secret_id: UUID) -> None:
    """Hủy ngay một khóa bí mật và mọi mã truy cập của tài khoản."""
    _acting(lambda act: drop_secret(act, client_id, secret_id))
    typer.echo("Đã hủy khóa")


@client_commands.command("end-key")
def no_key(client_id: _Client, kid: str) -> None:
    """Hủy ngay một khóa công khai và mọi mã truy cập của tài khoản."""
    _acting(lambda act: drop_key(act, client_id, kid))
    typer.echo("Đã hủy khóa")


@client_commands.command("disable")
def disable(client_id: _Client) -> None:
    """Khóa tài khoản; mã truy cập đang dùng mất giá trị ngay."""
    _acting(lambda act: change_client(act, client_id, Change(enabled=False)))
    typer.echo(f"Đã khóa {client_id}")


@client_commands.command("enable")
def enable(client_id: _Client) -> None:
    """Mở khóa tài khoản."""
    _acting(lambda act: change_client(act, client_id, Change(enabled=True)))
    typer.echo(f"Đã mở khóa {client_id}")


@client_commands.command("reinstate")
def reinstate(
    client_id: _Client,
    since: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="Từ ngày, YYYY-MM-DD")],
    kind: Annotated[Kind, typer.Option(help="Loại tài khoản")] = Kind.HUB,
    school: _Schools = [],  # noqa: B006 -- reason: typer copies it
    province: _Provinces = [],  # noqa: B006 -- reason: typer copies it
    level: _Levels = [],  # noqa: B006 -- reason: typer copies it
) -> None:
    """Trả quyền cho tài khoản mà `rebuild` để lại bị khóa; in khóa bí mật mới ra một lần.

    Gói tin của tài khoản được xử lý tiếp, theo quyền của ngày tiếp nhận: --since không sau ngày đó.
    """
    begins = since.replace(tzinfo=VIETNAM)
    grants = _grants(school, province, level, since=begins, until=None)
    given = Reinstatement(kind=kind, grants=grants)

    async def give_back(act: Act) -> str:
        async with act.begin() as connection:
            await release_waiting(connection, client_id)
            return await reinstate_client(connection, act, client_id, given)

    typer.echo(_acting(give_back))


@client_commands.command("revoke-tokens")
def no_tokens(client_id: _Client) -> None:
    """Thu hồi ngay mọi mã truy cập của tài khoản."""
    _acting(lambda act: revoke_tokens(act, client_id))
    typer.echo(f"Đã thu hồi mã truy cập của {client_id}")


def _grants(
    schools: list[str],
    provinces: list[str],
    levels: list[str],
    *,
    since: datetime,
    until: datetime | None,
) -> tuple[Grant, ...]:
    """Combine what was named; what was not named does not narrow."""
    if not (schools or provinces or levels):
        return ()
    return tuple(
        Grant(
            school_code=school,
            province_code=province,
            level=level,
            valid_from=since,
            valid_to=until,
        )
        for school in _named(schools)
        for province in _named(provinces)
        for level in _named(levels)
    )


def _named(values: list[str]) -> tuple[str | None, ...]:
    return tuple(values) or (None,)


def _end_of(day: datetime | None) -> datetime | None:
    """Give the first moment after a day in Việt Nam."""
    return None if day is None else day.replace(tzinfo=VIETNAM) + timedelta(days=1)


def _term(begin: datetime, end: datetime | None) -> str:
    until = "" if end is None else f" đến {end.astimezone(VIETNAM):%Y-%m-%d %H:%M}"
    return f"từ {begin.astimezone(VIETNAM):%Y-%m-%d %H:%M}{until}"


def _read_key(file: Path) -> PublicKey:
    try:
        jwk = json.loads(file.read_bytes())
    except ValueError as error:
        raise StartRefused(f"{file} không phải tệp JWK") from error
    if not isinstance(jwk, dict):
        raise StartRefused(f"{file} không phải tệp JWK")
    return read_public_key(jwk)


def _acting(work: Callable[[Act], Awaitable[_T]]) -> _T:
    async def run(url: str) -> _T:
        database = connect(url, role=None, pool_size=1)
        try:
            return await work(Act(database=database, actor="operator", now=read_clock()))
        finally:
            await database.dispose()

    with stores_ready(Settings()) as url:
        return asyncio.run(run(url))
