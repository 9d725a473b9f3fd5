"""Fetching what authorities publish: the worker's only way to a foreign host.

An address is followed when its host is on the operator's list, after dead addresses were replaced
by the operator's table; redirects are not followed. What comes is bounded in time and size, and
worth nothing until its signature is checked.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

import httpx

MAX_LIST_BYTES = 32 * 1024 * 1024
"""Octets of one revocation list: some 900,000 entries, more than any authority of the field has."""

FETCH_SECONDS = 30.0
"""Time for one list from the first octet to the last; slow servers are asked again next time."""


class FetchFailed(Exception):
    """Nothing came that could be a list.

    Attributes:
        reason: "address", "timeout", "size", "transport" or the HTTP status.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Where the worker may go.

    Attributes:
        hosts: host names, with ":port" where that is not the scheme's own.
        replacements: beginning of an address → what stands there instead.
        seconds: time for one list.
        size: octets of one list.
    """

    hosts: frozenset[str]
    replacements: Mapping[str, str] = field(default_factory=dict)
    seconds: float = FETCH_SECONDS
    size: int = MAX_LIST_BYTES


def reachable_address(url: str, reach: Reach) -> httpx.URL:
    """Replace a dead address and hold the result against the list of hosts.

    Raises:
        FetchFailed: "address": it is none, or its host is not on the list.
    """
    for dead, living in reach.replacements.items():
        if url.startswith(dead):
            url = living + url.removeprefix(dead)
            break
    try:
        address = httpx.URL(url)
    except httpx.InvalidURL:
        raise FetchFailed("address") from None
    sound = address.scheme in {"http", "https"} and not address.userinfo
    host = address.netloc.decode("ascii", "replace")
    if not sound or host not in reach.hosts:
        raise FetchFailed("address")
    return address


async def fetch(
    client: httpx.AsyncClient, url: str, reach: Reach, *, inquiry: bytes | None = None
) -> bytes:
    """Fetch one address within the bounds.

    Args:
        client: follows no redirects.
        url: as an authority or the operator wrote it.
        reach: where to go and how much to take.
        inquiry: an OCSPRequest to send (RFC 6960 appendix A.1); a list is asked for without one.

    Raises:
        FetchFailed: it may not be reached, cannot be, or gives too much.
    """
    address = reachable_address(url, reach)
    try:
        async with asyncio.timeout(reach.seconds):
            return await _read(client, _request(client, address, inquiry), reach.size)
    except TimeoutError:
        raise FetchFailed("timeout") from None
    except httpx.HTTPError:
        raise FetchFailed("transport") from None


def _request(client: httpx.AsyncClient, address: httpx.URL, inquiry: bytes | None) -> httpx.Request:
    # Asked for as it is: a small compressed answer could swell to gigabytes.
    headers = {"Accept-Encoding": "identity"}
    if inquiry is None:
        return client.build_request("GET", address, headers=headers)
    headers["Content-Type"] = "application/ocsp-request"
    return client.build_request("POST", address, headers=headers, content=inquiry)


async def _read(client: httpx.AsyncClient, request: httpx.Request, size: int) -> bytes:
    octets = bytearray()
    answer = await client.send(request, stream=True)
    try:
        if answer.status_code != httpx.codes.OK:
            raise FetchFailed(str(answer.status_code))
        async for part in answer.aiter_raw():
            octets += part
            if len(octets) > size:
                raise FetchFailed("size")
    finally:
        await answer.aclose()
    return bytes(octets)
