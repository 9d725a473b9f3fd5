"""Certificates that the sandbox does not issue, because no real authority would."""

from datetime import UTC, datetime
from typing import Literal

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from app.sandbox.pki import Branch, Pki

NAME = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Lê Văn Mẫu")])


def odd_certificate(
    pki: Pki,
    *,
    usage: Literal["encipherment"] | None = None,
    key: CertificatePublicKeyTypes | None = None,
    name: x509.Name = NAME,
) -> bytes:
    """A leaf of the public branch without basic constraints and with an odd usage or key."""
    issuer = pki.issuers[Branch.PUBLIC].issuer
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer.name)
        .public_key(key or ec.generate_private_key(ec.SECP256R1()).public_key())
        .serial_number(4711)
        .not_valid_before(datetime(2025, 8, 1, tzinfo=UTC))
        .not_valid_after(datetime(2027, 8, 1, tzinfo=UTC))
    )
    if usage is not None:
        builder = builder.add_extension(
            x509.KeyUsage(
                digital_signature=False,
                content_commitment=False,
                key_encipherment=True,
                data_encipherment=True,
                key_agreement=False,
                key_cert_sign=False,
                crl_sign=False,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
    return builder.sign(issuer.key, SHA256()).public_bytes(Encoding.DER)


def odd_keys() -> dict[str, CertificatePublicKeyTypes]:
    """Public keys of kinds that no signature of the field may have."""
    return {
        "ed25519": ed25519.Ed25519PrivateKey.generate().public_key(),
        "dsa": dsa.generate_private_key(2048).public_key(),
        "secp256k1": ec.generate_private_key(ec.SECP256K1()).public_key(),
    }
