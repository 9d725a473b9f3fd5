"""The operator's files as values: schools over time, staff, and who teaches what."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from itertools import pairwise

from app.directory.code_lists import code_lists, province_at
from app.directory.schools import EVER, SchoolHistory, SchoolPeriod
from app.directory.tabular import TEXT_LIMIT, Faults, Line, lines_of
from app.signatures.staff import Assignment, StaffMember, hash_personal_number

SCHOOL_COLUMNS = (
    "school_code",
    "name",
    "levels",
    "province_code",
    "commune_code",
    "commune_name",
    "valid_from",
    "valid_to",
    "successor_code",
)
STAFF_COLUMNS = ("staff_code", "name", "personal_number", "valid_from", "valid_to")
ASSIGNMENT_COLUMNS = ("school_year", "class_id", "subject_code", "semester", "staff_code")

SCHOOL_CODE_LIMIT = 20
"""Characters: the message's XSD takes no longer code."""

FIRST_YEAR, LAST_YEAR = 2000, 2100
"""School years that a file may name: others are typing errors."""

_PERSONAL_NUMBER = re.compile(r"[0-9]{12}")


def read_schools(content: bytes, today: date) -> tuple[SchoolHistory, ...]:
    """Read a file of schools: one line for each period, `levels` separated by spaces.

    A school's lines are its whole history. A change of meaning of its province's code ends a
    period: the line is split at that day. What begins after today is loaded on its day, because the
    directory answers what a school is now.

    Raises:
        FileRefused: with every fault.
    """
    faults = Faults()
    found: dict[str, list[tuple[Line, SchoolPeriod]]] = {}
    for line in lines_of(content, SCHOOL_COLUMNS, faults):
        code = line.required("school_code", SCHOOL_CODE_LIMIT)
        found.setdefault(code, []).append((line, _period(line, today)))
    histories = []
    for code, periods in found.items():
        ordered = sorted(periods, key=lambda one: one[1].valid_from)
        for (_, before), (line, after) in pairwise(ordered):
            if before.valid_to is None or before.valid_to >= after.valid_from:
                line.fault("valid_from", "overlap")
        histories.append(SchoolHistory(code=code, periods=tuple(one for _, one in ordered)))
    faults.refuse()
    return tuple(histories)


def read_staff(content: bytes, key: bytes) -> tuple[StaffMember, ...]:
    """Read a file of a school's staff; personal numbers are hashed at once and kept nowhere.

    Raises:
        FileRefused: with every fault.
    """
    faults = Faults()
    members: dict[tuple[str, date], StaffMember] = {}
    for line in lines_of(content, STAFF_COLUMNS, faults):
        number = line.optional("personal_number")
        if number is not None and not _PERSONAL_NUMBER.fullmatch(number):
            line.fault("personal_number", "personal-number")
        first, last = line.period()
        member = StaffMember(
            code=line.required("staff_code"),
            name=line.required("name", TEXT_LIMIT),
            personal_number_hash=None if number is None else hash_personal_number(key, number),
            valid_from=first,
            valid_to=last,
        )
        if (member.code, first) in members:
            line.fault("staff_code", "twice")
        members[member.code, first] = member
    faults.refuse()
    return tuple(members[place] for place in sorted(members))


def read_assignments(content: bytes) -> tuple[Assignment, ...]:
    """Read a file of who teaches what; the subject GVCN stands for the homeroom teacher.

    Raises:
        FileRefused: with every fault.
    """
    faults = Faults()
    found: dict[Assignment, None] = {}
    for line in lines_of(content, ASSIGNMENT_COLUMNS, faults):
        assignment = Assignment(
            school_year=line.number_in("school_year", FIRST_YEAR, LAST_YEAR),
            class_id=line.required("class_id"),
            subject_code=line.required("subject_code"),
            semester=line.number_in("semester", 1, 2),
            staff_code=line.required("staff_code"),
        )
        if assignment in found:
            line.fault("staff_code", "twice")
        found[assignment] = None
    faults.refuse()
    return tuple(found)


def changes(
    before: Mapping[str, Sequence[str]], after: Mapping[str, Sequence[str]]
) -> tuple[str, ...]:
    """Tell what a file changes: the lines that go ("- …") and the lines that come ("+ …").

    Args:
        before: what stands, as lines of text under the thing that they belong to.
        after: the same of what the file says; things that it does not name stay.
    """
    told = []
    for name, lines in after.items():
        old, new = dict.fromkeys(before.get(name, ())), dict.fromkeys(lines)
        told += [f"- {line}" for line in old if line not in new]
        told += [f"+ {line}" for line in new if line not in old]
    return tuple(told)


def school_lines(history: SchoolHistory) -> tuple[str, ...]:
    """Write a school's periods as lines that a reader compares."""
    return tuple(
        " | ".join(
            (
                history.code,
                one.name,
                " ".join(one.levels),
                one.province_code,
                f"{one.commune_code or ''} {one.commune_name or ''}".strip(),
                _days(one.valid_from, one.valid_to),
                one.successor_code or "",
            )
        )
        for one in history.periods
    )


def staff_lines(members: Sequence[StaffMember]) -> tuple[str, ...]:
    """Write staff as lines; of a number only that there is one, and whether it is another."""
    return tuple(
        " | ".join((one.code, one.name, _mark(one), _days(one.valid_from, one.valid_to)))
        for one in members
    )


def assignment_lines(assignments: Sequence[Assignment]) -> tuple[str, ...]:
    """Write assignments as lines."""
    return tuple(
        f"{one.school_year} | {one.class_id} | {one.subject_code} | {one.semester} | "
        f"{one.staff_code}"
        for one in assignments
    )


def _period(line: Line, today: date) -> SchoolPeriod:
    first, last = line.period()
    if first > today:
        line.fault("valid_from", "future")
    period = SchoolPeriod(
        valid_from=first,
        valid_to=last,
        name=line.required("name", TEXT_LIMIT),
        levels=tuple(line.values["levels"].split()),
        province_code=line.required("province_code"),
        commune_code=line.optional("commune_code"),
        commune_name=line.optional("commune_name", TEXT_LIMIT),
        successor_code=line.optional("successor_code", SCHOOL_CODE_LIMIT),
    )
    _check_province(line, period, today)
    known = {entry.code for entry in code_lists()["levels"].entries}
    if not known.issuperset(period.levels):
        line.fault("levels", "level")
    return period


def _check_province(line: Line, period: SchoolPeriod, today: date) -> None:
    """Hold a province's code against the lists of the first and the last day of a period."""
    last = min(period.valid_to or today, today)
    begins = province_at(period.province_code, period.valid_from)
    ends = province_at(period.province_code, last)
    if begins is None or ends is None:
        line.fault("province_code", "province")
    elif begins != ends and begins.successors != ():
        line.fault("province_code", "province-changed")


def _days(first: date, last: date | None) -> str:
    begin = "" if first == EVER else first.isoformat()
    return f"{begin}..{'' if last is None else last.isoformat()}"


def _mark(member: StaffMember) -> str:
    digest = member.personal_number_hash
    return "" if digest is None else f"CCCD #{digest.hex()[:8]}"
