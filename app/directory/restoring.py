"""Writing schools and their histories anew, for `app.rebuild` alone."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from app.directory.tables import school_periods, schools
from app.journal.rows import row_from_body

Body = Mapping[str, Any]


async def shut_out_writers(connection: AsyncConnection) -> None:
    """Let nobody else write the directory until the transaction ends.

    Raises:
        Unavailable: somebody holds rows for longer than the database's lock time-out.
    """
    await connection.execute(text("LOCK TABLE schools, school_periods IN EXCLUSIVE MODE"))


async def restore_school(
    connection: AsyncConnection, school: Body, periods: Sequence[Body]
) -> bool:
    """Make a school and its history what the newest load made them; False when they are."""
    code = school["school_code"]
    row = row_from_body(schools, school)
    history = sorted(
        (row_from_body(school_periods, period) for period in periods),
        key=lambda period: period["valid_from"],
    )
    if await _row_of(connection, code) == row and await _periods_of(connection, code) == history:
        return False
    statement = insert(schools).values(row)
    changed = {name: statement.excluded[name] for name in row if name != "school_code"}
    await connection.execute(
        statement.on_conflict_do_update(index_elements=["school_code"], set_=changed)
    )
    await connection.execute(delete(school_periods).where(school_periods.c.school_code == code))
    if history:
        await connection.execute(insert(school_periods), history)
    return True


async def _row_of(connection: AsyncConnection, code: str) -> dict[str, Any] | None:
    statement = select(*schools.columns).where(schools.c.school_code == code)
    row = (await connection.execute(statement)).mappings().one_or_none()
    return None if row is None else dict(row)


async def _periods_of(connection: AsyncConnection, code: str) -> list[dict[str, Any]]:
    statement = (
        select(*school_periods.columns)
        .where(school_periods.c.school_code == code)
        .order_by(school_periods.c.valid_from)
    )
    return [dict(row) for row in (await connection.execute(statement)).mappings()]
