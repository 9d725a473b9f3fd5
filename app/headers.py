"""Headers that every answer carries."""

from collections.abc import Mapping

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.admission import share_headers

_SECURITY_HEADERS: Mapping[str, str] = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""What every answer carries unless its route says otherwise: most answers tell of a child."""


class SecurityHeaders:
    """Add the headers that every answer carries, where its route did not set them itself.

    An answer to a client tells its share as well.
    """

    def __init__(self, app: ASGIApp, *, secure: bool) -> None:
        """Wrap an application.

        Args:
            app: the application.
            secure: whether users reach it by https, so that browsers may insist on that.
        """
        self._app = app
        hsts = {"Strict-Transport-Security": "max-age=31536000"} if secure else {}
        self._headers = {**_SECURITY_HEADERS, **hsts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                share = share_headers(scope.get("state", {}))
                for name, value in {**self._headers, **share}.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, guarded)
