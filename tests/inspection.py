"""What an outsider who may read the stores finds wrong with a repository that has come to rest.

Knows the schema, the vault's promise and the reply's form, and asks nothing of the program: SQL of
its own, hashes of its own, and Debian's xmlsec1 for signatures. Every test that leaves a repository
with nothing in its queue may end with `assert await faults_of(…) == []`.
"""

import re
from base64 import b64decode
from collections.abc import Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import asyncpg

from app.errors import RepositoryError
from app.vault import Vault
from tests.xmlsec import accepts

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    Connection = asyncpg.Connection[asyncpg.Record]

FAULTS = {
    "package without a final state": """
        SELECT package_id FROM packages
        WHERE state NOT IN ('03', '04') OR finished_at IS NULL OR replied_at IS NULL
    """,
    "final package that is still leased": """
        SELECT package_id FROM packages
        WHERE leased_by IS NOT NULL OR lease_expires_at IS NOT NULL OR leases <> 0
    """,
    "the same bytes of one client as two packages": """
        SELECT digest FROM packages GROUP BY client_id, digest HAVING count(*) <> 1
    """,
    "counts that do not add up": """
        SELECT package_id FROM packages
        WHERE coalesce(total, 0) <> accepted + rejected OR accepted IS NULL
    """,
    "counts that differ from the items": """
        SELECT p.package_id FROM packages p LEFT JOIN package_items i USING (package_id)
        GROUP BY p.package_id
        HAVING count(i.ordinal) FILTER (WHERE i.result = '01') <> p.accepted
            OR count(i.ordinal) NOT IN (coalesce(p.total, 0), 0)
            OR count(i.ordinal) = 0 AND p.errors = '[]'
    """,
    "items with a gap": """
        SELECT package_id FROM package_items GROUP BY package_id
        HAVING min(ordinal) <> 1 OR max(ordinal) <> count(*)
    """,
    "accepted item that the register does not hold": """
        SELECT i.package_id || '/' || i.ordinal FROM package_items i
        JOIN packages p USING (package_id)
        WHERE p.purpose = '01' AND i.result = '01' AND NOT EXISTS (
            SELECT FROM transcripts t
            WHERE t.transcript_code = i.transcript_code
                AND t.original_sha256 = i.original_sha256 AND t.student_code = i.student_code)
    """,
    "refused item with a code or without a reason": """
        SELECT package_id || '/' || ordinal FROM package_items JOIN packages USING (package_id)
        WHERE result = '02'
            AND ((purpose = '01' AND transcript_code IS NOT NULL) OR findings = '[]')
    """,
    "withdrawal by message without its reason, its record, or a transcript out of force": """
        SELECT i.package_id || '/' || i.ordinal FROM package_items i
        JOIN packages p USING (package_id)
        WHERE p.purpose = '03' AND i.result = '01' AND NOT EXISTS (
            SELECT FROM transcripts t JOIN transcript_withdrawals w USING (transcript_code)
            JOIN audit a ON a.object = t.transcript_code AND a.action = 'transcript.withdrawn'
            WHERE t.transcript_code = i.transcript_code AND t.student_code = i.student_code
                AND t.withdrawn_at = w.at AND (w.package_id = p.package_id OR w.at < p.finished_at
                    OR i.findings <> '[]'))
    """,
    "transcript out of force without a withdrawal": """
        SELECT transcript_code FROM transcripts LEFT JOIN transcript_withdrawals AS w
            USING (transcript_code)
        WHERE (withdrawn_at IS NULL) <> (w.at IS NULL)
    """,
    "chain of versions with a gap": """
        SELECT t.transcript_code FROM transcripts t
        WHERE (t.version = 1) <> (t.previous_code IS NULL) OR (t.version > 1 AND NOT EXISTS (
            SELECT FROM transcripts o WHERE o.transcript_code = t.previous_code
                AND o.version = t.version - 1 AND o.student_code = t.student_code
                AND o.school_code = t.school_code AND o.withdrawn_at IS NOT NULL))
    """,
    "transcript that no accepted item brought": """
        SELECT t.transcript_code FROM transcripts t
        WHERE NOT EXISTS (
            SELECT FROM package_items i JOIN packages p USING (package_id)
            WHERE p.package_id = t.package_id AND p.digest = t.package_digest
                AND i.transcript_code = t.transcript_code AND i.result = '01')
    """,
    "transcript not accepted at the moment of its package's decision": """
        SELECT t.transcript_code FROM transcripts t JOIN packages p USING (package_id)
        WHERE t.accepted_at <> p.finished_at
    """,
    "transcript and code that do not belong together": """
        SELECT coalesce(t.transcript_code, c.transcript_code)
        FROM transcripts t FULL JOIN transcript_codes c
            ON c.transcript_code = t.transcript_code AND c.school_year = t.school_year
                AND c.original_sha256 = t.original_sha256
        WHERE t.transcript_code IS NULL OR c.transcript_code IS NULL
    """,
    "student with two transcripts in force": """
        SELECT student_code FROM transcripts WHERE withdrawn_at IS NULL
        GROUP BY school_year, school_code, student_code, level HAVING count(*) <> 1
    """,
    "package not recorded once as received and once as processed": """
        SELECT p.package_id FROM packages p LEFT JOIN audit a ON a.object = p.package_id::text
        GROUP BY p.package_id
        HAVING count(*) FILTER (WHERE a.action = 'package.received') <> 1
            OR count(*) FILTER (WHERE a.action = 'package.processed') <> 1
    """,
    "record of a package that is not there": """
        SELECT a.object FROM audit a
        WHERE a.action IN ('package.received', 'package.processed', 'reply.acknowledged')
            AND NOT EXISTS (SELECT FROM packages p WHERE p.package_id::text = a.object)
    """,
    "state 04 without its record, or the other way round": """
        SELECT p.package_id FROM packages p
        LEFT JOIN audit a ON a.object = p.package_id::text AND a.action = 'reply.acknowledged'
        GROUP BY p.package_id
        HAVING count(a.id) <> (p.state = '04')::int OR (p.read_at IS NULL) = (p.state = '04')
    """,
    "package with something accepted that is not held, or not for long enough": """
        SELECT p.package_id FROM packages p LEFT JOIN package_holds h USING (package_id)
        WHERE p.accepted > 0
            AND (h.retained_until IS NULL OR h.retained_until < p.received_at + interval '90 days')
    """,
    "discarded package with something accepted": """
        SELECT package_id FROM packages JOIN package_discards USING (package_id) WHERE accepted > 0
    """,
    "package without a reply": """
        SELECT package_id FROM packages p
        WHERE NOT EXISTS (SELECT FROM package_replies r WHERE r.package_id = p.package_id)
    """,
}
"""What must have no row, by its name."""

