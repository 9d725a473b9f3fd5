"""What the vault in a bucket does with servers that are away, talk nonsense or are not ours."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from io import BytesIO
from ipaddress import ip_address
from pathlib import Path
from uuid import uuid4

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pydantic import SecretStr

from app.errors import StartRefused, Unavailable
from app.main import read_clock
from app.vault import Vault, open_vault
from app.vault.opening import S3Access
from tests.relay import relaying
from tests.s3 import S3Server
from tests.vaults import owner_of

CONTENT = "Học bạ của Nguyễn Văn Mẫu".encode()
DIGEST = sha256(CONTENT).hexdigest()
LOCATION = b"<LocationConstraint>us-east-1</LocationConstraint>"


def _vault(address: str) -> Vault:
    return open_vault(address, access_key=SecretStr("key"), secret_key=SecretStr("secret"))


def _vault_over(address: str, server: S3Server, access: S3Access | None = None) -> Vault:
    return open_vault(
        address,
        access_key=SecretStr(server.access_key),
        secret_key=SecretStr(server.secret_key),
        access=access,
    )


def _answer(
    status: str, body: bytes, kind: str = "application/xml", size: int | None = None
) -> bytes:
    length = len(body) if size is None else size
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n"
    return head.encode() + body


@asynccontextmanager
async def _server(answer: bytes, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """Tell every caller the bucket's region, and then `answer` to whatever it asks."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while request := await reader.readuntil(b"\r\n\r\n"):
                writer.write(_answer("200 OK", LOCATION) if b"?location" in request else answer)
                await writer.drain()
                if b"?location" not in request:
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0, ssl=tls)
    async with server:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def _is_unavailable_everywhere(vault: Vault) -> None:
    with pytest.raises(Unavailable) as outage:
        await vault.get(DIGEST)
    assert outage.value.part == "vault"
    with pytest.raises(Unavailable):
        await vault.get_range(DIGEST, 0, 1)
    with pytest.raises(Unavailable):
        await vault.put_once(DIGEST, BytesIO(CONTENT))
    with pytest.raises(Unavailable):
        await vault.check()


async def test_a_server_that_is_away_is_told_quickly() -> None:
    async with _server(b"") as address:
        pass
    start = time.monotonic()
    await _is_unavailable_everywhere(_vault(f"s3+http://{address}/vault"))
    assert time.monotonic() - start < 4


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(b"", id="hangs-up"),
        pytest.param(b"220 mail.example ESMTP\r\n", id="speaks-another-protocol"),
        pytest.param(_answer("503 Slow Down", b"<Error><Code>SlowDown</Code></Error>"), id="busy"),
        pytest.param(_answer("502 Bad Gateway", b"<html>", "text/html"), id="proxy-alone"),
    ],
)
async def test_a_server_that_does_not_answer_is_an_outage(answer: bytes) -> None:
    async with _server(answer) as address:
        await _is_unavailable_everywhere(_vault(f"s3+http://{address}/vault"))


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(_answer("200 OK", CONTENT, size=len(CONTENT) + 9), id="cut-short"),
        pytest.param(_answer("404 Not Found", b"<html>", "text/html"), id="page-of-a-proxy"),
        pytest.param(_answer("404 Not Found", b"not XML"), id="no-xml"),
        pytest.param(
            _answer("403 Forbidden", b"<Error><Code>AccessDenied</Code></Error>"), id="no"
        ),
        pytest.param(
            b"HTTP/1.1 307 Temporary Redirect\r\nLocation: http://127.0.0.1:9/\r\n"
            b"Content-Length: 0\r\n\r\n",
            id="sends-elsewhere",
        ),
    ],
)
async def test_an_answer_that_says_nothing_about_the_object_is_an_outage(answer: bytes) -> None:
    async with _server(answer) as address:
        vault = _vault(f"s3+http://{address}/vault")
        with pytest.raises(Unavailable):
            await vault.get(DIGEST)
        with pytest.raises(Unavailable):
            await vault.get_range(DIGEST, 0, 1)
        with pytest.raises(Unavailable):
            await vault.put_once(DIGEST, BytesIO(CONTENT))


async def test_a_server_with_an_unknown_certificate_is_not_spoken_to(tmp_path: Path) -> None:
    async with _server(b"", tls=_self_signed(tmp_path)) as address:
        vault = _vault(f"s3+https://{address}/vault")
        with pytest.raises(Unavailable) as outage:
            await vault.check()
    assert "CERTIFICATE_VERIFY_FAILED" in str(outage.value.__cause__)


def _self_signed(folder: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2099, 1, 1, tzinfo=UTC))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
    return context


