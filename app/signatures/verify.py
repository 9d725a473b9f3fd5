"""The verdict on one transcript or one package: the steps of this package in their order."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from hashlib import sha256
from typing import Generic, TypeVar

from app.engine import Unplain, quick
from app.signatures.assessment import Question, assess_slots, conclusion
from app.signatures.catalogue import is_error
from app.signatures.check import CheckedSignature, check_signature
from app.signatures.context import Context, check_context
from app.signatures.coverage import map_coverage
from app.signatures.failure import place_of
from app.signatures.inventory import Inventory, take_inventory
from app.signatures.judgement import VIETNAM, day_is_plausible
from app.signatures.references import OctetCache
from app.signatures.report import (
    Coverage,
    Outcome,
    PackageVerdict,
    Report,
    SlotReport,
    Verdict,
)
from app.signatures.staff import Duty, duties_of
from app.signatures.trust import Registration, TrustSnapshot
from app.transcripts.content import Transcript
from app.transcripts.content_reader import read_transcript
from app.transcripts.document import Document, open_document
from app.transcripts.finding import DocumentRefused, Finding
from app.transcripts.message import Message, read_message
from app.transcripts.plain_document import open_plain_document
from app.transcripts.profile import BAN_TIN_1, HOC_BA_1, Family, Profile, Role
from app.transcripts.rules import check_rules

__all__ = ["Context", "verify_package", "verify_transcript"]

ENGINE_NAME = "hocba-core"
ENGINE_VERSION = "1"

_T_co = TypeVar("_T_co", covariant=True)


def verify_transcript(
    original: bytes,
    *,
    context: Context,
    trust: TrustSnapshot,
    registrations: tuple[Registration, ...],
) -> Verdict:
    """Verify one transcript; raises nothing but MemoryError, whatever the bytes are.

    Args:
        original: the XML as the school signed it.
        context: what must agree with the signed content.
        trust: pinned roots and intermediates.
        registrations: of this school, and of other schools for certificates that occur here.
    """

    def read(canonical: bytes, profile: Profile) -> _Attested[Transcript]:
        transcript = read_transcript(canonical, profile)
        return _Attested(
            value=transcript,
            day=transcript.issued_on,
            school_code=context.school_code,
            findings=(*check_context(transcript, context), *check_rules(transcript)),
            duties=duties_of(transcript, context.lists),
        )

    case = _Case(
        data=original,
        rules=HOC_BA_1,
        attesting=(Role.PRINCIPAL, Role.SCHOOL),
        implausible_day="CON-605",
        received_at=context.received_at,
        school_code=context.school_code,
        trust=trust,
        registrations=registrations,
    )
    report, transcript = _verify(case, read)
    return Verdict(report=report, transcript=transcript)


def verify_package(
    package: bytes,
    *,
    received_at: datetime,
    trust: TrustSnapshot,
    registrations: tuple[Registration, ...],
) -> PackageVerdict:
    """Verify a package's own signature and read its message; raises nothing but MemoryError.

    Args:
        package: the XML as it arrived.
        received_at: when it arrived, aware.
        trust: pinned roots and intermediates.
        registrations: of the school that the package claims to come from, and of other schools for
            its certificate.
    """

    def read(canonical: bytes, _: Profile) -> _Attested[Message]:
        message = read_message(package, canonical)
        day = message.created_at.astimezone(VIETNAM).date()
        return _Attested(value=message, day=day, school_code=message.school_code, findings=())

    case = _Case(
        data=package,
        rules=BAN_TIN_1,
        attesting=(Role.PACKAGE,),
        implausible_day="PKG-107",
        received_at=received_at,
        school_code=None,
        trust=trust,
        registrations=registrations,
    )
    report, message = _verify(case, read)
    return PackageVerdict(report=report, message=message)


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """One document to judge and everything that it is judged by.

    `rules` is a family until the document has been opened, `attesting` are the roles whose intact
    signature makes the content worth reading, `implausible_day` the code for a day out of range.
    """

    data: bytes
    rules: Profile | Family
    attesting: tuple[Role, ...]
    implausible_day: str
    received_at: datetime
    school_code: str | None
    trust: TrustSnapshot
    registrations: tuple[Registration, ...]


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class _Attested(Generic[_T_co]):
    """What the octets under an intact attesting signature say, and what is wrong with it."""

    value: _T_co
    day: date
    school_code: str
    findings: tuple[Finding, ...]
    duties: Mapping[str, Duty] = field(default_factory=dict)


_Read = Callable[[bytes, Profile], _Attested[_T_co]]


def _verify(case: _Case, read: _Read[_T_co]) -> tuple[Report, _T_co | None]:
    """Run all steps; whatever goes wrong is a refusal, except that memory ran out."""
    try:
        return _verify_plain(case, read) or _verify_opened(
            case, open_document(case.data, case.rules), read
        )
    except DocumentRefused as refused:
        return _report(case, findings=refused.findings), None
    except MemoryError:
        raise  # says nothing about the document; whoever bounds the process decides
    except Exception as error:  # noqa: BLE001 -- reason: fail closed, nothing unforeseen may pass
        report = _report(case, findings=(Finding(code="SIG-999"),))
        return replace(report, fault=place_of(error)), None


def _verify_plain(case: _Case, read: _Read[_T_co]) -> tuple[Report, _T_co | None] | None:
    """Verify what the engine has read; None where libxml2's tree must decide."""
    with suppress(Unplain):
        document = open_plain_document(case.data, case.rules)
        return None if document is None else _verify_opened(case, document, read)
    return None


