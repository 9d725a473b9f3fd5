"""Taking an operator's files into the directory: what would change, or the change itself.

A change is one transaction with its line in the audit, which names the file by its digest.
"""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from sqlalchemy.ext.asyncio import AsyncConnection

from app.audit.record import Action, record
from app.directory.files import (
    assignment_lines,
    changes,
    read_assignments,
    read_schools,
    read_staff,
    school_lines,
    staff_lines,
)
from app.directory.journaling import journal_schools
from app.directory.schools import find_school, histories_of, write_history
from app.directory.staff import assignments_of, staff_of, write_assignments, write_staff
from app.errors import InvalidRequest
from app.journal import Journal
from app.locale import VIETNAM

ACTOR = "operator"
AT_ONCE = 1000
"""Schools looked up by one statement: PostgreSQL takes 32,767 parameters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """What an operator loads.

    Attributes:
        write: whether to change anything; otherwise it is only told what would change.
    """

    content: bytes
    now: datetime
    write: bool


async def load_schools(
    connection: AsyncConnection, journal: Journal, file: SourceFile
) -> tuple[str, ...]:
    """Make the histories of the schools in a file what it says; other schools stay.

    A crash before the caller's commit leaves at most entries of the journal that nobody was told
    of.

    Returns:
        What changes, as lines; nothing when all stands already.

    Raises:
        FileRefused: with every fault of the file.
        Unavailable: the vault cannot take the journal's entries now.
    """
    histories = read_schools(file.content, file.now.astimezone(VIETNAM).date())
    told: list[str] = []
    written: list[str] = []
    for start in range(0, len(histories), AT_ONCE):
        some = histories[start : start + AT_ONCE]
        known = await histories_of(connection, [history.code for history in some])
        before = {code: school_lines(history) for code, history in known.items()}
        for history in some:
            changed = changes(before, {history.code: school_lines(history)})
            told += changed
            if changed and file.write:
                await write_history(connection, history, file.now)
                written.append(history.code)
    await _note(connection, file, "schools", told)
    await journal_schools(journal, connection, written, at=file.now)
    return tuple(told)


async def load_staff(
    connection: AsyncConnection, file: SourceFile, school_code: str, key: bytes
) -> tuple[str, ...]:
    """Make a school's staff list what a file says.

    Args:
        connection: a transaction of the owner.
        file: the list of the whole staff, past members too.
        school_code: of the school.
        key: as `staff_key`.

    Returns:
        What changes, as lines.

    Raises:
        FileRefused: with every fault of the file.
        InvalidRequest: the directory does not have the school.
    """
    members = read_staff(file.content, key)
    await _require_school(connection, school_code)
    before = staff_lines(await staff_of(connection, school_code))
    told = changes({school_code: before}, {school_code: staff_lines(members)})
    if told and file.write:
        await write_staff(connection, school_code, members)
    await _note(connection, file, f"staff {school_code}", told)
    return told


async def load_assignments(
    connection: AsyncConnection, file: SourceFile, school_code: str
) -> tuple[str, ...]:
    """Make a school's assignments of the school years in a file what it says; other years stay.

    Returns:
        What changes, as lines.

    Raises:
        FileRefused: with every fault of the file.
        InvalidRequest: the directory does not have the school.
    """
    assignments = read_assignments(file.content)
    await _require_school(connection, school_code)
    years = {one.school_year for one in assignments}
    known = await assignments_of(connection, school_code, since=min(years, default=0))
    before = assignment_lines([one for one in known if one.school_year in years])
    told = changes({school_code: before}, {school_code: assignment_lines(assignments)})
    if told and file.write:
        await write_assignments(connection, school_code, years, assignments)
    await _note(connection, file, f"assignments {school_code}", told)
    return told


async def _require_school(connection: AsyncConnection, school_code: str) -> None:
    if await find_school(connection, school_code) is None:
        raise InvalidRequest(parameter="school", reason="unknown")


async def _note(
    connection: AsyncConnection, file: SourceFile, what: str, told: tuple[str, ...] | list[str]
) -> None:
    if told and file.write:
        await record(
            connection,
            at=file.now,
            actor=ACTOR,
            action=Action.DIRECTORY_LOADED,
            object=what,
            detail={"sha256": sha256(file.content).hexdigest(), "changes": len(told)},
        )
