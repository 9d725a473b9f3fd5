"""One signed transcript and the question that every signature test asks of it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import cache
from hashlib import sha256

from app.sandbox.school import SyntheticSchool
from app.signatures.canonical import Canonicalization, canonical_octets
from app.signatures.report import SlotReport, Verdict
from app.signatures.trust import Registration, TrustSnapshot
from app.signatures.verify import Context, verify_transcript
from app.signatures.writing import (
    Qualification,
    ReferenceToSign,
    SignatureForm,
    Signer,
    signature_xml,
)
from app.transcripts.limits import TRANSCRIPT_LIMITS
from app.transcripts.xml import read_xml
from tests.scenarios import scenario_of

RECEIVED_AT = datetime(2026, 7, 1, 8, 0, tzinfo=UTC)
STUDENTS = 3
SEAL = "KY_PHAT_HANH"


def registrations_of(school: SyntheticSchool) -> tuple[Registration, ...]:
    return tuple(
        Registration(
            certificate_sha256=sha256(certificate.der).hexdigest(),
            school_code=school.code,
            role=certificate.role,
            approved_from=date(2025, 8, 1),
            approved_to=None,
        )
        for certificate in school.certificates
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A transcript that passes, and what it is verified by."""

    xml: bytes
    context: Context
    trust: TrustSnapshot
    registrations: tuple[Registration, ...]

    def verify(self, xml: bytes | None = None) -> Verdict:
        return verify_transcript(
            self.xml if xml is None else xml,
            context=self.context,
            trust=self.trust,
            registrations=self.registrations,
        )

    def of_student(self, code: str) -> "Case":
        return replace(self, context=replace(self.context, student_code=code))


@cache
def case_of(number: int = 0) -> Case:
    """A student of the shared class with everything that makes the transcript pass."""
    scenario = scenario_of(STUDENTS)
    item = scenario.transcripts[number]
    return Case(
        xml=item.xml,
        context=Context(
            received_at=RECEIVED_AT,
            school_code=scenario.school.code,
            student_code=item.student_code,
            province_code=scenario.school.province_code,
        ),
        trust=scenario.pki.trust,
        registrations=registrations_of(scenario.school),
    )


def codes(verdict: Verdict) -> list[str]:
    """The codes found, but for the warnings that the synthetic content itself gives none of."""
    return [finding.code for finding in verdict.report.findings]


def slot(verdict: Verdict, name: str) -> SlotReport:
    return next(report for report in verdict.report.slots if report.slot == name)


def in_slot(xml: bytes, name: str, change: Callable[[bytes], bytes]) -> bytes:
    """Change the octets of one slot, from its start tag to its end tag."""
    role, _, person = name.rstrip("]").partition("[")
    opening = f'<{role} Id="{person}">'.encode() if person else f"<{role}>".encode()
    start = xml.rindex(opening)
    end = xml.index(f"</{role}>".encode(), start) + len(role) + 3
    changed = change(xml[start:end])
    assert changed != xml[start:end], "the change must change something"
    return xml[:start] + changed + xml[end:]


def replaced(old: str, new: str, count: int = 1) -> Callable[[bytes], bytes]:
    return lambda octets: octets.replace(old.encode(), new.encode(), count)


def octets_of(xml: bytes, reference_id: str, form: Canonicalization) -> bytes:
    root = read_xml(xml, TRANSCRIPT_LIMITS)
    (element,) = [e for e in root.iter() if e.get("Id") == reference_id]
    return canonical_octets(element, form)


def resealed(
    xml: bytes,
    signer: Signer | None = None,
    *,
    uris: tuple[str, ...] = ("#data",),
    form: SignatureForm | None = None,
    qualification: Qualification | None = None,
) -> bytes:
    """Sign the school's slot anew, with references to choose; everything else stays."""
    references = [
        ReferenceToSign(
            uri=uri,
            octets=octets_of(xml, uri.lstrip("#"), Canonicalization.INCLUSIVE_10),
            canonicalization=Canonicalization.INCLUSIVE_10,
        )
        for uri in uris
    ]
    signature = signature_xml(
        references=references,
        signer=signer or scenario_of(STUDENTS).school.seal,
        form=form or SignatureForm(),
        qualification=qualification,
    )
    return in_slot(xml, SEAL, lambda _: b"<KY_PHAT_HANH>" + signature + b"</KY_PHAT_HANH>")
