"""The checks on one signature that need trust, registrations and the attested day: 15 to 18."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, lru_cache

from app.engine import quick
from app.signatures.authority import SignerOfSlot, check_authority, is_registered
from app.signatures.catalogue import CATALOGUE, is_error
from app.signatures.check import CheckedSignature
from app.signatures.inventory import Slot
from app.signatures.judgement import vietnamese_day
from app.signatures.report import Check, Indication, Outcome, SlotReport
from app.signatures.staff import Duty
from app.signatures.timestamps import Proof, weigh_tokens
from app.signatures.trust import Registration, TrustSnapshot
from app.signatures.validity import REVOCATION_NOT_REACHED, TEACHERS, Validity, validity_of
from app.transcripts.finding import Finding
from app.transcripts.xml import source_line

_CONCLUSIONS_KEPT = 1024
"""Conclusions kept: most documents find the same few codes, in the order of signing."""


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What the signatures of one document are judged by.

    Attributes:
        received_at: when the package arrived, aware.
        day: the day of issue (for a package, of creation) from content that an intact signature of
            principal or school covers; None when there is none.
        school_code: the issuing school; None when nothing attested says which.
        duties: what the school's lists say about teachers, by the name of the slot.
    """

    received_at: datetime
    day: date | None
    school_code: str | None
    trust: TrustSnapshot
    registrations: tuple[Registration, ...]
    duties: Mapping[str, Duty]


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
    signers: dict[str, SignerOfSlot] = {}
    same_key: dict[bytes, list[SignerOfSlot]] = defaultdict(list)
    for name, checked in signatures.items():
        if checked.certificate is not None:
            signers[name] = signer = SignerOfSlot(
                role=checked.slot.rule.role,
                holder=checked.slot.holder,
                certificate=checked.certificate,
                duty=question.duties.get(name),
            )
            same_key[checked.certificate.der].append(signer)
    reports: list[SlotReport] = []
    findings: list[Finding] = []
    for slot in slots:
        signed = signatures.get(slot.name)
        if signed is None:
            reports.append(_unsigned(slot))
            continue
        known = signers.get(slot.name)
        alike = () if known is None else same_key[known.certificate.der]
        report, found_here = _assess(signed, known, alike, question)
        reports.append(report)
        findings += found_here
    return tuple(reports), tuple(findings)


def _assess(
    checked: CheckedSignature,
    signer: SignerOfSlot | None,
    alike: Sequence[SignerOfSlot],
    question: Question,
) -> tuple[SlotReport, Sequence[Finding]]:
    """Judge one signature; `alike` are all signers with the same certificate."""
    checks, findings = checked.checks, checked.findings
    proof = weigh_tokens(checked.tokens, question.trust, question.received_at)
    if proof is not None:
        checks = (*checks[:-1], _timestamp(proof))
        findings = (*findings, *_findings(checked.slot, proof.codes))
    if signer is None:
        return _report(checked, (*checks, REVOCATION_NOT_REACHED), findings, None), findings
    validity = validity_of(
        signer.certificate.der,
        question.trust,
        question.received_at,
        _attested_day(signer, question),
        None if proof is None else proof.at,
        signer.role,
    )
    authority, codes = _check_authority(signer, alike, question)
    if validity.codes or codes:
        value = signer.certificate.sha256
        told = _findings(checked.slot, (*validity.codes, *codes), value)
        findings = (*findings, *told)
    checks = (*checks, validity.path, authority, validity.revocation)
    return _report(checked, checks, findings, validity), findings


def _findings(slot: Slot, codes: Sequence[str], value: str | None = None) -> list[Finding]:
    """Place what was found at the slot's only signature, which has no sibling of its name."""
    xpath = f"{slot.xpath}/ds:Signature"
    line = None if slot.signature is None else source_line(slot.signature)
    return [
        Finding(code=code, slot=slot.name, xpath=xpath, line=line, value=value) for code in codes
    ]


