"""Whether a transcript's row agrees with its code, its package and its neighbours: pure."""

import re
from collections.abc import Iterator

from app.fsck.findings import Code, Finding
from app.fsck.register_rows import TranscriptRow
from app.keys import WorkerKeys
from app.transcripts.codes import transcript_code

_HISTORIES: tuple[list[tuple[str, bool]], ...] = (
    [],
    [("provisional", True)],
    [("final", False), ("provisional", True)],
    [("provisional", True), ("revoked", False)],
)
"""What standings may follow each other, by name: (standing, whether at acceptance)."""

_WITHDRAW = "03"
_DIGEST = re.compile(r"[0-9a-f]{64}")


def check_transcript(row: TranscriptRow, keys: WorkerKeys) -> Iterator[Finding]:
    """Find what contradicts itself about one transcript, without its bytes."""
    code = row.record.transcript_code
    if not is_digest(row.record.original_sha256) or code != transcript_code(
        keys.codes, bytes.fromhex(row.record.original_sha256)
    ):
        yield Finding(code=Code.TRANSCRIPT_CODE, object=code)
    if (row.indexed_sha256, row.indexed_year) != (
        row.record.original_sha256,
        row.record.school_year,
    ):
        yield Finding(code=Code.TRANSCRIPT_INDEX, object=code)
    yield from _source(row)
    yield from _chain(row)
    if row.rivalled:
        yield Finding(code=Code.TRANSCRIPT_RIVAL, object=code)
    yield from _withdrawal(row)
    yield from _standing(row)


def is_digest(value: str) -> bool:
    """Tell whether a column holds a SHA-256 as the program writes it."""
    return _DIGEST.fullmatch(value) is not None


def _source(row: TranscriptRow) -> Iterator[Finding]:
    record, wrong = row.record, []
    if row.source_digest != record.package_digest:
        wrong.append("package_digest")
    if not row.sourced:
        wrong.append("item")
    if row.source_finished_at != record.accepted_at:
        wrong.append("accepted_at")
    if wrong:
        code = record.transcript_code
        yield Finding(code=Code.TRANSCRIPT_SOURCE, object=code, detail=" ".join(wrong))


def _chain(row: TranscriptRow) -> Iterator[Finding]:
    record = row.record
    first = record.version == 1
    follows = (
        row.previous_version == record.version - 1
        and row.previous_alike is True
        and row.previous_withdrawn_at is not None
        and row.previous_withdrawn_at <= record.accepted_at
    )
    if first != (record.previous_code is None) or not (first or follows):
        detail = f"version={record.version}"
        yield Finding(code=Code.TRANSCRIPT_CHAIN, object=record.transcript_code, detail=detail)


def _withdrawal(row: TranscriptRow) -> Iterator[Finding]:
    """Hold the end of force to its record, and that to the package which caused it."""
    wrong = []
    if row.record.withdrawn_at != row.taken_back_at:
        wrong.append("withdrawn_at")
    if row.taken_back_at is not None:
        if row.taker_finished_at != row.taken_back_at:
            wrong.append("package_id")
        if (row.cause == "school") != (row.taker_purpose == _WITHDRAW):
            wrong.append("cause")
        if row.cause == "revocation" and "revoked" not in _names(row):
            wrong.append("standing")
    if wrong:
        code = row.record.transcript_code
        yield Finding(code=Code.TRANSCRIPT_WITHDRAWAL, object=code, detail=" ".join(wrong))


def _standing(row: TranscriptRow) -> Iterator[Finding]:
    said = row.standings or []
    history = [(name, name == "provisional" and at_once) for name, _, at_once in said]
    reasoned = all((name == "revoked") == (reason is not None) for name, reason, _ in said)
    if history not in _HISTORIES or not reasoned:
        detail = " ".join(_names(row))
        code = row.record.transcript_code
        yield Finding(code=Code.TRANSCRIPT_STANDING, object=code, detail=detail)


def _names(row: TranscriptRow) -> list[str]:
    return [name for name, _, _ in row.standings or []]
