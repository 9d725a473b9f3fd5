"""Schools by their code."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from app.directory.provinces import PROVINCES
from app.directory.tables import schools
from app.errors import InvalidRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class School:
    """A school (cơ sở giáo dục).

    Attributes:
        code: opaque, with its leading zeros.
        province_code: a key of `PROVINCES`.
    """

    code: str
    name: str
    province_code: str


async def register_school(connection: AsyncConnection, school: School, now: datetime) -> None:
    """Add a school, or give a known one the name and province that it has now.

    Raises:
        InvalidRequest: no such province.
    """
    if school.province_code not in PROVINCES:
        raise InvalidRequest(parameter="province_code", reason="unknown")
    statement = insert(schools).values(
        school_code=school.code,
        name=school.name,
        province_code=school.province_code,
        created_at=now,
    )
    changed = {
        "name": statement.excluded.name,
        "province_code": statement.excluded.province_code,
    }
    await connection.execute(
        statement.on_conflict_do_update(index_elements=["school_code"], set_=changed)
    )


async def find_school(connection: AsyncConnection, code: str) -> School | None:
    """Find a school; None when the directory does not have it."""
    statement = select(schools.c.school_code, schools.c.name, schools.c.province_code).where(
        schools.c.school_code == code
    )
    row = (await connection.execute(statement)).one_or_none()
    if row is None:
        return None
    return School(code=row.school_code, name=row.name, province_code=row.province_code)
