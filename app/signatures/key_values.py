"""Public keys that a document states by themselves, without a certificate.

XML Signature 1.1 sections 4.5.2 and 4.5.9: RSA, ECDSA by a named curve and an uncompressed point,
and either as SubjectPublicKeyInfo. Such a key says nothing about whose it is; no transcript may
carry one.
"""

from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    SECP384R1,
    SECP521R1,
    EllipticCurve,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
from lxml import etree

from app.signatures.algorithms import DS, SignatureMethod
from app.signatures.base64 import base64_of, read_base64
from app.signatures.failure import Failed
from app.signatures.key_info import DS11
from app.signatures.public_keys import read_public_key

_DS = f"{{{DS}}}"
_DS11 = f"{{{DS11}}}"
_CURVES: dict[str, EllipticCurve] = {
    "urn:oid:1.2.840.10045.3.1.7": SECP256R1(),
    "urn:oid:1.3.132.0.34": SECP384R1(),
    "urn:oid:1.3.132.0.35": SECP521R1(),
}


def read_key_value(element: etree._Element, method: SignatureMethod) -> object:
    """Build the public key of a `ds:KeyValue` or `dsig11:DEREncodedKeyValue`.

    Raises:
        Failed: SIG-312 another kind of key, another curve, or no key at all.
    """
    if element.tag == f"{_DS11}DEREncodedKeyValue":
        return read_public_key(base64_of(element), method)
    try:
        match list(element):
            case [value] if value.tag == f"{_DS}RSAKeyValue":
                modulus, exponent = (_integer(value, name) for name in ("Modulus", "Exponent"))
                return RSAPublicNumbers(exponent, modulus).public_key()
            case [value] if value.tag == f"{_DS11}ECKeyValue":
                curve = value.find(f"{_DS11}NamedCurve")
                uri = "" if curve is None else curve.get("URI", "")
                point = read_base64(value.findtext(f"{_DS11}PublicKey")) or b""
                return EllipticCurvePublicKey.from_encoded_point(_CURVES[uri], point)
            case _:
                pass
    except (ValueError, KeyError):
        pass
    raise Failed("SIG-312", element)


def _integer(value: etree._Element, name: str) -> int:
    return int.from_bytes(read_base64(value.findtext(f"{_DS}{name}")) or b"")