def _timestamp(proof: Proof) -> Check:
    outcome = Outcome.NOT_CHECKED if proof.at is None else Outcome.PASSED
    return Check(name="timestamp", outcome=outcome, code=next(iter(proof.codes), None))


def _attested_day(signer: SignerOfSlot, question: Question) -> date | None:
    """Give the day of issue where something besides this signer's certificate speaks for it."""
    day, role = question.day, signer.role
    if day is None or role in TEACHERS:
        return day
    attested = is_registered(
        signer.certificate,
        role,
        registrations=question.registrations,
        school_code=question.school_code,
        day=day,
    )
    return day if attested else None


def _check_authority(
    signer: SignerOfSlot, alike: Sequence[SignerOfSlot], question: Question
) -> tuple[Check, tuple[str, ...]]:
    if question.school_code is None:
        return _AUTHORITY_NOT_CHECKED, ()
    authority = check_authority(
        signer,
        others=[other for other in alike if other is not signer] if len(alike) > 1 else (),
        registrations=question.registrations,
        school_code=question.school_code,
        day=question.day or vietnamese_day(question.received_at),
        received_at=question.received_at,
    )
    if authority.code is not None:
        failed = Check(name="authority", outcome=Outcome.FAILED, code=authority.code)
        return failed, (authority.code,)
    return _authority_passed(authority.evidence), authority.warnings


_AUTHORITY_NOT_CHECKED = Check(name="authority", outcome=Outcome.NOT_CHECKED)


@cache
def _authority_passed(evidence: str) -> Check:
    return Check(name="authority", outcome=Outcome.PASSED, code=evidence)


def conclusion(findings: Sequence[Finding]) -> tuple[Indication, str | None]:
    """Conclude from findings: the first failure, else the first error, else what is left open."""
    if not findings:
        return Indication.PASSED, None
    return _conclusion(tuple(dict.fromkeys([finding.code for finding in findings])))


@lru_cache(maxsize=_CONCLUSIONS_KEPT)
def _conclusion(codes: tuple[str, ...]) -> tuple[Indication, str | None]:
    entries = [CATALOGUE[code] for code in codes]
    telling = (
        [one for one in entries if one.indication is Indication.FAILED]
        or [one for one in entries if one.severity == "error"]
        or [one for one in entries if one.indication is Indication.INDETERMINATE]
    )
    return (
        (telling[0].indication, telling[0].sub_indication) if telling else (Indication.PASSED, None)
    )


def _report(
    checked: CheckedSignature,
    checks: tuple[Check, ...],
    findings: Sequence[Finding],
    validity: Validity | None,
) -> SlotReport:
    slot, certificate = checked.slot, checked.certificate
    code, warnings = _by_severity(findings) if findings else (None, ())
    indication, sub_indication = conclusion(findings)
    return SlotReport(
        role=slot.rule.role,
        slot=slot.name,
        xpath=slot.xpath,
        holder=slot.holder,
        indication=indication,
        sub_indication=sub_indication,
        code=code,
        signer=None if certificate is None else certificate.signer,
        judged_at=None if validity is None else validity.judged_at,
        judged_by=None if validity is None else validity.judged_by,
        covers=slot.covers,
        checks=checks,
        warnings=warnings,
    )


def _by_severity(findings: Sequence[Finding]) -> tuple[str | None, tuple[Finding, ...]]:
    """Give the code of the first error, and the warnings."""
    code, warnings = None, []
    for finding in findings:
        if not is_error(finding.code):
            warnings.append(finding)
        elif code is None:
            code = finding.code
    return code, tuple(warnings)


def _unsigned(slot: Slot) -> SlotReport:
    entry = CATALOGUE["SIG-200"]
    return SlotReport(
        role=slot.rule.role,
        slot=slot.name,
        xpath=slot.xpath,
        holder=slot.holder,
        indication=entry.indication,
        sub_indication=entry.sub_indication,
        code=entry.code,
        signer=None,
        judged_at=None,
        judged_by=None,
        covers=slot.covers,
        checks=(),
        warnings=(),
    )
