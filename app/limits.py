"""`GET /v1/limits`: every limit that a client can meet, from the constants that enforce it."""

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from app.clients.accounts import Kind
from app.clients.assertions import ASSERTION_LIFETIME
from app.clients.quota import READING, WRITING, Quota
from app.clients.routes import TOKENS_AT_ONCE, TOKENS_PER_SECOND
from app.clients.tokens import TOKEN_LIFETIME
from app.intake.limits import (
    EXPANSION_LIMIT,
    PACKAGE_LIMIT,
    PAGE_LIMIT,
    TRANSCRIPTS_LIMIT,
    VALIDATION_SECONDS,
    WAIT_LIMIT_SECONDS,
)
from app.transcripts.limits import TRANSCRIPT_LIMITS
from app.verification.routes import CHECKS_AT_ONCE, CHECKS_PER_SECOND

SECONDS = 3600
"""An hour: limits change with a new version of the service."""


class RateAnswer(BaseModel):
    """How often one may ask (gầu thẻ: dùng hết thì đợi)."""

    burst: int = Field(description="Số yêu cầu có thể gửi liền một lúc")
    per_second: float = Field(description="Số yêu cầu được thêm lại mỗi giây")


class ClientRates(BaseModel):
    """How often one client of a kind may ask."""

    kind: Kind = Field(description="Loại tài khoản")
    write: RateAnswer = Field(description="Gửi và thay đổi")
    read: RateAnswer = Field(description="Xem kết quả và tra cứu")


class LimitsAnswer(BaseModel):
    """All limits (giới hạn của dịch vụ)."""

    package_bytes: int = Field(description="Số byte tối đa của một gói tin")
    package_items: int = Field(description="Số học bạ hoặc yêu cầu thu hồi tối đa của một gói tin")
    package_expansion: int = Field(
        description="Gói tin nén được phép lớn gấp bao nhiêu lần bản nén"
    )
    page_items: int = Field(description="Số gói tin tối đa của một trang danh sách")
    validation_seconds: int = Field(description="Thời gian tối đa của một lần kiểm tra thử")
    transcript_bytes: int = Field(description="Số byte tối đa của một học bạ XML")
    wait_seconds: int = Field(description="Thời gian đợi tối đa của `Prefer: wait`")
    token_seconds: int = Field(description="Thời hạn của mã truy cập")
    assertion_seconds: int = Field(description="Thời hạn tối đa của `client_assertion`")
    clients: list[ClientRates] = Field(description="Theo từng tài khoản")
    tokens: RateAnswer = Field(description="Lấy mã truy cập, theo địa chỉ mạng")
    verifications: RateAnswer = Field(description="Kiểm tra công khai, theo địa chỉ mạng")


def _rate(quota: Quota) -> RateAnswer:
    return RateAnswer(burst=quota.burst, per_second=quota.per_second)


LIMITS = LimitsAnswer(
    package_bytes=PACKAGE_LIMIT,
    package_items=TRANSCRIPTS_LIMIT,
    package_expansion=EXPANSION_LIMIT,
    page_items=PAGE_LIMIT,
    validation_seconds=int(VALIDATION_SECONDS),
    transcript_bytes=TRANSCRIPT_LIMITS.size,
    wait_seconds=WAIT_LIMIT_SECONDS,
    token_seconds=int(TOKEN_LIFETIME.total_seconds()),
    assertion_seconds=int(ASSERTION_LIFETIME.total_seconds()),
    clients=[
        ClientRates(kind=kind, write=_rate(WRITING[kind]), read=_rate(READING[kind]))
        for kind in Kind
    ],
    tokens=RateAnswer(burst=TOKENS_AT_ONCE, per_second=TOKENS_PER_SECOND),
    verifications=RateAnswer(burst=CHECKS_AT_ONCE, per_second=CHECKS_PER_SECOND),
)


def limit_routes() -> APIRouter:
    """Make the one public route; it needs no store."""
    router = APIRouter(tags=["limits"])

    @router.get("/v1/limits", operation_id="read_limits", summary="Các giới hạn của dịch vụ")
    async def limits(response: Response) -> LimitsAnswer:
        """Tell every limit, so that software need not find them by being refused."""
        response.headers["Cache-Control"] = f"public, max-age={SECONDS}"
        return LIMITS

    return router
