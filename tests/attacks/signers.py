"""A9, A10 and A20: whose certificate it is, and what lies around it."""

import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from app.sandbox.school import SyntheticSchool, make_school
from app.sandbox.signing import Signers, sign_transcript
from app.sandbox.transcript_writer import write_transcript
from app.signatures.algorithms import DS
from app.signatures.writing import Qualification, Signer
from tests.attacks import certificates
from tests.attacks.attack import Attack
from tests.attacks.keys import MORE
from tests.attacks.victims import Edit, Victim, victim, victims, year_of
from tests.scenarios import scenario_of
from tests.verdicts import STUDENTS, case_of, registrations_of, resealed

CERTIFICATE = "<ds:X509Certificate>.*</ds:X509Certificate>"
_METHOD = '(<ds:SignatureMethod Algorithm=")[^"]*'
_SIGNED_AT = datetime(2026, 6, 10, 2, 0, tzinfo=UTC)


def bindings() -> Iterator[Attack]:
    """A9: the signed properties, or X509IssuerSerial, name another certificate."""
    school = victim("school")
    honest = Qualification(signature_id="ky-phat-hanh", signing_time=_SIGNED_AT)
    twin = replace(school, xml=resealed(school.xml, qualification=honest))
    key, own = school.signer.key, school.signer.certificate_der
    others = {
        "another-signer": scenario_of(STUDENTS).school.principal.signer.certificate_der,
        "an-authority": case_of().trust.intermediates[0],
        "the-same-key-under-another-name": certificates.with_subject(own, "Trường Mẫu Khác"),
        "nothing": b"",
    }
    for name, other in others.items():
        signer = Signer(key=key, certificate_der=other)
        bound = replace(school, xml=resealed(school.xml, signer, qualification=honest))
        yield Attack(
            name=f"properties-that-name-{name}",
            twin=twin.xml,
            hostile=bound.edited((CERTIFICATE, certificates_xml(own))),
            codes=("SIG-311",),
            at=school.slot,
            verify=school.verify,
        )
    renamed = others["the-same-key-under-another-name"]
    known = certificates.registered(renamed)
    yield Attack(
        name="certificate-swapped-for-one-of-the-same-key",
        twin=twin.xml,
        hostile=twin.edited((CERTIFICATE, certificates_xml(renamed))),
        codes=("SIG-311",),
        at=school.slot,
        verify=school.judged_by(registrations=known).verify,
    )
    yield Attack(
        name="certificate-swapped-for-an-unregistered-one-of-the-same-key",
        twin=school.xml,
        hostile=school.edited((CERTIFICATE, certificates_xml(renamed))),
        codes=("SIG-500",),
        at=school.slot,
        verify=school.verify,
    )
    for one in victims():
        for name, number in (("another", "12345"), ("no", "0"), ("a-longer", "9" * 60)):
            serial = (
                "<ds:X509IssuerSerial><ds:X509IssuerName>CN=x</ds:X509IssuerName>"
                f"<ds:X509SerialNumber>{number}</ds:X509SerialNumber></ds:X509IssuerSerial>"
            )
            xml = one.edited(("<ds:X509Certificate>", f"{serial}<ds:X509Certificate>"))
            yield _attack(one, f"issuer-serial-of-{name}-certificate", xml, "SIG-311")


def key_infos() -> Iterator[Attack]:
    """A10: other keys than the certificate's, several signers, thousands of certificates."""
    stranger = scenario_of(STUDENTS).pki.anchors[0].issuer
    value = (
        "<ds:KeyValue><ds:RSAKeyValue>"
        f"<ds:Modulus>{_number(stranger.key)}</ds:Modulus><ds:Exponent>AQAB</ds:Exponent>"
        "</ds:RSAKeyValue></ds:KeyValue>"
    )
    retrieval = f'<ds:RetrievalMethod URI="http://127.0.0.1:9/khoa" Type="{DS}X509Data"/>'
    other = certificates_xml(certificates.seal().certificate_der)
    start, end = "<ds:X509Data>", "</ds:X509Data>"
    cases: dict[str, tuple[Edit, tuple[str, ...]]] = {
        "key-value-before": ((start, value + start), ("SIG-310", "SIG-140")),
        "key-value-after": ((end, end + value), ("SIG-310", "SIG-140")),
        "key-value-alone": ((f"{start}.*{end}", value), ("SIG-310", "SIG-140")),
        "key-name": ((start, f"<ds:KeyName>Mẫu</ds:KeyName>{start}"), ("SIG-310", "SIG-140")),
        "retrieval-method": ((start, retrieval + start), ("SIG-310", "SIG-140")),
        "another-signer-before": ((start, start + other), ("SIG-310",)),
        "another-signer-after": ((end, other + end), ("SIG-310",)),
        "its-certificate-twice": ((f"({CERTIFICATE})", r"\1\1"), ("SIG-310",)),
        "two-x509-data": ((end, f"{end}{start}{other}{end}"), ("SIG-310", "SIG-140")),
        "six-certificates": ((end, other * 5 + end), ("SIG-310",)),
        "five-thousand-certificates": (
            (end, "<ds:X509Certificate>AAAA</ds:X509Certificate>" * 5000 + end),
            ("SIG-121",),
        ),
        "certificate-with-trailing-octets": (
            ("(<ds:X509Certificate>)([^<]*)", _with_trailing_octets),
            ("SIG-310",),
        ),
        "certificate-in-pem": (
            ("(<ds:X509Certificate>)", r"\1-----BEGIN CERTIFICATE-----"),
            ("SIG-212",),
        ),
        "certificate-empty": (("(<ds:X509Certificate>)[^<]*", r"\1"), ("SIG-212",)),
        "crl-beside": ((end, f"<ds:X509CRL>AAAA</ds:X509CRL>{end}"), ("SIG-210", "SIG-140")),
    }
    for one in victims():
        for name, (edit, codes) in cases.items():
            yield Attack(
                name=f"{name}-{one.role}",
                twin=one.xml,
                hostile=one.edited(edit),
                codes=codes,
                at="" if codes == ("SIG-121",) else one.slot,
                verify=one.verify,
            )


