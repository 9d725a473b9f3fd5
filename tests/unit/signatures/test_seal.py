"""Flaws of one signature, tried on the school's: nothing covers it, so no other slot breaks."""

import base64
import hashlib
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from asn1crypto import tsp
from asn1crypto.x509 import GeneralName
from asn1crypto.x509 import Name as AsnName

from app.sandbox.holders import public_name
from app.sandbox.pki import VALID_YEARS, Branch, Flaw, KeyKind, Request, flawed, issue
from app.signatures.canonical import Canonicalization
from app.signatures.certificates import read_certificate
from app.signatures.failure import Failed
from app.signatures.references import resolve_references
from app.signatures.shape import MAX_REFERENCES, read_signature
from app.signatures.writing import (
    Digest,
    Qualification,
    ReferenceToSign,
    SignatureForm,
    Signer,
    signature_xml,
)
from app.transcripts.document import open_document
from app.transcripts.profile import HOC_BA_1_THCS, Role
from tests.scenarios import scenario_of
from tests.verdicts import (
    RECEIVED_AT,
    SEAL,
    STUDENTS,
    Case,
    case_of,
    codes,
    in_slot,
    octets_of,
    registrations_of,
    replaced,
    resealed,
    slot,
)

DS = "http://www.w3.org/2000/09/xmldsig#"
MORE = "http://www.w3.org/2001/04/xmldsig-more#"
SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
C14N = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
TRANSFORM = f'<ds:Transform Algorithm="{C14N}"></ds:Transform>'
SCHOOL = scenario_of(STUDENTS).school


def request(slug: str, **changes: object) -> Request:
    wish = Request(
        slug=slug,
        subject=public_name(SCHOOL.name, uids=("MST:0379000701",)),
        branch=Branch.PUBLIC,
        issued_year=2025,
    )
    return replace(wish, **changes)  # type: ignore[arg-type]  # reason: any field may change


def seal_from(wish: Request) -> Signer:
    return issue(scenario_of(STUDENTS).pki, wish)


def case_with(seal: Signer) -> Case:
    """The shared case, with another certificate of the school registered."""
    return replace(case_of(), registrations=registrations_of(replace(SCHOOL, seal=seal)))


