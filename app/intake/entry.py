"""What the register will keep of a verified transcript: from its signed content alone."""

import hmac
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from app.keys import RegisterKeys, WorkerKeys
from app.register.record import TranscriptRecord
from app.transcripts.codes import transcript_code
from app.transcripts.content import Transcript
from app.transcripts.masking import mask_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an original lies: its base64 text inside its package, in bytes."""

    package_id: UUID
    package_digest: str
    byte_offset: int
    byte_length: int


def register_entry(
    transcript: Transcript,
    original_sha256: str,
    *,
    place: Place,
    keys: RegisterKeys | WorkerKeys,
    accepted_at: datetime,
) -> TranscriptRecord:
    """Write the register's row; the same original always gives the same one, but for its time."""
    school, student = transcript.school, transcript.student
    return TranscriptRecord(
        school_year=transcript.start_year,
        transcript_code=transcript_code(keys.codes, bytes.fromhex(original_sha256)),
        original_sha256=original_sha256,
        level=transcript.level,
        grade=transcript.grade,
        class_id=transcript.class_id,
        class_name=transcript.class_name,
        school_code=school.code,
        school_name=school.name,
        province_code=school.province_code,
        province_name=school.province_name,
        student_code=student.code,
        student_name=student.full_name,
        student_name_masked=mask_name(student.full_name),
        personal_number_hash=_keyed_hash(keys.identity, student.personal_number),
        issued_on=transcript.issued_on,
        package_id=place.package_id,
        package_digest=place.package_digest,
        byte_offset=place.byte_offset,
        byte_length=place.byte_length,
        accepted_at=accepted_at,
    )


def _keyed_hash(key: bytes, personal_number: str | None) -> bytes | None:
    """Hide a personal number so that it can be looked up exactly and in no other way."""
    if personal_number is None:
        return None
    return hmac.digest(key, personal_number.encode(), sha256)
