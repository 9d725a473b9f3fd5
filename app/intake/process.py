"""Deciding on a package, transcript by transcript; the same function runs after every crash.

Nothing is written before the one commit point, and the package's own time of receipt is what
everything is judged at, so a repetition comes to the same verdict.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.db import Database
from app.directory.staff import staff_key
from app.intake.decision import Committed, TakenApart, commit_decision
from app.intake.dispute import keep_disputes
from app.intake.judging import Judges, judge_package
from app.intake.keeping import may_bring_in, note_hold
from app.intake.processes import VerificationProcesses
from app.intake.queue import Lease
from app.journal import Journal
from app.keys import WorkerKeys
from app.vault import Vault
from app.vault.vault import FIRST_LOCK


@dataclass(frozen=True, slots=True, kw_only=True)
class Processing:
    """What deciding needs besides the package.

    Attributes:
        clock: reads the time once, for the moment of the decision.
        retention: how long a package stays locked after something in it was accepted, and the
            journal's entries.
    """

    database: Database
    vault: Vault
    keys: WorkerKeys
    processes: VerificationProcesses
    clock: Callable[[], datetime]
    retention: timedelta = FIRST_LOCK

    @property
    def journal(self) -> Journal:
        """Where this worker's changes of the record are kept."""
        return Journal(vault=self.vault, key=self.keys.journal, retention=self.retention)


async def process_package(parts: Processing, lease: Lease) -> Committed:
    """Verify a leased package and commit what became of each of its transcripts.

    Returns:
        What the decision came to; the package is in state 02.

    Raises:
        LeaseLost: another worker has the package; nothing was written.
        Unavailable: the vault or the database cannot answer now; nothing was written, or the
            whole decision was.
        CheckFailed: the check of the package's own signature crashed or took too long.
        IntegrityFailure: the kept bytes are not the ones received: an incident.
    """
    # 0 the bytes as they were received, proven by their digest
    content = await parts.vault.get(lease.digest)
    # 1 the message, 2 its sender, 3 each transcript on its own
    judges = Judges(
        database=parts.database,
        processes=parts.processes,
        staff_key=staff_key(parts.keys.identity),
    )
    decision = await judge_package(
        judges, content, client_id=lease.client_id, received_at=lease.received_at
    )
    if isinstance(decision, TakenApart):
        disputes = (each.verdict.dispute for each in decision.judged)
        await keep_disputes(parts.vault, filter(None, disputes))
    # 4 the bytes are locked before anybody is told that something in them was accepted
    if may_bring_in(decision):
        until = lease.received_at + parts.retention
        held = await parts.vault.hold(lease.digest, until)
        await note_hold(parts.database, lease.package_id, held, now=parts.clock())
    # 5 commit point: items, register, audit, state 02 and the journal, or nothing
    return await commit_decision(
        parts.database, parts.journal, lease, decision, keys=parts.keys, now=parts.clock()
    )