FLAWS = {
    "no_key_info": ("<ds:KeyInfo>.*</ds:KeyInfo>", "", "SIG-210"),
    "two_signature_values": (
        "(<ds:SignatureValue>.*</ds:SignatureValue>)",
        r"\1\1",
        "SIG-210",
    ),
    "empty_object": ("</ds:Signature>", "<ds:Object></ds:Object></ds:Signature>", "SIG-210"),
    "child_after_key_info": (
        "</ds:Signature>",
        "<ds:SignatureValue>AAAA</ds:SignatureValue></ds:Signature>",
        "SIG-210",
    ),
    "no_reference": ("<ds:Reference.*</ds:Reference>", "", "SIG-210"),
    "signature_method_missing": ("<ds:SignatureMethod.*</ds:SignatureMethod>", "", "SIG-210"),
    "algorithm_missing": (f' Algorithm="{MORE}rsa-sha256"', "", "SIG-210"),
    "digest_method_missing": ("<ds:DigestMethod.*</ds:DigestMethod>", "", "SIG-210"),
    "uri_missing": (' URI="#data"', "", "SIG-210"),
    "foreign_transforms_child": (
        re.escape(TRANSFORM),
        f'<ds:DigestMethod Algorithm="{C14N}"/>',
        "SIG-210",
    ),
    "key_value": (
        "(<ds:X509Data>)",
        r"<ds:KeyName>x</ds:KeyName>\1",
        "SIG-310",
    ),
    "no_certificate": ("<ds:X509Certificate>.*</ds:X509Certificate>", "", "SIG-310"),
    "unknown_x509_child": (
        "(<ds:X509Certificate>)",
        r"<ds:X509SKI>AAAA</ds:X509SKI>\1",
        "SIG-210",
    ),
    "issuer_serial_of_another": (
        "(<ds:X509Certificate>)",
        (
            r"<ds:X509IssuerSerial><ds:X509IssuerName>CN=x</ds:X509IssuerName>"
            r"<ds:X509SerialNumber>12345</ds:X509SerialNumber></ds:X509IssuerSerial>\1"
        ),
        "SIG-311",
    ),
    "sha1_signature": (f"{MORE}rsa-sha256", f"{DS}rsa-sha1", "SIG-211"),
    "sha1_digest": (SHA256, f"{DS}sha1", "SIG-211"),
    "hmac": (f"{MORE}rsa-sha256", f"{DS}hmac-sha1", "SIG-211"),
    "ecdsa_with_an_rsa_key": (f"{MORE}rsa-sha256", f"{MORE}ecdsa-sha256", "SIG-211"),
    "c14n_with_comments": (
        f'(<ds:CanonicalizationMethod Algorithm="){C14N}',
        rf"\1{C14N}#WithComments",
        "SIG-211",
    ),
    "transform_with_comments": (
        f'(<ds:Transform Algorithm="){C14N}',
        rf"\1{C14N}#WithComments",
        "SIG-222",
    ),
    "xpath_transform": (
        f'(<ds:Transform Algorithm="){C14N}',
        r"\1http://www.w3.org/TR/1999/REC-xpath-19991116",
        "SIG-222",
    ),
    "transforms_in_the_wrong_order": (
        re.escape(TRANSFORM),
        f'{TRANSFORM}<ds:Transform Algorithm="{DS}enveloped-signature"></ds:Transform>',
        "SIG-222",
    ),
    "prefix_list_on_an_inclusive_method": (
        re.escape(f'<ds:CanonicalizationMethod Algorithm="{C14N}">'),
        (
            f'<ds:CanonicalizationMethod Algorithm="{C14N}"><ec:InclusiveNamespaces '
            'xmlns:ec="http://www.w3.org/2001/10/xml-exc-c14n#" PrefixList="ds"/>'
        ),
        "SIG-211",
    ),
    "external_uri": ("#data", "http://evil.example/x", "SIG-223"),
    "file_uri": ("#data", "file:///etc/passwd", "SIG-223"),
    "whole_document_uri": ("#data", "", "SIG-223"),
    "xpointer_uri": ("#data", "#xpointer(id('data'))", "SIG-223"),
    "unknown_id": ("#data", "#khongco", "SIG-221"),
    "another_element": ("#data", "#thongtinhocba", "SIG-220"),
    "a_subject_line": ("#data", "#mon-15", "SIG-220"),
    "signature_value_not_base64": ("(<ds:SignatureValue>)..", r"\1**", "SIG-212"),
    "signature_value_empty": (
        "<ds:SignatureValue>.*</ds:SignatureValue>",
        "<ds:SignatureValue></ds:SignatureValue>",
        "SIG-212",
    ),
    "digest_value_not_canonical_base64": (
        "(<ds:DigestValue>.{42}).=",
        r"\1B=",
        "SIG-212",
    ),
    "certificate_not_der": (
        "<ds:X509Certificate>.*</ds:X509Certificate>",
        "<ds:X509Certificate>AAAA</ds:X509Certificate>",
        "SIG-310",
    ),
    "certificate_twice": (
        "(<ds:X509Certificate>.*</ds:X509Certificate>)",
        r"\1\1",
        "SIG-310",
    ),
}


@pytest.mark.parametrize("flaw", FLAWS)
def test_a_flawed_signature_is_refused_with_its_code(flaw: str) -> None:
    pattern, replacement, code = FLAWS[flaw]

    def change(octets: bytes) -> bytes:
        return re.sub(pattern, replacement, octets.decode(), count=1, flags=re.DOTALL).encode()

    verdict = case_of().verify(in_slot(case_of().xml, SEAL, change))
    assert verdict.transcript is None
    assert code in codes(verdict)
    assert {f.slot for f in verdict.report.findings} <= {SEAL, None}
    assert slot(verdict, SEAL).code is not None


def test_too_many_references_are_refused_before_work_is_done() -> None:
    def change(octets: bytes) -> bytes:
        (reference,) = re.findall(rb"<ds:Reference.*</ds:Reference>", octets, re.DOTALL)
        return octets.replace(reference, reference * (MAX_REFERENCES + 1))

    assert "SIG-210" in codes(case_of().verify(in_slot(case_of().xml, SEAL, change)))


