"""The checks on one signature that need trust, registrations and the attested day: 15 to 18."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, lru_cache

from cryptography.x509 import load_der_x509_certificate

from app.engine import quick
from app.signatures.authority import SignerOfSlot, check_authority, is_registered
from app.signatures.catalogue import CATALOGUE
from app.signatures.check import CheckedSignature
from app.signatures.inventory import Slot
from app.signatures.judgement import JudgedBy, judge_at, vietnamese_day
from app.signatures.paths import check_path
from app.signatures.report import Check, Indication, Outcome, SlotReport
from app.signatures.revocation import NOT_REACHED, PROVISIONAL, Times, check_revocation
from app.signatures.staff import Duty
from app.signatures.timestamps import Proof, weigh_tokens
from app.signatures.trust import Registration, TrustSnapshot
from app.transcripts.finding import Finding
from app.transcripts.profile import Role
from app.transcripts.xml import source_line

_TEACHERS = (Role.SUBJECT_TEACHER, Role.HOMEROOM_TEACHER)

_VALIDITIES_KEPT = 8192
"""Verdicts on certificates kept: the signers of all packages that are open at once, some hundreds
of classes; each package has its own time of receipt."""

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
        return _report(checked, (*checks, _REVOCATION_NOT_REACHED), findings, None), findings
    validity = _validity(
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
    if day is None or role in _TEACHERS:
        return day
    attested = is_registered(
        signer.certificate,
        role,
        registrations=question.registrations,
        school_code=question.school_code,
        day=day,
    )
    return day if attested else None


_PATH_PASSED = Check(name="path", outcome=Outcome.PASSED)
_REVOCATION_NOT_REACHED = Check(name="revocation", outcome=Outcome.NOT_CHECKED, code=NOT_REACHED)
"""Without a path nobody is known who could speak about a certificate."""


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class _Validity:
    """Whether a certificate was good for signing when it is judged, and why then.

    Attributes:
        codes: what both checks found.
    """

    judged_at: datetime
    judged_by: str
    path: Check
    revocation: Check
    codes: tuple[str, ...]


@lru_cache(maxsize=_VALIDITIES_KEPT)
def _validity(
    certificate: bytes,
    trust: TrustSnapshot,
    received_at: datetime,
    attested_day: date | None,
    stamped_at: datetime | None,
    role: Role,
) -> _Validity:
    """Check the path and the revocation of its certificates at the time of judgement.

    The verdict of a snapshot on a certificate (DER) for these very times and this role.
    """
    judgement = judge_at(
        attested_day, received_at, attested=attested_day is not None, stamped_at=stamped_at
    )
    path = check_path(certificate, trust, judgement.at)
    if path.code is not None:
        return _Validity(
            judged_at=judgement.at,
            judged_by=judgement.by.value,
            path=Check(name="path", outcome=Outcome.FAILED, code=path.code),
            revocation=_REVOCATION_NOT_REACHED,
            codes=(path.code,),
        )
    times = Times(
        judged_at=judgement.at,
        received_at=received_at,
        attested=judgement.by is JudgedBy.TIMESTAMP
        or (judgement.by is JudgedBy.DAY_OF_ISSUE and role in _TEACHERS),
    )
    code = check_revocation(path.certificates, trust, times)
    codes = () if code is None else (code,)
    not_after = load_der_x509_certificate(certificate).not_valid_after_utc
    if judgement.by is not JudgedBy.RECEIPT and not_after < received_at:
        codes = ("SIG-405", *codes)
    return _Validity(
        judged_at=judgement.at,
        judged_by=judgement.by.value,
        path=_PATH_PASSED,
        revocation=_revocation(code),
        codes=codes,
    )


@cache
def _revocation(code: str | None) -> Check:
    if code is None or not (code in PROVISIONAL or _is_error(code)):
        outcome = Outcome.PASSED
    else:
        outcome = Outcome.NOT_CHECKED if code in PROVISIONAL else Outcome.FAILED
    return Check(name="revocation", outcome=outcome, code=code)


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


def _is_error(code: str) -> bool:
    return CATALOGUE[code].severity == "error"


def _report(
    checked: CheckedSignature,
    checks: tuple[Check, ...],
    findings: Sequence[Finding],
    validity: _Validity | None,
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
        if not _is_error(finding.code):
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
