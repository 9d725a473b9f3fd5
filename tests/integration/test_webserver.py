"""The server's own edges: requests that never end, and addresses that cannot be had."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection

import httpx
import pytest
from fastapi import FastAPI, Request
from fastapi.responses import StreamingResponse

from app import webserver
from app.errors import StartRefused
from app.leaving import Door, Leaving
from app.problems import install_problems
from app.webserver import WebServer, take_port
from tests.working import LoopThread


@contextmanager
def leaving_app(thread: LoopThread) -> Iterator[tuple[int, WebServer]]:
    """Serve an application whose requests do not end by themselves; gives port and server."""
    app, leaving = FastAPI(), Leaving()

    @app.post("/upload")
    async def upload(request: Request) -> int:
        return len(await request.body())

    @app.get("/endless")
    async def endless() -> StreamingResponse:
        async def pieces() -> "object":
            while True:
                yield b"x"
                await asyncio.sleep(0.05)

        return StreamingResponse(pieces())  # type: ignore[arg-type]  # reason: an async generator

    app.add_middleware(Door, leaving=leaving)
    install_problems(app)
    listener = take_port("127.0.0.1", 0)
    port: int = listener.getsockname()[1]

    async def make() -> tuple[WebServer, "asyncio.Task[None]"]:
        server = WebServer(app, leaving, drain=0)
        task = asyncio.create_task(server.serve_until_stopped(listener))
        while not server.started:  # noqa: ASYNC110 -- reason: it has no event for it
            await asyncio.sleep(0.01)
        return server, task

    async def done(task: "asyncio.Task[None]") -> None:
        await asyncio.wait_for(task, 10)

    server, task = thread.run(make())
    try:
        yield port, server
    finally:
        thread.loop.call_soon_threadsafe(server.stop)
        thread.run(done(task))


def test_an_upload_that_does_not_end_in_time_is_refused_retryably(
    loop_thread: LoopThread, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webserver, "OPEN_SECONDS", 0.3)
    with (
        leaving_app(loop_thread) as (port, server),
        closing(HTTPConnection("127.0.0.1", port, timeout=10)) as slow,
    ):
        slow.putrequest("POST", "/upload")
        slow.putheader("Content-Length", "1000")
        slow.endheaders(b"<the first half")
        loop_thread.run(asyncio.sleep(0.3))
        loop_thread.loop.call_soon_threadsafe(server.stop)
        answer = slow.getresponse()
        assert answer.status == httpx.codes.SERVICE_UNAVAILABLE
        assert answer.headers["Retry-After"]
        assert answer.headers["Connection"] == "close"


def test_an_answer_that_does_not_end_in_time_is_broken_off(
    loop_thread: LoopThread, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webserver, "OPEN_SECONDS", 0.3)
    with (
        leaving_app(loop_thread) as (port, server),
        httpx.stream("GET", f"http://127.0.0.1:{port}/endless") as answer,
    ):
        pieces = answer.iter_raw()
        assert next(pieces)
        loop_thread.loop.call_soon_threadsafe(server.stop)
        with pytest.raises(httpx.RemoteProtocolError):
            list(pieces)


def test_a_port_in_use_or_an_address_of_another_machine_is_refused_in_words() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(StartRefused, match=f"{port}: đang có chương trình khác"):
            take_port("127.0.0.1", port)
    with pytest.raises(StartRefused, match=r"192\.0\.2\.1 cổng 8115: "):
        take_port("192.0.2.1", 8115)