def test_a_changed_signature_value_is_refused() -> None:
    def change(octets: bytes) -> bytes:
        value = octets.index(b"<ds:SignatureValue>") + 19
        other = b"B" if octets[value : value + 1] == b"A" else b"A"
        return octets[:value] + other + octets[value + 1 :]

    assert codes(case_of().verify(in_slot(case_of().xml, SEAL, change))) == ["SIG-320"]


def test_a_changed_digest_value_breaks_digest_and_value() -> None:
    def change(octets: bytes) -> bytes:
        digest = base64.b64encode(bytes(32))
        return re.sub(rb"(<ds:DigestValue>)[^<]*", rb"\1" + digest, octets)

    assert codes(case_of().verify(in_slot(case_of().xml, SEAL, change))) == ["SIG-300", "SIG-320"]


def test_the_same_reference_twice_is_refused() -> None:
    assert codes(case_of().verify(resealed(case_of().xml, uris=("#data", "#data")))) == ["SIG-220"]


def test_white_space_in_base64_is_no_flaw() -> None:
    def change(octets: bytes) -> bytes:
        return re.sub(
            rb"<ds:SignatureValue>(.{76})", rb"<ds:SignatureValue>\r\n \1&#13;\n", octets, count=1
        )

    assert codes(case_of().verify(in_slot(case_of().xml, SEAL, change))) == []


def test_subject_name_and_issuer_serial_beside_the_certificate_are_no_flaw() -> None:
    report = case_of().verify().report
    signer = next(r.signer for r in report.slots if r.slot == SEAL)
    assert signer is not None
    serial = (
        "<ds:X509SubjectName>CN=x</ds:X509SubjectName>"
        "<ds:X509IssuerSerial><ds:X509IssuerName>CN=x</ds:X509IssuerName><ds:X509SerialNumber>"
        f"{int(signer.serial, 16)}</ds:X509SerialNumber></ds:X509IssuerSerial>"
    )
    xml = in_slot(
        case_of().xml, SEAL, replaced("<ds:X509Certificate>", f"{serial}<ds:X509Certificate>")
    )
    assert codes(case_of().verify(xml)) == []


@pytest.mark.parametrize("digest", Digest)
@pytest.mark.parametrize("canonicalization", Canonicalization)
@pytest.mark.parametrize("kind", [KeyKind.RSA_2048, KeyKind.P256])
def test_every_accepted_algorithm_passes(
    digest: Digest, canonicalization: Canonicalization, kind: KeyKind
) -> None:
    seal = seal_from(request(f"seal-{kind}", key_kind=kind))
    form = SignatureForm(
        canonicalization=canonicalization, digest=digest, signature_digest=digest, line_length=64
    )
    assert codes(case_with(seal).verify(resealed(case_of().xml, seal, form=form))) == []


def test_an_ecdsa_value_in_der_is_refused() -> None:
    seal = seal_from(request("seal-p256", key_kind=KeyKind.P256))
    xml = resealed(case_of().xml, seal)

    def change(octets: bytes) -> bytes:
        value = base64.b64encode(b"0" * 70)
        return re.sub(rb"(<ds:SignatureValue>)[^<]*", rb"\1" + value, octets)

    assert codes(case_with(seal).verify(in_slot(xml, SEAL, change))) == ["SIG-320"]


@pytest.mark.parametrize(
    ("flaw", "code"),
    [
        (Flaw.EXPIRED, "SIG-402"),
        (Flaw.WEAK_KEY, "SIG-312"),
        (Flaw.AUTHORITY, "SIG-401"),
        (Flaw.UNKNOWN_ROOT, "SIG-400"),
    ],
)
def test_an_unfit_certificate_is_refused(flaw: Flaw, code: str) -> None:
    seal = seal_from(flawed(request("seal-flawed"), flaw))
    found = codes(case_with(seal).verify(resealed(case_of().xml, seal)))
    assert found == [code]


