from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

from app.errors import StartRefused
from app.keys import load_web_keys, load_worker_keys

RSA = rsa.generate_private_key(65537, 2048)
P256 = ec.generate_private_key(ec.SECP256R1())
START = datetime(2026, 1, 1, tzinfo=UTC)


def pem(
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey,
    encryption: KeySerializationEncryption | None = None,
) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption or NoEncryption())


def certificate_of(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Kho học bạ số Mẫu")])
    builder = x509.CertificateBuilder(
        issuer_name=name,
        subject_name=name,
        public_key=key.public_key(),
        serial_number=1,
        not_valid_before=START,
        not_valid_after=START + timedelta(days=365),
    )
    return builder.sign(key, SHA256()).public_bytes(Encoding.PEM)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "tokens.pem").write_bytes(pem(P256))
    (tmp_path / "reply.pem").write_bytes(pem(RSA))
    (tmp_path / "reply-certificate.pem").write_bytes(certificate_of(RSA))
    (tmp_path / "codes.key").write_bytes(b"c" * 32)
    (tmp_path / "identity.key").write_bytes(b"i" * 32)
    (tmp_path / "webhooks.key").write_bytes(b"w" * 32)
    (tmp_path / "journal.key").write_bytes(b"j" * 32)
    return tmp_path


def test_each_process_reads_its_own_keys(folder: Path) -> None:
    assert load_web_keys(folder).tokens.public_key() == P256.public_key()
    worker = load_worker_keys(folder)
    assert (worker.codes, worker.identity) == (b"c" * 32, b"i" * 32)
    assert worker.journal == load_web_keys(folder).journal == b"j" * 32
    assert worker.reply_certificate.public_key() == worker.reply.public_key()


def test_keys_are_not_shown(folder: Path) -> None:
    assert "iiii" not in repr(load_worker_keys(folder))


@pytest.mark.parametrize(
    ("file", "content", "load", "reason"),
    [
        ("tokens.pem", None, load_web_keys, "không đọc được"),
        ("tokens.pem", b"no key", load_web_keys, "không chứa khóa PEM"),
        ("tokens.pem", pem(RSA), load_web_keys, "khóa EC trên P-256"),
        (
            "tokens.pem",
            pem(ec.generate_private_key(ec.SECP384R1())),
            load_web_keys,
            "khóa EC trên P-256",
        ),
        (
            "tokens.pem",
            pem(P256, BestAvailableEncryption(b"pw")),
            load_web_keys,
            "không chứa khóa PEM",
        ),
        ("reply.pem", pem(P256), load_worker_keys, "phải chứa khóa RSA"),
        ("reply-certificate.pem", b"none", load_worker_keys, "không phải chứng thư PEM"),
        ("reply-certificate.pem", certificate_of(P256), load_worker_keys, "không đi cùng"),
        ("codes.key", b"short", load_worker_keys, "đúng 32 byte"),
        ("identity.key", None, load_worker_keys, "không đọc được"),
        ("webhooks.key", None, load_worker_keys, "không đọc được"),
        ("webhooks.key", b"short", load_web_keys, "đúng 32 byte"),
        ("journal.key", None, load_web_keys, "không đọc được"),
        ("journal.key", b"short", load_worker_keys, "đúng 32 byte"),
    ],
)
def test_a_key_in_doubt_stops_the_start(
    folder: Path,
    file: str,
    content: bytes | None,
    load: Callable[[Path], object],
    reason: str,
) -> None:
    (folder / file).unlink()
    if content is not None:
        (folder / file).write_bytes(content)
    with pytest.raises(StartRefused, match=reason):
        load(folder)
