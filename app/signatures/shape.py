"""What one `ds:Signature` says, read against an exact whitelist of its shape (step 7).

XML Signature 1.1 sections 4.2-4.6. The schema has already refused most of what is wrong; this
reader does not rely on it.
"""

import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from lxml import etree

from app.signatures.algorithms import (
    DIGESTS,
    DS,
    ENVELOPED,
    SIGNATURES,
    DigestMethod,
    SignatureMethod,
    accepted_on,
)
from app.signatures.canonical import Canonicalization
from app.signatures.failure import Failed

_ = f"{{{DS}}}"
_CERTIFICATE, _ISSUER_SERIAL, _SUBJECT_NAME = (
    f"{_}X509Certificate",
    f"{_}X509IssuerSerial",
    f"{_}X509SubjectName",
)
_EXCLUSIVE_PREFIXES = f"{{{Canonicalization.EXCLUSIVE}}}InclusiveNamespaces"
_WHITE_SPACE = b" \t\r\n"

MAX_REFERENCES = 64
"""References in one signature: a teacher of every subject at every level has fewer than 40."""

MAX_CERTIFICATES = 5
"""Certificates in one signature: leaf, three intermediates and a root."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """What the signatures of one kind of document may use.

    Attributes:
        canonicalizations: by their URIs.
        key_values: whether the key may stand in `ds:KeyValue`; then names, key identifiers and
            revocation lists in `ds:KeyInfo` are passed over as well, and certificates may lie in
            several `ds:X509Data`.
    """

    digests: Mapping[str, DigestMethod]
    signatures: Mapping[str, SignatureMethod]
    canonicalizations: Mapping[str, Canonicalization]
    key_values: bool = False


FIELD = Dialect(
    digests=DIGESTS,
    signatures=SIGNATURES,
    canonicalizations={method.value: method for method in Canonicalization},
)
"""Transcripts and packages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CanonicalForm:
    """A C14N method and, for the exclusive one, its InclusiveNamespaces prefixes."""

    method: Canonicalization
    prefixes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceParts:
    """One `ds:Reference`."""

    element: etree._Element
    uri: str
    enveloped: bool
    canonicalization: CanonicalForm
    digest: DigestMethod
    digest_value: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureParts:
    """One `ds:Signature`, its text decoded, nothing verified yet.

    Attributes:
        key_values: the `ds:KeyValue` elements, for dialects that take them.
    """

    element: etree._Element
    signed_info: etree._Element
    canonicalization: CanonicalForm
    method: SignatureMethod
    value: bytes
    references: tuple[ReferenceParts, ...]
    certificates: tuple[bytes, ...]
    issuer_serial: etree._Element | None
    key_values: tuple[etree._Element, ...]
    objects: tuple[etree._Element, ...]


def read_signature(
    signature: etree._Element, day: date, dialect: Dialect = FIELD
) -> SignatureParts:
    """Read a signature's parts.

    Args:
        signature: the `ds:Signature` element.
        day: the day of receipt, for which the algorithms must be accepted.
        dialect: what the signature may use.

    Raises:
        Failed: SIG-210 structure, SIG-211 algorithm, SIG-212 base64, SIG-222 transform,
            SIG-310 number of certificates.
    """
    children = list(signature)
    if [child.tag for child in children[:3]] != [
        f"{_}SignedInfo",
        f"{_}SignatureValue",
        f"{_}KeyInfo",
    ]:
        raise Failed("SIG-210", signature)
    signed_info, value, key_info, *objects = children
    for extra in objects:
        if extra.tag != f"{_}Object":
            raise Failed("SIG-210", extra)
    c14n, method, *references = _children(
        signed_info, [f"{_}CanonicalizationMethod", f"{_}SignatureMethod"], rest=f"{_}Reference"
    )
    if not 1 <= len(references) <= MAX_REFERENCES:
        raise Failed("SIG-210", signed_info)
    keys = _read_any_key_info(key_info) if dialect.key_values else _read_key_info(key_info)
    return SignatureParts(
        element=signature,
        signed_info=signed_info,
        canonicalization=read_canonicalization(c14n, dialect, "SIG-211"),
        method=_read_signature_method(method, day, dialect),
        value=_base64(value),
        references=tuple(_read_reference(reference, day, dialect) for reference in references),
        certificates=keys.certificates,
        issuer_serial=keys.issuer_serial,
        key_values=keys.values,
        objects=tuple(objects),
    )


def read_base64(text: str | None) -> bytes | None:
    """Decode base64 strictly but for white space; None when it is not the one true encoding."""
    try:
        packed = (text or "").encode("ascii").translate(None, _WHITE_SPACE)
        decoded = binascii.a2b_base64(packed, strict_mode=True)
    except ValueError:  # a character outside ASCII, or what binascii refuses
        return None
    return decoded if decoded and binascii.b2a_base64(decoded, newline=False) == packed else None


