"""Signatures in any XML document, without a profile and without a decision about trust.

The core below the profile, public inside the program so that it can be held against the corpora
that the world tests such engines with. What the field refuses for its own reasons (comments, other
vocabularies, the enveloped transform around a signature) is taken here and done right; what an
attacker needs (DTD, XPath, XSLT, external references, ambiguous Ids) is refused here too.

XML Signature 1.1 (W3C 2013) sections 3.2 and 4.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from lxml import etree

from app.signatures.algorithms import DS, SIGNATURES, verify_value
from app.signatures.certificates import accepted_key
from app.signatures.dialects import DOCUMENTS, LEGACY_DOCUMENTS
from app.signatures.failure import Failed
from app.signatures.judgement import VIETNAM
from app.signatures.key_certificates import KeyCertificate, key_certificate
from app.signatures.key_values import read_key_value
from app.signatures.properties import XADES, check_binding
from app.signatures.public_keys import read_public_key
from app.signatures.shape import Dialect, ReferenceParts, SignatureParts, read_signature
from app.signatures.targets import Targets
from app.transcripts.finding import DocumentRefused
from app.transcripts.foreign import read_foreign_xml

MAX_SIGNATURES = 64
"""Signatures checked in one document: more than any form that people sign has."""

_UNWRITABLE_NAMESPACE = re.compile(rb"""xmlns(?::[^\s=<>"']+)?\s*=\s*(?:"[^"<]*&|'[^'<]*&)""")
"""Namespace names that libxml2 canonicalizes without escaping them."""

Scope = Literal["full", "partial", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceResult:
    """One `ds:Reference`.

    Attributes:
        uri: as it stands there.
        target_path: XPath of the element that it names, the document element for the whole
            document (a step is `*` where a default namespace applies); None when it names none.
        digest_ok: whether the digest is that of the target.
    """

    uri: str
    target_path: str | None
    digest_ok: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureResult:
    """One `ds:Signature`.

    Attributes:
        code: the catalogue code of the first step that failed, None when all passed.
        references: in document order; empty when the signature's shape cannot be read.
        scope: "full" when a reference names the document element or the whole document, "partial"
            when all name less, "none" when they name nothing that is there. It says nothing about
            the digests.
        certificate_sha256: of the certificate that the key comes from, in hexadecimal; None when
            there is none or none can be chosen.
    """

    code: str | None
    references: tuple[ReferenceResult, ...] = ()
    scope: Scope = "none"
    certificate_sha256: str | None = None

    @property
    def passed(self) -> bool:
        """Whether every reference and the signature value are good."""
        return self.code is None


def verify_xmldsig(
    document: bytes, *, at: datetime, allow_legacy: bool = False
) -> list[SignatureResult]:
    """Verify every `ds:Signature` of an XML document, in document order; never raises.

    The key comes from KeyInfo, and no trust in it is decided. A reference names the whole document
    or one element, by an Id that no other element has under any spelling of the attribute.

    Args:
        document: untrusted bytes.
        at: the time for which algorithms must be accepted, aware.
        allow_legacy: take SHA-1, RSA from 1024 bits, bare keys in KeyInfo and references to "" too.

    Returns:
        One result for each signature; none for a document without a signature. A document that is
        refused as a whole (SIG-110, SIG-111, SIG-120, SIG-121, SIG-130) has one failed result.
    """
    try:
        root = read_foreign_xml(document)
    except DocumentRefused as refused:
        return [SignatureResult(code=refused.findings[0].code)]
    if _UNWRITABLE_NAMESPACE.search(document):
        return [SignatureResult(code="SIG-130")]
    signatures = list(root.iter(f"{{{DS}}}Signature"))
    if len(signatures) > MAX_SIGNATURES:
        return [SignatureResult(code="SIG-121")]
    targets = Targets(root, document, whole=allow_legacy)
    dialect = LEGACY_DOCUMENTS if allow_legacy else DOCUMENTS
    day = at.astimezone(VIETNAM).date()
    return [_check(signature, targets, dialect, day) for signature in signatures]


def verify_raw(algorithm_uri: str, spki_der: bytes, data: bytes, signature_value: bytes) -> bool:
    """Check a signature value with a public key; never raises, whatever the octets are.

    Args:
        algorithm_uri: a signature algorithm of the field (`algorithms.SIGNATURES`).
        spki_der: the key as SubjectPublicKeyInfo, of the kinds and sizes of the field.
        data: the octets that were signed.
        signature_value: as in `ds:SignatureValue`, for ECDSA `r || s`.
    """
    method = SIGNATURES.get(algorithm_uri)
    if method is None:
        return False
    key = accepted_key(read_public_key(spki_der, method))
    return key is not None and verify_value(method, key, data, signature_value)


def _check(
    signature: etree._Element, targets: Targets, dialect: Dialect, day: date
) -> SignatureResult:
    try:
        return _check_parts(read_signature(signature, day, dialect), targets, dialect)
    except Failed as failed:
        return SignatureResult(code=failed.code)
    except Exception:  # noqa: BLE001 -- reason: fail closed, nothing unforeseen may pass
        return SignatureResult(code="SIG-999")


def _check_parts(parts: SignatureParts, targets: Targets, dialect: Dialect) -> SignatureResult:
    """Run the checks that do not need one another; the lowest code is that of the first step."""
    codes: list[str] = []
    references, named = [], []
    for reference in parts.references:
        target = None
        before = len(codes)
        try:
            target = targets.of(reference)
            named.append(target)
            targets.check_digest(reference, target, parts.element)
        except Failed as failed:
            codes.append(failed.code)
        references.append(_result(reference, target, digest_ok=len(codes) == before))
    certificate = None
    try:
        certificate = key_certificate(parts)
        _check_value(parts, certificate, targets, dialect)
    except Failed as failed:
        codes.append(failed.code)
    return SignatureResult(
        code=min(codes, default=None),
        references=tuple(references),
        scope=_scope(named, targets.root),
        certificate_sha256=None if certificate is None else certificate.sha256,
    )


def _result(
    reference: ReferenceParts, target: etree._Element | None, *, digest_ok: bool
) -> ReferenceResult:
    path = None if target is None else target.getroottree().getpath(target)
    return ReferenceResult(uri=reference.uri, target_path=path, digest_ok=digest_ok)


def _scope(named: Sequence[etree._Element], root: etree._Element) -> Scope:
    if any(target is root for target in named):
        return "full"
    return "partial" if named else "none"


def _check_value(
    parts: SignatureParts, certificate: KeyCertificate | None, targets: Targets, dialect: Dialect
) -> None:
    """Check the signature value with the key of KeyInfo, and what binds the certificate to it.

    Raises:
        Failed: SIG-211 the key is of another kind than the algorithm; SIG-311 another certificate
            or key is named as well; SIG-312 weak key; SIG-320 wrong value.
    """
    key_info = parts.key_info
    keys = [read_key_value(value, parts.method) for value in parts.key_values]
    if certificate is not None:
        for holder in parts.objects:
            for qualifying in holder.findall(f"{{{XADES}}}QualifyingProperties"):
                check_binding(qualifying, certificate)
        keys.append(read_public_key(certificate.spki, parts.method))
    if any(key != keys[0] for key in keys):
        raise Failed("SIG-311", key_info)
    key = accepted_key(keys[0], legacy=dialect.key_values)
    if key is None:
        raise Failed("SIG-312", key_info)
    if not parts.method.fits(key):
        raise Failed("SIG-211", parts.signed_info)
    signed = targets.octets(parts.signed_info, parts.canonicalization)
    if not verify_value(parts.method, key, signed, parts.value):
        raise Failed("SIG-320", parts.element)
