"""Read one transcript for a client that is entitled to it, on the record."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from app.audit.record import Action, record
from app.clients.accounts import Caller, Scope
from app.clients.partition import Place, may_read
from app.db import Database
from app.errors import IntegrityFailure, NotFound
from app.register.find import find, report_of
from app.register.history import Version, versions_of
from app.register.record import Standing, TranscriptRecord
from app.register.standing import standing_of
from app.transcripts.codes import parse_code
from app.transcripts.finding import DocumentRefused
from app.transcripts.message import transcript_range
from app.vault.vault import Vault


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Who asks for which transcript, and when.

    Attributes:
        typed: the transcript code as it came.
    """

    caller: Caller
    typed: str
    now: datetime
    trace_id: str


async def read_record(database: Database, reading: Reading) -> tuple[TranscriptRecord, Standing]:
    """Give what the register keeps of the transcript, and how it stands.

    Raises:
        NotAllowed: the token lacks the scope transcripts:read.
        InvalidRequest: a relying party states no reason.
        InvalidCode: the code has a typing error.
        NotFound: no such transcript, or it lies outside what the caller may see.
        Unavailable: the database cannot answer, or the read could not be recorded.
    """
    found = await _entitled_record(database, reading, Action.TRANSCRIPT_READ)
    async with database.read() as connection:
        return found, await standing_of(connection, found.transcript_code)


async def read_original(
    database: Database, vault: Vault, reading: Reading
) -> tuple[TranscriptRecord, bytes]:
    """Give the school's own file, byte for byte, with its row.

    Raises:
        NotAllowed: the token lacks the scope transcripts:read.
        InvalidRequest: a relying party states no reason.
        InvalidCode: the code has a typing error.
        NotFound: no such transcript, or it lies outside what the caller may see.
        IntegrityFailure: what is kept is not what was accepted.
        Unavailable: the database or the vault cannot answer.
    """
    # 1 entitled, and on the record before the bytes are touched
    found = await _entitled_record(database, reading, Action.ORIGINAL_READ)
    # 2 the bytes, decoded from the package
    try:
        kept = await vault.get_range(found.package_digest, found.byte_offset, found.byte_length)
        original = transcript_range(kept)
    except (NotFound, DocumentRefused) as error:
        raise IntegrityFailure(digest=found.original_sha256) from error
    # 3 the very bytes that were accepted
    if sha256(original).hexdigest() != found.original_sha256:
        raise IntegrityFailure(digest=found.original_sha256)
    return found, original


async def read_report(database: Database, reading: Reading) -> tuple[str, str]:
    """Give the transcript's code and its verification report as JSON text, as it was kept.

    Raises:
        NotAllowed: the token lacks the scope transcripts:read.
        InvalidRequest: a relying party states no reason.
        InvalidCode: the code has a typing error.
        NotFound: no such transcript, or it lies outside what the caller may see.
        Unavailable: the database cannot answer, or the read could not be recorded.
    """
    found = await _entitled_record(database, reading, Action.REPORT_READ)
    async with database.read() as connection:
        report = await report_of(connection, found.transcript_code)
    if report is None:
        raise NotFound
    return found.transcript_code, report


async def read_history(
    database: Database, reading: Reading
) -> tuple[TranscriptRecord, tuple[Version, ...]]:
    """Give every version of the transcript's student, school, school year and level.

    Raises:
        NotAllowed: the token lacks the scope transcripts:read.
        InvalidCode: the code has a typing error.
        NotFound: no such transcript, or it belongs to a school that the caller may not act for.
        Unavailable: the database cannot answer, or the read could not be recorded.
    """
    found = await _entitled_record(database, reading, Action.HISTORY_READ)
    async with database.read() as connection:
        return found, await versions_of(connection, found)


async def _entitled_record(
    database: Database, reading: Reading, action: Action
) -> TranscriptRecord:
    """Find the row, prove the right to it and commit the record of this read."""
    reading.caller.require(Scope.TRANSCRIPTS_READ)
    code = parse_code(reading.typed)
    async with database.begin() as connection:
        found = await find(connection, code)
        if found is None or not await may_read(
            connection, reading.caller, _place_of(found), reading.now
        ):
            raise NotFound
        await record(
            connection,
            at=reading.now,
            actor=reading.caller.client_id,
            action=action,
            object=code,
            detail=reading.caller.stated,
            trace_id=reading.trace_id,
        )
    return found


def _place_of(found: TranscriptRecord) -> Place:
    return Place(
        school_code=found.school_code, province_code=found.province_code, level=found.level
    )
