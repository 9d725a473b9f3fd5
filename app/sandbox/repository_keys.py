"""Keys for a repository of one's own, for a demonstration or a first installation.

What `app.keys` reads: seven files in one folder.
"""

import os
import secrets
import tempfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as new_ec_key
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as new_rsa_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from app.errors import StartRefused
from app.keys import SECRET_BYTES
from app.sandbox.certificates import Blank, Issuer, certify
from app.sandbox.holders import authority_name
from app.sandbox.keys import EXPONENT, KeyStore
from app.sandbox.stream import Stream

FILES = (
    "tokens.pem",
    "reply.pem",
    "reply-certificate.pem",
    "codes.key",
    "identity.key",
    "webhooks.key",
    "journal.key",
)
"""What a complete folder holds."""
REPLY_KEY_BITS = 3072
"""Receipts of replies are kept for decades: 128-bit strength (NIST SP 800-57 part 1 table 2)."""
REPLY_CERTIFICATE_LIFE = timedelta(days=3650)
"""How long the self-signed certificate stands: a sandbox outlives no decade."""


def make_repository_keys(folder: Path, *, today: date, keys: KeyStore | None = None) -> None:
    """Write the repository's keys into a folder that does not have them yet; mode 0600.

    A complete folder is left as it is: new keys would give old transcripts new codes. The folder
    appears whole or not at all; a crash leaves only a hidden sibling that nobody reads.

    Args:
        folder: absent, empty or complete.
        today: the reply certificate begins on this day.
        keys: derive everything from this store's seed; None draws fresh random keys.

    Raises:
        StartRefused: the folder holds some of the files, but not all.
    """
    present = [name for name in FILES if (folder / name).exists()]
    if len(present) == len(FILES):
        return
    if present:
        raise StartRefused(
            f"thư mục {folder} chỉ còn {', '.join(present)}: hãy khôi phục các tệp khóa còn lại"
        )
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".keys-") as temporary:
        whole = Path(temporary) / "keys"
        whole.mkdir(mode=0o700)
        for name, content in _contents(today, keys):
            _write(whole / name, content)
        _sync(whole)
        # Replaces an absent or empty folder only: POSIX refuses to rename over a filled one.
        whole.rename(folder)
    _sync(folder.parent)


def _contents(today: date, keys: KeyStore | None) -> tuple[tuple[str, bytes], ...]:
    tokens, reply = _pairs(keys)
    codes, identity, webhooks, journal = _secrets(keys)
    begin = datetime(today.year, today.month, today.day, tzinfo=UTC)
    name = authority_name("Kho học bạ số MẪU", "Bộ Giáo dục và Đào tạo (thử nghiệm)")
    blank = Blank(
        subject=name,
        public_key=reply.public_key(),
        begin=begin,
        end=begin + REPLY_CERTIFICATE_LIFE,
    )
    certificate = certify(blank, Issuer(slug="kho-hoc-ba", name=name, key=reply))
    return (
        ("tokens.pem", _pem(tokens)),
        ("reply.pem", _pem(reply)),
        ("reply-certificate.pem", certificate.public_bytes(Encoding.PEM)),
        ("codes.key", codes),
        ("identity.key", identity),
        ("webhooks.key", webhooks),
        ("journal.key", journal),
    )


def _pairs(keys: KeyStore | None) -> tuple[EllipticCurvePrivateKey, RSAPrivateKey]:
    if keys is None:
        return new_ec_key(SECP256R1()), new_rsa_key(EXPONENT, REPLY_KEY_BITS)
    return keys.p256("repository-tokens"), keys.rsa("repository-reply")


def _secrets(keys: KeyStore | None) -> tuple[bytes, bytes, bytes, bytes]:
    """Draw the secrets, in the order in which a seed has always given them."""
    draw = secrets.token_bytes if keys is None else Stream(keys.seed, "repository-secrets").octets
    return draw(SECRET_BYTES), draw(SECRET_BYTES), draw(SECRET_BYTES), draw(SECRET_BYTES)


def _pem(key: RSAPrivateKey | EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _write(path: Path, content: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(handle)


def _sync(folder: Path) -> None:
    """Make the names in a folder survive a power cut: transcripts hang on these keys."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
