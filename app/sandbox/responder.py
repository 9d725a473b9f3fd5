"""The sandbox's authorities on the network: lists, answers and time stamps over HTTP on loopback.

`GET /<authority>/ca.crl` gives a list of that moment, `POST /<authority>/ocsp` answers about one
certificate (RFC 6960), `POST /tsa` stamps time (RFC 3161). Small on purpose: it serves one worker
and signing tools on the same machine, and nobody else can reach it.
"""

import asyncio
import re
from collections.abc import AsyncGenerator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.serialization import Encoding

from app.sandbox.answers import answer_inquiry
from app.sandbox.certificates import (
    Revocation,
    answer_address,
    list_address,
    revocation_list,
)
from app.sandbox.pki import Authority, Pki
from app.sandbox.timestamping import answer_request

MAX_REQUEST_BYTES = 8192
"""Octets of a request's head, and as many of its body: real ones have a few hundred."""

REQUEST_SECONDS = 5.0
"""Time for a request to arrive; it comes from the same machine."""

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d{1,4})\r\n", re.IGNORECASE)
_NOT_FOUND = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Publisher:
    """What the authorities publish.

    Attributes:
        revoked: authority's slug → what it has revoked; may grow while the responder runs.
        unknown: numbers of certificates that the authorities say not to know.
        delegated: whether each authority's responder answers in its place.
        shift: how far answers and lists are ahead of the clock; behind it when negative.
        clock: the time of each list, answer and stamp.
    """

    pki: Pki
    clock: Callable[[], datetime]
    revoked: Mapping[str, Sequence[Revocation]] = field(default_factory=dict)
    unknown: Collection[int] = ()
    delegated: bool = False
    shift: timedelta = timedelta(0)


def replacements(pki: Pki, base: str) -> dict[str, str]:
    """Say for the addresses in certificates where the responder stands: address → address."""
    slugs = [authority.issuer.slug for authority in _all(pki)]
    lists = {list_address(slug): f"{base}/{slug}/ca.crl" for slug in slugs}
    return lists | {answer_address(slug): f"{base}/{slug}/ocsp" for slug in slugs}


@asynccontextmanager
async def responding(publisher: Publisher) -> AsyncGenerator[str]:
    """Serve until the block ends; gives the base address without a slash at the end."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, TimeoutError, asyncio.LimitOverrunError, EOFError):
            async with asyncio.timeout(REQUEST_SECONDS):
                head = await reader.readuntil(b"\r\n\r\n")
                length = _LENGTH.search(head)
                body = await reader.readexactly(int(length[1]) if length else 0)
                writer.write(_answer_to(head, body, publisher))
                await writer.drain()
        with suppress(ConnectionError):
            writer.close()
            await writer.wait_closed()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, limit=MAX_REQUEST_BYTES)
    async with server:
        port = server.sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"


def _answer_to(head: bytes, body: bytes, publisher: Publisher) -> bytes:
    method, place = head.split(b" ", 2)[:2]
    if (method, place) == (b"POST", b"/tsa"):
        stamped = answer_request(body, publisher.pki.tsa, publisher.clock())
        return _found(stamped, "timestamp-reply")
    for authority in _all(publisher.pki):
        slug = authority.issuer.slug
        if (method, place) == (b"GET", f"/{slug}/ca.crl".encode()):
            return _found(_list_of(authority, publisher), "pkix-crl")
        if (method, place) == (b"POST", f"/{slug}/ocsp".encode()):
            return _found(_answer_of(authority, body, publisher), "ocsp-response")
    return _NOT_FOUND


def _found(body: bytes, kind: str) -> bytes:
    return (
        f"HTTP/1.1 200 OK\r\nContent-Type: application/{kind}\r\nConnection: close\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    ).encode() + body


def _list_of(authority: Authority, publisher: Publisher) -> bytes:
    made = revocation_list(
        authority.issuer,
        at=_now(publisher),
        revoked=publisher.revoked.get(authority.issuer.slug, ()),
    )
    return made.public_bytes(Encoding.DER)


def _answer_of(authority: Authority, inquiry: bytes, publisher: Publisher) -> bytes:
    branches = [b for b, one in publisher.pki.issuers.items() if one is authority]
    return answer_inquiry(
        inquiry,
        authority,
        responder=publisher.pki.responder(branches[0])
        if publisher.delegated and branches
        else None,
        at=_now(publisher),
        revoked=publisher.revoked.get(authority.issuer.slug, ()),
        unknown=publisher.unknown,
    )


def _now(publisher: Publisher) -> datetime:
    return publisher.clock().replace(microsecond=0) + publisher.shift


def _all(pki: Pki) -> tuple[Authority, ...]:
    return (*pki.anchors, *pki.issuers.values())
