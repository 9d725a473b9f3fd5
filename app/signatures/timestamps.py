"""What the time-stamp tokens with a signature prove (step 15).

`xades:SignatureTimeStamp` is XAdES 1.3.2 section 7.3 (ETSI EN 319 132-1 clause 5.3), a token is RFC
3161 section 2.4.2 with the binding of RFC 5816. A token stands in unsigned properties: anybody can
add one, so what is broken, foreign or out of order refuses the transcript, and what is sound but
not by an authority that the bundle leads to simply does not count.

asn1crypto reads and cryptography verifies; the path to the pinned root and its revocation are ours,
because rfc3161-client, which leaves both to OpenSSL, knows no revocation and gives no reasons. It
must agree on each token that counts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from lxml import etree
from rfc3161_client import VerifierBuilder, decode_timestamp_response

from app.signatures.algorithms import DS
from app.signatures.base64 import read_base64
from app.signatures.canonical import Canonicalization
from app.signatures.failure import Failed
from app.signatures.paths import check_tsa_path
from app.signatures.references import OctetCache
from app.signatures.revocation import PROVISIONAL, Times, check_revocation
from app.signatures.shape import (
    FIELD,
    PLAIN_FORMS,
    CanonicalForm,
    SignatureParts,
    read_canonicalization,
)
from app.signatures.tokens import NoToken, is_signed, open_token, stamps
from app.signatures.trust import TrustSnapshot
from app.transcripts.locations import XADES

OTHER_OCTETS = "SIG-350"
OUT_OF_ORDER = "SIG-351"
UNREADABLE = "SIG-352"
NOT_SIGNED = "SIG-353"
NO_AUTHORITY = "SIG-354"
NOT_COUNTED = "SIG-355"

MAX_TOKENS = 4
"""Tokens of one signature: one in practice, two where an authority is being replaced."""

CLOCK_SKEW = timedelta(minutes=10)
"""A time-stamping authority's clock may be this much ahead of ours."""

_DER = "http://uri.etsi.org/01903/v1.2.2#DER"
"""What EncapsulatedTimeStamp/@Encoding may say; it means the same when absent."""

_, _XADES = f"{{{DS}}}", f"{{{XADES}}}"
_GRANTED = bytes.fromhex("3003020100")
"""PKIStatusInfo of a granted request: what rfc3161-client reads is a whole response."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A token that stamps this very signature value, signed by the certificate that it brings.

    Attributes:
        at: genTime, aware.
        authority: the certificate of whoever signed it, DER; nothing vouches for it yet.
        imprint: the digest that it stamps.
    """

    at: datetime
    authority: bytes
    imprint: bytes
    der: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What all tokens of a signature come to.

    Attributes:
        at: the earliest time that one of them proves; None when none counts.
        codes: SIG-355 some token does not count; SIG-412 or SIG-413 the one that does, counts
            provisionally.
    """

    at: datetime | None
    codes: tuple[str, ...]


def read_tokens(
    elements: Sequence[etree._Element],
    parts: SignatureParts,
    octets: OctetCache,
    times: tuple[datetime | None, datetime],
) -> tuple[Token, ...]:
    """Read the tokens of a signature and hold them to its value and to the order of events.

    Args:
        elements: the xades:SignatureTimeStamp elements.
        parts: the signature.
        octets: of its document.
        times: the begin of the signer's certificate where there is one, and the receipt, between
            which the signature was stamped.

    Raises:
        Failed: SIG-350 of other octets, SIG-351 before the certificate or after the receipt,
            SIG-352 unreadable, too large or with algorithms that are not accepted, SIG-353 not
            signed by its certificate, SIG-354 whose certificate is not one for time stamps alone.
    """
    if len(elements) > MAX_TOKENS:
        raise Failed(UNREADABLE, elements[MAX_TOKENS])
    value = next(child for child in parts.element if child.tag == f"{_}SignatureValue")
    begin, received_at = times
    tokens = []
    for element in elements:
        token = _read_token(element, octets.of(value, _form(element)))
        too_early = begin is not None and token.at < begin
        if too_early or token.at > received_at + CLOCK_SKEW:
            raise Failed(OUT_OF_ORDER, element, token.at.isoformat())
        tokens.append(token)
    return tuple(tokens)


def weigh_tokens(
    tokens: Sequence[Token], trust: TrustSnapshot, received_at: datetime
) -> Proof | None:
    """Say what time tokens prove by authorities that the bundle leads to; None without tokens.

    Of several that count, one whose authority is known not to be revoked goes before the earlier.
    """
    if not tokens:
        return None
    weighed = [(_weigh(token, trust, received_at), token.at) for token in tokens]
    counted = [(code or "", at) for code, at in weighed if code != NOT_COUNTED]
    left_out = (NOT_COUNTED,) if len(counted) < len(weighed) else ()
    if not counted:
        return Proof(at=None, codes=left_out)
    code, at = min(counted, key=lambda one: (one[0] != "", one[1]))
    return Proof(at=min(at, received_at), codes=(*filter(None, (code,)), *left_out))


def _weigh(token: Token, trust: TrustSnapshot, received_at: datetime) -> str | None:
    """Give None for a token that counts, SIG-355, or why it counts only provisionally."""
    path = check_tsa_path(token.authority, trust, token.at)
    if not path.passed or not _agrees(token, path.certificates):
        return NOT_COUNTED
    # A revoked authority's key may have stamped an earlier time (RFC 3161 section 4 item 1), and
    # lists seldom say why: whatever the reason, its tokens then prove nothing.
    times = Times(judged_at=token.at, received_at=received_at, attested=False)
    code = check_revocation(path.certificates, trust, times)
    return code if code is None or code in PROVISIONAL else NOT_COUNTED


def _agrees(token: Token, path: Sequence[bytes]) -> bool:
    """Ask rfc3161-client, and OpenSSL below it, about the same token and the same path."""
    leaf, *between, anchor = (x509.load_der_x509_certificate(der) for der in path)
    verifier = VerifierBuilder(tsa_certificate=leaf, intermediates=between, roots=[anchor]).build()
    whole = _GRANTED + token.der
    head = b"\x30\x82" + len(whole).to_bytes(2)
    try:
        return verifier.verify(decode_timestamp_response(head + whole), token.imprint)
    except Exception:  # noqa: BLE001 -- reason: an engine that stumbles does not agree
        return False


def _form(element: etree._Element) -> CanonicalForm:
    method = element.find(f"{_}CanonicalizationMethod")
    if method is None:
        return PLAIN_FORMS[Canonicalization.INCLUSIVE_10]
    return read_canonicalization(method, FIELD, UNREADABLE)


def _read_token(element: etree._Element, value: bytes) -> Token:
    """Read one token and hold it to the canonical octets of the signature value."""
    holder = element.find(f"{_XADES}EncapsulatedTimeStamp")
    readable = holder is not None and holder.get("Encoding", _DER) == _DER
    der = read_base64(holder.text) if holder is not None and readable else None
    try:
        token = open_token(der or b"")
    except NoToken:
        raise Failed(UNREADABLE, element) from None
    if not stamps(token, value):
        raise Failed(OTHER_OCTETS, element)
    if not token.for_timestamps:
        raise Failed(NO_AUTHORITY, element)
    if der is None or not is_signed(token):
        raise Failed(NOT_SIGNED, element)
    return Token(at=token.at, authority=token.certificate, imprint=token.imprint, der=der)
