"""The HTTP server of a web process: where it listens, and how it leaves when it is told to."""

import asyncio
import errno
import socket
from collections.abc import Generator
from contextlib import contextmanager

import structlog
import uvicorn
from fastapi import FastAPI
from typing_extensions import override

from app.errors import StartRefused
from app.leaving import Leaving

OPEN_SECONDS = 15.0
"""Time for requests under way when the door closes: 32 MiB at 20 Mbit/s. With the drain before it
and the worker after it the whole stays near the half minute that orchestrators commonly grant."""

FLUSH_SECONDS = 3
"""Time for the last answers to reach their clients."""

_log = structlog.get_logger(__name__)


def take_port(host: str, port: int) -> socket.socket:
    """Take the address that the server will listen on; nobody can connect before it does.

    Raises:
        StartRefused: another program has it, or it is none of this machine's.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        taken = socket.socket(family, kind, protocol)
        try:
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            taken.bind(address)
        except OSError:
            taken.close()
            raise
    except OSError as error:
        used = error.errno == errno.EADDRINUSE
        reason = "đang có chương trình khác dùng cổng này" if used else error.strerror
        raise StartRefused(f"không mở được {host} cổng {port}: {reason}") from error
    return taken


class WebServer(uvicorn.Server):
    """A server that leaves the signals to us: its own way would end the process uncleanly."""

    def __init__(self, app: FastAPI, leaving: Leaving, *, drain: float) -> None:
        """Prepare a server.

        Args:
            app: what it serves.
            leaving: what the application knows of its end.
            drain: seconds between saying that it leaves and closing the door.
        """
        super().__init__(
            uvicorn.Config(
                app,
                access_log=False,  # addresses hold transcript codes; the boundary logs routes
                log_config=None,
                server_header=False,
                timeout_graceful_shutdown=FLUSH_SECONDS,
            )
        )
        self._leaving = leaving
        self._drain = drain
        self._told_to_stop = asyncio.Event()

    async def serve_until_stopped(self, listener: socket.socket) -> None:
        """Serve until `stop`, then leave in order: say so, close the door, end what is open."""
        serving = asyncio.create_task(self.serve([listener]))
        told = asyncio.create_task(self._told_to_stop.wait())
        await asyncio.wait({serving, told}, return_when=asyncio.FIRST_COMPLETED)
        told.cancel()
        if not serving.done():
            await self._leave()
        await serving

    def stop(self) -> None:
        """Begin to leave; `serve_until_stopped` returns when it is done."""
        self._told_to_stop.set()

    async def _leave(self) -> None:
        _log.info("web.leaving", seconds=self._drain)
        self._leaving.announce()
        await asyncio.sleep(self._drain)
        self._leaving.close()
        for server in self.servers if self.started else ():
            server.close()  # nobody new; connections that are there go on
        await self._leaving.emptied(OPEN_SECONDS)
        self.should_exit = True

    @override
    @contextmanager
    def capture_signals(self) -> Generator[None]:
        yield
