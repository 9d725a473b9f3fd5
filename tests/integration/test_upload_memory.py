"""Many uploads at once do not fill the memory of the web process: they go to disk."""

from contextlib import ExitStack, closing
from http.client import HTTPConnection
from time import sleep

import psutil

from tests.working import XML, Repository

UPLOADS = 40
SIZE = 3 * 1024**2
PIECE = 64 * 1024
MOST_EACH = 2 * 1024**2
"""Bytes of memory of one upload: 300 MiB for 100 uploads leave that much for each beside the
process itself; a piece, a spool and what the server reads ahead take a third of it."""


def upload(repository: Repository, body: bytes, *, sent: int) -> HTTPConnection:
    """Begin an upload and leave it unfinished."""
    connection = HTTPConnection(repository.url.removeprefix("http://"), timeout=60)
    connection.putrequest("POST", "/v1/packages")
    token = repository.client().headers["Authorization"]
    named = {**XML, "Authorization": token, "Content-Length": str(len(body))}
    for name, value in named.items():
        connection.putheader(name, value)
    connection.endheaders()
    for start in range(0, sent, PIECE):  # in pieces, so that the sender holds no copy of it all
        connection.send(body[start : min(start + PIECE, sent)])
    return connection


def test_unfinished_uploads_lie_on_disk(repository: Repository) -> None:
    body = b" " * (SIZE + 1)
    process = psutil.Process()
    before = process.memory_info().rss
    with ExitStack() as open_ones:
        for _ in range(UPLOADS):
            open_ones.enter_context(closing(upload(repository, body, sent=SIZE)))
        sleep(0.5)
        grown = process.memory_info().rss - before
    assert grown < UPLOADS * MOST_EACH, grown
