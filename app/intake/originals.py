"""The register's rows of a package, read anew from its bytes and nothing else."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from app.intake.entry import Place, register_entry
from app.keys import RegisterKeys
from app.register.record import NewRecord
from app.signatures.canonical import Canonicalization, canonical_octets
from app.transcripts.content import Transcript
from app.transcripts.content_reader import read_transcript
from app.transcripts.finding import DocumentRefused
from app.transcripts.message import transcript_range
from app.transcripts.profile import HOC_BA_1
from app.transcripts.xml import read_xml

_DATA = "DU_LIEU_HOC_BA"
"""What the principal and the school sign."""


class Contradiction(Exception):
    """The bytes of a package do not say what the journal says of a transcript in it.

    Attributes:
        code: of the transcript.
        reason: a stable slug: "range", "digest", "content", "code" or "place".
    """

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(code, reason)
        self.code = code
        self.reason = reason


def records_of(
    package: bytes, decision: Mapping[str, Any], *, keys: RegisterKeys
) -> tuple[NewRecord, ...]:
    """Read what the register keeps of each transcript that a decision accepted; pure, takes time.

    Signatures are not verified again: the digest proves that these are the accepted bytes.

    Args:
        package: the bytes, proven by their digest.
        decision: the body of the journal's entry.
        keys: of the repository, which give code and personal number's hash.

    Raises:
        Contradiction: a transcript is not where it is said to be, is not the one, or gets another
            code.
    """
    students = {item["transcript_code"]: item["student_code"] for item in decision["items"]}
    return tuple(
        _record(package, decision, told, student=students.get(told["code"]), keys=keys)
        for told in decision["transcripts"]
    )


def level_of(told: Mapping[str, Any]) -> str:
    """Name the level of a transcript that a decision accepted, as its report does.

    Raises:
        ValueError: the report is none.
        KeyError: it names no profile.
    """
    profile: str = json.loads(told["report"])["profile_id"]
    return profile.removeprefix(f"{HOC_BA_1.id}/")


def _record(
    package: bytes,
    decision: Mapping[str, Any],
    told: Mapping[str, Any],
    *,
    student: str | None,
    keys: RegisterKeys,
) -> NewRecord:
    code, offset, length = told["code"], told["byte_offset"], told["byte_length"]
    try:
        original = transcript_range(package[offset : offset + length])
    except DocumentRefused as error:
        raise Contradiction(code, "range") from error
    if sha256(original).hexdigest() != told["original_sha256"]:
        raise Contradiction(code, "digest")
    place = Place(
        package_id=UUID(decision["package_id"]),
        package_digest=decision["digest"],
        byte_offset=offset,
        byte_length=length,
    )
    record = register_entry(
        _read(original, told),
        told["original_sha256"],
        place=place,
        keys=keys,
        accepted_at=datetime.fromisoformat(told["accepted_at"]),
    )
    if record.transcript_code != code:
        raise Contradiction(code, "code")
    if (record.school_year, record.school_code, record.student_code) != (
        told["school_year"],
        decision["school_code"],
        student,
    ):
        raise Contradiction(code, "place")
    return NewRecord(
        record=replace(record, version=told["version"], previous_code=told["previous_code"]),
        report=told["report"],
        provisional_under=told["provisional_under"],
    )


def _read(original: bytes, told: Mapping[str, Any]) -> Transcript:
    """Read the content from the same element that the accepted signatures cover.

    Its schema was held against it when it was accepted, and the level that chose the schema is the
    one that the report names.
    """
    try:
        data = read_xml(original, HOC_BA_1.limits).find(_DATA)
        if data is None:
            raise Contradiction(told["code"], "content")
        octets = canonical_octets(data, Canonicalization.INCLUSIVE_10)
        return read_transcript(octets, HOC_BA_1.profiles[level_of(told)])
    except DocumentRefused as error:
        raise Contradiction(told["code"], "content") from error
