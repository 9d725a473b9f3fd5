"""Faults on demand, so that a vendor can see its software recover; in a sandbox only.

The header `Sandbox-Fault` of a request chooses one. Production neither installs this nor looks at
the header.
"""

import asyncio
from datetime import timedelta
from enum import StrEnum
from http import HTTPStatus

from fastapi import Request
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import InvalidRequest, Unavailable

HEADER = "Sandbox-Fault"
"""The header of a request that asks for a fault."""

SLOW_SECONDS = 5.0
"""Longer than a careless client waits, shorter than a test of a careful one may last."""

STUCK_TIME = timedelta(seconds=15)
"""How long a stuck package rests before a worker may take it: several polls of a client, and about
as long as the lease of a worker that died."""

RETRY_SECONDS = 1
"""What the answer 503 asks to wait."""


class Fault(StrEnum):
    """What can be asked for."""

    LOST_ANSWER = "lost-answer"  # the request is carried out, the connection ends without an answer
    UNAVAILABLE = "unavailable"  # 503 with Retry-After, nothing is carried out
    SLOW = "slow"  # carried out after a while
    STUCK = "stuck"  # a package is taken, and no worker takes it for a while


async def suffer(request: Request) -> None:
    """Let a request have the fault that it asks for, as far as that comes before its answer.

    Raises:
        InvalidRequest: no such fault.
        Unavailable: that was asked for.
    """
    asked = request.headers.get(HEADER)
    if asked is None:
        return
    try:
        fault = Fault(asked)
    except ValueError:
        raise InvalidRequest(parameter=HEADER, reason="value") from None
    match fault:
        case Fault.UNAVAILABLE:
            raise Unavailable(part="sandbox-fault", retry_after=RETRY_SECONDS)
        case Fault.SLOW:
            await asyncio.sleep(SLOW_SECONDS)
        case Fault.STUCK:
            request.state.rest = STUCK_TIME
        case Fault.LOST_ANSWER:  # `LostAnswers` loses it
            return


class LostAnswers:
    """Lose the answers of the requests that ask for it, after everything was committed."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap an application."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or Headers(scope=scope).get(HEADER) != Fault.LOST_ANSWER:
            await self._app(scope, receive, send)
            return

        async def lose(_: Message) -> None:
            return

        await self._app(scope, receive, lose)
        # A body that never comes: the server then closes the connection, as a broken line would.
        await send(
            {
                "type": "http.response.start",
                "status": HTTPStatus.BAD_GATEWAY,
                "headers": [(b"content-length", b"1")],
            }
        )
