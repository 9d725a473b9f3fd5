"""What a signature says of itself: XAdES properties and the plain SigningTime."""

import base64
import hashlib
import re
from datetime import UTC, datetime, timedelta

import pytest
from asn1crypto import tsp
from asn1crypto.x509 import GeneralName
from asn1crypto.x509 import Name as AsnName

from app.signatures.canonical import Canonicalization
from app.signatures.certificates import read_certificate
from app.signatures.writing import (
    ReferenceToSign,
    SignatureForm,
    signature_xml,
)
from tests.seals import DAY, DS, SCHOOL, qualified
from tests.verdicts import (
    RECEIVED_AT,
    SEAL,
    case_of,
    codes,
    in_slot,
    octets_of,
    replaced,
)


def test_a_xades_signature_passes() -> None:
    assert codes(case_of().verify(qualified(DAY))) == []


def test_a_signing_time_seven_hours_ahead_is_a_known_habit_of_tools() -> None:
    assert codes(case_of().verify(qualified(RECEIVED_AT + timedelta(hours=7)))) == []


def test_a_signing_time_after_receipt_is_refused() -> None:
    assert codes(case_of().verify(qualified(RECEIVED_AT + timedelta(days=1)))) == ["SIG-340"]


def test_a_signing_time_outside_the_certificate_is_a_warning() -> None:
    verdict = case_of().verify(qualified(datetime(1990, 1, 1, tzinfo=UTC)))
    assert codes(verdict) == ["SIG-341"]
    assert verdict.transcript is not None


@pytest.mark.parametrize(
    ("pattern", "replacement", "code"),
    [
        (r'Target="#ky-phat-hanh"', 'Target="#ky-khac"', "SIG-210"),
        (r"<xades:SigningTime>[^<]*", "<xades:SigningTime>hôm qua", "SIG-210"),
        (
            r"(<xades:SigningTime>.*</xades:SigningTime>)",
            r"\1\1",
            "SIG-210",
        ),
        (
            r"(<xades:SignedProperties.*</xades:SignedProperties>)",
            r"\1\1",
            "SIG-210",
        ),
        (r"(<xades:CertDigest>.*<ds:DigestValue>)...", r"\1AAA", "SIG-311"),
        (r"<xades:Cert>.*</xades:Cert>", "", "SIG-311"),
        (
            r'Type="http://uri.etsi.org/01903#SignedProperties" URI="[^"]*"',
            'URI="#data"',
            "SIG-220",
        ),
    ],
)
def test_flawed_properties_are_refused(pattern: str, replacement: str, code: str) -> None:
    def change(octets: bytes) -> bytes:
        return re.sub(pattern, replacement, octets.decode(), count=1, flags=re.DOTALL).encode()

    verdict = case_of().verify(in_slot(qualified(DAY), SEAL, change))
    assert code in codes(verdict)
    assert verdict.transcript is None


def test_properties_that_no_reference_covers_are_refused() -> None:
    unsigned = case_of().xml
    properties = re.search(rb"<ds:Object>.*</ds:Object>", qualified(DAY), re.DOTALL)
    assert properties is not None
    xml = in_slot(
        unsigned,
        SEAL,
        lambda octets: octets.replace(
            b"</ds:Signature>", properties[0] + b"</ds:Signature>"
        ).replace(b"<ds:Signature ", b'<ds:Signature Id="ky-phat-hanh" '),
    )
    verdict = case_of().verify(xml)
    assert codes(verdict) == ["SIG-220"]
    finding = verdict.report.findings[0]
    assert finding.value is not None
    assert finding.value.startswith("#")


def with_object(inner: str, *, referenced: str | None, first: bool = False) -> bytes:
    """The seal with a plain ds:Object; `referenced` is the Id that another Reference names.

    `first` puts that one before the Reference to the data.
    """
    xml = case_of().xml
    block = f'<ds:Object xmlns:ds="{DS}" Id="ky-o">{inner}</ds:Object>'
    if referenced is None:
        return in_slot(xml, SEAL, replaced("</ds:Signature>", f"{block}</ds:Signature>"))
    seal = SCHOOL.seal
    held = xml.replace(b"</KY_PHAT_HANH>", f"{block}</KY_PHAT_HANH>".encode())
    signature = signature_xml(
        references=[
            ReferenceToSign(
                uri=f"#{uri}",
                octets=octets_of(held, uri, Canonicalization.EXCLUSIVE),
                canonicalization=Canonicalization.EXCLUSIVE,
            )
            for uri in ((referenced, "data") if first else ("data", referenced))
        ],
        signer=seal,
        form=SignatureForm(),
    ).replace(b"</ds:Signature>", f"{block}</ds:Signature>".encode())
    return in_slot(xml, SEAL, lambda _: b"<KY_PHAT_HANH>" + signature + b"</KY_PHAT_HANH>")


