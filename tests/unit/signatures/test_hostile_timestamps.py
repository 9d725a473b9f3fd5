"""Time stamps that lie (step 15): refused, each for its reason."""

from datetime import UTC, datetime

import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID

from app.sandbox.timestamping import stamper
from app.signatures.report import Outcome
from app.signatures.timestamps import CLOCK_SKEW, MAX_TOKENS
from tests.revocation import (
    DAY,
    HOUR,
)
from tests.stamping import (
    GOOD,
    SCHOOL,
    STAMPED_AT,
    STAMPING,
    TSA,
    Stamper,
    service,
    stamp_with,
    stamped,
    timestamp_of,
    verdict_on,
)
from tests.verdicts import (
    RECEIVED_AT,
    SEAL,
    case_of,
    codes,
    in_slot,
    replaced,
)


def flipped(stamp: Stamper, place: int) -> Stamper:
    def spoil(octets: bytes) -> bytes:
        token = bytearray(stamp(octets))
        token[place] ^= 1
        return bytes(token)

    return spoil


def retimed(octets: bytes) -> bytes:
    """A token whose time was changed after it was signed."""
    before = STAMPED_AT.strftime("%Y%m%d").encode()
    after = (STAMPED_AT - DAY).strftime("%Y%m%d").encode()
    return GOOD(octets).replace(before, after)


HOSTILE: dict[str, tuple[Stamper, str]] = {
    "of another signature": (lambda octets: GOOD(octets + b" "), "SIG-350"),
    "of the future": (stamper(TSA, RECEIVED_AT + CLOCK_SKEW + HOUR), "SIG-351"),
    "of before the certificate": (stamper(TSA, datetime(2024, 1, 1, tzinfo=UTC)), "SIG-351"),
    "garbage": (lambda _: b"AAAA", "SIG-352"),
    "a certificate in its place": (lambda _: TSA.certificate_der, "SIG-352"),
    "cut off": (lambda octets: GOOD(octets)[:-1], "SIG-352"),
    "with something behind it": (lambda octets: GOOD(octets) + b"\0", "SIG-352"),
    "too large": (lambda octets: GOOD(octets) + bytes(40_000), "SIG-352"),
    "with a weak digest": (stamp_with(hash="sha1"), "SIG-352"),
    "without its certificate": (stamp_with(brings=False), "SIG-352"),
    "bound to another certificate": (
        stamp_with(bound_to=SCHOOL.seal.certificate_der),
        "SIG-352",
    ),
    "signed by somebody else": (flipped(GOOD, -1), "SIG-353"),
    "changed after it was signed": (retimed, "SIG-353"),
    "by a teacher": (stamp_with(signer=SCHOOL.teachers[0].signer), "SIG-354"),
    "by a certificate for anything": (stamp_with(signer=service()), "SIG-354"),
    "by a certificate for this too": (
        stamp_with(signer=service(STAMPING, ExtendedKeyUsageOID.CODE_SIGNING)),
        "SIG-354",
    ),
    "by a certificate that does not insist": (
        stamp_with(signer=service(STAMPING, critical=False)),
        "SIG-354",
    ),
    "by a certification authority": (stamp_with(signer=service(STAMPING, ca=True)), "SIG-354"),
}


@pytest.mark.parametrize(("stamp", "code"), HOSTILE.values(), ids=HOSTILE)
def test_a_time_stamp_that_lies_refuses_the_transcript(stamp: Stamper, code: str) -> None:
    verdict = verdict_on(stamp)
    assert codes(verdict) == [code]
    assert verdict.transcript is None
    assert timestamp_of(verdict) == (Outcome.FAILED, code)
    # Also beside a good one.
    assert codes(verdict_on(GOOD, stamp)) == [code]


def test_too_many_time_stamps_are_not_read() -> None:
    assert codes(verdict_on(*[GOOD] * MAX_TOKENS)) == []
    assert codes(verdict_on(*[GOOD] * (MAX_TOKENS + 1))) == ["SIG-352"]


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("<xades:EncapsulatedTimeStamp>", '<xades:EncapsulatedTimeStamp Encoding="{}#DER">', []),
        (
            "<xades:EncapsulatedTimeStamp>",
            '<xades:EncapsulatedTimeStamp Encoding="{}#BER">',
            ["SIG-352"],
        ),
        (
            "<xades:SignatureTimeStamp>",
            '<xades:SignatureTimeStamp><ds:CanonicalizationMethod Algorithm="urn:mau"/>',
            ["SIG-352"],
        ),
        (
            "<xades:SignatureTimeStamp>",
            (
                "<xades:SignatureTimeStamp><ds:CanonicalizationMethod "
                'Algorithm="http://www.w3.org/2006/12/xml-c14n11"/>'
            ),
            [],
        ),
        (
            "<xades:SignatureTimeStamp>",
            (
                "<xades:SignatureTimeStamp><ds:CanonicalizationMethod "
                'Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>'
            ),
            [],
        ),
    ],
)
def test_how_a_token_is_wrapped_is_read_to_the_letter(old: str, new: str, found: list[str]) -> None:
    put = replaced(old, new.format("http://uri.etsi.org/01903/v1.2.2"))
    assert codes(case_of().verify(in_slot(stamped(GOOD), SEAL, put))) == found
