"""What a school's own lists say about who signs: staff, and who teaches what (step 18).

The lists are optional and come in as frozen values. A personal number is compared by its keyed hash
only; the key is for these lists alone, so that it tells nothing about children.
"""

import hmac
import pickle
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property, lru_cache
from hashlib import sha256

from cryptography.x509 import load_der_x509_certificate
from cryptography.x509.oid import NameOID
from typing_extensions import override

from app.transcripts.content import Transcript
from app.transcripts.profile import Role

HOMEROOM = Role.HOMEROOM_TEACHER.value
"""Stands for the subject in the assignment of a homeroom teacher."""

_CITIZEN = "CCCD:"

_SCHOOLS_AT_ONCE = 16
"""Schools whose lists a process keeps read: a megabyte each, and few packages are open at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffMember:
    """Somebody who works at the school.

    Attributes:
        code: the Id by which transcripts name this person.
        personal_number_hash: as `hash_personal_number`; None where the list has no number.
        valid_from, valid_to: the first and the last day; None as last day while they work there.
    """

    code: str
    name: str
    personal_number_hash: bytes | None
    valid_from: date
    valid_to: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """Who teaches a subject in a class in a semester (1 or 2).

    Attributes:
        school_year: its first year.
        subject_code: as in the transcript; `HOMEROOM` for the homeroom teacher.
    """

    school_year: int
    class_id: str
    subject_code: str
    semester: int
    staff_code: str


@dataclass(frozen=True, kw_only=True)
class SchoolLists:
    """The lists of one school.

    They go to a verification process with every transcript of a package, so their pickle is made
    once, and read once by each process.

    Attributes:
        key: keys the hashes of personal numbers in them.
        assignments: of the school years that matter; none where no such list is loaded.
    """

    key: bytes = field(repr=False)
    members: tuple[StaffMember, ...]
    assignments: tuple[Assignment, ...]

    @cached_property
    def taught(self) -> Mapping[tuple[int, str], frozenset[tuple[str, str]]]:
        """Who teaches what, staff code and subject, by school year and class."""
        filed: dict[tuple[int, str], set[tuple[str, str]]] = {}
        for one in self.assignments:
            place = filed.setdefault((one.school_year, one.class_id), set())
            place.add((one.staff_code, one.subject_code))
        return {place: frozenset(lessons) for place, lessons in filed.items()}

    @cached_property
    def _packed(self) -> bytes:
        return pickle.dumps((self.key, self.members, self.assignments))

    @override
    def __reduce__(self) -> tuple[Callable[[bytes], "SchoolLists"], tuple[bytes]]:
        return _unpacked, (self._packed,)


@lru_cache(maxsize=_SCHOOLS_AT_ONCE)
def _unpacked(packed: bytes) -> SchoolLists:
    key, members, assignments = pickle.loads(packed)  # noqa: S301 -- reason: made by `_packed` above
    return SchoolLists(key=key, members=members, assignments=assignments)


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """What the lists say about the one whom a slot names.

    Attributes:
        listed: who had this code at the school on the day of issue; nobody when it is not listed.
        assigned: whether they teach every line that the slot signs (a homeroom teacher: the class);
            None when no assignments are loaded for this class and year.
        key: keys the hashes of `listed`.
    """

    listed: tuple[StaffMember, ...]
    assigned: bool | None
    key: bytes = field(repr=False)


def duties_of(transcript: Transcript, lists: SchoolLists | None) -> Mapping[str, Duty]:
    """Tell what the lists say about each teacher, by the name of the slot; nothing without lists.

    Args:
        transcript: the content that an intact signature covers.
        lists: of the issuing school.
    """
    if lists is None:
        return {}
    lessons: dict[str, set[str]] = {}
    named = ((one.teacher_id, one.subject_code) for one in transcript.subjects if one.teacher_id)
    for person, subject in named:
        lessons.setdefault(person, set()).add(subject)
    taught = lists.taught.get((transcript.start_year, transcript.class_id), frozenset())

    def duty(person: str, subjects: set[str]) -> Duty:
        wanted = {(person, subject) for subject in subjects}
        return Duty(
            listed=tuple(
                member
                for member in lists.members
                if member.code == person
                and member.valid_from <= transcript.issued_on <= (member.valid_to or date.max)
            ),
            assigned=taught >= wanted if taught else None,
            key=lists.key,
        )

    duties = {
        f"{Role.SUBJECT_TEACHER}[{person}]": duty(person, subjects)
        for person, subjects in lessons.items()
    }
    return duties | {HOMEROOM: duty(transcript.homeroom_teacher_id, {HOMEROOM})}


def hash_personal_number(key: bytes, personal_number: str) -> bytes:
    """Hide a personal number so that it can be compared and in no other way be used."""
    return hmac.digest(key, personal_number.encode(), sha256)


def personal_number_hash_of(certificate: bytes, key: bytes) -> bytes | None:
    """Hash the personal number that a certificate (DER) carries; None where it carries none."""
    subject = load_der_x509_certificate(certificate).subject
    identifiers = (str(one.value) for one in subject.get_attributes_for_oid(NameOID.USER_ID))
    number = next((value for value in identifiers if value.startswith(_CITIZEN)), None)
    return None if number is None else hash_personal_number(key, number.removeprefix(_CITIZEN))
