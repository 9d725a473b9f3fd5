"""The connection goes to the address that was checked, the proof is about the registered name."""

import ssl
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from typing_extensions import override

from app.webhooks.sending import Outcome, Reach, send
from tests.receiver import receiving


def certificate(folder: Path, name: str) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    begin = datetime.now(UTC) - timedelta(days=1)  # noqa: TID251 -- reason: TLS asks the real clock
    made = (
        x509.CertificateBuilder(
            issuer_name=subject,
            subject_name=subject,
            public_key=key.public_key(),
            serial_number=1,
            not_valid_before=begin,
            not_valid_after=begin + timedelta(days=2),
        )
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, SHA256())
    )
    file = folder / f"{name}.pem"
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(secret + made.public_bytes(Encoding.PEM))
    return file


@pytest.mark.parametrize(
    ("name", "believed", "outcome"),
    [
        ("localhost", True, Outcome(status=204)),
        ("ten-khac.example", True, Outcome(fault="transport")),
        ("localhost", False, Outcome(fault="transport")),
    ],
)
async def test_a_receiver_must_prove_the_name_that_was_registered(
    tmp_path: Path,
    name: str,
    believed: bool,  # noqa: FBT001 -- reason: a column of the table above
    outcome: Outcome,
) -> None:
    file = certificate(tmp_path, name)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(file)
    trust = ssl.create_default_context(cafile=file if believed else None)
    with ThreadPoolExecutor(1) as resolver:
        async with receiving(tls=server) as receiver:
            reach = Reach(sandbox=True, resolver=resolver, tls=trust, seconds=3.0)
            url = f"https://localhost:{receiver.port}/x"
            assert await send(reach, url, b"{}", {}) == outcome
            assert len(receiver.came) == (outcome.status is not None)


class Names(ThreadPoolExecutor):
    """A name server's answers: these addresses, whatever the name."""

    def __init__(self, *addresses: str) -> None:
        super().__init__(1)
        self.addresses = addresses

    @override
    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        return super().submit(lambda: [(0, 0, 0, "", (one, 0)) for one in self.addresses])


@pytest.mark.parametrize(
    ("addresses", "outcome"),
    [
        (("::1", "127.0.0.1"), Outcome(status=204)),
        (("127.0.0.1", "10.0.0.1"), Outcome(fault="address")),
        (("::1",), Outcome(fault="transport")),
    ],
)
async def test_every_address_of_a_name_is_checked_and_the_first_that_answers_is_used(
    addresses: tuple[str, ...], outcome: Outcome
) -> None:
    """The receiver listens on 127.0.0.1 alone."""
    with Names(*addresses) as resolver:
        async with receiving() as receiver:
            tls = ssl.create_default_context()
            reach = Reach(sandbox=True, resolver=resolver, tls=tls, seconds=3.0)
            assert await send(reach, receiver.url, b"{}", {}) == outcome
            assert len(receiver.came) == (outcome.status is not None)
