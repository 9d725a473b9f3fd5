"""Webhooks and their deliveries as JSON."""

import binascii
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.errors import InvalidRequest
from app.locale import local_time
from app.webhooks.addresses import MAX_URL
from app.webhooks.manage import After, Delivery, StateName, Webhook
from app.webhooks.outbox import EVENTS

_CONFIG = ConfigDict(frozen=True, extra="forbid")


class WebhookSent(BaseModel):
    """An address to be told (địa chỉ nhận thông báo)."""

    model_config = _CONFIG

    url: str = Field(
        description="Địa chỉ https nhận thông báo: cổng 443 hoặc từ 1024, ngoài mạng nội bộ",
        max_length=MAX_URL,
        examples=["https://phan-mem-mau.example/hoc-ba/su-kien"],
    )


class WebhookAnswer(BaseModel):
    """A registered address (địa chỉ đã đăng ký)."""

    model_config = _CONFIG

    webhook_id: UUID = Field(description="Mã của địa chỉ đã đăng ký")
    url: str = Field(description="Địa chỉ nhận thông báo")
    events: list[str] = Field(description="Các sự kiện được thông báo")
    created_at: str = Field(description="Thời điểm đăng ký (ISO 8601, +07:00)")


class NewWebhookAnswer(WebhookAnswer):
    """The same with its secret (kèm khóa bí mật)."""

    secret: str = Field(
        description="Khóa bí mật để kiểm tra chữ ký của thông báo (Standard Webhooks): `whsec_` và "
        "base64; chỉ hiển thị một lần"
    )


class WebhookList(BaseModel):
    """All webhooks of the caller, a handful (danh sách địa chỉ đã đăng ký)."""

    model_config = _CONFIG

    items: list[WebhookAnswer]


class DeliveryAnswer(BaseModel):
    """One event for one webhook (một thông báo)."""

    model_config = _CONFIG

    delivery_id: UUID = Field(description="Mã thông báo: tiêu đề `webhook-id` của mọi lần gửi")
    event: str = Field(description="Sự kiện")
    body: dict[str, Any] = Field(description="Nội dung thông báo")
    created_at: str = Field(description="Thời điểm xảy ra sự kiện (ISO 8601, +07:00)")
    state: StateName = Field(
        description="pending: đang chờ gửi; delivered: đã nhận; dead: đã thôi gửi, có thể gửi lại"
    )
    attempts: int = Field(description="Số lần đã gửi")
    next_at: str | None = Field(description="Lần gửi tiếp theo; null khi không còn chờ gửi")
    last_status: int | None = Field(description="Mã trạng thái HTTP của lần gửi gần nhất")
    last_fault: str | None = Field(
        description="Vì sao lần gửi gần nhất không thành: `status` (trả lời không phải 2xx, kể cả "
        "chuyển hướng), `timeout`, `transport` (không kết nối được), `resolution` (không có tên "
        "miền), `address` (tên miền trỏ vào mạng nội bộ), `client-disabled` (tài khoản bị khóa)"
    )
    finished_at: str | None = Field(description="Thời điểm đã nhận hoặc thôi gửi")


class DeliveryPage(BaseModel):
    """One page of deliveries, newest first (một trang thông báo)."""

    model_config = _CONFIG

    items: list[DeliveryAnswer]
    next: str | None = Field(description="Giá trị `after` của trang sau; null ở trang cuối")


def present_webhook(webhook: Webhook) -> WebhookAnswer:
    """Show a webhook without its secret."""
    return WebhookAnswer(**_members(webhook))


def present_new_webhook(webhook: Webhook, secret: str) -> NewWebhookAnswer:
    """Show a new webhook with its secret, once."""
    return NewWebhookAnswer(**_members(webhook), secret=secret)


def present_delivery(delivery: Delivery) -> DeliveryAnswer:
    """Show a delivery."""
    finished = delivery.finished_at
    return DeliveryAnswer(
        delivery_id=delivery.delivery_id,
        event=delivery.event,
        body=json.loads(delivery.body),
        created_at=local_time(delivery.created_at),
        state=delivery.state,
        attempts=delivery.attempts,
        next_at=local_time(delivery.next_at) if finished is None else None,
        last_status=delivery.last_status,
        last_fault=delivery.last_fault,
        finished_at=None if finished is None else local_time(finished),
    )


def present_deliveries(found: Sequence[Delivery], limit: int) -> DeliveryPage:
    """Show a page, and where the next one begins."""
    shown = found[:limit]
    return DeliveryPage(
        items=[present_delivery(one) for one in shown],
        next=_cursor(shown[-1]) if len(found) > limit else None,
    )


def read_cursor(after: str) -> After:
    """Read where a page ended.

    Raises:
        InvalidRequest: it is no cursor of ours.
    """
    try:
        at, _, delivery_id = urlsafe_b64decode(after.encode()).decode().partition(" ")
        place = After(created_at=datetime.fromisoformat(at), delivery_id=UUID(delivery_id))
    except (ValueError, binascii.Error) as error:
        raise InvalidRequest(parameter="after", reason="malformed") from error
    if place.created_at.tzinfo is None:
        raise InvalidRequest(parameter="after", reason="malformed")
    return place


def _cursor(delivery: Delivery) -> str:
    place = f"{delivery.created_at.isoformat()} {delivery.delivery_id}"
    return urlsafe_b64encode(place.encode()).decode()


def _members(webhook: Webhook) -> dict[str, Any]:
    return {
        "webhook_id": webhook.webhook_id,
        "url": webhook.url,
        "events": list(EVENTS),
        "created_at": local_time(webhook.created_at),
    }
