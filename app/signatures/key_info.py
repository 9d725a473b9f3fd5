"""What `ds:KeyInfo` holds: certificates, in foreign documents bare keys too (step 11).

XML Signature 1.1 section 4.5.
"""

from dataclasses import dataclass
from functools import lru_cache

from lxml import etree

from app.signatures.algorithms import DS
from app.signatures.base64 import read_base64
from app.signatures.failure import Failed

_ = f"{{{DS}}}"
DS11 = "http://www.w3.org/2009/xmldsig11#"
_X509_DATA, _CERTIFICATE, _ISSUER_SERIAL, _SUBJECT_NAME = (
    f"{_}X509Data",
    f"{_}X509Certificate",
    f"{_}X509IssuerSerial",
    f"{_}X509SubjectName",
)

MAX_CERTIFICATES = 5
"""Certificates in one signature: leaf, three intermediates and a root."""

MAX_CERTIFICATE_TEXT = 12 * 1024
"""Characters of one certificate in base64, white space included: real ones have 2,000 to 4,000, and
caches keep thousands."""

_CACHE_SIZE = 4096
"""Certificates kept decoded, as many as are kept parsed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """What may hold the key: certificates in DER, elements that state a bare one."""

    certificates: tuple[bytes, ...]
    issuer_serial: etree._Element | None
    values: tuple[etree._Element, ...] = ()


def read_key_info(key_info: etree._Element, *, descriptions: bool = False) -> Keys:
    """Take one `ds:X509Data` with certificates, one IssuerSerial at most, and names.

    Args:
        key_info: the `ds:KeyInfo`.
        descriptions: whether what only describes a certificate (key identifiers, revocation lists,
            digests) is passed over.

    Raises:
        Failed: SIG-210 something else, SIG-212 base64, SIG-310 none or too many certificates, or
            one that is too long.
    """
    match list(key_info):
        case [data] if data.tag == _X509_DATA:
            pass
        case _:
            raise Failed("SIG-310", key_info)
    # Children by their tags: the paths of `findall` cost three times as much as decoding.
    children = list(data)
    certificates = [child for child in children if child.tag == _CERTIFICATE]
    serials = [child for child in children if child.tag == _ISSUER_SERIAL]
    names = [child for child in children if child.tag == _SUBJECT_NAME]
    known = len(certificates) + len(serials) + len(names)
    if not 1 <= len(certificates) <= MAX_CERTIFICATES:
        raise Failed("SIG-310", key_info)
    if (known != len(children) and not descriptions) or len(serials) > 1:
        raise Failed("SIG-210", data)
    return Keys(
        certificates=tuple([_certificate(element) for element in certificates]),
        issuer_serial=serials[0] if serials else None,
    )


def read_any_key_info(key_info: etree._Element) -> Keys:
    """Take what carries a key, pass over what only describes one or points to one.

    Raises:
        Failed: SIG-212 base64, SIG-310 no key, too many, or one that is too long.
    """
    values = key_info.findall(f"{_}KeyValue") + key_info.findall(f"{{{DS11}}}DEREncodedKeyValue")
    certificates = key_info.findall(f"{_}X509Data/{_}X509Certificate")
    serials = key_info.findall(f"{_}X509Data/{_}X509IssuerSerial")
    carriers = len(values) + len(certificates)
    if len(values) > 1 or not 1 <= carriers <= MAX_CERTIFICATES:
        raise Failed("SIG-310", key_info)
    return Keys(
        certificates=tuple([_certificate(element) for element in certificates]),
        issuer_serial=serials[0] if len(serials) == 1 else None,
        values=tuple(values),
    )


@lru_cache(maxsize=_CACHE_SIZE)
def _decoded(text: str) -> bytes | None:
    """Decode a certificate; a class has about 15, which its documents repeat."""
    return read_base64(text)


def _certificate(element: etree._Element) -> bytes:
    text = element.text or ""
    if len(text) > MAX_CERTIFICATE_TEXT:
        raise Failed("SIG-310", element)
    octets = None if len(element) else _decoded(text)
    if octets is None:
        raise Failed("SIG-212", element, text)
    return octets