@pytest.mark.xdist_group("s3")
async def test_a_server_is_trusted_by_a_certificate_of_ones_own(
    s3_server: S3Server, tmp_path: Path
) -> None:
    async with relaying(s3_server.endpoint, tls=_self_signed(tmp_path)) as relay:
        vault = _vault_over(
            f"s3+https://{relay.address}/vault-{uuid4()}",
            s3_server,
            S3Access(ca_file=tmp_path / "certificate.pem", region="us-east-1"),
        )
        await vault.check()
        await vault.put_once(DIGEST, BytesIO(CONTENT))
        assert await vault.get(DIGEST) == CONTENT


@pytest.mark.xdist_group("s3")
async def test_a_put_whose_answer_is_lost_is_not_put_twice(s3_server: S3Server) -> None:
    bucket = f"vault-{uuid4()}"
    async with relaying(s3_server.endpoint) as relay:
        vault = _vault_over(f"s3+http://{relay.address}/{bucket}", s3_server)
        await vault.check()
        relay.lose_answers_to.append(b"PUT /")
        relay.requests.clear()
        await vault.put_once(DIGEST, BytesIO(CONTENT))
    assert relay.lose_answers_to == []
    assert relay.requests.count("PUT") == 1
    versions = list(owner_of(s3_server).list_objects(bucket, recursive=True, include_version=True))
    assert len(versions) == 1


@pytest.mark.xdist_group("s3")
@pytest.mark.parametrize("request_line", [b"GET /", b"HEAD /", b"PUT /"])
async def test_a_hold_survives_a_lost_answer(s3_server: S3Server, request_line: bytes) -> None:
    until = read_clock() + timedelta(days=400)
    async with relaying(s3_server.endpoint) as relay:
        vault = _vault_over(f"s3+http://{relay.address}/vault-{uuid4()}", s3_server)
        await vault.check()
        await vault.put_once(DIGEST, BytesIO(CONTENT))
        relay.lose_answers_to.append(request_line)
        held = await vault.hold(DIGEST, until)
        assert relay.lose_answers_to == []
    assert until <= held.until < until + timedelta(seconds=1)


async def test_a_server_that_hangs_is_not_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.vault.s3.REPEAT_SECONDS", 0.05)
    asked = 0

    async def hang(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        asked += 1
        await asyncio.sleep(0.2)
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(hang, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(Unavailable):
            await _vault(f"s3+http://127.0.0.1:{port}/vault").get(DIGEST)
    assert asked == 1


def test_records_do_not_travel_in_the_clear() -> None:
    for host in ("s3.example:9000", "192.0.2.7", "10.0.0.1:80"):
        with pytest.raises(StartRefused, match=r"TLS.*s3\+https://"):
            _vault(f"s3+http://{host}/bucket")
    for host in ("127.0.0.1:9000", "localhost:9000", "[::1]:9000"):
        _vault(f"s3+http://{host}/bucket")


def test_a_missing_file_of_authorities_refuses_the_start(tmp_path: Path) -> None:
    access = S3Access(ca_file=tmp_path / "absent.pem")
    with pytest.raises(StartRefused, match="HOCBA_S3_CA_FILE"):
        open_vault(
            "s3+https://127.0.0.1:9000/bucket",
            access_key=SecretStr("key"),
            secret_key=SecretStr("secret"),
            access=access,
        )


@pytest.mark.parametrize(
    "url",
    [
        "s3+https://127.0.0.1:9000",
        "s3+https://127.0.0.1:9000/",
        "s3+https://127.0.0.1:9000/Bucket",
        "s3+https://127.0.0.1:9000/bucket/folder",
        "s3+https:///bucket",
        "s3+https://:9000/bucket",
        "s3+https://127.0.0.1:port/bucket",
        "s3+https://127.0.0.1:99999/bucket",
    ],
)
def test_a_malformed_address_refuses_the_start(url: str) -> None:
    with pytest.raises(StartRefused, match="HOCBA_VAULT_URL"):
        _vault(url)


def test_a_key_in_the_url_refuses_the_start_and_is_not_repeated() -> None:
    with pytest.raises(StartRefused, match="HOCBA_S3_SECRET_KEY") as refusal:
        _vault("s3+https://key:top-secret@127.0.0.1:9000/bucket")
    assert "top-secret" not in str(refusal.value)


@pytest.mark.parametrize("given", ["access_key", "secret_key", None])
def test_a_missing_key_refuses_the_start(given: str | None) -> None:
    keys = {} if given is None else {given: SecretStr("given")}
    with pytest.raises(StartRefused, match="S3 cần"):
        open_vault("s3+http://127.0.0.1:9000/bucket", **keys)
