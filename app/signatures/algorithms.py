"""The algorithms that a signature may use, as a table with dates.

Names are those of RFC 9231 and XML Signature 1.1 section 6; what is absent is refused (SHA-1, MD5,
HMAC, DSA, canonicalization with comments, XPath, XSLT).
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any, cast

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.padding import (
    MGF1,
    PSS,
    AsymmetricPadding,
    PKCS1v15,
)
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import (
    SHA1,
    SHA256,
    SHA384,
    SHA512,
    HashAlgorithm,
)
from typing_extensions import TypeIs

DS = "http://www.w3.org/2000/09/xmldsig#"
_MORE = "http://www.w3.org/2001/04/xmldsig-more#"
_MORE_2007 = "http://www.w3.org/2007/05/xmldsig-more#"
_XMLENC = "http://www.w3.org/2001/04/xmlenc#"

ENVELOPED = f"{DS}enveloped-signature"

PublicKey = RSAPublicKey | EllipticCurvePublicKey

_ACCEPTED_SINCE = date(2024, 1, 1)
"""The first school year with signed transcripts (2023-2024) was issued in 2024."""


@cache
def _is_kind_of_rsa(kind: type) -> bool:
    """Ask an abstract class once for each class: it looks through its register each time."""
    return issubclass(kind, RSAPublicKey)


def _is_rsa(key: PublicKey) -> TypeIs[RSAPublicKey]:
    return _is_kind_of_rsa(type(key))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DigestMethod:
    """A digest algorithm and the days of receipt for which it is accepted."""

    new: Callable[..., Any]
    not_before: date = _ACCEPTED_SINCE
    not_after: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SignatureMethod:
    """A signature algorithm and the days of receipt for which it is accepted.

    Attributes:
        padding: for RSA keys; None for elliptic curves.
    """

    hash: HashAlgorithm
    padding: AsymmetricPadding | None
    not_before: date = _ACCEPTED_SINCE
    not_after: date | None = None

    def fits(self, key: PublicKey) -> bool:
        """Say whether a key is of this algorithm's kind."""
        return _is_rsa(key) == (self.padding is not None)


DIGESTS: dict[str, DigestMethod] = {
    f"{_XMLENC}sha256": DigestMethod(new=hashlib.sha256),
    f"{_MORE}sha384": DigestMethod(new=hashlib.sha384),
    f"{_XMLENC}sha512": DigestMethod(new=hashlib.sha512),
}


def _pkcs1(hash_: HashAlgorithm) -> SignatureMethod:
    return SignatureMethod(hash=hash_, padding=PKCS1v15())


def _pss(hash_: HashAlgorithm) -> SignatureMethod:
    padding = PSS(mgf=MGF1(hash_), salt_length=hash_.digest_size)
    return SignatureMethod(hash=hash_, padding=padding)


def _ecdsa(hash_: HashAlgorithm) -> SignatureMethod:
    return SignatureMethod(hash=hash_, padding=None)


SIGNATURES: dict[str, SignatureMethod] = {
    f"{_MORE}rsa-sha256": _pkcs1(SHA256()),
    f"{_MORE}rsa-sha384": _pkcs1(SHA384()),
    f"{_MORE}rsa-sha512": _pkcs1(SHA512()),
    f"{_MORE_2007}sha256-rsa-MGF1": _pss(SHA256()),
    f"{_MORE_2007}sha384-rsa-MGF1": _pss(SHA384()),
    f"{_MORE_2007}sha512-rsa-MGF1": _pss(SHA512()),
    f"{_MORE}ecdsa-sha256": _ecdsa(SHA256()),
    f"{_MORE}ecdsa-sha384": _ecdsa(SHA384()),
    f"{_MORE}ecdsa-sha512": _ecdsa(SHA512()),
}


LEGACY_DIGESTS: dict[str, DigestMethod] = {f"{DS}sha1": DigestMethod(new=hashlib.sha1)}
LEGACY_SIGNATURES: dict[str, SignatureMethod] = {
    f"{DS}rsa-sha1": _pkcs1(SHA1()),  # noqa: S303 -- reason: only for old documents, as said below
    f"{_MORE}ecdsa-sha1": _ecdsa(SHA1()),  # noqa: S303 -- reason: only for old documents, as said below
}
"""SHA-1: never for a transcript, only for old documents that are not of the field."""


def accepted_on(method: DigestMethod | SignatureMethod, day: date) -> bool:
    """Say whether an algorithm is accepted for documents received on a day."""
    return method.not_before <= day and (method.not_after is None or day <= method.not_after)


def verify_value(method: SignatureMethod, key: PublicKey, data: bytes, value: bytes) -> bool:
    """Check a signature value over octets; never raises for a wrong one, nor for another key.

    An ECDSA value is `r || s`, each as long as the group order (RFC 9231 section 2.3.6), not DER.
    """
    try:
        if not method.fits(key):
            return False
        if _is_rsa(key):
            key.verify(value, data, cast("AsymmetricPadding", method.padding), method.hash)
        else:
            half = (key.curve.key_size + 7) // 8
            if len(value) != 2 * half:
                return False
            r, s = int.from_bytes(value[:half]), int.from_bytes(value[half:])
            key.verify(encode_dss_signature(r, s), data, ECDSA(method.hash))
    except (InvalidSignature, ValueError):  # ValueError: an RSA key too short for hash and salt
        return False
    return True
