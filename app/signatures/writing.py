"""Writing a `ds:Signature` (XMLDSig 1.1, W3C 2013), plain or with XAdES properties (EN 319 132-1).

The text is in canonical form from the start, so that signing needs no parser: what is signed
differs from what is written by the namespace declarations of the canonical apex alone. The same
input always gives the same octets: RSA PKCS#1 v1.5 has no randomness, ECDSA nonces follow RFC 6979.
"""

import hashlib
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from app.signatures.algorithms import DS, ENVELOPED
from app.signatures.canonical import Canonicalization
from app.transcripts.locations import XADES

SIGNED_PROPERTIES = "http://uri.etsi.org/01903#SignedProperties"
"""Reference/@Type of the reference to the signed properties (EN 319 132-1 clause 4.4.2)."""


class Digest(StrEnum):
    """The hash functions; the values are their digest algorithm URIs (RFC 9231 section 2.1)."""

    SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
    SHA384 = "http://www.w3.org/2001/04/xmldsig-more#sha384"
    SHA512 = "http://www.w3.org/2001/04/xmlenc#sha512"


_HASHES: Mapping[Digest, hashes.HashAlgorithm] = MappingProxyType(
    {
        Digest.SHA256: hashes.SHA256(),
        Digest.SHA384: hashes.SHA384(),
        Digest.SHA512: hashes.SHA512(),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """A key and the certificate that names its holder."""

    key: RSAPrivateKey | EllipticCurvePrivateKey = field(repr=False)
    certificate_der: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureForm:
    """What signing tools choose differently.

    Attributes:
        canonicalization: the method for SignedInfo.
        digest: the hash of the references and of the certificate.
        signature_digest: the hash inside the signature; the key decides between RSA and ECDSA.
        line_length: characters per line of base64; None writes one line.
    """

    canonicalization: Canonicalization = Canonicalization.INCLUSIVE_10
    digest: Digest = Digest.SHA256
    signature_digest: Digest = Digest.SHA256
    line_length: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceToSign:
    """One element to sign.

    Attributes:
        uri: "#" and the Id of the element.
        octets: the element's canonical octets under `canonicalization`.
        enveloped: whether the enveloped-signature transform is written; the signature must stand
            outside the element, so that the transform changes nothing.
    """

    uri: str
    octets: bytes
    canonicalization: Canonicalization
    enveloped: bool = False
    type: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Qualification:
    """What makes a signature a XAdES baseline one: an Id that is its own, and a signing time.

    Attributes:
        signature_id: an NCName that no other element of the document has.
        signing_time: aware; written with its offset, in whole seconds.
        timestamps: each makes a time-stamp token (DER) for octets; level T where there is one.
    """

    signature_id: str
    signing_time: datetime
    timestamps: Sequence[Callable[[bytes], bytes]] = ()


def signature_xml(
    *,
    references: Sequence[ReferenceToSign],
    signer: Signer,
    form: SignatureForm,
    qualification: Qualification | None = None,
    namespaces: Mapping[str | None, str] = MappingProxyType({}),
) -> bytes:
    """Sign elements and return the `ds:Signature`, ready to be put into a document as it is.

    Args:
        references: what to sign, in this order.
        signer: whose key signs; the certificate goes into KeyInfo.
        form: the algorithms and the layout.
        qualification: makes a XAdES signature, with one more reference to its own properties.
        namespaces: prefix → name of every namespace in scope where the signature will stand;
            inclusive canonicalization signs them too.
    """
    all_references = list(references)
    properties = signature_id = ""
    if qualification is not None:
        signature_id = f' Id="{_attribute(qualification.signature_id)}"'
        all_references.append(_own_properties(qualification, signer, form, namespaces))
    method = f'<ds:CanonicalizationMethod Algorithm="{form.canonicalization}">'
    inside = (
        f"{method}</ds:CanonicalizationMethod>"
        f'<ds:SignatureMethod Algorithm="{_method(signer, form)}"></ds:SignatureMethod>'
        + "".join(_reference(reference, form) for reference in all_references)
    )
    apex = _apex({**namespaces, "ds": DS}, ("ds",), form.canonicalization)
    signed = f"<ds:SignedInfo{apex}>{inside}</ds:SignedInfo>".encode()
    value = _base64(_signature_value(signer, form, signed), form)
    if qualification is not None:
        # The imprint is of the canonical ds:SignatureValue (EN 319 132-1 clause 5.3).
        scope = _apex({**namespaces, "ds": DS}, ("ds",), Canonicalization.INCLUSIVE_10)
        stamped = f"<ds:SignatureValue{scope}>{value}</ds:SignatureValue>".encode()
        properties = _object(qualification, signer, form, stamped)
    certificate = _base64(signer.certificate_der, form)
    return (
        f'<ds:Signature xmlns:ds="{DS}"{signature_id}><ds:SignedInfo>{inside}</ds:SignedInfo>'
        f"<ds:SignatureValue>{value}</ds:SignatureValue>"
        f"<ds:KeyInfo><ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate>"
        f"</ds:X509Data></ds:KeyInfo>{properties}</ds:Signature>"
    ).encode()


def _apex(
    namespaces: Mapping[str | None, str], used: Sequence[str], method: Canonicalization
) -> str:
    """Declare on a canonical apex what its method wants there, sorted, the default one first."""
    chosen = {prefix or "": name for prefix, name in namespaces.items()}
    if method is Canonicalization.EXCLUSIVE:
        chosen = {prefix: chosen[prefix] for prefix in used}
    return "".join(
        f' xmlns{":" if prefix else ""}{prefix}="{_attribute(name)}"'
        for prefix, name in sorted(chosen.items())
    )


def _method(signer: Signer, form: SignatureForm) -> str:
    """Name the signature algorithm (RFC 9231 sections 2.3.2 to 2.3.6)."""
    family = "rsa" if isinstance(signer.key, RSAPrivateKey) else "ecdsa"
    name = _HASHES[form.signature_digest].name
    return f"http://www.w3.org/2001/04/xmldsig-more#{family}-{name}"


def _signature_value(signer: Signer, form: SignatureForm, data: bytes) -> bytes:
    """Sign octets; ECDSA as r||s, each as long as the curve's order (RFC 9231 section 2.3.6)."""
    algorithm = _HASHES[form.signature_digest]
    if isinstance(signer.key, RSAPrivateKey):
        return signer.key.sign(data, PKCS1v15(), algorithm)
    der = signer.key.sign(data, ECDSA(algorithm, deterministic_signing=True))
    size = (signer.key.curve.key_size + 7) // 8
    return b"".join(number.to_bytes(size) for number in decode_dss_signature(der))


def _reference(reference: ReferenceToSign, form: SignatureForm) -> str:
    kind = f' Type="{_attribute(reference.type)}"' if reference.type else ""
    enveloped = f'<ds:Transform Algorithm="{ENVELOPED}"></ds:Transform>'
    return (
        f'<ds:Reference{kind} URI="{_attribute(reference.uri)}"><ds:Transforms>'
        f"{enveloped if reference.enveloped else ''}"
        f'<ds:Transform Algorithm="{reference.canonicalization}"></ds:Transform></ds:Transforms>'
        f"{_digest(reference.octets, form)}</ds:Reference>"
    )


def _digest(octets: bytes, form: SignatureForm, declaration: str = "") -> str:
    value = hashlib.new(_HASHES[form.digest].name, octets).digest()
    return (
        f'<ds:DigestMethod{declaration} Algorithm="{form.digest}"></ds:DigestMethod>'
        f"<ds:DigestValue{declaration}>{_base64(value, form)}</ds:DigestValue>"
    )


def _properties_id(qualification: Qualification) -> str:
    return f"{qualification.signature_id}-thuoc-tinh"


def _object(
    qualification: Qualification, signer: Signer, form: SignatureForm, stamped: bytes
) -> str:
    """Write the ds:Object that holds the signed properties, and tokens for the stamped octets."""
    target = _attribute(f"#{qualification.signature_id}")
    inside = _signed_properties(qualification, signer, form)
    return (
        f'<ds:Object><xades:QualifyingProperties xmlns:xades="{XADES}" Target="{target}">'
        f"{inside}{_unsigned_properties(qualification, form, stamped)}"
        "</xades:QualifyingProperties></ds:Object>"
    )


def _unsigned_properties(qualification: Qualification, form: SignatureForm, stamped: bytes) -> str:
    tokens = "".join(
        "<xades:SignatureTimeStamp><xades:EncapsulatedTimeStamp>"
        f"{_base64(stamp(stamped), form)}"
        "</xades:EncapsulatedTimeStamp></xades:SignatureTimeStamp>"
        for stamp in qualification.timestamps
    )
    if not tokens:
        return ""
    return (
        "<xades:UnsignedProperties><xades:UnsignedSignatureProperties>"
        f"{tokens}</xades:UnsignedSignatureProperties></xades:UnsignedProperties>"
    )


def _own_properties(
    qualification: Qualification,
    signer: Signer,
    form: SignatureForm,
    namespaces: Mapping[str | None, str],
) -> ReferenceToSign:
    """Reference the signature's own properties by their canonical octets."""
    scope = {**namespaces, "ds": DS, "xades": XADES}
    apex = _apex(scope, ("xades",), form.canonicalization)
    # The exclusive method declares ds: only where it is first used, which is on each digest.
    inner = f' xmlns:ds="{DS}"' if form.canonicalization is Canonicalization.EXCLUSIVE else ""
    return ReferenceToSign(
        uri=f"#{_properties_id(qualification)}",
        octets=_signed_properties(qualification, signer, form, apex, inner).encode(),
        canonicalization=form.canonicalization,
        type=SIGNED_PROPERTIES,
    )


def _signed_properties(
    qualification: Qualification,
    signer: Signer,
    form: SignatureForm,
    apex: str = "",
    inner: str = "",
) -> str:
    """Write SigningTime and SigningCertificateV2 (EN 319 132-1 clauses 5.2.1 and 5.2.2)."""
    return (
        f'<xades:SignedProperties{apex} Id="{_attribute(_properties_id(qualification))}">'
        "<xades:SignedSignatureProperties><xades:SigningTime>"
        f"{qualification.signing_time.isoformat(timespec='seconds')}</xades:SigningTime>"
        "<xades:SigningCertificateV2><xades:Cert><xades:CertDigest>"
        f"{_digest(signer.certificate_der, form, inner)}</xades:CertDigest></xades:Cert>"
        "</xades:SigningCertificateV2></xades:SignedSignatureProperties></xades:SignedProperties>"
    )


def _base64(value: bytes, form: SignatureForm) -> str:
    text = b64encode(value).decode()
    if form.line_length is None:
        return text
    starts = range(0, len(text), form.line_length)
    return "\n".join(text[start : start + form.line_length] for start in starts)


def _attribute(value: str) -> str:
    """Escape a value for a canonical attribute (Canonical XML 1.0 section 2.3)."""
    return value.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
