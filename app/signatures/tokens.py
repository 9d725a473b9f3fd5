"""One RFC 3161 time-stamp token: what it says, and whether its certificate signed it.

CMS SignedData around a TSTInfo (RFC 3161 section 2.4.2, RFC 5652 section 5), bound to the signer's
certificate by ESSCertID or ESSCertIDv2 (RFC 5035, RFC 5816). Nothing here is about trust.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from asn1crypto import cms, tsp
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512, HashAlgorithm
from cryptography.x509.oid import ExtendedKeyUsageOID

from app.signatures.algorithms import PublicKey
from app.signatures.certificates import accepted_key

MAX_TOKEN_SIZE = 32 * 1024
"""Octets of one token: with five certificates it has 10 KiB."""

MAX_TOKEN_CERTIFICATES = 8
"""Certificates in one token: its authority's path twice over."""

_HASHES: Mapping[str, HashAlgorithm] = {
    "sha256": SHA256(),
    "sha384": SHA384(),
    "sha512": SHA512(),
}


class NoToken(Exception):
    """Octets are no token of the form and with the algorithms that are taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedToken:
    """A token taken apart, nothing verified.

    Attributes:
        info: the TSTInfo, DER.
        at: genTime, aware.
        hash: the function that made the imprint.
        certificate: of its signer, DER.
        for_timestamps: whether that certificate is for time stamps alone, critically (RFC 3161
            section 2.3), and its key one that is accepted.
        attributes: the signed attributes as they were signed.
        stated: the digest of `info` that the attributes state.
        digest: the function for `info` and for the attributes; `method` how they were signed.
    """

    info: bytes
    at: datetime
    hash: str
    imprint: bytes
    certificate: bytes
    key: PublicKey | None
    for_timestamps: bool
    attributes: bytes
    stated: bytes
    digest: str
    method: str
    signature: bytes


def open_token(der: bytes) -> SignedToken:
    """Read a token: one signer, and the certificate that its attributes name.

    Raises:
        NoToken: it is none, is too large, or uses algorithms that are not accepted.
    """
    try:
        return _take_apart(der)
    except Exception as error:  # reason: asn1crypto fails with whatever it stumbles over
        raise NoToken from error


def stamps(token: SignedToken, octets: bytes) -> bool:
    """Say whether a token's imprint is of these octets."""
    return hmac.compare_digest(hashlib.new(token.hash, octets).digest(), token.imprint)


def is_signed(token: SignedToken) -> bool:
    """Say whether the key of the token's certificate signed its attributes, and they the content.

    RSA PKCS#1 v1.5 and ECDSA, which the authorities of the field use.
    """
    stated = hashlib.new(token.digest, token.info).digest()
    if not hmac.compare_digest(stated, token.stated):
        return False
    function = _HASHES[token.digest]
    try:
        if isinstance(token.key, RSAPublicKey):
            if token.method not in {"rsassa_pkcs1v15", f"{token.digest}_rsa"}:
                return False
            token.key.verify(token.signature, token.attributes, PKCS1v15(), function)
            return True
        if token.key is None or token.method != f"{token.digest}_ecdsa":
            return False
        token.key.verify(token.signature, token.attributes, ECDSA(function))
    except InvalidSignature:
        return False
    return True


def _take_apart(der: bytes) -> SignedToken:
    _require(len(der) <= MAX_TOKEN_SIZE)
    content = cms.ContentInfo.load(der, strict=True)
    _require(content["content_type"].native == "signed_data")
    signed = content["content"]
    encapsulated = signed["encap_content_info"]
    _require(encapsulated["content_type"].native == "tst_info")
    octets = bytes(encapsulated["content"])
    info = tsp.TSTInfo.load(octets, strict=True)
    _require(info["version"].native == "v1")
    _require(not any(one["critical"].native for one in info["extensions"]))
    at = info["gen_time"].native
    _require(isinstance(at, datetime) and at.tzinfo is not None)
    [signer] = signed["signer_infos"]
    attributes = _attributes(signer)
    _require(attributes["content_type"].native == "tst_info")
    imprint, certificate = info["message_imprint"], _certificate(signed, signer, attributes)
    return SignedToken(
        info=octets,
        at=at,
        hash=_accepted(imprint["hash_algorithm"]),
        imprint=imprint["hashed_message"].native,
        certificate=certificate,
        key=accepted_key(x509.load_der_x509_certificate(certificate).public_key()),
        for_timestamps=_is_for_timestamps(x509.load_der_x509_certificate(certificate)),
        # Signed as a SET OF, but written with a tag of its own (RFC 5652 section 5.4).
        attributes=b"\x31" + signer["signed_attrs"].dump()[1:],
        stated=attributes["message_digest"].native,
        digest=_accepted(signer["digest_algorithm"]),
        method=signer["signature_algorithm"]["algorithm"].native,
        signature=signer["signature"].native,
    )


def _accepted(algorithm: Any) -> str:
    name: str = algorithm["algorithm"].native
    _require(name in _HASHES)
    return name


def _attributes(signer: Any) -> dict[str, Any]:
    """Read the signed attributes by type, each there once with one value."""
    found: dict[str, Any] = {}
    for attribute in signer["signed_attrs"]:
        kind = attribute["type"].native
        _require(kind not in found)
        [found[kind]] = attribute["values"]
    return found


def _certificate(signed: Any, signer: Any, attributes: Mapping[str, Any]) -> bytes:
    """Find the certificate that the attributes bind and the signer's identifier names."""
    _require(len(signed["certificates"]) <= MAX_TOKEN_CERTIFICATES)
    wanted = signer["sid"].chosen
    for choice in signed["certificates"]:
        certificate = choice.chosen
        der: bytes = certificate.dump()
        named = (
            wanted["issuer"] == certificate.issuer
            and wanted["serial_number"].native == certificate.serial_number
        )
        if named and _binds(attributes, der):
            return der
    raise NoToken


def _binds(attributes: Mapping[str, Any], certificate: bytes) -> bool:
    if "signing_certificate_v2" in attributes:
        named = attributes["signing_certificate_v2"]["certs"][0]
        function = _accepted(named["hash_algorithm"])
    else:
        named, function = attributes["signing_certificate"]["certs"][0], "sha1"
    digest = hashlib.new(function, certificate).digest()
    return hmac.compare_digest(digest, named["cert_hash"].native)


def _is_for_timestamps(certificate: x509.Certificate) -> bool:
    constraints = _extension(certificate, x509.BasicConstraints)
    usage = _extension(certificate, x509.ExtendedKeyUsage)
    return (
        (constraints is None or not constraints.value.ca)
        and usage is not None
        and usage.critical
        and list(usage.value) == [ExtendedKeyUsageOID.TIME_STAMPING]
    )


def _extension(certificate: x509.Certificate, kind: Any) -> Any:
    return next((one for one in certificate.extensions if isinstance(one.value, kind)), None)


def _require(holds: bool) -> None:  # noqa: FBT001 -- reason: the condition itself
    if not holds:
        raise NoToken
