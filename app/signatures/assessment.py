"""The checks on one signature that need trust, registrations and the attested day: 16 to 18."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from app.signatures.authority import SignerOfSlot, check_authority, is_registered
from app.signatures.catalogue import CATALOGUE
from app.signatures.certificates import Certificate
from app.signatures.check import CheckedSignature
from app.signatures.failure import found
from app.signatures.inventory import Slot
from app.signatures.judgement import VIETNAM, JudgedBy, Judgement, judge_at
from app.signatures.paths import check_path
from app.signatures.report import Check, Indication, Outcome, SlotReport
from app.signatures.trust import Registration, TrustSnapshot
from app.transcripts.document import location_of
from app.transcripts.finding import Finding
from app.transcripts.profile import Role

REVOCATION_NOT_CHECKED = "SIG-419"
TIMESTAMP_NOT_CHECKED = "SIG-359"
_TEACHERS = frozenset({Role.SUBJECT_TEACHER, Role.HOMEROOM_TEACHER})


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What the signatures of one document are judged by.

    Attributes:
        received_at: when the package arrived, aware.
        day: the day of issue (for a package, of creation) from content that an intact signature of
            principal or school covers; None when there is none.
        school_code: the issuing school; None when nothing attested says which.
    """

    received_at: datetime
    day: date | None
    school_code: str | None
    trust: TrustSnapshot
    registrations: tuple[Registration, ...]


def assess_slots(
    slots: Sequence[Slot], signatures: Mapping[str, CheckedSignature], question: Question
) -> tuple[tuple[SlotReport, ...], tuple[Finding, ...]]:
    """Judge every slot, signed or empty, in the order of signing.

    Args:
        slots: all slots of the document.
        signatures: the checked signatures by slot name.
        question: what they are judged by.

    Returns:
        The slots' reports, and the findings on their signatures.
    """
    signers = {
        name: SignerOfSlot(
            role=checked.slot.rule.role, holder=checked.slot.holder, certificate=checked.certificate
        )
        for name, checked in signatures.items()
        if checked.certificate is not None
    }
    reports: list[SlotReport] = []
    findings: list[Finding] = []
    for slot in slots:
        checked = signatures.get(slot.name)
        if checked is None:
            reports.append(_unsigned(slot))
            continue
        report, found_here = _assess(checked, signers, question)
        reports.append(report)
        findings += found_here
    return tuple(reports), tuple(findings)


def _assess(
    checked: CheckedSignature, signers: Mapping[str, SignerOfSlot], question: Question
) -> tuple[SlotReport, list[Finding]]:
    slot, certificate = checked.slot, checked.certificate
    checks, findings = list(checked.checks), list(checked.findings)
    judgement = None
    if certificate is not None:
        judgement = _judgement(slot, certificate, question)
        path, path_codes = _check_path(certificate, judgement, question)
        authority, authority_codes = _check_authority(slot, signers, question)
        checks += (path, authority)
        findings += [
            found(code, slot=slot.name, element=slot.signature, value=certificate.sha256)
            for code in (*path_codes, *authority_codes)
        ]
    checks.append(
        Check(name="revocation", outcome=Outcome.NOT_CHECKED, code=REVOCATION_NOT_CHECKED)
    )
    if checked.timestamped:
        checks.append(
            Check(name="timestamp", outcome=Outcome.NOT_CHECKED, code=TIMESTAMP_NOT_CHECKED)
        )
    return _report(checked, checks, findings, judgement), findings


def _judgement(slot: Slot, certificate: Certificate, question: Question) -> Judgement:
    day, school_code = question.day, question.school_code
    attested = day is not None and (
        slot.rule.role in _TEACHERS
        or is_registered(
            certificate,
            slot.rule.role,
            registrations=question.registrations,
            school_code=school_code,
            day=day,
        )
    )
    return judge_at(day, question.received_at, attested=attested)


def _check_path(
    certificate: Certificate, judgement: Judgement, question: Question
) -> tuple[Check, tuple[str, ...]]:
    code = check_path(certificate.der, question.trust, judgement.at).code
    if code is not None:
        return Check(name="path", outcome=Outcome.FAILED, code=code), (code,)
    expired_since = (
        judgement.by is JudgedBy.DAY_OF_ISSUE and certificate.not_after < question.received_at
    )
    return Check(name="path", outcome=Outcome.PASSED), ("SIG-405",) if expired_since else ()


def _check_authority(
    slot: Slot, signers: Mapping[str, SignerOfSlot], question: Question
) -> tuple[Check, tuple[str, ...]]:
    if question.school_code is None:
        return Check(name="authority", outcome=Outcome.NOT_CHECKED), ()
    authority = check_authority(
        signers[slot.name],
        others=[signer for name, signer in signers.items() if name != slot.name],
        registrations=question.registrations,
        school_code=question.school_code,
        day=question.day or question.received_at.astimezone(VIETNAM).date(),
    )
    if authority.code is not None:
        failed = Check(name="authority", outcome=Outcome.FAILED, code=authority.code)
        return failed, (authority.code,)
    passed = Check(name="authority", outcome=Outcome.PASSED, code=authority.evidence)
    return passed, authority.warnings


def _is_error(code: str) -> bool:
    return CATALOGUE[code].severity == "error"


def _report(
    checked: CheckedSignature,
    checks: Sequence[Check],
    findings: Sequence[Finding],
    judgement: Judgement | None,
) -> SlotReport:
    slot, certificate = checked.slot, checked.certificate
    code = next((finding.code for finding in findings if _is_error(finding.code)), None)
    return SlotReport(
        role=slot.rule.role,
        slot=slot.name,
        xpath=slot.xpath,
        holder=slot.holder,
        indication=Indication.PASSED if code is None else CATALOGUE[code].indication,
        sub_indication=None if code is None else CATALOGUE[code].sub_indication,
        code=code,
        signer=None if certificate is None else certificate.signer,
        judged_at=None if judgement is None else judgement.at,
        judged_by=None if judgement is None else judgement.by.value,
        covers=tuple(location_of(target) for target in slot.targets),
        checks=tuple(checks),
        warnings=tuple(finding for finding in findings if not _is_error(finding.code)),
    )


def _unsigned(slot: Slot) -> SlotReport:
    entry = CATALOGUE["SIG-200"]
    required = slot.rule.required
    return SlotReport(
        role=slot.rule.role,
        slot=slot.name,
        xpath=slot.xpath,
        holder=slot.holder,
        indication=entry.indication if required else Indication.PASSED,
        sub_indication=entry.sub_indication if required else None,
        code=entry.code if required else None,
        signer=None,
        judged_at=None,
        judged_by=None,
        covers=tuple(location_of(target) for target in slot.targets),
        checks=(),
        warnings=(),
    )
