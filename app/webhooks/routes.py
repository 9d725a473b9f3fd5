"""The addresses under which a client registers its webhooks and looks after them."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Query, Request, Response

from app.clients.accounts import Caller
from app.db import Database
from app.tracing import trace_id_of
from app.webhooks.addresses import read_address
from app.webhooks.answers import (
    DeliveryAnswer,
    DeliveryPage,
    NewWebhookAnswer,
    WebhookList,
    WebhookSent,
    present_deliveries,
    present_delivery,
    present_new_webhook,
    present_webhook,
    read_cursor,
)
from app.webhooks.manage import (
    Act,
    StateName,
    add_webhook,
    end_webhook,
    list_deliveries,
    list_webhooks,
    replay_delivery,
)
from app.webhooks.signing import secret_of, shown_secret

PAGE = 50
PAGE_LIMIT = 200
"""Deliveries of one page: a few hundred octets each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookParts:
    """What the routes of webhooks work with.

    Attributes:
        database: as hocba_web.
        key: derives the secrets of webhooks.
        sandbox: whether loopback addresses may be registered.
        authenticate: names the caller of a request or raises NotAuthenticated.
        clock: the time, read once per request.
    """

    database: Database
    key: bytes
    sandbox: bool
    authenticate: Callable[[Request], Awaitable[Caller]]
    clock: Callable[[], datetime]

    async def act(self, request: Request) -> Act:
        """Tell who acts, when and in which trace.

        Raises:
            NotAllowed: the caller may not have webhooks.
        """
        return Act(
            database=self.database,
            caller=await self.authenticate(request),
            now=self.clock(),
            trace_id=trace_id_of(request),
        )


def webhook_routes(parts: WebhookParts) -> APIRouter:
    """Make the routes under /v1/webhooks; every one needs the scope webhooks:manage."""
    router = APIRouter(prefix="/v1/webhooks", tags=["webhooks"])
    _add_registration(router, parts)
    _add_deliveries(router, parts)
    return router


def _add_registration(router: APIRouter, parts: WebhookParts) -> None:
    @router.post(
        "",
        operation_id="create_webhook",
        summary="Đăng ký địa chỉ nhận thông báo",
        status_code=HTTPStatus.CREATED,
    )
    async def create(request: Request, sent: WebhookSent) -> NewWebhookAnswer:
        """Register an address; its secret stands in this answer and nowhere else.

        Each event is a POST with the headers `webhook-id`, `webhook-timestamp` and
        `webhook-signature` (Standard Webhooks 1.0: `v1,` and the base64 HMAC-SHA256 over
        `id.timestamp.body`). Answer 2xx within 10 seconds; redirects are not followed; anything
        else is tried again for 3 days. Events come in order, and may come twice under the same
        `webhook-id`.
        """
        act = await parts.act(request)
        address = read_address(sent.url, sandbox=parts.sandbox)
        made = await add_webhook(act, uuid4(), address)
        return present_new_webhook(made, shown_secret(secret_of(parts.key, made.webhook_id)))

    @router.get("", operation_id="list_webhooks", summary="Các địa chỉ nhận thông báo")
    async def list_own(request: Request) -> WebhookList:
        """List the caller's own webhooks, without their secrets."""
        found = await list_webhooks(await parts.act(request))
        return WebhookList(items=[present_webhook(one) for one in found])

    @router.delete(
        "/{webhook_id}",
        operation_id="end_webhook",
        summary="Hủy địa chỉ nhận thông báo",
        status_code=HTTPStatus.NO_CONTENT,
        response_class=Response,
    )
    async def end(request: Request, webhook_id: UUID) -> None:
        """End a webhook with all that waits for it."""
        await end_webhook(await parts.act(request), webhook_id)


def _add_deliveries(router: APIRouter, parts: WebhookParts) -> None:
    @router.get(
        "/{webhook_id}/deliveries",
        operation_id="list_webhook_deliveries",
        summary="Các thông báo của một địa chỉ",
    )
    async def list_them(
        request: Request,
        webhook_id: UUID,
        state: Annotated[StateName | None, Query(description="Chỉ trạng thái này")] = None,
        limit: Annotated[int, Query(ge=1, le=PAGE_LIMIT)] = PAGE,
        after: Annotated[
            str | None, Query(description="`next` của trang trước", max_length=200)
        ] = None,
    ) -> DeliveryPage:
        """List deliveries, newest first; those that are over for 30 days."""
        act = await parts.act(request)
        place = None if after is None else read_cursor(after)
        found = await list_deliveries(act, webhook_id, state=state, after=place, limit=limit + 1)
        return present_deliveries(found, limit)

    @router.post(
        "/{webhook_id}/deliveries/{delivery_id}/replay",
        operation_id="replay_webhook_delivery",
        summary="Gửi lại một thông báo",
        status_code=HTTPStatus.ACCEPTED,
    )
    async def replay(request: Request, webhook_id: UUID, delivery_id: UUID) -> DeliveryAnswer:
        """Send an event again, under the same `webhook-id`, behind those that wait.

        The first of those is tried at once when it is replayed itself.
        """
        act = await parts.act(request)
        return present_delivery(await replay_delivery(act, webhook_id, delivery_id))
