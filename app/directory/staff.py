"""The optional lists of a school: who works there, and who teaches what in which class."""

import hmac
from collections.abc import Iterable
from datetime import date
from hashlib import sha256

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.directory.tables import school_staff, teaching_assignments
from app.signatures.staff import Assignment, SchoolLists, StaffMember

_PURPOSE = b"school staff"

YEARS_BACK = 2
"""School years before that of a package that its transcripts may belong to: a day of issue is at
most 400 days old, and the year began ten months before it."""


def staff_key(identity: bytes) -> bytes:
    """Derive the key of personal numbers in staff lists from the repository's identity key.

    It goes where hostile documents are read; should it leak, nothing about children does.
    """
    return hmac.digest(identity, _PURPOSE, sha256)


async def lists_of(
    connection: AsyncConnection, school_code: str, *, key: bytes, day: date
) -> SchoolLists | None:
    """Read the lists of a school for transcripts that arrive on a day; None without a staff list.

    Args:
        connection: a transaction of a role that may read the directory.
        school_code: of the school.
        key: as `staff_key`.
        day: when the package arrived.
    """
    members = await staff_of(connection, school_code)
    if not members:
        return None
    assignments = await assignments_of(connection, school_code, since=day.year - YEARS_BACK)
    return SchoolLists(key=key, members=members, assignments=assignments)


async def staff_of(connection: AsyncConnection, school_code: str) -> tuple[StaffMember, ...]:
    """List who works and worked at a school."""
    statement = (
        select(
            school_staff.c.staff_code,
            school_staff.c.valid_from,
            school_staff.c.valid_to,
            school_staff.c.name,
            school_staff.c.personal_number_hash,
        )
        .where(school_staff.c.school_code == school_code)
        .order_by(school_staff.c.staff_code, school_staff.c.valid_from)
    )
    return tuple(
        StaffMember(
            code=row.staff_code,
            name=row.name,
            personal_number_hash=row.personal_number_hash,
            valid_from=row.valid_from,
            valid_to=row.valid_to,
        )
        for row in await connection.execute(statement)
    )


async def assignments_of(
    connection: AsyncConnection, school_code: str, *, since: int
) -> tuple[Assignment, ...]:
    """List who teaches what at a school, in the school years from one on."""
    columns = teaching_assignments.c
    statement = (
        select(
            columns.school_year,
            columns.class_id,
            columns.subject_code,
            columns.semester,
            columns.staff_code,
        )
        .where(columns.school_code == school_code, columns.school_year >= since)
        .order_by(
            columns.school_year,
            columns.class_id,
            columns.subject_code,
            columns.semester,
            columns.staff_code,
        )
    )
    return tuple(
        Assignment(
            school_year=row.school_year,
            class_id=row.class_id,
            subject_code=row.subject_code,
            semester=row.semester,
            staff_code=row.staff_code,
        )
        for row in await connection.execute(statement)
    )


async def write_staff(
    connection: AsyncConnection, school_code: str, members: Iterable[StaffMember]
) -> None:
    """Make a school's staff list this one."""
    await connection.execute(delete(school_staff).where(school_staff.c.school_code == school_code))
    rows = [
        {
            "school_code": school_code,
            "staff_code": member.code,
            "valid_from": member.valid_from,
            "valid_to": member.valid_to,
            "name": member.name,
            "personal_number_hash": member.personal_number_hash,
        }
        for member in members
    ]
    if rows:
        await connection.execute(insert(school_staff), rows)


async def write_assignments(
    connection: AsyncConnection,
    school_code: str,
    school_years: Iterable[int],
    assignments: Iterable[Assignment],
) -> None:
    """Make the assignments of some of a school's years these; other years stay."""
    columns = teaching_assignments.c
    await connection.execute(
        delete(teaching_assignments).where(
            columns.school_code == school_code, columns.school_year.in_(sorted(school_years))
        )
    )
    rows = [
        {
            "school_code": school_code,
            "school_year": one.school_year,
            "class_id": one.class_id,
            "subject_code": one.subject_code,
            "semester": one.semester,
            "staff_code": one.staff_code,
        }
        for one in assignments
    ]
    if rows:
        await connection.execute(insert(teaching_assignments), rows)