def test_a_certificate_that_began_after_the_day_of_issue_is_refused() -> None:
    seal = seal_from(request("seal-late", issued_year=2026))
    case = case_with(seal)
    late = replace(case.context, received_at=datetime(2026, 9, 1, tzinfo=UTC))
    case = replace(case, context=late)
    assert codes(case.verify(resealed(case_of().xml, seal))) == ["SIG-403"]


def test_a_certificate_that_expired_since_the_day_of_issue_is_a_warning() -> None:
    seal = seal_from(request("seal-old", issued_year=2026 - VALID_YEARS))
    case = case_with(seal)
    late = replace(case.context, received_at=datetime(2026, 8, 20, tzinfo=UTC))
    verdict = replace(case, context=late).verify(resealed(case_of().xml, seal))
    assert codes(verdict) == ["SIG-405"]
    assert verdict.transcript is not None
    assert slot(verdict, SEAL).judged_by == "day_of_issue"
    assert [w.code for w in slot(verdict, SEAL).warnings] == ["SIG-405"]


def test_an_unregistered_seal_is_unknown_and_judged_at_receipt() -> None:
    seal = seal_from(request("seal-stranger"))
    verdict = case_of().verify(resealed(case_of().xml, seal))
    assert codes(verdict) == ["SIG-500"]
    assert slot(verdict, SEAL).judged_by == "receipt"


def test_the_principals_certificate_is_no_seal() -> None:
    verdict = case_of().verify(resealed(case_of().xml, SCHOOL.principal.signer))
    assert codes(verdict) == ["SIG-502", "SIG-502"]
    assert {f.slot for f in verdict.report.findings} == {"CBQL", SEAL}


def test_a_signature_in_no_slot_is_refused() -> None:
    xml = case_of().xml
    signature = re.findall(rb"<ds:Signature .*?</ds:Signature>", xml, re.DOTALL)[-1]
    stray = xml.replace(b"</PHAT_HANH_HOC_BA>", signature + b"</PHAT_HANH_HOC_BA>")
    assert "SIG-201" in codes(case_of().verify(stray))


def test_a_second_signature_in_a_slot_is_refused() -> None:
    xml = case_of().xml
    signature = re.findall(rb"<ds:Signature .*?</ds:Signature>", xml, re.DOTALL)[-1]
    twice = xml.replace(b"</KY_PHAT_HANH>", signature + b"</KY_PHAT_HANH>")
    assert "SIG-202" in codes(case_of().verify(twice))
    assert "SIG-201" not in codes(case_of().verify(twice))


def test_a_second_slot_for_the_same_person_is_refused() -> None:
    xml = case_of().xml
    doubled = xml.replace(b"<KY_PHAT_HANH>", b"<KY_PHAT_HANH></KY_PHAT_HANH><KY_PHAT_HANH>")
    assert "SIG-202" in codes(case_of().verify(doubled))


def test_a_slot_of_a_teacher_of_no_subject_is_refused() -> None:
    xml = case_of().xml.replace(b"</DANH_SACH_GVBM>", b'<GVBM Id="900"></GVBM></DANH_SACH_GVBM>')
    verdict = case_of().verify(xml)
    assert ("SIG-201", "GVBM[900]") in [(f.code, f.slot) for f in verdict.report.findings]


# XAdES properties and the plain SigningTime


def qualified(signing_time: datetime) -> bytes:
    return resealed(
        case_of().xml,
        qualification=Qualification(signature_id="ky-phat-hanh", signing_time=signing_time),
    )


DAY = datetime(2026, 6, 10, 9, 0, tzinfo=UTC)


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


def test_a_slot_names_its_role() -> None:
    assert slot(case_of().verify(), SEAL).role is Role.SCHOOL


def with_object(inner: str, *, referenced: str | None) -> bytes:
    """The seal with a plain ds:Object; `referenced` is the Id that a second Reference names."""
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
            for uri in ("data", referenced)
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
def test_a_plain_signing_time_that_is_signed_passes(referenced: str) -> None:
    assert codes(case_of().verify(with_object(PLAIN_TIME, referenced=referenced))) == []


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