def _base64(element: etree._Element) -> bytes:
    decoded = None if len(element) else read_base64(element.text)
    if decoded is None:
        raise Failed("SIG-212", element, element.text)
    return decoded


def _children(parent: etree._Element, first: Sequence[str], *, rest: str) -> list[etree._Element]:
    children = list(parent)
    tags = [child.tag for child in children]
    if tags[: len(first)] != list(first) or any(tag != rest for tag in tags[len(first) :]):
        raise Failed("SIG-210", parent)
    return children


def _algorithm(element: etree._Element) -> str:
    uri = element.get("Algorithm")
    if uri is None:
        raise Failed("SIG-210", element)
    return uri


def _read_signature_method(element: etree._Element, day: date, dialect: Dialect) -> SignatureMethod:
    uri = _algorithm(element)
    method = dialect.signatures.get(uri)
    if method is None or len(element) or not accepted_on(method, day):
        raise Failed("SIG-211", element, uri)
    return method


def read_canonicalization(element: etree._Element, dialect: Dialect, code: str) -> CanonicalForm:
    """Read a canonicalization method; what the dialect does not take fails with `code`."""
    uri = _algorithm(element)
    method = dialect.canonicalizations.get(uri)
    if method is None:
        raise Failed(code, element, uri)
    match list(element):
        case []:
            return CanonicalForm(method=method)
        case [child] if (
            method is Canonicalization.EXCLUSIVE
            and child.tag == _EXCLUSIVE_PREFIXES
            and not len(child)
        ):
            return CanonicalForm(
                method=method, prefixes=tuple((child.get("PrefixList") or "").split())
            )
        case _:
            raise Failed(code, element, uri)


def _read_reference(element: etree._Element, day: date, dialect: Dialect) -> ReferenceParts:
    children = list(element)
    transforms = list(children.pop(0)) if children and children[0].tag == f"{_}Transforms" else []
    if [child.tag for child in children] != [f"{_}DigestMethod", f"{_}DigestValue"]:
        raise Failed("SIG-210", element)
    method, value = children
    digest = dialect.digests.get(_algorithm(method))
    if digest is None or len(method) or not accepted_on(digest, day):
        raise Failed("SIG-211", method, _algorithm(method))
    uri = element.get("URI")
    if uri is None:
        raise Failed("SIG-210", element)
    enveloped, canonicalization = _read_transforms(transforms, dialect)
    return ReferenceParts(
        element=element,
        uri=uri,
        enveloped=enveloped,
        canonicalization=canonicalization,
        digest=digest,
        digest_value=_base64(value),
    )


def _read_transforms(
    transforms: list[etree._Element], dialect: Dialect
) -> tuple[bool, CanonicalForm]:
    """Take exactly: enveloped-signature or not, then one C14N or none.

    Without one the node-set becomes octets by C14N 1.0 (XML Signature 1.1 section 4.4.3.2).
    """
    for transform in transforms:
        if transform.tag != f"{_}Transform":
            raise Failed("SIG-210", transform)
    rest = list(transforms)
    enveloped = bool(rest) and rest[0].get("Algorithm") == ENVELOPED and not len(rest[0])
    if enveloped:
        rest.pop(0)
    match rest:
        case []:
            return enveloped, CanonicalForm(method=Canonicalization.INCLUSIVE_10)
        case [only]:
            return enveloped, read_canonicalization(only, dialect, "SIG-222")
        case _:
            raise Failed("SIG-222", rest[1], rest[1].get("Algorithm"))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Keys:
    certificates: tuple[bytes, ...]
    issuer_serial: etree._Element | None
    values: tuple[etree._Element, ...] = ()


def _read_key_info(key_info: etree._Element) -> _Keys:
    match list(key_info):
        case [data] if data.tag == f"{_}X509Data":
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
    if known != len(children) or len(serials) > 1:
        raise Failed("SIG-210", data)
    return _Keys(
        certificates=tuple(_base64(element) for element in certificates),
        issuer_serial=serials[0] if serials else None,
    )


def _read_any_key_info(key_info: etree._Element) -> _Keys:
    """Take what carries a key, pass over what only describes one or points to one."""
    values = key_info.findall(f"{_}KeyValue")
    certificates = key_info.findall(f"{_}X509Data/{_}X509Certificate")
    serials = key_info.findall(f"{_}X509Data/{_}X509IssuerSerial")
    carriers = len(values) + len(certificates)
    if len(values) > 1 or not 1 <= carriers <= MAX_CERTIFICATES:
        raise Failed("SIG-310", key_info)
    return _Keys(
        certificates=tuple(_base64(element) for element in certificates),
        issuer_serial=serials[0] if len(serials) == 1 else None,
        values=tuple(values),
    )
