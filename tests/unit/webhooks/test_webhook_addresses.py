from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import InvalidRequest
from app.webhooks.addresses import is_permitted, read_address


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://phan-mem.example/x", "scheme"),
        ("ftp://phan-mem.example/x", "scheme"),
        ("https://phan-mem.example:22/x", "port"),
        ("https://phan-mem.example:80/x", "port"),
        ("https://ten:khoa@phan-mem.example/x", "malformed"),
        ("https://phan-mem.example/x#y", "malformed"),
        ("https:///x", "malformed"),
        ("https://[/x", "malformed"),
        ("https://10.0.0.1/x", "host"),
        ("https://169.254.169.254/x", "host"),
        ("https://[::ffff:10.0.0.1]/x", "host"),
        ("https://224.0.0.1/x", "host"),
        ("http://10.0.0.1:8080/x", "scheme"),
        ("https://phan-mem.example/" + "ế" * 100, "string_too_long"),
        ("https://phan-mem.example/\ud800", "malformed"),
        ("https://phan-mem.example/\x00", "malformed"),
    ],
)
@pytest.mark.parametrize("sandbox", [True, False])
def test_an_address_that_must_not_be_told_anything_is_not_registered(
    url: str,
    reason: str,
    sandbox: bool,  # noqa: FBT001 -- reason: a parameter of the test
) -> None:
    with pytest.raises(InvalidRequest) as refused:
        read_address(url, sandbox=sandbox)
    assert (refused.value.parameter, refused.value.reason) == ("url", reason)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9000/x", "http://localhost:9000/x", "https://[::1]:9000/x"]
)
def test_loopback_is_for_the_sandbox_alone(url: str) -> None:
    assert read_address(url, sandbox=True) == url
    with pytest.raises(InvalidRequest):
        read_address(url.replace("localhost", "127.0.0.1"), sandbox=False)


def test_an_address_is_kept_in_its_normal_form() -> None:
    assert read_address("https://Trường.Example:443/a", sandbox=False) == (
        "https://xn--trng-rib8295b.example/a"
    )


@pytest.mark.parametrize(
    "address",
    [
        *("10.1.2.3", "172.16.0.1", "192.168.1.1", "100.64.0.1", "169.254.169.254", "0.0.0.0"),  # noqa: S104 -- reason: an address to refuse, none to listen on
        *("224.0.0.1", "255.255.255.255", "fe80::1", "fc00::1", "ff02::1", "::"),
        *("::ffff:192.168.1.1", "2002:c0a8:101::", "64:ff9b::a00:1", "2001:0:1::1"),
    ],
)
def test_inside_addresses_are_never_reached(address: str) -> None:
    for sandbox in (True, False):
        assert not is_permitted(ip_address(address), scheme="https", sandbox=sandbox)


@given(st.ip_addresses(), st.booleans())
def test_plain_http_reaches_nothing_but_the_loopback_of_a_sandbox(
    address: object,
    sandbox: bool,  # noqa: FBT001 -- reason: drawn
) -> None:
    parsed = ip_address(str(address))
    mapped = getattr(parsed, "ipv4_mapped", None) or parsed
    allowed = is_permitted(parsed, scheme="http", sandbox=sandbox)
    assert allowed == (sandbox and mapped.is_loopback)


def test_a_public_address_is_reached_by_https() -> None:
    for address in ("8.8.8.8", "2606:4700::1111"):
        assert is_permitted(ip_address(address), scheme="https", sandbox=False)
