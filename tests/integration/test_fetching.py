"""Fetching revocation lists over real HTTP, and from whom not; attack family A26."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from app.db import Database
from app.sandbox.certificates import Revocation, list_address
from app.sandbox.pki import Authority, Branch
from app.sandbox.responder import Publisher, replacements, responding
from app.signatures.evidence import Standing, statement_about
from app.trust.asking import read_list, refresh_evidence
from app.trust.bundle import Publication
from app.trust.evidence import keep_evidence, newest_lists, with_evidence, within_limit
from app.trust.fetching import FetchFailed, Reach, fetch, reachable_address
from tests.revocation import DAY, HOUR, PKI, certificate, list_of, odd_list, path_of
from tests.scenarios import scenario_of
from tests.verdicts import RECEIVED_AT as NOW
from tests.verdicts import STUDENTS

ISSUER = PKI.issuers[Branch.G2]
LISTED = frozenset({"crl.mau.vn", "crl.mau.vn:8080"})
FOUND = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"


def publication_of(authority: Authority) -> Publication:
    return Publication(
        issuer=authority.certificate.public_bytes(Encoding.DER),
        url=list_address(authority.issuer.slug),
    )


@asynccontextmanager
async def answering(answer: bytes, *, after: float = 0) -> AsyncGenerator[str]:
    """A server that gives the same octets to everybody; its "host:port"."""

    ended = asyncio.Event()
    callers: list[asyncio.Task[Any]] = []

    async def give(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if (caller := asyncio.current_task()) is not None:
            callers.append(caller)
        with suppress(TimeoutError):
            await asyncio.wait_for(ended.wait(), after)
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer)
            await writer.drain()
        with suppress(ConnectionError):
            writer.close()
            await writer.wait_closed()

    async with await asyncio.start_server(give, "127.0.0.1", 0) as server:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        ended.set()
        await asyncio.gather(*callers)


async def reason_from(answer: bytes, *, after: float = 0) -> str:
    async with answering(answer, after=after) as host, httpx.AsyncClient() as client:
        reach = Reach(hosts=frozenset({host}), seconds=0.3, size=1000)
        with pytest.raises(FetchFailed) as failed:
            await fetch(client, f"http://{host}/ca.crl", reach)
        return failed.value.reason


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data",
        "http://127.0.0.1/ca.crl",
        "http://localhost/ca.crl",
        "http://crl.mau.vn.kẻ-gian.vn/ca.crl",
        "http://crl.mau.vn@127.0.0.1/ca.crl",
        "http://ai-đó@crl.mau.vn/ca.crl",
        "http://crl.mau.vn:9000/ca.crl",
        "ftp://crl.mau.vn/ca.crl",
        "file:///etc/passwd",
        "ldap://crl.mau.vn/cn=ca",
        "//crl.mau.vn/ca.crl",
        "http://[::1",
        "",
    ],
)
def test_an_address_off_the_list_is_never_asked(url: str) -> None:
    with pytest.raises(FetchFailed, match="address"):
        reachable_address(url, Reach(hosts=LISTED))


@pytest.mark.parametrize("host", sorted(LISTED))
def test_an_address_on_the_list_is_asked(host: str) -> None:
    assert reachable_address(f"http://{host}/ca.crl", Reach(hosts=LISTED)).path == "/ca.crl"


def test_a_dead_address_is_replaced_and_still_held_against_the_list() -> None:
    table = {"http://crl.cu.vn/": "http://crl.mau.vn/cu/", "http://crl.xa.vn/": "http://10.0.0.1/"}
    reach = Reach(hosts=LISTED, replacements=table)
    assert str(reachable_address("http://crl.cu.vn/a.crl", reach)) == "http://crl.mau.vn/cu/a.crl"
    with pytest.raises(FetchFailed, match="address"):
        reachable_address("http://crl.xa.vn/a.crl", reach)


async def test_what_a_server_gives_is_taken_as_it_is() -> None:
    async with answering(FOUND) as host, httpx.AsyncClient() as client:
        assert await fetch(client, f"http://{host}/", Reach(hosts=frozenset({host}))) == b"abc"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\nContent-Length: 0\r\n\r\n", "302"),
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "404"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n" + b"x" * 1001, "size"),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 5000, "size"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx", "transport"),
        (b"nothing of HTTP\r\n\r\n", "transport"),
    ],
)
async def test_what_is_no_list_is_left(answer: bytes, reason: str) -> None:
    assert await reason_from(answer) == reason


async def test_a_server_that_does_not_answer_is_left() -> None:
    assert await reason_from(FOUND, after=2) == "timeout"


async def test_a_server_that_is_not_there_is_left() -> None:
    async with answering(FOUND) as host:
        pass
    async with httpx.AsyncClient() as client:
        with pytest.raises(FetchFailed, match="transport"):
            await fetch(client, f"http://{host}/", Reach(hosts=frozenset({host})))


def test_only_a_genuine_list_is_read() -> None:
    publication = publication_of(ISSUER)
    assert read_list(list_of(ISSUER).der, publication, now=NOW) is not None
    stranger = list_of(PKI.issuers[Branch.UNKNOWN])
    renamed = odd_list(PKI.issuers[Branch.UNKNOWN], name=ISSUER.issuer.name)
    future = list_of(ISSUER, at=NOW + DAY)
    for der in (stranger.der, renamed.der, future.der, b"", b"\x30\x00"):
        assert read_list(der, publication, now=NOW) is None


async def test_the_newest_list_of_each_authority_is_used(worker_database: Database) -> None:
    publication = publication_of(ISSUER)
    older = read_list(list_of(ISSUER, at=NOW - DAY).der, publication, now=NOW)
    newer = read_list(list_of(ISSUER, at=NOW - HOUR).der, publication, now=NOW)
    assert older is not None
    assert newer is not None
    async with worker_database.begin() as connection:
        await keep_evidence(connection, [newer, older, newer])
        assert await newest_lists(connection) == (newer.evidence,)


async def test_the_sandbox_publishes_what_its_authorities_revoked(
    worker_database: Database,
) -> None:
    seal = scenario_of(STUDENTS).school.seal.certificate_der
    entry = Revocation(certificate=certificate(seal), since=NOW - DAY)
    publisher = Publisher(
        pki=PKI,
        clock=lambda: NOW + timedelta(microseconds=1),
        revoked={ISSUER.issuer.slug: [entry]},
    )
    everybody = [publication_of(one) for one in (*PKI.anchors, *PKI.intermediates)]
    lost = Publication(issuer=everybody[0].issuer, url="http://crl.kẻ-gian.vn/ca.crl")
    wrong = Publication(issuer=everybody[0].issuer, url=everybody[1].url)
    async with responding(publisher) as base:
        reach = Reach(
            hosts=frozenset({base.removeprefix("http://")}), replacements=replacements(PKI, base)
        )
        kept = await refresh_evidence(worker_database, [*everybody, lost, wrong], reach, now=NOW)
        assert httpx.URL(base).port
        async with httpx.AsyncClient() as client:
            assert (await client.get(f"{base}/nobody/ca.crl")).is_client_error
    assert kept == len(everybody)
    trust = await with_evidence(worker_database, PKI.trust, now=NOW)
    assert len(trust.evidence) == len(everybody)
    (filed,) = trust.evidence_about(seal, publication_of(ISSUER).issuer)
    said = statement_about(path_of(seal), filed)
    assert said is not None
    assert said.standing is Standing.REVOKED


async def test_a_caller_that_says_nothing_is_hung_up_on() -> None:
    async with responding(Publisher(pki=PKI, clock=lambda: NOW)) as base:
        url = httpx.URL(base)
        reader, writer = await asyncio.open_connection(url.host, url.port)
        writer.write(b"x" * 20_000)
        assert await reader.read() == b""
        writer.close()
        await writer.wait_closed()


def test_the_largest_lists_are_left_out_of_a_snapshot_that_would_stop_every_verification() -> None:
    lists = [
        replace(list_of(authority), der=bytes(size))
        for authority, size in zip((*PKI.anchors, *PKI.intermediates), (5, 3, 4, 3), strict=False)
    ]
    first, second, third, fourth = lists
    assert within_limit(tuple(lists), 15) == tuple(lists)
    assert within_limit(tuple(lists), 14) == (second, third, fourth)
    assert within_limit(tuple(lists), 9) == (second, fourth)
    assert within_limit((first,), 4) == ()
