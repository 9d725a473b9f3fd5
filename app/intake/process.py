"""Deciding on a package, transcript by transcript; the same function runs after every crash.

Nothing is written before the one commit point, and the package's own time of receipt is what
everything is judged at, so a repetition comes to the same verdict.
"""

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.clients.accounts import may_act_for
from app.db import Database
from app.directory.schools import School, find_school
from app.intake.checks import ItemVerdict
from app.intake.decision import (
    Committed,
    Decision,
    Judged,
    RefusedWhole,
    TakenApart,
    commit_decision,
)
from app.intake.dispute import keep_disputes
from app.intake.keeping import may_bring_in, note_hold
from app.intake.processes import VerificationProcesses
from app.intake.queue import Lease
from app.keys import WorkerKeys
from app.signatures.report import PackageVerdict
from app.signatures.trust import Registration
from app.signatures.verify import Context
from app.transcripts.finding import Finding
from app.transcripts.message import CREATE, Message, MessageItem
from app.trust.registry import registrations_of, registrations_of_certificates
from app.vault import Vault
from app.vault.vault import FIRST_LOCK

UNKNOWN_SIGNER = "SIG-500"
"""The code of a certificate that the school did not register; the finding's value is its digest."""

_CLAIMED_SCHOOL = re.compile(rb"<CO_QUAN_DON_VI_ID\s*>\s*([^<>&\s]{1,20})\s*</CO_QUAN_DON_VI_ID")


@dataclass(frozen=True, slots=True, kw_only=True)
class Processing:
    """What deciding needs besides the package.

    Attributes:
        clock: reads the time once, for the moment of the decision.
        retention: how long a package stays locked after something in it was accepted.
    """

    database: Database
    vault: Vault
    keys: WorkerKeys
    processes: VerificationProcesses
    clock: Callable[[], datetime]
    retention: timedelta = FIRST_LOCK


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sender:
    """Whom the package claims to come from, and what the repository knows of that school."""

    claimed: str | None
    school: School | None
    allowed: bool
    registrations: tuple[Registration, ...]


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
    # 1 the message, and 2 its sender: signature, certificate, directory, right to act
    sender = await _find_sender(parts.database, lease, content)
    verdict = await _judge_sender(parts, lease, content, sender)
    refusal = _refuse_sender(sender, verdict)
    message = verdict.message
    decision: Decision
    if refusal or message is None or sender.school is None:
        decision = RefusedWhole(
            findings=refusal, message=message, school=sender.school if sender.allowed else None
        )
    else:
        # 3 each transcript on its own, so that one cannot block the class
        judged = await _judge_transcripts(parts, lease, content, message, sender)
        disputes = (each.verdict.dispute for each in judged)
        await keep_disputes(parts.vault, filter(None, disputes))
        decision = TakenApart(
            message=message, school=sender.school, judged=judged, findings=verdict.report.findings
        )
    # 4 the bytes are locked before anybody is told that something in them was accepted
    if may_bring_in(decision):
        until = lease.received_at + parts.retention
        held = await parts.vault.hold(lease.digest, until)
        await note_hold(parts.database, lease.package_id, held, now=parts.clock())
    # 5 commit point: items, register, audit and state 02, or nothing
    return await commit_decision(
        parts.database, lease, decision, keys=parts.keys, now=parts.clock()
    )


def claimed_school(content: bytes) -> str | None:
    """Read which school a package claims to come from, before anything is proven.

    It only chooses whose certificates are offered to the verifier, which holds the signed message
    against them; a wrong claim therefore ends as a refusal.
    """
    found = _CLAIMED_SCHOOL.search(content)
    return None if found is None else found.group(1).decode(errors="replace")


async def _find_sender(database: Database, lease: Lease, content: bytes) -> _Sender:
    claimed = await asyncio.to_thread(claimed_school, content)
    if claimed is None:
        return _Sender(claimed=None, school=None, allowed=False, registrations=())
    async with database.read() as connection:
        return _Sender(
            claimed=claimed,
            school=await find_school(connection, claimed),
            allowed=await may_act_for(connection, lease.client_id, claimed),
            registrations=await registrations_of(connection, claimed),
        )


async def _judge_sender(
    parts: Processing, lease: Lease, content: bytes, sender: _Sender
) -> PackageVerdict:
    check, known = parts.processes.check_package, sender.registrations
    verdict = await check(content, lease.received_at, known)
    strangers = await _strangers(parts.database, verdict.report.findings)
    return await check(content, lease.received_at, known + strangers) if strangers else verdict


async def _strangers(database: Database, findings: tuple[Finding, ...]) -> tuple[Registration, ...]:
    """Find what other schools registered among the certificates that this one did not.

    With it the verifier can say whose certificate it is, and not only that it is unknown.
    """
    unknown = [finding.value for finding in findings if finding.code == UNKNOWN_SIGNER]
    if not unknown:
        return ()
    async with database.read() as connection:
        return await registrations_of_certificates(connection, filter(None, unknown))


def _refuse_sender(sender: _Sender, verdict: PackageVerdict) -> tuple[Finding, ...]:
    """Name why the whole package is refused; empty when it is to be taken apart.

    A package that could not even be opened is refused for that: what it claims is worth nothing.
    """
    opened = bool(verdict.report.slots)
    if opened and sender.school is None:
        return (Finding(code="PKG-110", value=sender.claimed),)
    if opened and not sender.allowed:
        return (Finding(code="PKG-111", value=sender.claimed),)
    if verdict.message is None:
        return verdict.report.findings
    return _refuse_message(sender, verdict.message)


def _refuse_message(sender: _Sender, message: Message) -> tuple[Finding, ...]:
    if sender.claimed != message.school_code:
        return (Finding(code="PKG-101", value=message.school_code),)
    if message.purpose != CREATE:  # a withdrawal is a flow of its own
        return (Finding(code="PKG-103", value=message.purpose),)
    return ()


async def _judge_transcripts(
    parts: Processing, lease: Lease, content: bytes, message: Message, sender: _Sender
) -> tuple[Judged, ...]:
    province_code = sender.school.province_code if sender.school else ""

    async def judge(item: MessageItem) -> ItemVerdict:
        context = Context(
            received_at=lease.received_at,
            school_code=message.school_code,
            student_code=item.student_code,
            province_code=province_code,
        )
        kept = content[item.offset : item.offset + item.length]
        check, known = parts.processes.check_item, sender.registrations
        verdict = await check(kept, context, known)
        strangers = await _strangers(parts.database, verdict.findings)
        return await check(kept, context, known + strangers) if strangers else verdict

    verdicts = await asyncio.gather(*(judge(item) for item in message.items))
    return tuple(
        Judged(item=item, verdict=verdict)
        for item, verdict in zip(message.items, verdicts, strict=True)
    )
