"""Which entries were committed: the highest order of each thing, and no two that exclude another.

An entry is written as the last step of its transaction, so row locks give entries about the same
thing their order. Of two that exclude each other the higher one was committed: it could only be
written after the lower one's transaction had ended without a commit. An entry that nothing excludes
is taken as said, whether its transaction was committed or the machine stopped just before.
"""

from collections.abc import Iterable

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.rebuild.stop import Reason, Stopped
from app.register.restoring import known_codes

SHOWN = 5
"""Objects named in one sentence."""

_INCOMPLETE = """
    SELECT DISTINCT e.subject FROM rebuild_entries AS e
    WHERE e.kind IN ('package.decided', 'package.replied', 'package.read', 'package.discarded')
        AND e.known IS NULL
        AND NOT EXISTS (
            SELECT FROM rebuild_entries AS r
            WHERE r.kind = 'package.received' AND r.subject = e.subject)
    ORDER BY e.subject LIMIT :shown
"""

# What the database has was committed, whatever else was written down.
_PACKAGES = """
    CREATE TEMPORARY TABLE rebuild_packages ON COMMIT DROP AS
    SELECT DISTINCT ON (client, digest) subject AS package, client, digest, name, place, known
    FROM rebuild_entries WHERE kind = 'package.received'
    ORDER BY client, digest, known IS NOT NULL DESC, place DESC, name DESC
"""
_DECISIONS = """
    CREATE TEMPORARY TABLE rebuild_decisions ON COMMIT DROP AS
    SELECT DISTINCT ON (e.subject) e.subject AS package, e.name, e.place,
        coalesce(e.known >= '02', false) AS settled, true AS live
    FROM rebuild_entries AS e
    WHERE e.kind = 'package.decided' AND (e.known IS NOT NULL
        OR EXISTS (SELECT FROM rebuild_packages AS p WHERE p.package = e.subject))
    ORDER BY e.subject, e.place DESC, e.name DESC
"""
_INDEXES = (
    "CREATE UNIQUE INDEX ON rebuild_packages (package)",
    "CREATE UNIQUE INDEX ON rebuild_decisions (package)",
    "CREATE UNIQUE INDEX ON rebuild_decisions (name)",
    "ANALYZE rebuild_packages, rebuild_decisions",
)

_RIVALS = """
    SELECT DISTINCT low.name AS low, high.name AS high,
        high.settled, high.place
    FROM rebuild_claims AS a
    JOIN rebuild_claims AS b ON b.claim = a.claim AND b.holder <> a.holder
    JOIN rebuild_decisions AS low ON low.name = a.name
    JOIN rebuild_decisions AS high ON high.name = b.name
    WHERE (low.settled, low.place, low.name) < (high.settled, high.place, high.name)
    ORDER BY high.settled DESC, high.place DESC, high.name DESC
"""
_UNMET = """
    SELECT DISTINCT n.name, n.code,
        EXISTS (SELECT FROM rebuild_claims AS c WHERE c.claim = 'code:' || n.code) AS told
    FROM rebuild_needs AS n
    JOIN rebuild_decisions AS d ON d.name = n.name AND d.live AND NOT d.settled
    WHERE NOT EXISTS (
        SELECT FROM rebuild_claims AS c JOIN rebuild_decisions AS p ON p.name = c.name AND p.live
        WHERE c.claim = 'code:' || n.code)
    ORDER BY n.code
"""
_GIVE_UP = "UPDATE rebuild_decisions SET live = false WHERE name = ANY(CAST(:names AS text[]))"

# Bytes are only discarded when no package waits for them: a receipt of before was not committed.
_NEVER_RECEIVED = """
    DELETE FROM rebuild_packages AS p
    WHERE p.known IS NULL
        AND NOT EXISTS (SELECT FROM rebuild_decisions AS d WHERE d.package = p.package AND d.live)
        AND EXISTS (
            SELECT FROM rebuild_entries AS e
            WHERE e.kind = 'package.discarded' AND e.digest = p.digest AND e.place > p.place)
"""

