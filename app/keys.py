"""The keys that the repository itself holds, read from one folder and nowhere else.

`tokens.pem` (EC P-256) signs access tokens; `reply.pem` with `reply-certificate.pem` (RSA) signs
replies; `codes.key` and `identity.key` (32 random bytes each) derive transcript codes and the keyed
hashes of personal numbers; `webhooks.key` (the same) derives the secrets of webhooks and
`journal.key` (the same) proves that an entry of the journal is the repository's own. Losing
`codes.key` would break the promise that the same original always gets the same code, so it belongs
to every backup; without `journal.key` nothing can be rebuilt from the vault, and without
`webhooks.key` every webhook must be registered anew.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509 import Certificate, load_pem_x509_certificate

from app.errors import StartRefused

SECRET_BYTES = 32
"""Length of a symmetric key: as strong as the SHA-256 that it keys."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class WebKeys:
    """What the web process needs: it signs tokens, shows the secrets of webhooks and journals."""

    tokens: EllipticCurvePrivateKey
    webhooks: bytes
    journal: bytes


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class WorkerKeys:
    """What the worker needs to derive codes and hashes, to sign replies and events, to journal."""

    codes: bytes
    identity: bytes
    reply: RSAPrivateKey
    reply_certificate: Certificate
    webhooks: bytes
    journal: bytes


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class RegisterKeys:
    """What gives a transcript's code and the hash of a personal number; it may be pickled."""

    codes: bytes
    identity: bytes


def load_web_keys(folder: Path) -> WebKeys:
    """Read the web process's keys.

    Raises:
        StartRefused: a file is absent, unreadable or of the wrong kind.
    """
    return WebKeys(
        tokens=_ec_key(folder / "tokens.pem"),
        webhooks=_secret(folder / "webhooks.key"),
        journal=load_journal_key(folder),
    )


def load_worker_keys(folder: Path) -> WorkerKeys:
    """Read the worker's keys.

    Raises:
        StartRefused: a file is absent, unreadable, of the wrong kind, or the reply key and its
            certificate do not belong together.
    """
    reply = _rsa_key(folder / "reply.pem")
    try:
        certificate = load_pem_x509_certificate(_read(folder / "reply-certificate.pem"))
    except ValueError as error:
        raise StartRefused(
            f"{folder / 'reply-certificate.pem'} không phải chứng thư PEM"
        ) from error
    if certificate.public_key() != reply.public_key():
        raise StartRefused(f"{folder / 'reply-certificate.pem'} không đi cùng khóa reply.pem")
    return WorkerKeys(
        codes=_secret(folder / "codes.key"),
        identity=_secret(folder / "identity.key"),
        reply=reply,
        reply_certificate=certificate,
        webhooks=_secret(folder / "webhooks.key"),
        journal=load_journal_key(folder),
    )


def require_valid_now(certificate: Certificate, now: datetime) -> None:
    """Go on only with a certificate under which replies can be signed now (RFC 5280 4.1.2.5).

    Raises:
        StartRefused: it has expired, or is not yet valid.
    """
    begin, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if now > end:
        raise StartRefused(
            f"chứng thư ký bản tin trả lời (reply-certificate.pem) đã hết hạn ngày {end:%d/%m/%Y}: "
            "hãy thay khóa và chứng thư mới"
        )
    if now < begin:
        raise StartRefused(
            "chứng thư ký bản tin trả lời (reply-certificate.pem) chưa có hiệu lực trước ngày "
            f"{begin:%d/%m/%Y}: hãy kiểm tra chứng thư và đồng hồ máy"
        )


def load_journal_key(folder: Path) -> bytes:
    """Read the key of the journal alone, for a command that changes the record.

    Raises:
        StartRefused: the file is absent, unreadable or of the wrong length.
    """
    return _secret(folder / "journal.key")


def load_register_keys(folder: Path) -> RegisterKeys:
    """Read the keys that the register's rows depend on.

    Raises:
        StartRefused: a file is absent, unreadable or of the wrong length.
    """
    return RegisterKeys(
        codes=_secret(folder / "codes.key"), identity=_secret(folder / "identity.key")
    )


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise StartRefused(f"không đọc được tệp khóa {path}: {error.strerror}") from error


def _secret(path: Path) -> bytes:
    value = _read(path)
    if len(value) != SECRET_BYTES:
        raise StartRefused(f"tệp khóa {path} phải có đúng {SECRET_BYTES} byte")
    return value


def _ec_key(path: Path) -> EllipticCurvePrivateKey:
    key = _private_key(path)
    if not isinstance(key, EllipticCurvePrivateKey) or not isinstance(key.curve, SECP256R1):
        raise StartRefused(f"tệp khóa {path} phải chứa khóa EC trên P-256")
    return key


def _rsa_key(path: Path) -> RSAPrivateKey:
    key = _private_key(path)
    if not isinstance(key, RSAPrivateKey):
        raise StartRefused(f"tệp khóa {path} phải chứa khóa RSA")
    return key


def _private_key(path: Path) -> PrivateKeyTypes:
    try:
        return load_pem_private_key(_read(path), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise StartRefused(f"tệp khóa {path} không chứa khóa PEM không mã hóa") from error
