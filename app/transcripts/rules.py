"""Content rules of every level: what the curriculum of a transcript's level and grade demands.

CON-6xx are errors of structure. CON-7xx are warnings: a recomputed mark or decision may differ for
reasons that the file does not tell, and the school's signature stands. So a compulsory subject that
is missing is a warning: a student may be exempted from one.
"""

from collections.abc import Collection, Sequence

from app.transcripts.content import PrimaryRecord, Student, Transcript
from app.transcripts.curriculum import CURRICULA, Curriculum, Programme
from app.transcripts.finding import Finding
from app.transcripts.places import CONTENT, LINES, place_of
from app.transcripts.primary_rules import check_primary
from app.transcripts.secondary_rules import check_secondary

_LINE = f"{LINES}/DIEM_TONG_KET"


def check_rules(transcript: Transcript) -> tuple[Finding, ...]:
    """Hold a transcript against every rule; findings of all of them, errors and warnings.

    Args:
        transcript: of a level in `CURRICULA`, as the reader makes sure.
    """
    curriculum = CURRICULA[transcript.level]
    programme = curriculum.programme_of(transcript.grade)
    codes = [line.subject_code for line in transcript.subjects]
    findings = [
        *_year_and_grade(transcript, programme),
        *_student(transcript.student),
        *_subjects(codes, curriculum.subjects if programme is None else programme.known),
    ]
    if programme is not None:
        findings += () if transcript.not_assessed else _taken(codes, programme)
        findings += _record(transcript, curriculum, programme)
    return tuple(findings)


def _record(
    transcript: Transcript, curriculum: Curriculum, programme: Programme
) -> Sequence[Finding]:
    assessed = not transcript.not_assessed
    record = transcript.record
    if isinstance(record, PrimaryRecord):
        return check_primary(record, curriculum, programme, assessed=assessed)
    return check_secondary(record, curriculum, programme, assessed=assessed)


def _year_and_grade(transcript: Transcript, programme: Programme | None) -> Sequence[Finding]:
    findings = []
    if transcript.end_year != transcript.start_year + 1:
        value = f"{transcript.start_year}-{transcript.end_year}"
        findings.append(Finding(code="CON-600", xpath=f"{CONTENT}/NAM_KET_THUC", value=value))
    if programme is None:
        value = transcript.grade
        findings.append(Finding(code="CON-600", xpath=f"{CONTENT}/KHOI_ID", value=value))
    return findings


def _student(student: Student) -> Sequence[Finding]:
    """A passport says who somebody is only together with the state that issued it."""
    if student.passport_number is None or student.nationality is not None:
        return ()
    return (Finding(code="CON-708", xpath=f"{CONTENT}/NGUOI_HOC/SO_HO_CHIEU"),)


def _subjects(codes: Sequence[str], known: Collection[str]) -> Sequence[Finding]:
    findings = []
    seen: set[str] = set()
    for position, code in enumerate(codes):
        if code not in known:
            findings.append(_of_code("CON-601", position, codes))
        if code in seen:
            findings.append(_of_code("CON-602", position, codes))
        seen.add(code)
    return findings


def _of_code(code: str, position: int, codes: Sequence[str]) -> Finding:
    xpath = f"{place_of(_LINE, position, len(codes))}/MON_HOC_ID"
    return Finding(code=code, xpath=xpath, value=codes[position])


def _taken(codes: Sequence[str], programme: Programme) -> Sequence[Finding]:
    """Every compulsory subject, and as many chosen ones as the programme says."""
    findings = []
    taken = set(codes)
    missing = programme.missing(taken)
    if missing:
        findings.append(Finding(code="CON-704", xpath=LINES, value=", ".join(missing)))
    chosen = len(taken.intersection(programme.chosen))
    if chosen != programme.choices:
        value = f"{chosen} ≠ {programme.choices}"
        findings.append(Finding(code="CON-705", xpath=LINES, value=value))
    return findings