KEPT_PACKAGES = """
    SELECT digest, size FROM packages
    WHERE package_id NOT IN (SELECT package_id FROM package_discards)
"""

_ITEM = re.compile(
    rb"<Item><ma_hoc_sinh>([^<]*)</ma_hoc_sinh>.*?"
    rb"<ma_dinh_danh_hoc_ba>([^<]*)</ma_dinh_danh_hoc_ba><trang_thai>([01])</trang_thai>"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stores:
    """What the outsider may read."""

    database_url: str
    vault: Vault
    reply_certificate: Path


async def faults_of(stores: Stores) -> list[str]:
    """List every fault with the row or object that shows it; empty when all is well."""
    async with _reading(stores.database_url) as connection:
        faults = [
            f"{name}: {row[0]}"
            for name, statement in FAULTS.items()
            for row in await connection.fetch(statement)
        ]
        faults += await _kept_bytes(connection, stores.vault)
        faults += await _replies(connection, stores.reply_certificate)
    return faults


@asynccontextmanager
async def _reading(url: str) -> "AsyncIterator[Connection]":
    connection = await asyncpg.connect(url)
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            yield connection
    finally:
        await connection.close()


async def _kept_bytes(connection: "Connection", vault: Vault) -> list[str]:
    """Hash every package, and every original where its row says that it lies."""
    faults = []
    places = await connection.fetch(
        "SELECT package_digest, byte_offset, byte_length, original_sha256 FROM transcripts"
    )
    for digest, size in await connection.fetch(KEPT_PACKAGES):
        try:
            content = await vault.get(digest)
        except RepositoryError as error:
            faults.append(f"package that the vault does not give: {digest} ({error.code})")
            continue
        if sha256(content).hexdigest() != digest or len(content) != size:
            faults.append(f"package that was altered: {digest}")
        for _, offset, length, original in (row for row in places if row[0] == digest):
            if _digest_of(content[offset : offset + length]) != original:
                faults.append(f"original that is not where its row says: {original}")
    return faults


def _digest_of(kept: bytes) -> str | None:
    try:
        return sha256(b64decode(b"".join(kept.split()), validate=True)).hexdigest()
    except ValueError:
        return None


async def _replies(connection: "Connection", certificate: Path) -> list[str]:
    """Verify every reply's signature and hold what it says against the items."""
    said = await connection.fetch("SELECT package_id, body FROM package_replies")
    items = await connection.fetch(
        "SELECT package_id, coalesce(student_code, ''), coalesce(transcript_code, ''),"
        " result = '01' FROM package_items ORDER BY package_id, ordinal"
    )
    faults = []
    with TemporaryDirectory() as folder:
        for package_id, body in said:
            file = Path(folder) / f"{package_id}.xml"
            file.write_bytes(body)
            if not accepts(file, "/BAN_TIN_TRA_LOI/KY_TRA_LOI", options=_trusting(certificate)):
                faults.append(f"reply whose signature does not verify: {package_id}")
            if list(_told(body)) != [tuple(row[1:]) for row in items if row[0] == package_id]:
                faults.append(f"reply that says something else than the items: {package_id}")
    return faults


def _trusting(certificate: Path) -> list[str | Path]:
    return ["--trusted-pem", certificate]


def _told(reply: bytes) -> Iterator[tuple[str, str, bool]]:
    for student, code, result in _ITEM.findall(reply):
        yield student.decode(), code.decode().replace("-", ""), result == b"1"
