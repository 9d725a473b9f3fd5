"""What a verification by code concludes, as pure data: named checks that each have three ends."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.register.record import PublicRecord, SlotCheck, Standing
from app.signatures.report import Indication, Outcome
from app.transcripts.codes import format_code


class Status(StrEnum):
    """What a reader may take from the answer at one glance."""

    IN_FORCE = "in_force"
    WITHDRAWN = "withdrawn"
    NOT_CONFIRMED = "not_confirmed"


class PublicCheck(StrEnum):
    """The named checks, in the order in which they are shown."""

    ORIGINAL_UNALTERED = "original_unaltered"
    SIGNATURES = "signatures_complete_and_valid"
    CERTIFICATES = "certificates_valid_at_signing"
    REVOCATION = "revocation"
    IN_FORCE = "in_force"


class NotChecked(StrEnum):
    """What no answer of this service tells, so that nobody reads it into one."""

    REVOCATION = "revocation"
    HOLDER = "holder"
    COPY = "copy"


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeAnswer:
    """Everything that the public learns about one code.

    Attributes:
        code: formatted for reading, with hyphens.
        school_year: such as "2025-2026".
        level: cấp học, such as "03".
        checks: every check with its outcome, in the order of `PublicCheck`.
        not_checked: what the answer does not tell.
    """

    code: str
    status: Status
    school_name: str
    province_name: str
    school_year: str
    level: str
    student_name_masked: str
    accepted_at: datetime
    checked_at: datetime
    checks: tuple[tuple[PublicCheck, Outcome], ...]
    not_checked: tuple[NotChecked, ...]


_SIGNATURE_CHECKS = (
    "shape",
    "properties",
    "references",
    "signing_time",
    "signature_value",
    "authority",
)
_CERTIFICATE_CHECKS = ("certificate", "path")
_REVOCATION_CHECKS = ("revocation",)
"""Names of the report's checks on each slot; a name that no slot reports leaves its group open."""


def conclude(record: PublicRecord, *, unaltered: bool, now: datetime) -> CodeAnswer:
    """Conclude what the public may know, from the row and from the look at the kept original.

    A verdict recorded at acceptance speaks of the bytes that were accepted, so it is worth nothing
    for bytes that have changed: then its checks count as not checked.
    """
    outcomes = {
        PublicCheck.ORIGINAL_UNALTERED: _passed_if(unaltered),
        **(_recorded_outcomes(record) if unaltered else _NOTHING_RECORDED),
        PublicCheck.IN_FORCE: _passed_if(record.withdrawn_at is None),
    }
    return CodeAnswer(
        code=format_code(record.transcript_code),
        status=_status(outcomes),
        school_name=record.school_name,
        province_name=record.province_name,
        school_year=f"{record.school_year}-{record.school_year + 1}",
        level=record.level,
        student_name_masked=record.student_name_masked,
        accepted_at=record.accepted_at,
        checked_at=now,
        checks=tuple((check, outcomes[check]) for check in PublicCheck),
        not_checked=tuple(
            gap
            for gap in NotChecked
            if gap is not NotChecked.REVOCATION
            or outcomes[PublicCheck.REVOCATION] is Outcome.NOT_CHECKED
        ),
    )


_NOTHING_RECORDED = dict.fromkeys(
    (PublicCheck.SIGNATURES, PublicCheck.CERTIFICATES, PublicCheck.REVOCATION),
    Outcome.NOT_CHECKED,
)


def _recorded_outcomes(record: PublicRecord) -> dict[PublicCheck, Outcome]:
    signatures = _joined(record.checks, _SIGNATURE_CHECKS)
    if record.indication == Indication.FAILED or not record.coverage_complete:
        signatures = Outcome.FAILED
    return {
        PublicCheck.SIGNATURES: signatures,
        PublicCheck.CERTIFICATES: _joined(record.checks, _CERTIFICATE_CHECKS),
        PublicCheck.REVOCATION: _revocation(record),
    }


def _revocation(record: PublicRecord) -> Outcome:
    """Give what was known at acceptance, or what later evidence made of it."""
    match record.standing:
        case Standing.FINAL:
            return Outcome.PASSED
        case Standing.REVOKED:
            return Outcome.FAILED
        case Standing.PROVISIONAL | None:
            return _joined(record.checks, _REVOCATION_CHECKS)


def _joined(checks: Sequence[SlotCheck], names: Sequence[str]) -> Outcome:
    """Join the same checks of all slots: one failure fails, one gap leaves it unchecked."""
    found = {(check.name, check.outcome) for check in checks if check.name in names}
    if any(outcome == Outcome.FAILED for _, outcome in found):
        return Outcome.FAILED
    if found == {(name, Outcome.PASSED) for name in names}:
        return Outcome.PASSED
    return Outcome.NOT_CHECKED


def _status(outcomes: dict[PublicCheck, Outcome]) -> Status:
    """Give the status; only revocation may be left open, for what stands provisionally."""
    if outcomes[PublicCheck.IN_FORCE] is Outcome.FAILED:
        return Status.WITHDRAWN
    proven = all(
        outcome is Outcome.PASSED
        or (check is PublicCheck.REVOCATION and outcome is Outcome.NOT_CHECKED)
        for check, outcome in outcomes.items()
    )
    return Status.IN_FORCE if proven else Status.NOT_CONFIRMED


def _passed_if(condition: bool) -> Outcome:  # noqa: FBT001 -- reason: a predicate turned into an outcome
    return Outcome.PASSED if condition else Outcome.FAILED
