"""The parts of a plain signature, read by the C engine; its twin `shape` says what fails."""

from collections.abc import Mapping
from datetime import date

from lxml import etree

from app.engine import Reference, native
from app.signatures.algorithms import DIGESTS, SIGNATURES, accepted_on
from app.signatures.canonical import Canonicalization
from app.signatures.key_info import MAX_CERTIFICATE_TEXT, MAX_CERTIFICATES
from app.signatures.shape import (
    MAX_REFERENCES,
    PLAIN_FORMS,
    CanonicalForm,
    ReferenceParts,
    SignatureParts,
)

_FORMS: Mapping[str | None, CanonicalForm] = {
    **{method.value: form for method, form in PLAIN_FORMS.items()},
    None: PLAIN_FORMS[Canonicalization.INCLUSIVE_10],
}
"""As in `FIELD`, and what a reference means that names no form."""


def read_plain_signature(signature: etree._Element, day: date) -> SignatureParts | None:
    """Read a signature of the field that has no prefix lists and no X509IssuerSerial.

    The parts are those that `read_signature` reads, but that references and KeyInfo name the whole
    signature as their element: where a later check fails, `read_signature` must read it anew.

    Args:
        signature: the `ds:Signature` element.
        day: the day of receipt, for which the algorithms must be accepted.

    Returns:
        None where `read_signature` must decide.
    """
    engine = native()
    if engine is None or not isinstance(signature, engine.element):
        return None
    found = engine.signature(signature, MAX_REFERENCES, MAX_CERTIFICATES, MAX_CERTIFICATE_TEXT)
    if found is None:
        return None
    (signed_info, *objects), c14n, uri, value, stated, certificates = found
    form, method = _FORMS.get(c14n), SIGNATURES.get(uri)
    if form is None or method is None or not accepted_on(method, day):
        return None
    references = []
    for each in stated:
        reference = _reference(signature, each, day)
        if reference is None:
            return None
        references.append(reference)
    return SignatureParts(
        element=signature,
        signed_info=signed_info,
        key_info=signature,
        canonicalization=form,
        method=method,
        value=value,
        references=tuple(references),
        certificates=certificates,
        issuer_serial=None,
        key_values=(),
        objects=tuple(objects),
    )


def _reference(signature: etree._Element, stated: Reference, day: date) -> ReferenceParts | None:
    uri, enveloped, c14n, digest_uri, digest_value = stated
    form, digest = _FORMS.get(c14n), DIGESTS.get(digest_uri)
    if form is None or digest is None or not accepted_on(digest, day):
        return None
    return ReferenceParts(
        element=signature,
        uri=uri,
        enveloped=enveloped,
        canonicalization=form,
        digest=digest,
        digest_value=digest_value,
    )
