"""Real HTTP for tests: an application behind uvicorn on loopback, in a thread of its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from time import monotonic, sleep

import uvicorn
from fastapi import FastAPI


@contextmanager
def serving(app: FastAPI) -> Iterator[str]:
    """Serve an application until the block ends; gives its URL without a slash at the end."""
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning", lifespan="on")
    server = uvicorn.Server(config)
    thread = Thread(target=server.run)
    thread.start()
    deadline = monotonic() + 10
    while not server.started:
        assert thread.is_alive()
        assert monotonic() < deadline
        sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(10)
        assert not thread.is_alive()
