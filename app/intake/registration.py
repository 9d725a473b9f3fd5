"""Registering what passed of a package, within the decision's transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from app.audit.record import Action, record
from app.intake.checks import ItemVerdict
from app.intake.entry import Place, register_entry
from app.intake.package import Item, Result
from app.intake.queue import Lease
from app.keys import WorkerKeys
from app.register.accept import (
    Acceptance,
    Accepted,
    AlreadyInForce,
    Conflicting,
    Withdrawn,
    accept,
)
from app.register.foresee import Arriving, foresee
from app.register.record import NewRecord
from app.transcripts.content import Transcript
from app.transcripts.finding import Finding
from app.transcripts.message import MessageItem


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One transcript of the message and what the checks found about it."""

    item: MessageItem
    verdict: ItemVerdict


async def register_judged(
    connection: AsyncConnection,
    lease: Lease,
    judged: Sequence[Judged],
    *,
    keys: WorkerKeys,
    now: datetime,
) -> tuple[Item, ...]:
    """Register what passed and say for every transcript what it came to.

    A revoked transcript that makes way for a new one is on the record as withdrawn.
    """
    new = {
        each.item.ordinal: _new_record(lease, each, transcript, keys=keys, now=now)
        for each in judged
        if (transcript := each.verdict.transcript) is not None
    }
    answers = await accept(connection, tuple(new.values()))
    for answer in answers:
        if isinstance(answer, Accepted) and answer.replaced is not None:
            await record(
                connection,
                at=now,
                actor="worker",
                action=Action.TRANSCRIPT_WITHDRAWN,
                object=answer.replaced,
                detail={"package": str(lease.package_id), "successor": answer.code},
            )
    acceptances = dict(zip(new, answers, strict=True))
    return tuple(_item(each, acceptances.get(each.item.ordinal)) for each in judged)


def _new_record(
    lease: Lease, judged: Judged, transcript: Transcript, *, keys: WorkerKeys, now: datetime
) -> NewRecord:
    place = Place(
        package_id=lease.package_id,
        package_digest=lease.digest,
        byte_offset=judged.item.offset,
        byte_length=judged.item.length,
    )
    digest = judged.verdict.original_sha256 or ""
    record = register_entry(transcript, digest, place=place, keys=keys, accepted_at=now)
    return NewRecord(
        record=record,
        report=judged.verdict.report or "",
        provisional_under=judged.verdict.provisional_under,
    )


async def foresee_judged(connection: AsyncConnection, judged: Sequence[Judged]) -> tuple[Item, ...]:
    """Say for every transcript what registering it would come to now; nothing is written.

    A transcript that is not registered yet has no code: only the worker can derive one.
    """
    arriving = {
        each.item.ordinal: Arriving(
            original_sha256=each.verdict.original_sha256 or "",
            place=(
                transcript.start_year,
                transcript.school.code,
                transcript.student.code,
                transcript.level,
            ),
        )
        for each in judged
        if (transcript := each.verdict.transcript) is not None
    }
    answers = await foresee(connection, tuple(arriving.values()))
    foreseen = dict(zip(arriving, answers, strict=True))
    return tuple(_item(each, foreseen.get(each.item.ordinal)) for each in judged)


def _item(judged: Judged, acceptance: Acceptance | None) -> Item:
    """Put the verdict on the signatures and the answer of the register together."""
    findings, code = judged.verdict.findings, None
    match acceptance:
        case None:
            pass
        case Accepted(replaced=None):
            code = acceptance.code
        case Accepted():
            code = acceptance.code
            findings = (*findings, Finding(code="PKG-202", value=acceptance.replaced))
        case AlreadyInForce():
            code = acceptance.code
            findings = (*findings, Finding(code="PKG-200"))
        case Withdrawn():
            findings = (*findings, Finding(code="SIG-511"))
        case Conflicting():
            findings = (*findings, Finding(code="SIG-512", value=acceptance.code))
    return Item(
        ordinal=judged.item.ordinal,
        student_code=judged.item.student_code,
        result=Result.REFUSED if code is None else Result.ACCEPTED,
        transcript_code=code or None,
        original_sha256=judged.verdict.original_sha256,
        findings=findings,
    )