def test_a_timestamp_is_reported_as_not_checked() -> None:
    stamp = (
        "<xades:UnsignedProperties><xades:UnsignedSignatureProperties>"
        "<xades:SignatureTimeStamp><xades:EncapsulatedTimeStamp>AAAA</xades:EncapsulatedTimeStamp>"
        "</xades:SignatureTimeStamp></xades:UnsignedSignatureProperties>"
        "</xades:UnsignedProperties></xades:QualifyingProperties>"
    )
    xml = in_slot(qualified(DAY), SEAL, replaced("</xades:QualifyingProperties>", stamp))
    verdict = case_of().verify(xml)
    assert codes(verdict) == []
    assert verdict.report.not_checked == ("SIG-359",)
    assert slot(verdict, SEAL).checks[-1].name == "timestamp"


def test_a_relative_namespace_voids_no_signature() -> None:
    xml = case_of().xml.replace(b"<HOC_BA>", b'<HOC_BA xmlns:x="tuong-doi">')
    found = codes(case_of().verify(xml))
    assert "SIG-130" in found
    assert "SIG-301" in found


def test_two_certificates_of_authorities_are_no_signers() -> None:
    authorities = "".join(
        f"<ds:X509Certificate>{base64.b64encode(der).decode()}</ds:X509Certificate>"
        for der in case_of().trust.anchors[:2]
    )
    pattern = b"<ds:X509Certificate>.*</ds:X509Certificate>"

    def change(octets: bytes) -> bytes:
        return re.sub(pattern, authorities.encode(), octets, flags=re.DOTALL)

    assert codes(case_of().verify(in_slot(case_of().xml, SEAL, change))) == ["SIG-310"]


def test_an_authority_beside_the_signer_is_no_flaw() -> None:
    authority = base64.b64encode(case_of().trust.intermediates[0]).decode()
    first = f"<ds:X509Certificate>{authority}</ds:X509Certificate><ds:X509Certificate>"
    xml = in_slot(case_of().xml, SEAL, replaced("<ds:X509Certificate>", first))
    assert codes(case_of().verify(xml)) == []


def test_a_reference_without_transforms_is_digested_by_plain_c14n() -> None:
    def change(octets: bytes) -> bytes:
        return re.sub(rb"<ds:Transforms>.*?</ds:Transforms>", b"", octets, flags=re.DOTALL)

    # The digest still fits; only SignedInfo itself was changed after signing.
    assert codes(case_of().verify(in_slot(case_of().xml, SEAL, change))) == ["SIG-320"]


def test_a_prefix_list_on_the_exclusive_method_is_read() -> None:
    exclusive = Canonicalization.EXCLUSIVE
    xml = resealed(case_of().xml, form=SignatureForm(canonicalization=exclusive))
    opening = f'<ds:CanonicalizationMethod Algorithm="{exclusive}">'
    prefixes = f'<ec:InclusiveNamespaces xmlns:ec="{exclusive}" PrefixList="ds #default"/>'
    changed = in_slot(xml, SEAL, replaced(opening, opening + prefixes))
    assert codes(case_of().verify(changed)) == ["SIG-320"]


def test_enveloped_is_refused_where_it_would_cut_the_signed_content() -> None:
    xml = case_of().xml
    document = open_document(xml, HOC_BA_1_THCS)
    teacher = next(document.root.iter(f"{{{DS}}}Signature"))
    reference = read_signature(teacher, RECEIVED_AT.date()).references[0]
    outer = replace(reference, uri="#data", enveloped=True)
    with pytest.raises(Failed) as failed:
        resolve_references(
            [outer], ids=document.ids, signature=teacher, groups=[(document.ids["data"],)]
        )
    assert failed.value.code == "SIG-222"


def test_properties_are_read_even_when_the_certificate_is_unfit() -> None:
    def change(octets: bytes) -> bytes:
        pattern = rb"<ds:X509Certificate>.*</ds:X509Certificate>"
        return re.sub(pattern, b"<ds:X509Certificate>AAAA</ds:X509Certificate>", octets)

    assert codes(case_of().verify(in_slot(qualified(DAY), SEAL, change))) == ["SIG-310"]
