"""One attempt to send an event: the name resolved, its addresses checked, one of them used.

The connection goes to the very address that was checked, so a name that changes in between gains
nothing; the certificate must still be that of the name. Each attempt has a connection of its own:
a pooled one could serve another name on the same address.
"""

import asyncio
import socket
import ssl
from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from http import HTTPStatus
from ipaddress import ip_address

import httpx

from app.webhooks.addresses import HTTPS_PORT, is_permitted

SECONDS = 10.0
"""Time for one attempt, from the name to the head of the answer: a receiver keeps the event and
answers; it does its work afterwards."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """How the worker goes out.

    Attributes:
        sandbox: whether loopback addresses may be reached.
        resolver: threads for names alone: a dead name server must not hold up packages.
        tls: whose certificates are believed.
        seconds: time for one attempt.
    """

    sandbox: bool
    resolver: Executor
    tls: ssl.SSLContext
    seconds: float = SECONDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of an attempt.

    Attributes:
        status: of the answer; None when there was none.
        fault: why there was no good answer: "resolution" (no such name), "address" (an inside one),
            "timeout", "transport", "status"; None when the event was delivered.
    """

    status: int | None = None
    fault: str | None = None


class _Refused(Exception):
    """The name has no address that may be reached."""

    def __init__(self, fault: str) -> None:
        super().__init__(fault)
        self.fault = fault


async def send(reach: Reach, url: str, body: bytes, headers: Mapping[str, str]) -> Outcome:
    """Send an event once; never raises for what the receiver does."""
    try:
        async with asyncio.timeout(reach.seconds):
            status = await _post(reach, httpx.URL(url), body, headers)
    except _Refused as refused:
        return Outcome(fault=refused.fault)
    except TimeoutError:
        return Outcome(fault="timeout")
    except (httpx.HTTPError, ssl.SSLError, OSError):
        return Outcome(fault="transport")
    # A redirect is an answer like any other that is not good.
    good = HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES
    return Outcome(status=status, fault=None if good else "status")


async def _post(reach: Reach, url: httpx.URL, body: bytes, headers: Mapping[str, str]) -> int:
    """Post to a checked address and read the head of the answer, never its body."""
    addresses = await _checked_addresses(reach, url)
    timeout = httpx.Timeout(reach.seconds, connect=reach.seconds / 3)
    async with httpx.AsyncClient(
        verify=reach.tls, trust_env=False, follow_redirects=False, timeout=timeout
    ) as client:
        while True:
            request = client.build_request(
                "POST",
                url.copy_with(host=addresses.pop(0)),
                content=body,
                headers={
                    **headers,
                    "Host": url.netloc.decode("ascii"),
                    "Content-Type": "application/json",
                    "User-Agent": "hocba-webhooks/1",
                },
                extensions={"sni_hostname": url.raw_host.decode("ascii")},
            )
            try:
                answer = await client.send(request, stream=True)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                if not addresses:  # nothing was sent: the name's next address may answer
                    raise
                continue
            await answer.aclose()
            return answer.status_code


async def _checked_addresses(reach: Reach, url: httpx.URL) -> list[str]:
    """Resolve a name; one inside address among those found refuses all.

    Raises:
        _Refused: there is none, or one that may not be reached.
    """
    loop = asyncio.get_running_loop()
    host, port = url.raw_host.decode("ascii"), url.port or HTTPS_PORT
    try:
        found = await loop.run_in_executor(
            reach.resolver, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        )
    except (OSError, UnicodeError):
        raise _Refused("resolution") from None
    addresses = [str(entry[4][0]) for entry in found]
    for address in addresses:
        if not is_permitted(ip_address(address), scheme=url.scheme, sandbox=reach.sandbox):
            raise _Refused("address")
    return addresses
