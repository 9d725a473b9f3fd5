"""Flaws of one signature, tried on the school's: nothing covers it, so no other slot breaks."""

import base64
import re
from dataclasses import replace

import pytest

from app.signatures.canonical import Canonicalization
from app.signatures.certificates import certificate_of
from app.signatures.failure import Failed
from app.signatures.references import resolve_references
from app.signatures.shape import MAX_REFERENCES, read_signature
from app.signatures.writing import (
    SignatureForm,
)
from app.transcripts.document import open_document
from app.transcripts.profile import HOC_BA_1_THCS, Role
from tests.revocation import path_of
from tests.seals import C14N, DS
from tests.verdicts import (
    RECEIVED_AT,
    SEAL,
    case_of,
    codes,
    in_slot,
    replaced,
    resealed,
    slot,
)

MORE = "http://www.w3.org/2001/04/xmldsig-more#"


SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"


TRANSFORM = f'<ds:Transform Algorithm="{C14N}"></ds:Transform>'


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
    "two_issuer_serials": (
        "(<ds:X509Certificate>)",
        2
        * (
            r"<ds:X509IssuerSerial><ds:X509IssuerName>CN=x</ds:X509IssuerName>"
            r"<ds:X509SerialNumber>12345</ds:X509SerialNumber></ds:X509IssuerSerial>"
        )
        + r"\1",
        "SIG-210",
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


def test_a_slot_names_its_role() -> None:
    assert slot(case_of().verify(), SEAL).role is Role.SCHOOL


def test_a_relative_namespace_voids_no_signature() -> None:
    xml = case_of().xml.replace(b"<HOC_BA>", b'<HOC_BA xmlns:x="tuong-doi">')
    found = codes(case_of().verify(xml))
    assert "SIG-130" in found
    assert "SIG-301" in found


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


def test_a_certificate_that_cannot_be_read_beside_the_right_one_is_refused() -> None:
    document = open_document(case_of().xml, HOC_BA_1_THCS)
    teacher = next(document.root.iter(f"{{{DS}}}Signature"))
    parts = read_signature(teacher, RECEIVED_AT.date())
    assert certificate_of(parts).der == parts.certificates[0]
    with pytest.raises(Failed) as failed:
        certificate_of(replace(parts, certificates=(*parts.certificates, b"\x30\x00")))
    assert failed.value.code == "SIG-310"


def test_of_a_whole_chain_the_one_certificate_that_is_no_authority_has_signed() -> None:
    document = open_document(case_of().xml, HOC_BA_1_THCS)
    teacher = next(document.root.iter(f"{{{DS}}}Signature"))
    parts = read_signature(teacher, RECEIVED_AT.date())
    leaf, *above = path_of(parts.certificates[0])
    assert above
    for chain in ([leaf, *above], [*above, leaf]):
        assert certificate_of(replace(parts, certificates=tuple(chain))).der == leaf
