"""Whether the signer of a slot may sign there (step 18).

Principal and school are known by their registered certificates. Teachers' certificates are not
registered: their name is compared with the name in the content, weak evidence, and the report says
so. Where the school's own lists are loaded, the personal number is compared too. What the lists
lack is a warning and no refusal: they lag behind, and principal and school attest who teaches. Only
a personal number that is another one's refuses.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from app.engine import quick
from app.signatures.certificates import Certificate
from app.signatures.names import same_name
from app.signatures.staff import Duty, personal_number_hash_of
from app.signatures.trust import Registration
from app.transcripts.profile import Role

_REGISTERED_AS = {
    Role.PRINCIPAL: Role.PRINCIPAL,
    Role.SCHOOL: Role.SCHOOL,
    Role.PACKAGE: Role.SCHOOL,
}
"""Roles whose certificates are registered, and as what."""


_MUST_DIFFER: Mapping[Role, frozenset[Role]] = {
    Role.SCHOOL: frozenset(Role),
    Role.PRINCIPAL: frozenset({Role.SCHOOL, Role.HOMEROOM_TEACHER}),
    Role.HOMEROOM_TEACHER: frozenset({Role.SCHOOL, Role.PRINCIPAL}),
    Role.SUBJECT_TEACHER: frozenset({Role.SCHOOL}),
    Role.PACKAGE: frozenset(),
}
"""The school's own certificate signs for nobody; no principal is a homeroom teacher."""


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class SignerOfSlot:
    """Who signed a slot: the slot's role and holder, and the certificate that signed.

    Attributes:
        duty: what the school's lists say about the holder; None where no lists are loaded.
    """

    role: Role
    holder: str | None
    certificate: Certificate
    duty: Duty | None = None


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """The verdict: an error code or None, the evidence it rests on, and warnings."""

    code: str | None
    evidence: str
    warnings: tuple[str, ...] = ()


def check_authority(
    signer: SignerOfSlot,
    *,
    others: Sequence[SignerOfSlot],
    registrations: Sequence[Registration],
    school_code: str,
    day: date,
    received_at: datetime,
) -> Authority:
    """Decide whether a signer may sign its slot.

    Args:
        signer: the slot in question.
        others: the signers of those other slots of the document that the same certificate signed.
        registrations: of this school, and of other schools for certificates that occur here.
        school_code: the school that issues.
        day: the day for which a registered certificate must be approved.
        received_at: when the package arrived, aware.

    Returns:
        Code SIG-500 unknown, SIG-501 not authorised, SIG-502 a signer in slots that must differ,
        SIG-503 another school's certificate, SIG-520 taken back by its holder; warnings SIG-504 ký
        thay, SIG-505, SIG-506 and SIG-523 another name, SIG-521 not listed, SIG-522 not assigned;
        evidence SIG-590 registration, SIG-591 name only, SIG-592 personal number, SIG-593 name
        in the school's list.
    """
    if others and _must_differ(signer, others):
        return Authority(code="SIG-502", evidence=_evidence(signer.role))
    if signer.role in _REGISTERED_AS:
        known = [r for r in registrations if r.certificate_sha256 == signer.certificate.sha256]
        standing = [r for r in known if r.revoked_from is None or received_at < r.revoked_from]
        if any(r.school_code == school_code for r in known if r not in standing):
            return Authority(code="SIG-520", evidence=_evidence(signer.role))
        return _by_registration(signer, standing, school_code, day)
    return _by_name(signer, others) if signer.duty is None else _by_lists(signer, others)


def is_registered(
    certificate: Certificate,
    role: Role,
    *,
    registrations: Sequence[Registration],
    school_code: str | None,
    day: date,
) -> bool:
    """Say whether a certificate was approved for a role at a school on a day."""
    registered_as = _REGISTERED_AS.get(role)
    for registration in registrations:
        if (
            registration.certificate_sha256 == certificate.sha256
            and registration.school_code == school_code
            and registration.role is registered_as
            and registration.approved_from <= day
            and (registration.approved_to is None or day <= registration.approved_to)
        ):
            return True
    return False


def _evidence(role: Role) -> str:
    return "SIG-590" if role in _REGISTERED_AS else "SIG-591"


def _must_differ(signer: SignerOfSlot, others: Sequence[SignerOfSlot]) -> bool:
    return any(other.role in _MUST_DIFFER[signer.role] for other in others)


def _by_registration(
    signer: SignerOfSlot, known: Sequence[Registration], school_code: str, day: date
) -> Authority:
    evidence = _evidence(signer.role)
    if not is_registered(
        signer.certificate,
        signer.role,
        registrations=known,
        school_code=school_code,
        day=day,
    ):
        return Authority(code=_why_not(known, school_code), evidence=evidence)
    named = signer.certificate.signer.name
    if signer.holder is not None and not same_name(named, signer.holder):
        warning = "SIG-505" if signer.role is Role.PRINCIPAL else "SIG-506"
        return Authority(code=None, evidence=evidence, warnings=(warning,))
    return Authority(code=None, evidence=evidence)


def _why_not(known: Sequence[Registration], school_code: str) -> str:
    if not known:
        return "SIG-500"
    here = any(registration.school_code == school_code for registration in known)
    return "SIG-501" if here else "SIG-503"


_NAMED = Authority(code=None, evidence="SIG-591")


def _by_name(signer: SignerOfSlot, others: Sequence[SignerOfSlot]) -> Authority:
    if signer.holder is not None and same_name(signer.certificate.signer.name, signer.holder):
        return _NAMED
    principal = any(other.role is Role.PRINCIPAL for other in others)
    if signer.role is Role.SUBJECT_TEACHER and principal:
        return Authority(code=None, evidence="SIG-591", warnings=("SIG-504",))
    return Authority(code="SIG-501", evidence="SIG-591")


def _by_lists(signer: SignerOfSlot, others: Sequence[SignerOfSlot]) -> Authority:
    """Compare with what the school's lists say; by name alone whom they do not know."""
    named = _by_name(signer, others)
    duty = signer.duty
    if duty is None or "SIG-504" in named.warnings:  # ký thay: the lists say nothing of it
        return named
    absent = () if duty.assigned is not False else ("SIG-522",)
    numbers = {one.personal_number_hash for one in duty.listed} - {None}
    number = personal_number_hash_of(signer.certificate.der, duty.key) if numbers else None
    if number is not None:
        if number not in numbers:
            return Authority(code="SIG-501", evidence="SIG-592")
        other = ("SIG-523",) if named.code is not None else ()
        return Authority(code=None, evidence="SIG-592", warnings=(*other, *absent))
    if named.code is not None:
        return named
    name = signer.certificate.signer.name
    if not any(same_name(name, one.name) for one in duty.listed):
        return Authority(code=None, evidence="SIG-591", warnings=("SIG-521", *absent))
    return Authority(code=None, evidence="SIG-593", warnings=absent)
