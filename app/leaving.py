"""How a web process leaves: it says so, then takes nothing new, then ends what is still open.

RFC 9110 section 15.6.4 gives the answer (503 with Retry-After), and `Connection: close` (RFC 9112
section 9.6) moves clients that keep their connections to another process before this one is gone.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.problems import problem_response

RETRY_SECONDS = 5
"""What a refused client waits: about as long as an operator's next process takes to be ready."""

_PROBLEM = "unavailable"


class Leaving:
    """Whether this process is about to end, and which requests are under way; of one event loop.

    Attributes:
        announced: load balancers are told to look elsewhere; requests are still served.
        closed: new requests are refused.
    """

    def __init__(self) -> None:
        self.announced = False
        self.closed = False
        self._told: list[Callable[[], None]] = []
        self._under_way: set[asyncio.Task[Any]] = set()
        self._cut_off: set[asyncio.Task[Any]] = set()

    def tell(self, listener: Callable[[], None]) -> None:
        """Have something called when the process begins to leave."""
        self._told.append(listener)

    def announce(self) -> None:
        """Begin to leave: readiness ends, and whoever only waits is let go."""
        self.announced = True
        for listener in self._told:
            listener()

    def close(self) -> None:
        """Refuse every request that comes from now on."""
        self.closed = True

    async def emptied(self, seconds: float) -> None:
        """Return when no request is under way; what is after so many seconds is cut off.

        Cutting off is safe: what was committed is there when the client asks again, and the rest
        left nothing behind.
        """
        clock = asyncio.get_running_loop().time
        end = clock() + seconds
        while self._under_way and clock() < end:
            await asyncio.wait(self._under_way, timeout=end - clock())
        for request in tuple(self._under_way):
            self._cut_off.add(request)
            request.cancel()

    def enter(self) -> asyncio.Task[Any] | None:
        """Count the running task as a request under way."""
        task = asyncio.current_task()
        if task is not None:
            self._under_way.add(task)
        return task

    def leave(self, task: asyncio.Task[Any] | None) -> bool:
        """Count a request as ended; tell whether it was cut off."""
        if task is None:
            return False
        self._under_way.discard(task)
        was_cut_off = task in self._cut_off
        self._cut_off.discard(task)
        return was_cut_off


class Door:
    """Refuse what comes too late, and end connections while the process leaves.

    Stands inside `ProblemBoundary`, which gives each request its trace.
    """

    def __init__(self, app: ASGIApp, *, leaving: Leaving) -> None:
        """Wrap an application."""
        self._app = app
        self._leaving = leaving

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; other kinds of scope pass untouched."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answered = False

        async def parting_send(message: Message) -> None:
            nonlocal answered
            if message["type"] == "http.response.start":
                answered = True
                if self._leaving.announced:
                    MutableHeaders(scope=message)["Connection"] = "close"
            await send(message)

        task = self._leaving.enter()
        try:
            if self._leaving.closed:
                await _read_to_end(receive)
                await _refuse(scope, receive, parting_send)
            else:
                await self._app(scope, receive, parting_send)
        except asyncio.CancelledError:
            if not self._leaving.leave(task) or answered:
                raise
            await _refuse(scope, receive, parting_send)
        finally:
            self._leaving.leave(task)


async def _read_to_end(receive: Receive) -> None:
    """Let the client finish speaking: one that is still sending may never read the answer."""
    while (await receive()).get("more_body", False):
        pass


async def _refuse(scope: Scope, receive: Receive, send: Send) -> None:
    answer = problem_response(
        Request(scope, receive),
        _PROBLEM,
        members={"retry_after": RETRY_SECONDS},
        headers={"Retry-After": str(RETRY_SECONDS)},
    )
    await answer(scope, receive, send)
