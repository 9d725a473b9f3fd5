"""What one `ds:Signature` says, read against an exact whitelist of its shape (step 7).

XML Signature 1.1 sections 4.2-4.6. The schema has already refused most of what is wrong; this
reader does not rely on it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from lxml import etree

from app.engine import quick
from app.signatures.algorithms import (
    DIGESTS,
    DS,
    ENVELOPED,
    SIGNATURES,
    DigestMethod,
    SignatureMethod,
    accepted_on,
)
from app.signatures.base64 import base64_of
from app.signatures.canonical import Canonicalization
from app.signatures.failure import Failed
from app.signatures.key_info import read_any_key_info, read_key_info

_ = f"{{{DS}}}"
_SIGNED_INFO, _SIGNATURE_VALUE, _KEY_INFO = f"{_}SignedInfo", f"{_}SignatureValue", f"{_}KeyInfo"
_OBJECT, _REFERENCE, _TRANSFORMS = f"{_}Object", f"{_}Reference", f"{_}Transforms"
_METHODS = [f"{_}CanonicalizationMethod", f"{_}SignatureMethod"]
_TRANSFORM, _DIGEST_METHOD, _DIGEST_VALUE = (
    f"{_}Transform",
    f"{_}DigestMethod",
    f"{_}DigestValue",
)
_FIRST_CHILDREN = [_SIGNED_INFO, _SIGNATURE_VALUE, _KEY_INFO]
_EXCLUSIVE_PREFIXES = f"{{{Canonicalization.EXCLUSIVE}}}InclusiveNamespaces"
MAX_REFERENCES = 64
"""References in one signature: a teacher of every subject at every level has fewer than 40."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CanonicalForm:
    """A C14N method and, for the exclusive one, its InclusiveNamespaces prefixes.

    Caches find forms by identity: of each there is one.
    """

    method: Canonicalization
    prefixes: tuple[str, ...] = ()


PLAIN_FORMS = {method: CanonicalForm(method=method) for method in Canonicalization}
"""Every method without a list of prefixes."""


@lru_cache(maxsize=256)
def _exclusive_form(prefix_list: str) -> CanonicalForm:
    prefixes = tuple(prefix_list.split())
    return CanonicalForm(method=Canonicalization.EXCLUSIVE, prefixes=prefixes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """What the signatures of one kind of document may use.

    Attributes:
        canonicalizations: the plain forms by the URIs of their methods.
        descriptions: whether `ds:X509Data` may hold key identifiers and revocation lists too.
        key_values: whether the key may stand there bare, in `ds:KeyValue`; then names in
            `ds:KeyInfo` are passed over as well, and certificates may lie in several `ds:X509Data`.
    """

    digests: Mapping[str, DigestMethod]
    signatures: Mapping[str, SignatureMethod]
    canonicalizations: Mapping[str, CanonicalForm]
    descriptions: bool = False
    key_values: bool = False


FIELD = Dialect(
    digests=DIGESTS,
    signatures=SIGNATURES,
    canonicalizations={method.value: form for method, form in PLAIN_FORMS.items()},
)
"""Transcripts and packages."""


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceParts:
    """One `ds:Reference`."""

    element: etree._Element
    uri: str
    enveloped: bool
    canonicalization: CanonicalForm
    digest: DigestMethod
    digest_value: bytes


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureParts:
    """One `ds:Signature`, its text decoded, nothing verified yet.

    Attributes:
        key_values: the elements that state bare keys, for dialects that take them.
    """

    element: etree._Element
    signed_info: etree._Element
    key_info: etree._Element
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
    if [child.tag for child in children[:3]] != _FIRST_CHILDREN:
        raise Failed("SIG-210", signature)
    signed_info, value, key_info, *objects = children
    for extra in objects:
        if extra.tag != _OBJECT:
            raise Failed("SIG-210", extra)
    c14n, method, *references = _signed_info_children(signed_info)
    keys = (
        read_any_key_info(key_info)
        if dialect.key_values
        else read_key_info(key_info, descriptions=dialect.descriptions)
    )
    return SignatureParts(
        element=signature,
        signed_info=signed_info,
        key_info=key_info,
        canonicalization=read_canonicalization(c14n, dialect, "SIG-211"),
        method=_read_signature_method(method, day, dialect),
        value=base64_of(value),
        references=tuple([_read_reference(reference, day, dialect) for reference in references]),
        certificates=keys.certificates,
        issuer_serial=keys.issuer_serial,
        key_values=keys.values,
        objects=tuple(objects),
    )


def _signed_info_children(signed_info: etree._Element) -> list[etree._Element]:
    children = list(signed_info)
    tags = [child.tag for child in children]
    references = tags[2:]
    if tags[:2] != _METHODS or not 1 <= len(references) <= MAX_REFERENCES:
        raise Failed("SIG-210", signed_info)
    if references.count(_REFERENCE) != len(references):
        raise Failed("SIG-210", signed_info)
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
    form = dialect.canonicalizations.get(uri)
    if form is None:
        raise Failed(code, element, uri)
    match list(element):
        case []:
            return form
        case [child] if (
            form.method is Canonicalization.EXCLUSIVE
            and child.tag == _EXCLUSIVE_PREFIXES
            and not len(child)
        ):
            return _exclusive_form(child.get("PrefixList") or "")
        case _:
            raise Failed(code, element, uri)


def _read_reference(element: etree._Element, day: date, dialect: Dialect) -> ReferenceParts:
    children = list(element)
    transforms = list(children.pop(0)) if children and children[0].tag == _TRANSFORMS else []
    if [child.tag for child in children] != [_DIGEST_METHOD, _DIGEST_VALUE]:
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
        digest_value=base64_of(value),
    )


def _read_transforms(
    transforms: list[etree._Element], dialect: Dialect
) -> tuple[bool, CanonicalForm]:
    """Take exactly: enveloped-signature or not, then one C14N or none.

    Without one the node-set becomes octets by C14N 1.0 (XML Signature 1.1 section 4.4.3.2).
    """
    for transform in transforms:
        if transform.tag != _TRANSFORM:
            raise Failed("SIG-210", transform)
    rest = list(transforms)
    enveloped = bool(rest) and rest[0].get("Algorithm") == ENVELOPED and not len(rest[0])
    if enveloped:
        rest.pop(0)
    match rest:
        case []:
            return enveloped, PLAIN_FORMS[Canonicalization.INCLUSIVE_10]
        case [only]:
            return enveloped, read_canonicalization(only, dialect, "SIG-222")
        case _:
            raise Failed("SIG-222", rest[1], rest[1].get("Algorithm"))
