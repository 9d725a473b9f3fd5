"""The stage of records: whatever the audit says was done to a package was done to one."""

from uuid import UUID

from sqlalchemy import text

from app.fsck.examination import Examination, seen_twice
from app.fsck.findings import Code, Finding
from app.fsck.progress import Step

PAGE = 1000
"""Objects of the audit looked at in one transaction."""

_AFTER = text("""
    SELECT DISTINCT object FROM recorded_acts
    WHERE action <> 'database.rebuilt' AND object > :after ORDER BY object LIMIT :limit
""")

_KNOWN = text("SELECT package_id FROM packages WHERE package_id = ANY(:ids)")


async def examine_records(parts: Examination, cursor: str) -> Step:
    """Examine the next page of packages that the audit names.

    Raises:
        Unavailable: the database cannot answer now.
    """

    async def look() -> tuple[list[str], tuple[Finding, ...]]:
        async with parts.database.read() as connection:
            values = {"after": cursor, "limit": PAGE}
            page = list(await connection.scalars(_AFTER, values))
            named = {name: _package_id(name) for name in page}
            ids = [value for value in named.values() if value is not None]
            known = set(await connection.scalars(_KNOWN, {"ids": ids}))
        lost = (name for name, value in named.items() if value not in known)
        return page, tuple(Finding(code=Code.RECORD_UNKNOWN, object=name) for name in lost)

    async def again() -> tuple[Finding, ...]:
        return (await look())[1]

    page, found = await look()
    return Step(
        findings=await seen_twice(found, again, pause=parts.second_look),
        counts={"records": len(page)},
        cursor=page[-1] if len(page) == PAGE else None,
    )


def _package_id(name: str) -> UUID | None:
    try:
        return UUID(name)
    except ValueError:
        return None
