"""What one kept transcript comes to when it is verified again: pure."""

import json
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import Any

from app.intake.checks import ItemVerdict
from app.intake.entry import Place, register_entry
from app.keys import WorkerKeys
from app.register.archive import Kept
from app.register.record import TranscriptRecord
from app.signatures.catalogue import CATALOGUE
from app.signatures.verify import Context
from app.transcripts.content import Transcript

UNREADABLE = "PKG-106"
"""The code of bytes in the vault that are no base64 text."""

_NOT_SIGNED = frozenset({"accepted_at", "withdrawn_at", "version", "previous_code"})
"""What the register knows besides the signed content and where it lies."""


class Result(StrEnum):
    """What verifying a kept transcript again came to."""

    CONFIRMED = "confirmed"
    MISSING = "missing"
    ALTERED = "altered"
    REFUSED = "refused"
    DISPUTED = "disputed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rechecked:
    """What became of one kept transcript.

    Attributes:
        reasons: codes of the catalogue, or the names of what the register or the report keeps
            otherwise; never a value.
    """

    school_year: int
    transcript_code: str
    original_sha256: str
    result: Result
    reasons: tuple[str, ...]


def question_of(kept: Kept) -> Context | None:
    """Ask again what was asked when the transcript came in; None when its report names no time."""
    record = kept.record
    try:
        received_at = datetime.fromisoformat(json.loads(kept.report)["at"])
    except (KeyError, TypeError, ValueError):
        return None
    return Context(
        received_at=received_at,
        school_code=record.school_code,
        student_code=record.student_code,
        province_code=record.province_code,
    )


def compare(kept: Kept, verdict: ItemVerdict, keys: WorkerKeys) -> tuple[Result, tuple[str, ...]]:
    """Hold what the checks say today to what the register keeps."""
    codes = tuple(dict.fromkeys(f.code for f in verdict.findings if _is_error(f.code)))
    known = {None, kept.record.original_sha256}
    if UNREADABLE in codes or verdict.original_sha256 not in known:
        return Result.ALTERED, codes
    if verdict.dispute is not None:
        return Result.DISPUTED, codes
    if verdict.transcript is None or verdict.report is None:
        return Result.REFUSED, codes
    changes = (
        *changed_facts(kept.record, verdict.transcript, keys),
        *_changed_signatures(kept.report, verdict.report),
    )
    return (Result.CHANGED if changes else Result.CONFIRMED), changes


def _is_error(code: str) -> bool:
    return CATALOGUE[code].severity == "error"


def changed_facts(
    record: TranscriptRecord, transcript: Transcript, keys: WorkerKeys
) -> tuple[str, ...]:
    """Name the columns that say something else than the signed content."""
    place = Place(
        package_id=record.package_id,
        package_digest=record.package_digest,
        byte_offset=record.byte_offset,
        byte_length=record.byte_length,
    )
    signed = register_entry(
        transcript,
        record.original_sha256,
        place=place,
        keys=keys,
        accepted_at=record.accepted_at,
    )
    return tuple(
        field.name
        for field in fields(TranscriptRecord)
        if field.name not in _NOT_SIGNED
        and getattr(signed, field.name) != getattr(record, field.name)
    )


def _changed_signatures(before: str, now: str) -> tuple[str, ...]:
    """Name the slots whose signer is another one, or "report" when it is about something else.

    How a slot was judged may change for good reasons, such as newer evidence about revocation;
    where that matters the transcript does not pass.
    """
    try:
        then_signers, now_signers = _signers(json.loads(before)), _signers(json.loads(now))
    except (KeyError, TypeError, ValueError):
        return ("report",)
    if then_signers.keys() != now_signers.keys():
        return ("report",)
    return tuple(name for name in now_signers if now_signers[name] != then_signers[name])


def _signers(report: Any) -> dict[str, str | None]:
    """Read slot → digest of the signer's certificate out of a report."""
    return {
        slot["slot"]: None if slot["signer"] is None else slot["signer"]["certificate_sha256"]
        for slot in report["slots"]
    }
