"""The one commit point of processing: what became of a package and of each of its transcripts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.audit.record import Action, record
from app.db import Database
from app.directory.schools import School
from app.intake.dispute import record_disputes
from app.intake.journaling import item_columns, journal_decision
from app.intake.package import Item, PackageKey, Result, State, findings_to_json
from app.intake.packages import claim_message
from app.intake.queue import Lease, holds
from app.intake.registration import Judged, register_judged
from app.intake.tables import package_items, packages
from app.intake.withdrawal import withdraw_items
from app.journal import Journal
from app.keys import WorkerKeys
from app.secondopinion.bundle import Bundle
from app.transcripts.finding import Finding
from app.transcripts.message import Message

UNFORESEEN = "SIG-999"
"""The code of a check that broke down."""


class LeaseLost(Exception):
    """Another worker has taken the package over; nothing was written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedWhole:
    """The package is refused as a whole.

    Attributes:
        findings: why; at least one error.
        message: what it says, when that could be read.
        school: the sender, when it is known and the client may act for it.
    """

    findings: tuple[Finding, ...]
    message: Message | None = None
    school: School | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenApart:
    """The package is taken: each of its transcripts has a verdict of its own.

    Attributes:
        findings: warnings about the package itself.
    """

    message: Message
    school: School
    judged: tuple[Judged, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawing:
    """The package is taken: it withdraws transcripts of its school, each on its own.

    Attributes:
        levels: for which the sender may act.
        findings: warnings about the package itself.
    """

    message: Message
    school: School
    levels: frozenset[str]
    findings: tuple[Finding, ...]


Decision = RefusedWhole | TakenApart | Withdrawing


@dataclass(frozen=True, slots=True, kw_only=True)
class Committed:
    """What a committed decision came to, without anything personal.

    Attributes:
        codes: what was found about the package itself, each code once.
        unforeseen: for each transcript whose check broke down (SIG-999), its digest and the place
            of the fault: ours to look into.
        disputed: the same for SIG-330, its digest and the vault's key of the bundle about it.
    """

    refused_whole: bool
    accepted: int
    rejected: int
    codes: tuple[str, ...]
    unforeseen: tuple[str, ...]
    disputed: tuple[str, ...]


async def commit_decision(
    database: Database,
    journal: Journal,
    lease: Lease,
    decision: Decision,
    *,
    keys: WorkerKeys,
    now: datetime,
) -> Committed:
    """Write the decision in one transaction: items, register, audit, state 02, or nothing.

    A crash before the commit leaves the package leased, to be processed again, and perhaps an entry
    of the journal that nobody was told of; a crash after it leaves a decided package whose reply is
    still to be made.

    Raises:
        LeaseLost: another worker has the package; nothing was written.
        Unavailable: the database or the vault cannot answer now.
    """
    async with database.begin() as connection:
        if not await holds(connection, lease, state=State.PROCESSING):
            raise LeaseLost
        decision = await _claim(connection, lease, decision)
        items = await _settle(connection, lease, decision, keys=keys, now=now)
        committed = _summary(decision, items)
        columns = _columns(decision, committed, now=now)
        await _write_items(connection, lease, items)
        await _write_package(connection, lease, columns)
        await record_disputes(connection, _disputes(decision), package_id=lease.package_id, now=now)
        await record(
            connection,
            at=now,
            actor="worker",
            action=Action.PACKAGE_PROCESSED,
            object=str(lease.package_id),
            detail={
                "accepted": committed.accepted,
                "rejected": committed.rejected,
                "codes": " ".join(committed.codes),
            },
        )
        await journal_decision(journal, connection, lease, columns, items)
    return committed


async def _claim(connection: AsyncConnection, lease: Lease, decision: Decision) -> Decision:
    """Take the message's id for this package; refuse the package when other bytes have it."""
    message, school = decision.message, decision.school
    if message is None or school is None:
        return decision
    key = PackageKey(package_id=lease.package_id, digest=lease.digest)
    other = await claim_message(
        connection, key, school_code=school.code, message_id=message.message_id
    )
    if other is None:
        return decision
    used = Finding(code="PKG-108", value=f"{lease.digest} ≠ {other}")
    return RefusedWhole(findings=(used,), message=message, school=school)


async def _settle(
    connection: AsyncConnection,
    lease: Lease,
    decision: Decision,
    *,
    keys: WorkerKeys,
    now: datetime,
) -> tuple[Item, ...]:
    """Change the register as decided and say for every item what it came to."""
    match decision:
        case RefusedWhole():
            return ()
        case TakenApart():
            return await register_judged(connection, lease, decision.judged, keys=keys, now=now)
        case Withdrawing():
            return await withdraw_items(
                connection, lease, decision.message, levels=decision.levels, now=now
            )


def _disputes(decision: Decision) -> tuple[Bundle, ...]:
    judged = decision.judged if isinstance(decision, TakenApart) else ()
    return tuple(each.verdict.dispute for each in judged if each.verdict.dispute is not None)


async def _write_items(connection: AsyncConnection, lease: Lease, items: Sequence[Item]) -> None:
    if not items:
        return
    await connection.execute(
        insert(package_items),
        [{"package_id": lease.package_id, **item_columns(item)} for item in items],
    )


async def _write_package(
    connection: AsyncConnection, lease: Lease, columns: dict[str, Any]
) -> None:
    statement = (
        update(packages)
        .where(packages.c.package_id == lease.package_id)
        .values(state=State.DECIDED, leases=0, **columns)
    )
    await connection.execute(statement)


def _columns(decision: Decision, committed: Committed, *, now: datetime) -> dict[str, Any]:
    """Name what the decision makes of the row, but for the queue's part of it."""
    message, school = decision.message, decision.school
    return {
        "message_id": None if message is None else message.message_id,
        "purpose": None if message is None else message.purpose,
        "school_code": None if school is None else school.code,
        "province_code": None if school is None else school.province_code,
        "total": None if message is None else committed.accepted + committed.rejected,
        "accepted": committed.accepted,
        "rejected": committed.rejected,
        "errors": findings_to_json(decision.findings),
        "finished_at": now,
    }


def _summary(decision: Decision, items: Sequence[Item]) -> Committed:
    """Count; a package that is refused whole refuses every transcript that it names."""
    total = 0 if decision.message is None else decision.message.total
    accepted = sum(item.result is Result.ACCEPTED for item in items)
    return Committed(
        refused_whole=isinstance(decision, RefusedWhole),
        accepted=accepted,
        rejected=total - accepted,
        codes=tuple(sorted({finding.code for finding in decision.findings})),
        unforeseen=_unforeseen(decision),
        disputed=tuple(f"{one.original_sha256}: {one.sha256}" for one in _disputes(decision)),
    )


def _unforeseen(decision: Decision) -> tuple[str, ...]:
    judged = decision.judged if isinstance(decision, TakenApart) else ()
    verdicts = [
        each.verdict
        for each in judged
        if any(finding.code == UNFORESEEN for finding in each.verdict.findings)
    ]
    return tuple(f"{verdict.original_sha256}: {verdict.fault}" for verdict in verdicts)
