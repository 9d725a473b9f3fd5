"""Signing the text of a SignedInfo that was changed by hand."""

import re
from base64 import b64encode

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256

from app.sandbox.signing import NotReady
from app.signatures.algorithms import DS

_INFO = re.compile(rb"<ds:SignedInfo>.*?</ds:SignedInfo>", re.DOTALL)
_VALUE = re.compile(rb"(<ds:SignatureValue>)[^<]*")


def resigned(text: bytes, key: RSAPrivateKey) -> bytes:
    """Sign the first SignedInfo of a text and put the value after it.

    Raises:
        NotReady: the text holds no signature.
    """
    info = _INFO.search(text)
    if info is None:
        raise NotReady("ds:SignedInfo")
    opening = f'<ds:SignedInfo xmlns:ds="{DS}">'.encode()
    octets = info[0].replace(b"<ds:SignedInfo>", opening, 1)
    value = b64encode(key.sign(octets, PKCS1v15(), SHA256()))
    return _VALUE.sub(rb"\g<1>" + value, text, count=1)
