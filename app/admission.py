"""Who is let in: every request of a client is authenticated and counted before it is looked at.

The routers of clients depend on it as a whole, so no route of theirs can forget to ask.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated

from fastapi import Header, Request
from fastapi.openapi.models import OAuthFlowClientCredentials, OAuthFlows
from fastapi.security import OAuth2

from app.clients.accounts import Caller, Scope, read_reason
from app.clients.quota import Taken, headers_of, quota_for, take
from app.clients.tokens import TOKEN_PATH, authenticate
from app.db import Database
from app.errors import TooManyRequests
from app.keys import WebKeys

AccessReason = Annotated[
    str | None,
    Header(
        description="Lý do đọc học bạ, bắt buộc với bên thứ ba: `school-transfer`, `admission`, "
        "`public-service` hoặc `inspection`, thêm số hồ sơ sau `; case=` nếu có",
        examples=["admission; case=TS10-2026-00123"],
    ),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """Lets clients in.

    Attributes:
        database: as hocba_web.
        keys: signed their tokens.
        clock: the time, read once per request.
        public_url: whom the tokens must be for.
    """

    database: Database
    keys: WebKeys
    clock: Callable[[], datetime]
    public_url: str

    async def admit(self, request: Request) -> None:
        """Go on only for a known client that has a share left.

        Raises:
            NotAuthenticated: nobody is known to call.
            TooManyRequests: the client has used up its share.
        """
        request.state.caller = await self._admitted(request)

    async def admit_reader(self, request: Request, access_reason: AccessReason = None) -> None:
        """Do the same where a reason for reading may be stated.

        Raises:
            InvalidRequest: the reason has another form.
        """
        caller = await self._admitted(request)
        request.state.caller = replace(caller, reason=read_reason(access_reason))

    async def _admitted(self, request: Request) -> Caller:
        caller = await authenticate(
            self.database,
            self.keys,
            request.headers.get("authorization"),
            self.clock(),
            self.public_url,
        )
        quota = quota_for(caller.kind, request.method, request.url.path)
        taken = await take(self.database, caller.client_id, quota)
        request.state.taken = taken
        if not taken.allowed:
            raise TooManyRequests(retry_after=taken.next_in)
        return caller


async def caller_of(request: Request) -> Caller:
    """Name the client that was let in."""
    caller: Caller = request.state.caller
    return caller


def share_headers(state: dict[str, object]) -> dict[str, str]:
    """Tell a client what is left of its share; nothing where no client was let in or refused."""
    taken = state.get("taken")
    return headers_of(taken) if isinstance(taken, Taken) else {}


def oauth_scheme() -> OAuth2:
    """Describe the token in OpenAPI; the gate authenticates."""
    scopes = {
        Scope.PACKAGES_WRITE.value: "Gửi gói tin",
        Scope.PACKAGES_READ.value: "Xem kết quả và bản tin trả lời của gói tin đã gửi",
        Scope.TRANSCRIPTS_READ.value: "Tra cứu học bạ của các trường được giao",
        Scope.CERTIFICATES_READ.value: "Xem chứng thư đã đăng ký của các trường được giao",
        Scope.CERTIFICATES_WRITE.value: "Đăng ký và báo ngừng sử dụng chứng thư của trường",
        Scope.CERTIFICATES_DECIDE.value: "Duyệt hoặc từ chối chứng thư của các trường",
        Scope.CLIENTS_MANAGE.value: "Quản lý tài khoản kết nối (chỉ dành cho Bộ)",
        Scope.WEBHOOKS_MANAGE.value: "Đăng ký địa chỉ nhận thông báo khi gói tin có kết quả",
    }
    flow = OAuthFlowClientCredentials(tokenUrl=TOKEN_PATH, scopes=scopes)
    return OAuth2(flows=OAuthFlows(clientCredentials=flow), auto_error=False)
