"""Judging a package's bytes, transcript by transcript: everything before something is written."""

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime

from app.clients.partition import Place, levels_open_to
from app.db import Database
from app.directory.schools import School, find_school, history_of, tenures_of
from app.directory.staff import lists_of
from app.intake.checks import ItemVerdict
from app.intake.claims import claimed_school
from app.intake.decision import Decision, RefusedWhole, TakenApart, Withdrawing
from app.intake.processes import VerificationProcesses
from app.intake.registration import Judged
from app.signatures.context import Tenure
from app.signatures.report import PackageVerdict
from app.signatures.staff import SchoolLists
from app.signatures.trust import Registration
from app.signatures.verify import Context
from app.transcripts.finding import Finding
from app.transcripts.message import AMEND, WITHDRAW, Message, MessageItem
from app.trust.registry import registrations_of, registrations_of_certificates

UNKNOWN_SIGNER = "SIG-500"
"""The code of a certificate that the school did not register; the finding's value is its digest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judges:
    """What judging needs besides the package: the directory and registry, and who verifies.

    Attributes:
        staff_key: opens the schools' lists of staff; None leaves signers unchecked against them.
    """

    database: Database
    processes: VerificationProcesses
    staff_key: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sender:
    """Whom the package claims to come from, and what the repository knows of that school.

    Attributes:
        levels: for which the client may send the school's transcripts; empty when for none.
    """

    claimed: str | None
    school: School | None
    levels: frozenset[str]
    registrations: tuple[Registration, ...]
    tenures: tuple[Tenure, ...] = ()
    lists: SchoolLists | None = None


async def judge_package(
    judges: Judges, content: bytes, *, client_id: str, received_at: datetime
) -> Decision:
    """Verify a package and say what is to become of it; nothing is written.

    Args:
        judges: what judging needs.
        content: the package, proven to be what was received.
        client_id: who sent it.
        received_at: when; everything is judged at this moment.

    Raises:
        Unavailable: the database cannot answer now.
        CheckFailed: the check of the package's own signature crashed or took too long.
    """
    # 1 the message, and its sender: signature, certificate, directory, right to act
    sender = await _find_sender(judges, client_id, received_at, content)
    verdict = await _judge_sender(judges, received_at, content, sender)
    refusal = _refuse_sender(sender, verdict)
    message, findings = verdict.message, verdict.report.findings
    if refusal or message is None or sender.school is None:
        school = sender.school if sender.levels else None
        return RefusedWhole(findings=refusal, message=message, school=school)
    if message.purpose == WITHDRAW:
        return Withdrawing(
            message=message, school=sender.school, levels=sender.levels, findings=findings
        )
    # 2 each transcript on its own, so that one cannot block the class
    judged = await _judge_transcripts(judges, received_at, content, message, sender)
    return TakenApart(message=message, school=sender.school, judged=judged, findings=findings)


async def _find_sender(
    judges: Judges, client_id: str, received_at: datetime, content: bytes
) -> _Sender:
    claimed = await asyncio.to_thread(claimed_school, content)
    if claimed is None:
        return _Sender(claimed=None, school=None, levels=frozenset(), registrations=())
    async with judges.database.read() as connection:
        school = await find_school(connection, claimed)
        place = Place(
            school_code=claimed, province_code=None if school is None else school.province_code
        )
        return _Sender(
            claimed=claimed,
            school=school,
            levels=await levels_open_to(connection, client_id, place, received_at),
            registrations=await registrations_of(connection, claimed),
            tenures=tenures_of(await history_of(connection, claimed)),
            lists=None
            if judges.staff_key is None
            else await lists_of(connection, claimed, key=judges.staff_key, day=received_at),
        )


async def _judge_sender(
    judges: Judges, received_at: datetime, content: bytes, sender: _Sender
) -> PackageVerdict:
    check, known = judges.processes.check_package, sender.registrations
    verdict = await check(content, received_at, known)
    strangers = await _strangers(judges.database, verdict.report.findings)
    return await check(content, received_at, known + strangers) if strangers else verdict


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

    A package that could not even be opened, or is no message at all and names no school, is refused
    for that: what it claims is worth nothing.
    """
    opened = bool(verdict.report.slots) and (sender.claimed is not None or bool(verdict.message))
    if opened and sender.school is None:
        return (Finding(code="PKG-110", value=sender.claimed),)
    if opened and not sender.levels:
        return (Finding(code="PKG-111", value=sender.claimed),)
    if verdict.message is None:
        return verdict.report.findings
    return _refuse_message(sender, verdict.message)


def _refuse_message(sender: _Sender, message: Message) -> tuple[Finding, ...]:
    if sender.claimed != message.school_code:
        return (Finding(code="PKG-101", value=message.school_code),)
    if message.purpose == AMEND:
        return (Finding(code="PKG-103", value=message.purpose),)
    return ()


async def _judge_transcripts(
    judges: Judges, received_at: datetime, content: bytes, message: Message, sender: _Sender
) -> tuple[Judged, ...]:
    province_code = sender.school.province_code if sender.school else ""

    async def judge(item: MessageItem) -> ItemVerdict:
        context = Context(
            received_at=received_at,
            school_code=message.school_code,
            student_code=item.student_code,
            province_code=province_code,
            tenures=sender.tenures,
            lists=sender.lists,
        )
        kept = content[item.offset : item.offset + item.length]
        check, known = judges.processes.check_item, sender.registrations
        verdict = await check(kept, context, known)
        strangers = await _strangers(judges.database, verdict.findings)
        return await check(kept, context, known + strangers) if strangers else verdict

    verdicts = await asyncio.gather(*(judge(item) for item in message.items))
    return tuple(
        Judged(item=item, verdict=_within(sender.levels, verdict))
        for item, verdict in zip(message.items, verdicts, strict=True)
    )


def _within(levels: frozenset[str], verdict: ItemVerdict) -> ItemVerdict:
    """Refuse a transcript of a level for which the client may not send."""
    transcript = verdict.transcript
    if transcript is None or transcript.level in levels:
        return verdict
    refused = Finding(code="PKG-112", value=transcript.level)
    return replace(
        verdict,
        transcript=None,
        report=None,
        provisional_under=None,
        findings=(*verdict.findings, refused),
    )
