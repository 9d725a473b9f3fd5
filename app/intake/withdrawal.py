"""Withdrawing what a message names (thu hồi), item by item, within the decision's transaction."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from app.audit.record import Action, record
from app.directory.schools import predecessors_of
from app.errors import InvalidCode
from app.intake.package import Item, Result
from app.intake.queue import Lease
from app.locale import VIETNAM
from app.register.withdraw import (
    Foreign,
    OtherLevel,
    Outcome,
    Right,
    TakenBack,
    TakenBackBefore,
    Unknown,
    Withdrawal,
    Withdrawer,
    foresee_withdrawals,
    withdraw,
)
from app.transcripts.codes import parse_code
from app.transcripts.finding import Finding
from app.transcripts.message import Message, WithdrawalItem


async def withdraw_items(
    connection: AsyncConnection,
    lease: Lease,
    message: Message,
    *,
    levels: frozenset[str],
    now: datetime,
) -> tuple[Item, ...]:
    """Withdraw what can be withdrawn, record each, and say for every item what it came to.

    A crash leaves nothing: the withdrawals become durable with the caller's commit. The reason goes
    to the register alone, because it may name the child; the audit names school and package.

    Args:
        connection: the decision's transaction.
        lease: the package.
        message: a verified message of purpose 03.
        levels: for which the sender may act.
        now: the moment of the decision.
    """
    wanted = _wanted(message)
    right = await _right(connection, message, levels, now)
    by = Withdrawer(right=right, package_id=lease.package_id, at=now)
    outcomes = await withdraw(connection, tuple(wanted.values()), by=by)
    for withdrawal, outcome in zip(wanted.values(), outcomes, strict=True):
        if isinstance(outcome, TakenBack):
            await record(
                connection,
                at=now,
                actor=lease.client_id,
                action=Action.TRANSCRIPT_WITHDRAWN,
                object=withdrawal.code,
                detail={"package": str(lease.package_id), "school": message.school_code},
            )
    return _items(message, dict(zip(wanted, outcomes, strict=True)))


async def foresee_items(
    connection: AsyncConnection, message: Message, *, levels: frozenset[str], now: datetime
) -> tuple[Item, ...]:
    """Say for every item what withdrawing it would come to now; nothing is written."""
    wanted = _wanted(message)
    right = await _right(connection, message, levels, now)
    outcomes = await foresee_withdrawals(connection, tuple(wanted.values()), right=right)
    return _items(message, dict(zip(wanted, outcomes, strict=True)))


async def _right(
    connection: AsyncConnection, message: Message, levels: frozenset[str], now: datetime
) -> Right:
    """A school withdraws what it issued, and what the schools issued that it has taken over."""
    today = now.astimezone(VIETNAM).date()
    before = await predecessors_of(connection, message.school_code, on=today)
    return Right(school_codes=before | {message.school_code}, levels=levels)


def _wanted(message: Message) -> dict[int, Withdrawal]:
    """Choose the items that can be looked up, by their ordinals."""
    return {
        item.ordinal: Withdrawal(code=code, reason=item.reason)
        for item in message.withdrawals
        if (code := _parsed(item.typed_code)) is not None and item.reason is not None
    }


def _items(message: Message, outcomes: Mapping[int, Outcome]) -> tuple[Item, ...]:
    return tuple(_item(item, outcomes.get(item.ordinal)) for item in message.withdrawals)


def _parsed(typed_code: str) -> str | None:
    try:
        return parse_code(typed_code)
    except InvalidCode:
        return None


def _item(item: WithdrawalItem, outcome: Outcome | None) -> Item:
    code = _parsed(item.typed_code)
    student: str | None = None
    findings: tuple[Finding, ...] = ()
    match outcome:
        case TakenBack():
            student = outcome.student_code
        case TakenBackBefore():
            student, findings = outcome.student_code, (Finding(code="PKG-201"),)
        case Foreign():
            findings = (Finding(code="PKG-302"),)
        case OtherLevel():
            findings = (Finding(code="PKG-112", value=outcome.level),)
        case Unknown():
            findings = (Finding(code="PKG-301", value=item.typed_code),)
        case None:
            findings = _unfit(item, code)
    withdrawn = isinstance(outcome, TakenBack | TakenBackBefore)
    return Item(
        ordinal=item.ordinal,
        student_code=student,
        result=Result.ACCEPTED if withdrawn else Result.REFUSED,
        transcript_code=code,
        original_sha256=None,
        findings=findings,
    )


def _unfit(item: WithdrawalItem, code: str | None) -> tuple[Finding, ...]:
    """Name everything that kept an item from being looked at."""
    unknown = () if code else (Finding(code="PKG-301", value=item.typed_code),)
    unfounded = () if item.reason else (Finding(code="PKG-303"),)
    return (*unknown, *unfounded)
