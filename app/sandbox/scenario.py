"""One school, one class, one package: what the demonstration, the tests and the examples use."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from pathlib import Path

from app.sandbox.classes import ClassSpec, make_class
from app.sandbox.keys import KeyStore
from app.sandbox.packaging import (
    MessageHead,
    SignedTranscript,
    build_package,
    build_withdrawal,
)
from app.sandbox.pki import Pki, make_pki
from app.sandbox.school import SyntheticSchool, make_school, signers_of
from app.sandbox.signing import NotReady, SigningStyle, sign_transcript
from app.sandbox.splicing import find_places, spliced
from app.sandbox.transcript_writer import write_transcript
from app.transcripts.curriculum import CURRICULA, GDTX
from app.transcripts.profile import HOC_BA_1

VIETNAM = timezone(timedelta(hours=7))
"""Vietnam has one offset all year."""
ISSUE_DAY = (6, 10)
"""Month and day on which the sandbox's schools issue: the bulk comes in early June."""
OLDEST_ISSUE = timedelta(days=300)
"""An older 10 June is not used: the service takes issues of at most 400 days, and a demonstration
must still be accepted some months after it was made."""
RECENT_ISSUE = timedelta(days=7)
"""How long before today a class was issued when 10 June lies too far back."""
CLASS_SIZE = 45
"""Students in a class: the largest that the school charter allows (Thông tư 32/2020/TT-BGDĐT)."""

_SLOTS = next(iter(HOC_BA_1.profiles.values())).slots
"""At every level the slots stand at the same places."""

_MARK = re.compile(rb"<(?:DIEM_CA_NAM>(?P<year>\d+\.\d)|DIEM_KIEM_TRA>(?P<test>\d+))</")
"""A year mark, or the test mark of a primary pupil."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A signed class, its school and the PKI that stands behind both.

    Attributes:
        transcripts: in the order of the class register.
        created_at: when the school made its package.
        package: all transcripts as message number 1.
    """

    pki: Pki
    school: SyntheticSchool
    spec: ClassSpec
    transcripts: tuple[SignedTranscript, ...]
    created_at: datetime
    package: bytes

    def repackaged(self, transcripts: Sequence[SignedTranscript], *, number: int) -> bytes:
        """Pack transcripts as another message of the same school and day."""
        head = _head(self.school, self.created_at, number)
        return build_package(transcripts, school=self.school, head=head)

    def withdrawing(self, reasons: Sequence[tuple[str, str | None]], *, number: int) -> bytes:
        """Withdraw transcripts by another message of the same school and day."""
        head = _head(self.school, self.created_at, number)
        return build_withdrawal(reasons, school=self.school, head=head)


def make_scenario(
    seed: str,
    *,
    today: date,
    students: int = CLASS_SIZE,
    cache: Path | None = None,
    grade: int = 6,
    level: str | None = None,
) -> Scenario:
    """Make a school with one class, signed and packed.

    Args:
        seed: determines everything together with `today`.
        today: the class was issued before this day, and its certificates are valid on it.
        students: the size of the class.
        cache: where RSA keys are kept between runs; without it each run looks for them anew.
        grade: 1 to 12.
        level: CAP_HOC_ID; by default the school level of the grade.
    """
    level = level or level_of(grade)
    issued_on = issue_day(today)
    pki = make_pki(KeyStore(seed=seed, folder=cache))
    # Issued before the school year began, so that no certificate is younger than what it signs.
    school = make_school(pki, issued_year=issued_on.year - 1, level=level)
    spec = ClassSpec(
        seed=seed,
        start_year=issued_on.year - 1,
        level=level,
        grade=grade,
        class_name=f"{grade}A1",
        students=students,
        issued_on=issued_on,
    )
    transcripts = sign_class(spec, school, pki)
    created_at = datetime.combine(issued_on, time(9, 30), VIETNAM)
    head = _head(school, created_at, 1)
    return Scenario(
        pki=pki,
        school=school,
        spec=spec,
        transcripts=transcripts,
        created_at=created_at,
        package=build_package(transcripts, school=school, head=head),
    )


def level_of(grade: int, *, continuing: bool = False) -> str:
    """Name the level (CAP_HOC_ID) of the schools that have a grade.

    Args:
        grade: 1 to 12.
        continuing: whether continuing education is meant; it begins with grade 6.

    Raises:
        NotReady: it has no such grade.
    """
    for curriculum in CURRICULA.values():
        if (curriculum is GDTX) == continuing and f"{grade:02d}" in curriculum.grades:
            return curriculum.level
    raise NotReady(f"KHOI_ID {grade:02d}")


def issue_day(today: date) -> date:
    """Choose the day of issue: the last 10 June, or a recent day when that is too long ago."""
    june = date(today.year, *ISSUE_DAY)
    if june > today:
        june = june.replace(year=june.year - 1)
    return june if today - june <= OLDEST_ISSUE else today - RECENT_ISSUE


def sign_class(
    spec: ClassSpec, school: SyntheticSchool, pki: Pki, *, style: SigningStyle | None = None
) -> tuple[SignedTranscript, ...]:
    """Make up a class and sign all of its transcripts."""
    signers = signers_of(school, pki)
    return tuple(
        SignedTranscript(
            student_code=year.student.code,
            xml=sign_transcript(write_transcript(year), signers, style=style),
        )
        for year in make_class(spec, school)
    )


def with_changed_mark(xml: bytes) -> bytes:
    """Improve the first mark of a signed transcript, as a cheat would.

    Raises:
        NotReady: the transcript has no mark.
    """
    mark = _MARK.search(xml)
    if mark is None:
        raise NotReady("DIEM_CA_NAM")
    best, second = (b"9.9", b"9.8") if mark["year"] else (b"10", b"9")
    begin, end = mark.span("year" if mark["year"] else "test")
    better = second if xml[begin:end] == best else best
    return xml[:begin] + better + xml[end:]


def without_signature(xml: bytes, slot: str) -> bytes:
    """Drop the signature of one slot, such as "GVBM[9107011000]" or "CBQL"; the slot stays, empty.

    Raises:
        NotReady: the transcript has no such slot.
    """
    role, _, teacher_id = slot.rstrip("]").partition("[")
    for rule in _SLOTS:
        for place in find_places(xml, rule.path):
            if rule.role == role and place.id == teacher_id:
                return spliced(xml, [(place, b"")])
    raise NotReady(slot)


def _head(school: SyntheticSchool, created_at: datetime, number: int) -> MessageHead:
    message_id = f"{school.code}-{created_at:%Y%m%d}-{number:04d}"
    return MessageHead(message_id=message_id, created_at=created_at)
