"""The stage of the vault: whatever it holds must be named by a row, or explained by a crash."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text

from app.fsck.examination import Examination, seen_twice
from app.fsck.findings import Code, Finding
from app.fsck.progress import Step
from app.vault.vault import PROBE_DIGEST, SURVEY_PAGE, Stored

# Null while a package still needs it; otherwise when the last of them let it go.
_NAMED = text("""
    SELECT p.digest,
        CASE WHEN bool_and(d.discarded_at IS NOT NULL) THEN max(d.discarded_at) END AS let_go_at
    FROM packages AS p LEFT JOIN package_discards AS d ON d.package_id = p.package_id
    WHERE p.digest = ANY(:digests) GROUP BY p.digest
""")

_DISPUTES = text("SELECT bundle FROM recorded_disputes WHERE bundle = ANY(:digests)")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Named:
    """What rows say of the listed objects: digest → when it was let go; and the disputes."""

    packages: Mapping[str, datetime | None]
    disputes: frozenset[str]


async def examine_holdings(parts: Examination, cursor: str) -> Step:
    """Examine the next page of objects in the vault.

    Raises:
        Unavailable: the database or the vault cannot answer now.
    """
    async with parts.pace:
        page = await parts.vault.survey(after=cursor, limit=SURVEY_PAGE)
    found = await _look(parts, page)
    wrong = {finding.object for finding in found}

    async def again() -> tuple[Finding, ...]:
        async with parts.pace:
            fresh = await parts.vault.survey(after=cursor, limit=SURVEY_PAGE)
        return await _look(parts, [one for one in fresh if one.digest in wrong])

    return Step(
        findings=await seen_twice(found, again, pause=parts.second_look),
        counts={"objects": len(page)},
        cursor=page[-1].digest if len(page) == SURVEY_PAGE else None,
    )


async def _look(parts: Examination, page: Sequence[Stored]) -> tuple[Finding, ...]:
    digests = [one.digest for one in page]
    async with parts.database.read() as connection:
        rows = await connection.execute(_NAMED, {"digests": digests})
        packages = {row.digest: row.let_go_at for row in rows}
        strangers = [digest for digest in digests if digest not in packages]
        disputes = (
            frozenset(await connection.scalars(_DISPUTES, {"digests": strangers}))
            if strangers
            else frozenset()
        )
    named = _Named(packages=packages, disputes=disputes)
    return tuple(finding for one in page if (finding := _finding(one, named)) is not None)


def _finding(stored: Stored, named: _Named) -> Finding | None:
    digest = stored.digest
    if digest in named.packages:
        let_go_at = named.packages[digest]
        if let_go_at is None:
            return None
        # Put again since: by a process that died before its row.
        put_again = stored.put_at > let_go_at
        code = Code.OBJECT_ORPHAN if put_again else Code.OBJECT_KEPT
        return Finding(code=code, object=digest, detail=f"{stored.size}")
    if digest in named.disputes or digest == PROBE_DIGEST:
        return None
    return Finding(code=Code.OBJECT_ORPHAN, object=digest, detail=f"{stored.size}")
