"""Looking again at provisional transcripts when newer evidence about revocation has come."""

import json
from dataclasses import dataclass
from datetime import datetime

from app.audit.record import Action, record
from app.directory.schools import find_school, history_of, tenures_of
from app.errors import IntegrityFailure, NotFound
from app.intake.checks import ItemVerdict
from app.intake.process import Processing
from app.register.find import find, report_of
from app.register.journaling import journal_standing
from app.register.record import Standing, TranscriptRecord
from app.register.standing import decide_standing, provisional_codes
from app.signatures.catalogue import CATALOGUE
from app.signatures.revocation import REVOCATIONS
from app.signatures.verify import Context
from app.trust.registry import registrations_of

PAGE = 100
"""Transcripts looked up at a time: two classes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rechecked:
    """What came of it, in numbers.

    Attributes:
        doubtful: codes of transcripts whose kept bytes are not the ones received, or on which
            something else than revocation was found now; they stay, and somebody must look.
        unanswered: the certificates (DER) for which the others wait.
    """

    final: int
    revoked: int
    waiting: int
    doubtful: tuple[str, ...]
    unanswered: frozenset[bytes]


async def recheck_provisional(parts: Processing) -> Rechecked:
    """Verify every provisional transcript again with today's evidence, for its own receipt.

    Each transition is one transaction with its line in the audit and its entry in the journal.
    Repeatable, and several workers may do it at once: the first one decides. A crash before the
    commit leaves at most an entry that nobody was told of.

    Raises:
        Unavailable: the vault or the database cannot answer now.
    """
    counts = dict.fromkeys(Standing, 0)
    doubtful: list[str] = []
    unanswered: set[bytes] = set()
    after = ""
    while True:
        async with parts.database.read() as connection:
            codes = await provisional_codes(connection, after=after, limit=PAGE)
        if not codes:
            break
        for code in codes:
            try:
                standing, left_open = await _recheck(parts, code)
            except (IntegrityFailure, NotFound):
                # An incident, which must not keep the others waiting.
                standing, left_open = None, ()
            if standing is None:
                doubtful.append(code)
            else:
                counts[standing] += 1
                unanswered.update(left_open)
        after = codes[-1]
    return Rechecked(
        final=counts[Standing.FINAL],
        revoked=counts[Standing.REVOKED],
        waiting=counts[Standing.PROVISIONAL],
        doubtful=tuple(doubtful),
        unanswered=frozenset(unanswered),
    )


async def _recheck(parts: Processing, code: str) -> tuple[Standing | None, tuple[bytes, ...]]:
    """Decide on one transcript, and name the certificates that it waits for.

    No standing when something else than revocation stands in the way.
    """
    async with parts.database.read() as connection:
        kept, report = await find(connection, code), await report_of(connection, code)
        if kept is None or report is None:
            return None, ()
        school = await find_school(connection, kept.school_code)
        tenures = tenures_of(await history_of(connection, kept.school_code))
        registrations = await registrations_of(connection, kept.school_code)
    trust = parts.processes.trust.sha256
    octets = await parts.vault.get_range(kept.package_digest, kept.byte_offset, kept.byte_length)
    context = Context(
        received_at=datetime.fromisoformat(json.loads(report)["at"]),
        school_code=kept.school_code,
        student_code=kept.student_code,
        province_code="" if school is None else school.province_code,
        tenures=tenures,
    )
    verdict = await parts.processes.check_item(octets, context, registrations)
    standing, reason = _conclude(kept, verdict)
    if standing in {Standing.FINAL, Standing.REVOKED}:
        await _commit(parts, code, standing, reason, trust)
    return standing, verdict.unanswered


def _conclude(kept: TranscriptRecord, verdict: ItemVerdict) -> tuple[Standing | None, str | None]:
    errors = {f.code for f in verdict.findings if CATALOGUE[f.code].severity == "error"}
    if verdict.original_sha256 != kept.original_sha256 or not errors <= REVOCATIONS:
        return None, None
    if errors:
        return Standing.REVOKED, min(errors)
    waiting = verdict.provisional_under is not None
    return Standing.PROVISIONAL if waiting else Standing.FINAL, None


async def _commit(
    parts: Processing, code: str, standing: Standing, reason: str | None, trust: str
) -> None:
    now = parts.clock()
    async with parts.database.begin() as connection:
        first = await decide_standing(
            connection,
            transcript_code=code,
            standing=standing,
            code=reason,
            trust_snapshot_sha256=trust,
            at=now,
        )
        if first:
            final = standing is Standing.FINAL
            await record(
                connection,
                at=now,
                actor="worker",
                action=Action.TRANSCRIPT_FINAL if final else Action.TRANSCRIPT_REVOKED,
                object=code,
                detail={"code": reason, "trust_snapshot_sha256": trust},
            )
            await journal_standing(
                parts.journal,
                connection,
                transcript_code=code,
                standing=standing,
                cause=reason,
                trust_snapshot_sha256=trust,
                at=now,
            )
