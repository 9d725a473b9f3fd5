"""Where an event may be sent: the form of an address, and the IP addresses behind its name."""

import re
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

import httpx

from app.errors import InvalidRequest

MAX_URL = 500
"""Characters of an address: room for a path with a token, not for data."""

HTTPS_PORT = 443
LEAST_PORT = 1024
"""The ports below belong to other protocols (mail, shells, directories), which must not be spoken
to by way of this service."""

_NAME = re.compile(r"[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*\.?")
"""Names as DNS has them, international ones in their ASCII form (RFC 5891)."""

_TRANSLATED = (
    IPv6Network("2002::/16"),  # 6to4, RFC 3056
    IPv6Network("2001::/32"),  # Teredo, RFC 4380
    IPv6Network("64:ff9b::/96"),  # NAT64, RFC 6052
)
"""IPv6 addresses that lead to an IPv4 address, which may be an inside one."""


def read_address(url: str, *, sandbox: bool) -> str:
    """Read the address that a client registers; gives it in its normal form.

    Its name is resolved at each sending, so nothing is said about that here.

    Raises:
        InvalidRequest: reason "malformed", "scheme", "port", "host" (an inside address) or
            "string_too_long".
    """
    try:
        address = httpx.URL(url)
    except (httpx.InvalidURL, ValueError) as error:
        raise InvalidRequest(parameter="url", reason="malformed") from error
    name = address.raw_host.decode("ascii")
    literal = _literal(name)
    sound = literal is not None or _NAME.fullmatch(name)
    if not sound or address.userinfo or address.fragment:
        raise InvalidRequest(parameter="url", reason="malformed")
    inside = address.host == "localhost" or (literal is not None and literal.is_loopback)
    if address.scheme != "https" and not (sandbox and inside and address.scheme == "http"):
        raise InvalidRequest(parameter="url", reason="scheme")
    if address.port is not None and not (address.port == HTTPS_PORT or address.port >= LEAST_PORT):
        raise InvalidRequest(parameter="url", reason="port")
    if literal is not None and not is_permitted(literal, scheme=address.scheme, sandbox=sandbox):
        raise InvalidRequest(parameter="url", reason="host")
    normal = str(address)
    if len(normal) > MAX_URL:  # escapes and international names grow
        raise InvalidRequest(parameter="url", reason="string_too_long")
    return normal


def is_permitted(address: IPv4Address | IPv6Address, *, scheme: str, sandbox: bool) -> bool:
    """Tell whether an event may be sent to an IP address; outside loopback only by https."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if address.is_loopback:
        return sandbox
    if any(address in network for network in _TRANSLATED):
        return False
    return scheme == "https" and address.is_global and not address.is_multicast


def _literal(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None