def _verify_opened(
    case: _Case, document: Document, read: _Read[_T_co]
) -> tuple[Report, _T_co | None]:
    case = replace(case, rules=document.profile)
    inventory = take_inventory(document)
    signatures = _check_signatures(document, inventory, case.received_at)
    content = _read_attested(signatures.values(), document.profile, case, read)
    reports, findings = assess_slots(
        inventory.slots,
        signatures,
        Question(
            received_at=case.received_at,
            day=None if content is None else content.day,
            school_code=case.school_code if content is None else content.school_code,
            trust=case.trust,
            registrations=case.registrations,
            duties={} if content is None else content.duties,
        ),
    )
    coverage = map_coverage(document, signatures.values())
    report = _report(
        case,
        findings=(
            *document.findings,
            *inventory.findings,
            *findings,
            *_check_coverage(coverage, reports),
            *_check_content(content, reports, case),
        ),
        slots=reports,
        coverage=coverage,
        document_sha256=document.sha256,
    )
    refused = any(is_error(found.code) for found in report.findings)
    return report, None if refused or content is None else content.value


def _check_signatures(
    document: Document, inventory: Inventory, received_at: datetime
) -> dict[str, CheckedSignature]:
    octets = OctetCache(default_namespaces=document.default_namespaces)
    return {
        slot.name: check_signature(
            slot, slot.signature, ids=document.ids, octets=octets, received_at=received_at
        )
        for slot in inventory.slots
        if slot.signature is not None
    }


def _read_attested(
    signatures: Iterable[CheckedSignature], profile: Profile, case: _Case, read: _Read[_T_co]
) -> _Attested[_T_co] | None:
    """Read the content from the octets of the first intact signature that attests it."""
    for signature in signatures:
        if signature.slot.rule.role in case.attesting and signature.octets is not None:
            return read(signature.octets, profile)
    return None


def _check_coverage(coverage: Coverage, reports: Sequence[SlotReport]) -> tuple[Finding, ...]:
    """Name uncovered content, unless a missing or broken signature already explains it."""
    if coverage.complete or any(report.code is not None for report in reports):
        return ()
    return tuple(Finding(code="SIG-230", xpath=xpath) for xpath in coverage.uncovered)


def _check_content(
    content: _Attested[_T_co] | None, reports: Sequence[SlotReport], case: _Case
) -> tuple[Finding, ...]:
    if content is None:
        explained = any(report.code is not None for report in reports)
        return () if explained else (Finding(code="SIG-999"),)
    if not day_is_plausible(content.day, case.received_at):
        late = Finding(code=case.implausible_day, value=content.day.isoformat())
        return (*content.findings, late)
    return content.findings


def _report(
    case: _Case,
    *,
    findings: tuple[Finding, ...],
    slots: tuple[SlotReport, ...] = (),
    coverage: Coverage | None = None,
    document_sha256: str | None = None,
) -> Report:
    indication, sub_indication = conclusion(findings)
    open_ends = [
        check.code
        for slot in slots
        for check in slot.checks
        if check.outcome is Outcome.NOT_CHECKED and check.code is not None
    ]
    return Report(
        indication=indication,
        sub_indication=sub_indication,
        document_sha256=document_sha256 or sha256(case.data).hexdigest(),
        slots=slots,
        coverage=coverage,
        findings=findings,
        profile_id=case.rules.id,
        profile_sha256=case.rules.sha256,
        engine_name=ENGINE_NAME,
        engine_version=ENGINE_VERSION,
        at=case.received_at,
        trust_snapshot_sha256=case.trust.sha256,
        not_checked=tuple(dict.fromkeys(open_ends)),
    )
