"""What the journal keeps of the directory: schools as they stand after a change.

Staff lists and assignments are not kept: they stand in the operator's files.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.directory.tables import school_periods, schools
from app.journal import Journal, Kind
from app.journal.entry import as_written

IN_AN_ENTRY = 1000
"""Schools of one entry: half a megabyte; PostgreSQL takes 32,767 parameters."""


async def journal_schools(
    journal: Journal, connection: AsyncConnection, codes: Sequence[str], *, at: datetime
) -> None:
    """Keep schools and their periods, as the last step of the transaction that changed them.

    A crash after this leaves entries about something that nobody was told; doing it again gives
    higher orders.

    Raises:
        Unavailable: the vault cannot take them now.
    """
    for start in range(0, len(codes), IN_AN_ENTRY):
        some = codes[start : start + IN_AN_ENTRY]
        told = await connection.execute(
            select(*schools.c)
            .where(schools.c.school_code.in_(some))
            .order_by(schools.c.school_code)
        )
        rows = [as_written(row) for row in told.mappings()]
        told = await connection.execute(
            select(*school_periods.c)
            .where(school_periods.c.school_code.in_(some))
            .order_by(school_periods.c.school_code, school_periods.c.valid_from)
        )
        body = {"schools": rows, "periods": [as_written(row) for row in told.mappings()]}
        await journal.write(connection, Kind.DIRECTORY, body, at=at)
