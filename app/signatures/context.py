"""What must agree with the signed content: the package and the directory (step 19)."""

from dataclasses import dataclass
from datetime import date, datetime

from app.signatures.staff import SchoolLists
from app.transcripts.content import Transcript
from app.transcripts.finding import Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenure:
    """A school's province and levels from one day to another.

    Attributes:
        first: the first day.
        last: the last day; None while it lasts.
        province_code: as that province was called then: on 1/7/2025 seven codes changed meaning.
        levels: codes of the levels that it taught; empty when the directory does not say.
    """

    first: date
    last: date | None
    province_code: str
    levels: tuple[str, ...] = ()

    def covers(self, day: date) -> bool:
        """Whether a day belongs to it."""
        return self.first <= day <= (self.last or date.max)


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What the package and the directory say about a transcript before it is opened.

    Attributes:
        received_at: when the package arrived, aware.
        school_code: the school that sent the package.
        student_code: the student that the package names for this transcript.
        province_code: the school's province in the directory.
        tenures: what the school was when; empty when it always was what it is, in `province_code`.
        lists: the school's staff and assignments, where they are loaded.
    """

    received_at: datetime
    school_code: str
    student_code: str
    province_code: str
    tenures: tuple[Tenure, ...] = ()
    lists: SchoolLists | None = None


def check_context(transcript: Transcript, context: Context) -> tuple[Finding, ...]:
    """Hold the signed content to the package and the directory (step 19)."""
    province: str | None = context.province_code
    levels: tuple[str, ...] = (transcript.level,)
    if context.tenures:
        tenure = next((one for one in context.tenures if one.covers(transcript.issued_on)), None)
        province = None if tenure is None else tenure.province_code
        levels = levels if tenure is None else tenure.levels or levels
    said = (
        ("CO_SO_GIAO_DUC_ID", transcript.school.code, (context.school_code,)),
        ("MA_SO_GD", transcript.school.department_code, (province,)),
        ("CAP_HOC_ID", transcript.level, levels),
        ("NGUOI_HOC_ID", transcript.student.code, (context.student_code,)),
    )
    return tuple(
        [
            Finding(code="SIG-510", xpath=f"//{name}", value=signed)
            for name, signed, expected in said
            if signed not in expected
        ]
    )