_WORK = (
    """
    INSERT INTO rebuild_work (stage, number, subject, names)
    SELECT 'schools', row_number() OVER (ORDER BY place, name, subject), subject, ARRAY[name]
    FROM (
        SELECT DISTINCT ON (subject) subject, name, place FROM rebuild_entries
        WHERE kind = 'directory.loaded' ORDER BY subject, place DESC, name DESC) AS newest
    """,
    """
    INSERT INTO rebuild_work (stage, number, subject, names)
    SELECT 'certificates', row_number() OVER (ORDER BY min(place), subject), subject,
        array_agg(name ORDER BY place, name)
    FROM rebuild_entries WHERE kind = 'certificate.changed' GROUP BY subject
    """,
    """
    INSERT INTO rebuild_work (stage, number, subject, names)
    SELECT CASE WHEN d.live THEN 'packages' ELSE 'undecided' END,
        row_number() OVER (ORDER BY p.place, p.name), p.package, ARRAY[p.name]
    FROM rebuild_packages AS p LEFT JOIN rebuild_decisions AS d USING (package)
    WHERE p.known IS NULL
    """,
    """
    INSERT INTO rebuild_work (stage, number, subject, names)
    SELECT 'decisions', row_number() OVER (ORDER BY place, name), package, ARRAY[name]
    FROM rebuild_decisions WHERE live AND NOT settled
    """,
    # A reply follows from its decision; one of before belongs to a decision that is void.
    """
    CREATE TEMPORARY TABLE rebuild_replies ON COMMIT DROP AS
    SELECT DISTINCT ON (e.subject) e.subject AS package, e.name, e.place, e.known
    FROM rebuild_entries AS e LEFT JOIN rebuild_decisions AS d ON d.package = e.subject
    WHERE e.kind = 'package.replied'
        AND (coalesce(e.known >= '03', false) OR (d.live AND e.place > d.place)
            OR (d.package IS NULL AND e.known = '02'))
    ORDER BY e.subject, e.place DESC, e.name DESC
    """,
    """
    INSERT INTO rebuild_work (stage, number, subject, names)
    SELECT 'replies', row_number() OVER (ORDER BY place, name), package, ARRAY[name]
    FROM rebuild_replies WHERE known IS NULL OR known < '03'
    """,
    """
    INSERT INTO rebuild_work (stage, number, subject, names)
    SELECT 'readings', row_number() OVER (ORDER BY place, name), package, ARRAY[name]
    FROM (
        SELECT DISTINCT ON (e.subject) e.subject AS package, e.name, e.place
        FROM rebuild_entries AS e LEFT JOIN rebuild_replies AS r ON r.package = e.subject
        WHERE e.kind = 'package.read' AND (e.known IS NULL OR e.known < '04')
            AND (e.place > r.place OR (r.package IS NULL AND e.known = '03'))
        ORDER BY e.subject, e.place DESC, e.name DESC) AS newest
    """,
    """
    INSERT INTO rebuild_work (stage, number, subject, names)
    SELECT 'standings', row_number() OVER (ORDER BY place, name), code, ARRAY[name]
    FROM (
        SELECT DISTINCT ON (subject) subject AS code, name, place FROM rebuild_entries
        WHERE kind = 'transcript.standing' ORDER BY subject, place DESC, name DESC) AS newest
    """,
    """
    INSERT INTO rebuild_work (stage, number, subject, names)
    SELECT 'discards', row_number() OVER (ORDER BY place, name), package, ARRAY[name]
    FROM (
        SELECT DISTINCT ON (e.subject) e.subject AS package, e.name, e.place
        FROM rebuild_entries AS e LEFT JOIN rebuild_decisions AS d ON d.package = e.subject
        WHERE e.kind = 'package.discarded' AND (d.live OR e.known >= '02')
        ORDER BY e.subject, e.place DESC, e.name DESC) AS newest
    """,
    "CREATE UNIQUE INDEX ON rebuild_work (stage, number)",
    "ANALYZE rebuild_work",
)