PLAIN_TIME = (
    '<ds:SignatureProperties Id="ky-p"><ds:SignatureProperty Target="#ky" Id="ky-t">'
    "<SigningTime>2026-06-10T09:00:00</SigningTime>"
    "</ds:SignatureProperty></ds:SignatureProperties>"
)


@pytest.mark.parametrize("referenced", ["ky-o", "ky-p", "ky-t"])
@pytest.mark.parametrize("first", [False, True])
def test_a_plain_signing_time_that_is_signed_passes(referenced: str, first: bool) -> None:  # noqa: FBT001 -- a parameter of the test
    verdict = case_of().verify(with_object(PLAIN_TIME, referenced=referenced, first=first))
    assert codes(verdict) == []
    # Whatever else is signed, and in which order: the content is read from the data.
    assert verdict.transcript == case_of().verify().transcript


def test_a_plain_signing_time_that_nobody_signed_is_refused() -> None:
    assert codes(case_of().verify(with_object(PLAIN_TIME, referenced=None))) == ["SIG-220"]


def with_properties(change: tuple[str, str]) -> list[str]:
    """The codes of a XAdES seal whose own properties are changed before they are signed."""
    return codes(case_of().verify(in_slot(qualified(DAY), SEAL, replaced(*change))))


def issuer_serial_v2(serial: int, issuer: bytes) -> str:
    value = tsp.IssuerSerial(
        {
            "issuer": [GeneralName("directory_name", AsnName.load(issuer))],
            "serial_number": serial,
        }
    )
    return base64.b64encode(value.dump()).decode()


def test_issuer_and_serial_must_be_those_of_the_certificate() -> None:
    certificate = read_certificate(SCHOOL.seal.certificate_der)
    assert certificate is not None
    other = read_certificate(SCHOOL.principal.signer.certificate_der)
    assert other is not None
    right = issuer_serial_v2(certificate.serial, certificate.issuer_der)
    wrong_serial = issuer_serial_v2(other.serial, certificate.issuer_der)
    wrong_issuer = issuer_serial_v2(certificate.serial, other.issuer_der)
    tag = "<xades:IssuerSerialV2>{}</xades:IssuerSerialV2></xades:Cert>"
    for value, bound in (
        (right, True),
        (wrong_serial, False),
        (wrong_issuer, False),
        ("AAAA", False),
        ("MAMCAQE=", False),
        ("", False),
    ):
        found = with_properties(("</xades:Cert>", tag.format(value)))
        assert ("SIG-311" in found) is not bound
        assert found  # the properties were changed after signing


def test_the_old_form_of_the_binding_is_held_to_the_certificate_too() -> None:
    certificate = read_certificate(SCHOOL.seal.certificate_der)
    assert certificate is not None
    digest = base64.b64encode(hashlib.sha1(certificate.der).digest()).decode()  # noqa: S324 -- reason: what old tools write
    form = (
        "<xades:SigningCertificate><xades:Cert><xades:CertDigest>"
        f'<ds:DigestMethod Algorithm="{{}}"/><ds:DigestValue>{digest}</ds:DigestValue>'
        "</xades:CertDigest><xades:IssuerSerial><ds:X509IssuerName>CN=x</ds:X509IssuerName>"
        "<ds:X509SerialNumber>{}</ds:X509SerialNumber></xades:IssuerSerial>"
        "</xades:Cert></xades:SigningCertificate><xades:SigningCertificateV2>"
    )
    sha1, md5 = f"{DS}sha1", "http://www.w3.org/2001/04/xmldsig-more#md5"
    for algorithm, serial, bound in (
        (sha1, certificate.serial, True),
        (sha1, certificate.serial + 1, False),
        (md5, certificate.serial, False),
    ):
        found = with_properties(("<xades:SigningCertificateV2>", form.format(algorithm, serial)))
        assert ("SIG-311" in found) is not bound


def test_properties_are_read_even_when_the_certificate_is_unfit() -> None:
    def change(octets: bytes) -> bytes:
        pattern = rb"<ds:X509Certificate>.*</ds:X509Certificate>"
        return re.sub(pattern, b"<ds:X509Certificate>AAAA</ds:X509Certificate>", octets)

    assert codes(case_of().verify(in_slot(qualified(DAY), SEAL, change))) == ["SIG-310"]