def _with_trailing_octets(match: re.Match[str]) -> str:
    return match[1] + b64encode(b64decode(match[2]) + b"\x00").decode()


def foreign_signers() -> Iterator[Attack]:
    """A20: valid certificates of people who may not sign there."""
    scenario = scenario_of(STUDENTS)
    elsewhere = make_school(scenario.pki, issued_year=2025, code="79000702", name="Trường Mẫu Hai")
    here = scenario.school
    known = (*case_of().registrations, *registrations_of(elsewhere))
    signers = {
        "principal-elsewhere": (elsewhere.principal.signer, ("SIG-503",)),
        "school-elsewhere": (elsewhere.seal, ("SIG-503",)),
        "unregistered-stranger": (certificates.seal(), ("SIG-500",)),
        "teacher": (_another_teacher(here), ("SIG-500",)),
    }
    for one in victims():
        registered_role = one.role in {"principal", "school", "package"}
        for name, (signer, codes) in signers.items():
            judged = one if one.role == "package" else one.judged_by(registrations=known)
            expected = codes if registered_role else ("SIG-501",)
            if one.role == "package" and codes == ("SIG-503",):
                expected = ("SIG-500",)  # nobody said which school's certificate that is
            yield Attack(
                name=f"{name}-signs-for-{one.role}",
                twin=one.xml,
                hostile=one.resigned(*_by(signer), signer=signer),
                codes=expected,
                at=one.slot,
                verify=judged.verify,
            )
    for role, signer, code in (
        ("teacher", here.seal, "SIG-502"),
        ("homeroom", here.seal, "SIG-502"),
        ("homeroom", here.principal.signer, "SIG-502"),
        ("principal", here.seal, "SIG-502"),
        ("school", here.principal.signer, "SIG-502"),
        ("package", here.principal.signer, "SIG-501"),
    ):
        one = victim(role)
        by = "the-school" if signer is here.seal else "the-principal"
        xml = one.resigned(*_by(signer), signer=signer)
        yield _attack(one, f"{by}-signs-for", xml, code)
    yield from _everywhere()
    yield from _registrations()


def _everywhere() -> Iterator[Attack]:
    """One certificate in all slots."""
    one, here = victim("school"), scenario_of(STUDENTS).school
    empty = write_transcript(year_of())
    for by, signer in (
        ("the-school", here.seal),
        ("the-principal", here.principal.signer),
        ("one-teacher", year_of().homeroom.signer),
    ):
        signers = Signers(teacher=_always(signer), principal=signer, school=signer)
        yield Attack(
            name=f"{by}-signs-in-all-slots",
            twin=one.xml,
            hostile=sign_transcript(empty, signers),
            codes=("SIG-502",),
            at=one.slot,
            verify=one.verify,
        )


def _always(signer: Signer) -> Callable[[str, str], Signer]:
    """Let the same person sign whoever a slot names."""
    return lambda *_: signer


def _registrations() -> Iterator[Attack]:
    """A principal who retired, one who is not approved yet, a school that is."""
    for role in ("principal", "school"):
        one = victim(role)
        for name, changes in (
            ("retired", {"approved_to": date(2026, 6, 9)}),
            ("not-yet-approved", {"approved_from": date(2026, 6, 11)}),
        ):
            known = tuple(replace(r, **changes) for r in case_of().registrations)  # type: ignore[arg-type]  # reason: dates go to date fields
            yield Attack(
                name=f"{name}-{role}",
                twin=one.xml,
                hostile=one.xml,
                codes=("SIG-501",),
                at=one.slot,
                verify=one.judged_by(registrations=known).verify,
                judge_twin=one.verify,
            )


def _another_teacher(school: SyntheticSchool) -> Signer:
    taken = {year_of().homeroom.id, *(line.teacher.id for line in year_of().subjects)}
    return next(teacher.signer for teacher in school.teachers if teacher.id not in taken)


def _attack(one: Victim, name: str, hostile: bytes, code: str) -> Attack:
    return Attack(
        name=f"{name}-{one.role}",
        twin=one.xml,
        hostile=hostile,
        codes=(code,),
        at=one.slot,
        verify=one.verify,
    )


def _by(signer: Signer) -> tuple[Edit, ...]:
    family = "rsa" if isinstance(signer.key, RSAPrivateKey) else "ecdsa"
    return (
        (_METHOD, rf"\g<1>{MORE}{family}-sha256"),
        (CERTIFICATE, certificates_xml(signer.certificate_der)),
    )


def certificates_xml(*ders: bytes) -> str:
    """Write the X509Certificate elements of certificates."""
    return "".join(
        f"<ds:X509Certificate>{b64encode(der).decode()}</ds:X509Certificate>" for der in ders
    )


def _number(key: RSAPrivateKey) -> str:
    return b64encode(key.public_key().public_numbers().n.to_bytes(256)).decode()
