"""Check a transcript by its code: the one flow behind the JSON answer and the page."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

import structlog

from app.audit.record import Action, record
from app.db import Database
from app.errors import IntegrityFailure, NotFound
from app.register.find import find_public
from app.register.record import PublicRecord
from app.transcripts.codes import parse_code
from app.transcripts.finding import DocumentRefused
from app.transcripts.message import transcript_range
from app.vault.vault import Vault
from app.verification.answer import CodeAnswer, conclude

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stores:
    """What a verification reads and where it records that it did.

    Attributes:
        register: the database as hocba_verifier, which sees the public view and nothing else.
        audit: the database as hocba_web, which may add to the audit and not read it.
        vault: where the originals lie.
    """

    register: Database
    audit: Database
    vault: Vault


async def check_code(stores: Stores, typed: str, *, now: datetime, trace_id: str) -> CodeAnswer:
    """Say what is known of the transcript behind a typed code.

    A code that is unknown costs the same database work as one that is known, one row looked for and
    one audit row written. No further effort is made to hide which of both it was: the answer itself
    says it, and a code has over 84 bits of a keyed hash, so it cannot be found by trying.

    A crash anywhere leaves at most an audit row without an answer.

    Raises:
        InvalidCode: a typing error; nothing was asked of any store.
        NotFound: no transcript has this code.
        Unavailable: the database or the vault cannot answer, or the check could not be recorded.
    """
    # 1 the form and the check character
    code = parse_code(typed)
    # 2 the row
    async with stores.register.read() as connection:
        found = await find_public(connection, code)
    # 3 the record of this check, before anything is told
    async with stores.audit.begin() as connection:
        await record(
            connection,
            at=now,
            actor="public",
            action=Action.VERIFICATION_CHECKED,
            object=code,
            detail={"found": found is not None},
            trace_id=trace_id,
        )
    if found is None:
        raise NotFound
    # 4 the kept bytes
    unaltered = await _is_unaltered(stores.vault, found)
    # 5 the answer
    return conclude(found, unaltered=unaltered, now=now)


async def _is_unaltered(vault: Vault, found: PublicRecord) -> bool:
    """Read the original and compare its digest with the row; a mismatch is an incident."""
    try:
        kept = await vault.get_range(found.package_digest, found.byte_offset, found.byte_length)
        actual = sha256(transcript_range(kept)).hexdigest()
    except (NotFound, IntegrityFailure, DocumentRefused):
        actual = None
    if actual == found.original_sha256:
        return True
    _log.error(
        "transcript.integrity_failed",
        package_digest=found.package_digest,
        original_sha256=found.original_sha256,
        actual_sha256=actual,
    )
    return False
