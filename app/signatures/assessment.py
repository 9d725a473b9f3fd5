"""The checks on one signature that need trust, registrations and the attested day: 15 to 18."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache

from app.signatures.authority import SignerOfSlot, check_authority, is_registered
from app.signatures.catalogue import CATALOGUE
from app.signatures.certificates import Certificate
from app.signatures.check import CheckedSignature
from app.signatures.failure import found
from app.signatures.inventory import Slot
from app.signatures.judgement import JudgedBy, Judgement, judge_at, vietnamese_day
from app.signatures.paths import check_path
from app.signatures.report import Check, Indication, Outcome, SlotReport
from app.signatures.revocation import NOT_REACHED, PROVISIONAL, Times, check_revocation
from app.signatures.staff import Duty
from app.signatures.timestamps import Proof, weigh_tokens
from app.signatures.trust import Registration, TrustSnapshot
from app.transcripts.finding import Finding
from app.transcripts.profile import Role

_TEACHERS = frozenset({Role.SUBJECT_TEACHER, Role.HOMEROOM_TEACHER})


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


_SameKey = Mapping[bytes, Mapping[str, SignerOfSlot]]
"""Certificate (DER) → the signers of the slots that it signed, by slot name."""


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
            role=checked.slot.rule.role,
            holder=checked.slot.holder,
            certificate=checked.certificate,
            duty=question.duties.get(name),
        )
        for name, checked in signatures.items()
        if checked.certificate is not None
    }
    same_key: dict[bytes, dict[str, SignerOfSlot]] = defaultdict(dict)
    for name, signer in signers.items():
        same_key[signer.certificate.der][name] = signer
    reports: list[SlotReport] = []
    findings: list[Finding] = []
    for slot in slots:
        checked = signatures.get(slot.name)
        if checked is None:
            reports.append(_unsigned(slot))
            continue
        report, found_here = _assess(checked, same_key, question)
        reports.append(report)
        findings += found_here
    return tuple(reports), tuple(findings)


def _assess(
    checked: CheckedSignature, same_key: _SameKey, question: Question
) -> tuple[SlotReport, list[Finding]]:
    slot, certificate = checked.slot, checked.certificate
    checks, findings = list(checked.checks), list(checked.findings)
    judgement = None
    proof = weigh_tokens(checked.tokens, question.trust, question.received_at)
    if proof is not None:
        checks[-1] = _timestamp(proof)
        findings += [found(code, slot=slot.name, element=slot.signature) for code in proof.codes]
    if certificate is None:
        checks.append(_REVOCATION_NOT_REACHED)
    else:
        judgement = _judgement(slot, certificate, question, proof)
        path, revocation, path_codes = _check_path(slot, certificate, judgement, question)
        authority, authority_codes = _check_authority(slot, same_key[certificate.der], question)
        checks += (path, authority, revocation)
        findings += [
            found(code, slot=slot.name, element=slot.signature, value=certificate.sha256)
            for code in (*path_codes, *authority_codes)
        ]
    return _report(checked, checks, findings, judgement), findings


def _timestamp(proof: Proof) -> Check:
    outcome = Outcome.NOT_CHECKED if proof.at is None else Outcome.PASSED
    return Check(name="timestamp", outcome=outcome, code=next(iter(proof.codes), None))


def _judgement(
    slot: Slot, certificate: Certificate, question: Question, proof: Proof | None
) -> Judgement:
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
    stamped_at = None if proof is None else proof.at
    return judge_at(day, question.received_at, attested=attested, stamped_at=stamped_at)


_REVOCATION_NOT_REACHED = Check(name="revocation", outcome=Outcome.NOT_CHECKED, code=NOT_REACHED)
"""Without a path nobody is known who could speak about a certificate."""


def _check_path(
    slot: Slot, certificate: Certificate, judgement: Judgement, question: Question
) -> tuple[Check, Check, tuple[str, ...]]:
    """Check the path and the revocation of its certificates; give the codes of both."""
    path = check_path(certificate.der, question.trust, judgement.at)
    if path.code is not None:
        failed = Check(name="path", outcome=Outcome.FAILED, code=path.code)
        return failed, _REVOCATION_NOT_REACHED, (path.code,)
    times = Times(
        judged_at=judgement.at,
        received_at=question.received_at,
        attested=judgement.by is JudgedBy.TIMESTAMP
        or (judgement.by is JudgedBy.DAY_OF_ISSUE and slot.rule.role in _TEACHERS),
    )
    code = check_revocation(path.certificates, question.trust, times)
    codes = () if code is None else (code,)
    if judgement.by is not JudgedBy.RECEIPT and certificate.not_after < question.received_at:
        codes = ("SIG-405", *codes)
    return _PATH_PASSED, _revocation(code), codes


_PATH_PASSED = Check(name="path", outcome=Outcome.PASSED)


@cache
def _revocation(code: str | None) -> Check:
    if code is None or not (code in PROVISIONAL or _is_error(code)):
        outcome = Outcome.PASSED
    else:
        outcome = Outcome.NOT_CHECKED if code in PROVISIONAL else Outcome.FAILED
    return Check(name="revocation", outcome=outcome, code=code)


def _check_authority(
    slot: Slot, signers: Mapping[str, SignerOfSlot], question: Question
) -> tuple[Check, tuple[str, ...]]:
    """Check the signer of a slot; `signers` are all whose certificate is the same."""
    if question.school_code is None:
        return Check(name="authority", outcome=Outcome.NOT_CHECKED), ()
    authority = check_authority(
        signers[slot.name],
        others=[signer for name, signer in signers.items() if name != slot.name],
        registrations=question.registrations,
        school_code=question.school_code,
        day=question.day or vietnamese_day(question.received_at),
        received_at=question.received_at,
    )
    if authority.code is not None:
        failed = Check(name="authority", outcome=Outcome.FAILED, code=authority.code)
        return failed, (authority.code,)
    return _authority_passed(authority.evidence), authority.warnings


@cache
def _authority_passed(evidence: str) -> Check:
    return Check(name="authority", outcome=Outcome.PASSED, code=evidence)


def conclusion(findings: Sequence[Finding]) -> tuple[Indication, str | None]:
    """Conclude from findings: the first failure, else the first error, else what is left open."""
    if not findings:
        return Indication.PASSED, None
    entries = [CATALOGUE[finding.code] for finding in findings]
    telling = (
        [one for one in entries if one.indication is Indication.FAILED]
        or [one for one in entries if one.severity == "error"]
        or [one for one in entries if one.indication is Indication.INDETERMINATE]
    )
    return (
        (telling[0].indication, telling[0].sub_indication) if telling else (Indication.PASSED, None)
    )


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
        judged_at=None if judgement is None else judgement.at,
        judged_by=None if judgement is None else judgement.by.value,
        covers=slot.covers,
        checks=tuple(checks),
        warnings=tuple(finding for finding in findings if not _is_error(finding.code)),
    )


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
