"""What the register keeps of one accepted transcript, as frozen values."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from operator import attrgetter
from typing import Any
from uuid import UUID

Place = tuple[int, str, str, str]
"""(school_year, school_code, student_code, level): where one transcript is in force at a time."""

place_of: Callable[[Any], Place] = attrgetter("school_year", "school_code", "student_code", "level")
"""Name the place of a record or of a row that has these columns."""


class Standing(StrEnum):
    """What evidence about revocation made of a transcript."""

    PROVISIONAL = "provisional"
    FINAL = "final"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptRecord:
    """One row of the register without the report. Holds a child's name: never logged.

    Attributes:
        school_year: the year that the school year starts in; 2025 is năm học 2025-2026.
        transcript_code: mã tra cứu, normalised (no hyphens).
        original_sha256: digest of the transcript's own bytes, lower-case hexadecimal.
        level: cấp học, such as "03".
        student_name_masked: the only form of the name that the public may see.
        personal_number_hash: HMAC of the personal number; None for those who have none.
        issued_on: the day of issue that the signed content states.
        package_digest: the vault's key of the package that holds the original.
        byte_offset: where the original's base64 text starts in that package, in bytes.
        byte_length: the length of that base64 text, in bytes.
        withdrawn_at: when it was withdrawn (thu hồi); None while in force.
        version: which transcript of its place it is, from 1; a correction is the next one.
        previous_code: the code of the version before; None for the first.
    """

    school_year: int
    transcript_code: str
    original_sha256: str
    level: str
    grade: str
    class_id: str
    class_name: str
    school_code: str
    school_name: str
    province_code: str
    province_name: str
    student_code: str
    student_name: str
    student_name_masked: str
    personal_number_hash: bytes | None
    issued_on: date
    package_id: UUID
    package_digest: str
    byte_offset: int
    byte_length: int
    accepted_at: datetime
    withdrawn_at: datetime | None = None
    version: int = 1
    previous_code: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRecord:
    """A verified transcript that asks to be registered.

    Attributes:
        record: the row; its `withdrawn_at`, `version` and `previous_code` are not read, because a
            new one is in force and the register itself knows what came before.
        report: the verification report as JSON text.
        provisional_under: digest of the trust snapshot that left revocation open; None when it was
            decided.
    """

    record: TranscriptRecord
    report: str
    provisional_under: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotCheck:
    """One named check on one signature, as the report recorded it at acceptance."""

    name: str
    outcome: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicRecord:
    """What the public verifier may read of one transcript.

    Attributes:
        original_sha256: with the three below, where the original lies; for checking it, never for
            an answer.
        indication: the report's verdict at acceptance (ETSI EN 319 102-1).
        coverage_complete: whether all content lay under the required signatures.
        checks: every check on every slot, in the report's order, without names.
        standing: what evidence about revocation made of it since; None when it was final at once.
    """

    transcript_code: str
    school_year: int
    level: str
    school_name: str
    province_name: str
    student_name_masked: str
    accepted_at: datetime
    withdrawn_at: datetime | None
    original_sha256: str
    package_digest: str
    byte_offset: int
    byte_length: int
    indication: str
    coverage_complete: bool
    checks: tuple[SlotCheck, ...]
    standing: Standing | None = None
