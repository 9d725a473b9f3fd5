"""Whose key a signature is made with, and whether that certificate may sign."""

import base64
import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from app.sandbox.pki import VALID_YEARS, Flaw, KeyKind, flawed
from app.signatures.canonical import Canonicalization
from app.signatures.writing import (
    Digest,
    SignatureForm,
)
from tests.seals import SCHOOL, case_with, request, seal_from
from tests.verdicts import (
    SEAL,
    case_of,
    codes,
    in_slot,
    replaced,
    resealed,
    slot,
)


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
