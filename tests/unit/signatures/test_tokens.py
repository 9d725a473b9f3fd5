"""Reading a time-stamp token: octets from anywhere lead to a token or to `NoToken`."""

import hashlib
from collections.abc import Callable
from contextlib import suppress

import pytest
from asn1crypto import cms
from hypothesis import given
from hypothesis import strategies as st

from app.signatures.tokens import MAX_TOKEN_CERTIFICATES, NoToken, is_signed, open_token, stamps
from tests.stamping import GOOD, SCHOOL, STAMPED_AT, TSA

TOKEN = GOOD(b"mau")


@given(st.binary(max_size=300))
def test_no_octets_raise_anything_else(octets: bytes) -> None:
    with pytest.raises(NoToken):
        open_token(octets)


@given(st.integers(0, len(TOKEN) - 1), st.integers(1, 255))
def test_a_changed_octet_never_makes_another_statement(place: int, change: int) -> None:
    octets = bytearray(TOKEN)
    octets[place] ^= change
    with suppress(NoToken):
        token = open_token(bytes(octets))
        said = token.at, token.imprint, token.certificate
        same = said == (STAMPED_AT, hashlib.sha256(b"mau").digest(), TSA.certificate_der)
        assert same or not (is_signed(token) and stamps(token, b"mau") and token.for_timestamps)


def changed(name: str, value: object) -> bytes:
    """The token with one part of its SignedData replaced."""
    content = cms.ContentInfo.load(TOKEN)
    content["content"][name] = value
    octets: bytes = content.dump(force=True)
    return octets


def signer(**parts: object) -> bytes:
    """The token with parts of its SignerInfo replaced."""
    made = cms.ContentInfo.load(TOKEN)["content"]["signer_infos"][0].copy()
    for name, value in parts.items():
        made[name] = value
    return changed("signer_infos", [made])


def attribute(kind: str, *values: object) -> cms.CMSAttribute:
    return cms.CMSAttribute({"type": kind, "values": list(values)})


def with_attributes(*added: cms.CMSAttribute, but: str = "") -> bytes:
    attributes = cms.ContentInfo.load(TOKEN)["content"]["signer_infos"][0]["signed_attrs"]
    kept = [one for one in attributes if one["type"].native != but]
    return signer(signed_attrs=[*kept, *added])


def old_binding(digest: bytes) -> bytes:
    """The token with ESSCertID, SHA-1, in place of ESSCertIDv2."""
    named = attribute("signing_certificate", {"certs": [{"cert_hash": digest}]})
    return with_attributes(named, but="signing_certificate_v2")


MANY = [
    cms.CertificateChoices(
        name="certificate", value=cms.Certificate.load(SCHOOL.seal.certificate_der)
    )
] * (MAX_TOKEN_CERTIFICATES + 1)

NO_TOKENS: dict[str, Callable[[], bytes]] = {
    "other content": lambda: cms.ContentInfo({"content_type": "data", "content": b""}).dump(),
    "no TSTInfo inside": lambda: changed(
        "encap_content_info", {"content_type": "data", "content": b"mau"}
    ),
    "no signer": lambda: changed("signer_infos", []),
    "too many certificates": lambda: changed("certificates", MANY),
    "another content signed": lambda: with_attributes(
        attribute("content_type", "data"), but="content_type"
    ),
    "an attribute twice": lambda: with_attributes(attribute("message_digest", bytes(32))),
    "an attribute with two values": lambda: with_attributes(
        attribute("message_digest", bytes(32), bytes(31)), but="message_digest"
    ),
    "no digest of the content": lambda: with_attributes(but="message_digest"),
    "bound to nothing": lambda: with_attributes(but="signing_certificate_v2"),
    "bound to another certificate in the old form": lambda: old_binding(bytes(20)),
    "a time of no zone": lambda: TOKEN.replace(b"20260628080000Z", b"202606280800.00"),
    "another number": lambda: signer(
        sid=cms.SignerIdentifier(
            name="issuer_and_serial_number",
            value=cms.IssuerAndSerialNumber(
                {
                    "issuer": cms.Certificate.load(TSA.certificate_der).issuer,
                    "serial_number": 7,
                }
            ),
        )
    ),
}


def test_the_token_says_its_time() -> None:
    assert TOKEN.count(b"20260628080000Z") == 1
    assert open_token(TOKEN).at == STAMPED_AT


@pytest.mark.parametrize("make", NO_TOKENS.values(), ids=NO_TOKENS)
def test_a_token_of_another_form_is_none(make: Callable[[], bytes]) -> None:
    with pytest.raises(NoToken):
        open_token(make())


def test_the_old_binding_is_read_too() -> None:
    digest = hashlib.sha1(TSA.certificate_der).digest()  # noqa: S324 -- reason: what RFC 3161 knew
    assert open_token(old_binding(digest)).certificate == TSA.certificate_der
