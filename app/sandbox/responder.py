"""The sandbox's authorities on the network: their revocation lists over HTTP on loopback.

`GET /<authority>/ca.crl` gives a list of that moment. Small on purpose: it serves one worker on the
same machine, and nobody else can reach it.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime

from cryptography.hazmat.primitives.serialization import Encoding

from app.sandbox.certificates import Revocation, list_address, revocation_list
from app.sandbox.pki import Authority, Pki

MAX_REQUEST_BYTES = 8192
"""Octets of a request's head: a request for a list has a few hundred."""

REQUEST_SECONDS = 5.0
"""Time for a request to arrive; it comes from the same machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Publisher:
    """What the authorities publish.

    Attributes:
        revoked: authority's slug → what it has revoked; may grow while the responder runs.
        clock: the time of each list.
    """

    pki: Pki
    clock: Callable[[], datetime]
    revoked: Mapping[str, Sequence[Revocation]] = field(default_factory=dict)


def replacements(pki: Pki, base: str) -> dict[str, str]:
    """Say for the address in certificates where the responder stands: address → address."""
    return {
        list_address(slug): f"{base}/{slug}/ca.crl" for slug in (a.issuer.slug for a in _all(pki))
    }


@asynccontextmanager
async def responding(publisher: Publisher) -> AsyncGenerator[str]:
    """Serve until the block ends; gives the base address without a slash at the end."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, TimeoutError, asyncio.LimitOverrunError, EOFError):
            async with asyncio.timeout(REQUEST_SECONDS):
                head = await reader.readuntil(b"\r\n\r\n")
                writer.write(_answer_to(head, publisher))
                await writer.drain()
        with suppress(ConnectionError):
            writer.close()
            await writer.wait_closed()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, limit=MAX_REQUEST_BYTES)
    async with server:
        port = server.sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"


def _answer_to(head: bytes, publisher: Publisher) -> bytes:
    lists = {f"GET /{a.issuer.slug}/ca.crl ".encode(): a for a in _all(publisher.pki)}
    authority = next((one for start, one in lists.items() if head.startswith(start)), None)
    if authority is None:
        return b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    body = _list_of(authority, publisher)
    return (
        b"HTTP/1.1 200 OK\r\nContent-Type: application/pkix-crl\r\nConnection: close\r\n"
        + f"Content-Length: {len(body)}\r\n\r\n".encode()
        + body
    )


def _list_of(authority: Authority, publisher: Publisher) -> bytes:
    made = revocation_list(
        authority.issuer,
        at=publisher.clock().replace(microsecond=0),
        revoked=publisher.revoked.get(authority.issuer.slug, ()),
    )
    return made.public_bytes(Encoding.DER)


def _all(pki: Pki) -> tuple[Authority, ...]:
    return (*pki.anchors, *pki.issuers.values())
