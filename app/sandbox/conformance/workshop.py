"""Where the packages of the conformance set are made: schools of every level, students, signers."""

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from app.sandbox.classes import ClassSpec, StudentYear, make_class
from app.sandbox.conformance.signature_values import resigned
from app.sandbox.keys import KeyStore
from app.sandbox.packaging import MessageHead, SignedTranscript, build_package
from app.sandbox.pki import Pki, make_pki
from app.sandbox.scenario import VIETNAM, issue_day
from app.sandbox.school import SyntheticSchool, make_school, signers_of
from app.sandbox.signing import NotReady, Signers, SigningStyle, sign_package, sign_transcript
from app.sandbox.transcript_writer import write_transcript
from app.transcripts.curriculum import CURRICULA

CLASS = 15
"""Students that a class is made up with: as many as show every kind of student once."""

SERIES_DIGITS = 6
"""Of the digest of a series' name, in student codes: they have at most 20 characters."""

Change = Callable[[bytes], bytes]
"""Makes a document flawed."""

_SEAL = re.compile(rb"(<KY_PHAT_HANH_GOI_TIN>).*(</KY_PHAT_HANH_GOI_TIN>)", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Workshop:
    """What all cases are made with.

    Attributes:
        schools: by level.
        issued_on: when the classes were issued and the packages made.
        series: stands in student codes and message ids.
    """

    pki: Pki = field(repr=False)
    schools: Mapping[str, SyntheticSchool]
    issued_on: date
    series: str

    @property
    def created_at(self) -> datetime:
        """When packages were made."""
        return datetime.combine(self.issued_on, time(9, 30), VIETNAM)

    def year(self, number: int, *, level: str, grade: int, place: int = 0) -> StudentYear:
        """Make up a student who is nobody else's in this series.

        Args:
            number: in the series.
            level: CAP_HOC_ID.
            grade: 1 to 12.
            place: in the class register, which decides the kind of student (see `kind_of`).
        """
        spec = ClassSpec(
            seed=f"{self.pki.keys.seed}/{self.series}/{number}",
            start_year=self.issued_on.year - 1,
            level=level,
            grade=grade,
            class_name=f"{grade}K{number}",
            students=CLASS,
            issued_on=self.issued_on,
        )
        year = make_class(spec, self.schools[level])[place]
        mark = hashlib.sha256(self.series.encode()).hexdigest()[:SERIES_DIGITS].upper()
        code = f"{self.schools[level].code}{mark}{number:04d}"
        return replace(year, student=replace(year.student, code=code))

    def signers(self, level: str) -> Signers:
        """Find the rightful signers of a school."""
        return signers_of(self.schools[level], self.pki)

    def sign(
        self,
        xml: bytes,
        level: str,
        *,
        signers: Signers | None = None,
        style: SigningStyle | None = None,
    ) -> bytes:
        """Sign every empty slot."""
        return sign_transcript(xml, signers or self.signers(level), style=style)

    def transcript(self, number: int, *, level: str = "03", grade: int = 7) -> SignedTranscript:
        """Make a good transcript."""
        year = self.year(number, level=level, grade=grade)
        xml = self.sign(write_transcript(year), level)
        return SignedTranscript(student_code=year.student.code, xml=xml)

    def message_id(self, number: int) -> str:
        """Name a message of the series."""
        return f"{self.series}-{number:04d}"

    def pack(self, number: int, *items: SignedTranscript, level: str = "03") -> bytes:
        """Pack transcripts as a message of the series."""
        head = MessageHead(message_id=self.message_id(number), created_at=self.created_at)
        return build_package(items, school=self.schools[level], head=head)

    def resealed(self, package: bytes, change: Change, level: str = "03") -> bytes:
        """Change a package and let the school seal it again."""
        return sign_package(change(_SEAL.sub(rb"\1\2", package)), self.schools[level].seal)


def open_workshop(seed: str, *, today: date, series: str, cache: Path | None = None) -> Workshop:
    """Make the schools of all levels.

    Args:
        seed: of the sandbox's PKI, which the server must trust.
        today: the day on which, or after which, the set is sent.
        series: letters, digits, points and hyphens.
        cache: where RSA keys are kept between runs.
    """
    pki = make_pki(KeyStore(seed=seed, folder=cache))
    issued_on = issue_day(today)
    return Workshop(
        pki=pki,
        schools={
            level: make_school(pki, issued_year=issued_on.year - 1, level=level)
            for level in sorted(one.level for one in CURRICULA.values())
        },
        issued_on=issued_on,
        series=series,
    )


def edit(pattern: str, replacement: str, *, last: bool = False) -> Change:
    """Replace the first, or the last, occurrence of a pattern.

    The change raises NotReady when there is none.
    """

    def change(document: bytes) -> bytes:
        found = list(re.finditer(pattern.encode(), document, re.DOTALL))
        if not found:
            raise NotReady(pattern)
        match = found[-1 if last else 0]
        new = match.expand(replacement.encode())
        return document[: match.start()] + new + document[match.end() :]

    return change


def sealed_with(workshop: Workshop, change: Change, level: str = "03") -> Change:
    """Change the text of the school's signature and sign its SignedInfo anew.

    So nothing but the flaw can be the reason for a refusal. The change must leave SignedInfo in
    canonical form.
    """
    key = workshop.schools[level].seal.key
    if not isinstance(key, RSAPrivateKey):
        raise NotReady("RSA")

    def flawed(document: bytes) -> bytes:
        begin = document.index(b"<KY_PHAT_HANH>")
        return document[:begin] + resigned(change(document[begin:]), key)

    return flawed
