"""Content rules of every level: what the curriculum of a transcript's level and grade demands.

CON-6xx are errors of structure. CON-7xx are warnings: a recomputed mark or decision may differ for
reasons that the file does not tell, and the school's signature stands. So a compulsory subject that
is missing is a warning: a student may be exempted from one.
"""

from collections.abc import Iterator
from itertools import chain

from app.transcripts.content import PrimaryRecord, Transcript
from app.transcripts.curriculum import CURRICULA, Curriculum, Programme
from app.transcripts.finding import Finding
from app.transcripts.places import CONTENT, LINES, placed
from app.transcripts.primary_rules import check_primary
from app.transcripts.secondary_rules import check_secondary


def check_rules(transcript: Transcript) -> tuple[Finding, ...]:
    """Hold a transcript against every rule; findings of all of them, errors and warnings.

    Args:
        transcript: of a level in `CURRICULA`, as the reader makes sure.
    """
    curriculum = CURRICULA[transcript.level]
    programme = curriculum.programme_of(transcript.grade)
    return tuple(
        chain(
            _year_and_grade(transcript, programme),
            _student(transcript),
            _subjects(transcript, curriculum, programme),
            () if programme is None else _taken(transcript, programme),
            () if programme is None else _record(transcript, curriculum, programme),
        )
    )


def _record(
    transcript: Transcript, curriculum: Curriculum, programme: Programme
) -> Iterator[Finding]:
    assessed = not transcript.not_assessed
    record = transcript.record
    if isinstance(record, PrimaryRecord):
        return check_primary(record, curriculum, programme, assessed=assessed)
    return check_secondary(record, curriculum, programme, assessed=assessed)


def _year_and_grade(transcript: Transcript, programme: Programme | None) -> Iterator[Finding]:
    if transcript.end_year != transcript.start_year + 1:
        value = f"{transcript.start_year}-{transcript.end_year}"
        yield Finding(code="CON-600", xpath=f"{CONTENT}/NAM_KET_THUC", value=value)
    if programme is None:
        yield Finding(code="CON-600", xpath=f"{CONTENT}/KHOI_ID", value=transcript.grade)


def _student(transcript: Transcript) -> Iterator[Finding]:
    """A passport says who somebody is only together with the state that issued it."""
    student = transcript.student
    if student.passport_number is not None and student.nationality is None:
        yield Finding(code="CON-708", xpath=f"{CONTENT}/NGUOI_HOC/SO_HO_CHIEU")


def _subjects(
    transcript: Transcript, curriculum: Curriculum, programme: Programme | None
) -> Iterator[Finding]:
    known = tuple(curriculum.subjects) if programme is None else programme.codes
    seen: set[str] = set()
    for place, line in placed(f"{LINES}/DIEM_TONG_KET", transcript.subjects):
        xpath, code = f"{place}/MON_HOC_ID", line.subject_code
        if code not in known:
            yield Finding(code="CON-601", xpath=xpath, value=code)
        if code in seen:
            yield Finding(code="CON-602", xpath=xpath, value=code)
        seen.add(code)


def _taken(transcript: Transcript, programme: Programme) -> Iterator[Finding]:
    """Every compulsory subject, and as many chosen ones as the programme says."""
    if transcript.not_assessed:
        return
    taken = {line.subject_code for line in transcript.subjects}
    missing = programme.missing(taken)
    if missing:
        yield Finding(code="CON-704", xpath=LINES, value=", ".join(missing))
    chosen = len(taken.intersection(programme.chosen))
    if chosen != programme.choices:
        yield Finding(code="CON-705", xpath=LINES, value=f"{chosen} ≠ {programme.choices}")
