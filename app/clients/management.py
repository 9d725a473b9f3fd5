"""The addresses under which the Ministry manages accounts."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response

from app.clients.accounts import Caller, Kind, Scope
from app.clients.act import Act
from app.clients.answers import (
    ChangeSent,
    ClientAnswer,
    ClientPage,
    ClientSent,
    GrantSent,
    KeySent,
    NewClientAnswer,
    RotationSent,
    SecretAnswer,
    present_client,
    present_line,
    present_new_client,
)
from app.clients.assertions import read_public_key
from app.clients.manage import (
    CLIENTS_PAGE,
    change_client,
    drop_grant,
    grant,
    list_clients,
    open_client,
    read_client,
)
from app.clients.rotation import (
    drop_key,
    drop_secret,
    revoke_tokens,
    rotate_key,
    rotate_secret,
)
from app.db import Database
from app.tracing import trace_id_of

_Client = Annotated[
    str, Path(description="Mã tài khoản kết nối", pattern=r"^[A-Za-z0-9._~-]{1,64}$")
]


@dataclass(frozen=True, slots=True, kw_only=True)
class ManagementParts:
    """What the routes of accounts work with.

    Attributes:
        database: as hocba_web.
        authenticate: names the caller of a request or raises NotAuthenticated.
        clock: the time, read once per request.
    """

    database: Database
    authenticate: Callable[[Request], Awaitable[Caller]]
    clock: Callable[[], datetime]

    async def act(self, request: Request) -> Act:
        """Tell who acts, when and in which trace.

        Raises:
            NotAllowed: the caller may not manage accounts.
        """
        caller = await self.authenticate(request)
        caller.require(Scope.CLIENTS_MANAGE)
        return Act(
            database=self.database,
            actor=caller.client_id,
            now=self.clock(),
            trace_id=trace_id_of(request),
        )


def client_routes(parts: ManagementParts) -> APIRouter:
    """Make the routes under /v1/clients; every one needs the scope clients:manage."""
    router = APIRouter(prefix="/v1/clients", tags=["clients"])
    _add_accounts(router, parts)
    _add_credentials(router, parts)
    _add_grants(router, parts)
    return router


def _add_accounts(router: APIRouter, parts: ManagementParts) -> None:
    @router.get("", operation_id="list_clients", summary="Danh sách tài khoản kết nối")
    async def list_all(
        request: Request,
        kind: Annotated[Kind | None, Query(description="Chỉ loại này")] = None,
        after: Annotated[
            str, Query(description="`next` của trang trước", max_length=64, pattern=r"^[^\x00]*$")
        ] = "",
        limit: Annotated[int, Query(ge=1, le=CLIENTS_PAGE)] = CLIENTS_PAGE,
    ) -> ClientPage:
        """List accounts by id, in pages."""
        act = await parts.act(request)
        found = await list_clients(act.database, kind=kind, after=after, limit=limit + 1)
        following = found[limit - 1].client_id if len(found) > limit else None
        return ClientPage(items=[present_line(one) for one in found[:limit]], next=following)

    @router.post(
        "",
        operation_id="create_client",
        summary="Tạo tài khoản kết nối",
        status_code=HTTPStatus.CREATED,
    )
    async def create(request: Request, response: Response, sent: ClientSent) -> NewClientAnswer:
        """Make an account; its secret stands in this answer and nowhere else."""
        act = await parts.act(request)
        new = await asyncio.to_thread(sent.client, act.now)
        secret = await open_client(act, new)
        response.headers["Location"] = f"/v1/clients/{sent.client_id}"
        return present_new_client(await read_client(act.database, sent.client_id), secret)

    @router.get("/{client_id}", operation_id="read_client", summary="Xem một tài khoản kết nối")
    async def read(request: Request, client_id: _Client) -> ClientAnswer:
        """Show an account with its grants and the validity of its credentials."""
        act = await parts.act(request)
        return present_client(await read_client(act.database, client_id))

    @router.patch("/{client_id}", operation_id="change_client", summary="Sửa, khóa hoặc mở khóa")
    async def change(request: Request, client_id: _Client, sent: ChangeSent) -> ClientAnswer:
        """Change an account; a disabled one is out at once."""
        act = await parts.act(request)
        await change_client(act, client_id, sent.change())
        return present_client(await read_client(act.database, client_id))

    @router.post(
        "/{client_id}/tokens/revoke",
        operation_id="revoke_client_tokens",
        summary="Thu hồi mọi mã truy cập của tài khoản",
        status_code=HTTPStatus.NO_CONTENT,
        response_class=Response,
    )
    async def revoke(request: Request, client_id: _Client) -> None:
        """Make every token of the account worthless at once."""
        await revoke_tokens(await parts.act(request), client_id)


def _add_credentials(router: APIRouter, parts: ManagementParts) -> None:
    @router.post(
        "/{client_id}/secrets",
        operation_id="rotate_client_secret",
        summary="Cấp khóa bí mật mới",
        status_code=HTTPStatus.CREATED,
    )
    async def new_secret(request: Request, client_id: _Client, sent: RotationSent) -> SecretAnswer:
        """Give a new secret; the old one stays valid for the stated time."""
        act = await parts.act(request)
        return SecretAnswer(client_secret=await rotate_secret(act, client_id, sent.overlap))

    @router.delete(
        "/{client_id}/secrets/{secret_id}",
        operation_id="end_client_secret",
        summary="Hủy ngay một khóa bí mật",
        status_code=HTTPStatus.NO_CONTENT,
        response_class=Response,
    )
    async def no_secret(request: Request, client_id: _Client, secret_id: UUID) -> None:
        """End a secret and every token of the account now."""
        await drop_secret(await parts.act(request), client_id, secret_id)

    @router.post(
        "/{client_id}/keys",
        operation_id="rotate_client_key",
        summary="Đăng ký khóa công khai mới",
        status_code=HTTPStatus.CREATED,
    )
    async def new_key(request: Request, client_id: _Client, sent: KeySent) -> ClientAnswer:
        """Register a public key; the old one stays valid for the stated time."""
        act = await parts.act(request)
        key = await asyncio.to_thread(read_public_key, sent.key)
        await rotate_key(act, client_id, key, sent.overlap)
        return present_client(await read_client(act.database, client_id))

    @router.delete(
        "/{client_id}/keys/{kid}",
        operation_id="end_client_key",
        summary="Hủy ngay một khóa công khai",
        status_code=HTTPStatus.NO_CONTENT,
        response_class=Response,
    )
    async def no_key(request: Request, client_id: _Client, kid: _Client) -> None:
        """End a key and every token of the account now."""
        await drop_key(await parts.act(request), client_id, kid)


def _add_grants(router: APIRouter, parts: ManagementParts) -> None:
    @router.post(
        "/{client_id}/grants",
        operation_id="add_client_grant",
        summary="Cho làm thay thêm trường, tỉnh hoặc cấp học",
        status_code=HTTPStatus.CREATED,
    )
    async def add(request: Request, client_id: _Client, sent: GrantSent) -> ClientAnswer:
        """Let the account act for more."""
        act = await parts.act(request)
        await grant(act, client_id, sent.grant(act.now))
        return present_client(await read_client(act.database, client_id))

    @router.delete(
        "/{client_id}/grants/{grant_id}",
        operation_id="end_client_grant",
        summary="Chấm dứt ngay một quyền làm thay",
        status_code=HTTPStatus.NO_CONTENT,
        response_class=Response,
    )
    async def end(request: Request, client_id: _Client, grant_id: UUID) -> None:
        """End a grant now; it stays in the record."""
        await drop_grant(await parts.act(request), client_id, grant_id)