async def choose(connection: AsyncConnection) -> None:
    """Decide which entries count and line up what is to be restored.

    Raises:
        Stopped: entries about a package or a transcript are there, those before them are not.
    """
    missing = await _column(connection, _INCOMPLETE, shown=SHOWN)
    if missing:
        raise Stopped(Reason.INCOMPLETE, ", ".join(missing))
    for statement in (_PACKAGES, _DECISIONS, *_INDEXES):
        await connection.execute(text(statement))
    await _give_up(connection, await _excluded(connection))
    while unmet := await _without_ground(connection):
        await _give_up(connection, unmet)
    for statement in (_NEVER_RECEIVED, *_WORK):
        await connection.execute(text(statement))


async def summary(connection: AsyncConnection) -> dict[str, int]:
    """Count what the database has already, what is void, and how far the journal goes."""
    statement = """
        SELECT
            (SELECT count(*) FROM rebuild_packages WHERE known IS NOT NULL) AS packages,
            (SELECT count(*) FROM rebuild_decisions WHERE settled) AS decisions,
            (SELECT count(*) FROM rebuild_replies WHERE known >= '03') AS replies,
            (SELECT count(DISTINCT subject) FROM rebuild_entries
                WHERE kind = 'package.read' AND known >= '04') AS readings,
            (SELECT count(*) FROM rebuild_decisions WHERE NOT live) AS void,
            (SELECT count(*) FROM rebuild_packages AS p
                LEFT JOIN rebuild_decisions AS d USING (package)
                WHERE coalesce(p.known, '00') < '02' AND NOT coalesce(d.live, false)) AS undecided,
            (SELECT coalesce(max(place), 0) FROM rebuild_entries) AS highest
    """
    return dict((await connection.execute(text(statement))).mappings().one())


async def senders_of_work(connection: AsyncConnection) -> tuple[str, ...]:
    """Name the clients that sent what is to be restored."""
    statement = "SELECT DISTINCT client FROM rebuild_packages ORDER BY client"
    return tuple(await _column(connection, statement))


async def was_void(connection: AsyncConnection, code: str) -> bool:
    """Tell whether a code was accepted by a decision that was not committed."""
    statement = "SELECT name FROM rebuild_claims WHERE claim = :claim LIMIT 1"
    return bool(await _column(connection, statement, claim=f"code:{code}"))


async def _excluded(connection: AsyncConnection) -> tuple[str, ...]:
    """Find decisions that were not committed, because a later one says so.

    A later one that is itself excluded says nothing: the pairs come with the latest first.
    """
    void: dict[str, None] = {}
    for row in await connection.execute(text(_RIVALS)):
        if row.high not in void:
            void[row.low] = None
    return tuple(void)


async def _without_ground(connection: AsyncConnection) -> tuple[str, ...]:
    """Find decisions about transcripts that no committed decision accepted.

    Raises:
        Stopped: nobody ever accepted them.
    """
    unmet = (await connection.execute(text(_UNMET))).all()
    registered = await known_codes(connection, {row.code for row in unmet})
    unmet = [row for row in unmet if row.code not in registered]
    unheard = [row.code for row in unmet if not row.told]
    if unheard:
        raise Stopped(Reason.INCOMPLETE, ", ".join(dict.fromkeys(unheard[:SHOWN])))
    return tuple(row.name for row in unmet)


async def _give_up(connection: AsyncConnection, names: Iterable[str]) -> None:
    await connection.execute(text(_GIVE_UP), {"names": list(names)})


async def _column(connection: AsyncConnection, statement: str, **parameters: object) -> list[str]:
    return list(await connection.scalars(text(statement), parameters))
