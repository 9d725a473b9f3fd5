"""Withdrawals as the register sees them: locks, repeats, and races with what arrives."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from app.clients.grants import LEVELS
from app.db import Database
from app.register.accept import Acceptance, Accepted, Conflicting, accept
from app.register.find import find
from app.register.history import versions_of
from app.register.record import NewRecord, Standing
from app.register.standing import decide_standing
from app.register.withdraw import (
    Cause,
    Foreign,
    OtherLevel,
    Outcome,
    Right,
    TakenBack,
    TakenBackBefore,
    Unknown,
    Withdrawal,
    Withdrawer,
    withdraw,
)
from tests.records import ACCEPTED_AT, new_record

RIGHT = Right(school_codes=frozenset({"79000701"}), levels=LEVELS)
BY = Withdrawer(right=RIGHT, package_id=UUID(int=9), at=ACCEPTED_AT)


async def accept_all(database: Database, *records: NewRecord) -> tuple[Acceptance, ...]:
    async with database.begin() as connection:
        return await accept(connection, records)


async def take_back(
    database: Database, *records: NewRecord, by: Withdrawer = BY
) -> tuple[Outcome, ...]:
    async with database.begin() as connection:
        return await withdraw(connection, withdrawals(records), by=by)


def withdrawals(records: Sequence[NewRecord]) -> list[Withdrawal]:
    return [Withdrawal(code=new.record.transcript_code, reason="Sai điểm mẫu") for new in records]


async def test_a_level_that_was_not_granted_is_not_withdrawn(database: Database) -> None:
    new = new_record("HS1", "ab")
    await accept_all(database, new)
    level = new.record.level
    narrow = replace(BY, right=replace(RIGHT, levels=LEVELS - {level}))
    assert await take_back(database, new, by=narrow) == (OtherLevel(level=level),)
    assert [type(one) for one in await take_back(database, new)] == [TakenBack]


async def chain(database: Database, new: NewRecord) -> list[tuple[int, str, Cause | None]]:
    async with database.read() as connection:
        record = await find(connection, new.record.transcript_code)
        assert record is not None
        versions = await versions_of(connection, record)
    return [(one.version, one.transcript_code, one.cause) for one in versions]


async def revoke(database: Database, new: NewRecord) -> None:
    async with database.begin() as connection:
        assert await decide_standing(
            connection,
            transcript_code=new.record.transcript_code,
            standing=Standing.REVOKED,
            code="SIG-420",
            trust_snapshot_sha256="ab" * 32,
            at=ACCEPTED_AT,
        )


async def test_every_withdrawal_has_its_own_outcome_in_order(worker_database: Database) -> None:
    class_ = [new_record(f"HS{n}", f"original {n}") for n in range(3)]
    foreign = new_record("HS9", "foreign", school_code="79000702")
    await accept_all(worker_database, *class_, foreign)
    await take_back(worker_database, class_[2])
    wanted = [class_[2], foreign, new_record("HS8", "never sent"), class_[1], class_[0], class_[1]]
    assert await take_back(worker_database, *wanted) == (
        TakenBackBefore(student_code="HS2"),
        Foreign(),
        Unknown(),
        TakenBack(student_code="HS1"),
        TakenBack(student_code="HS0"),
        TakenBackBefore(student_code="HS1"),
    )
    assert await take_back(worker_database) == ()


async def test_what_is_rolled_back_is_still_in_force(worker_database: Database) -> None:
    new = new_record("HS01", "original")
    await accept_all(worker_database, new)
    async with worker_database.begin() as connection:
        await withdraw(connection, withdrawals([new]), by=BY)
        await connection.rollback()
    assert await take_back(worker_database, new) == (TakenBack(student_code="HS01"),)


async def test_two_withdrawals_at_once_withdraw_each_transcript_once(
    worker_database: Database,
) -> None:
    class_ = [new_record(f"HS{n:02}", f"original {n}") for n in range(40)]
    await accept_all(worker_database, *class_)
    one, other = await asyncio.gather(
        take_back(worker_database, *class_), take_back(worker_database, *class_[::-1])
    )
    for left, right in zip(one, other[::-1], strict=True):
        assert {type(left), type(right)} == {TakenBack, TakenBackBefore}


async def test_a_new_original_waits_for_the_withdrawal_and_is_the_next_version(
    worker_database: Database,
) -> None:
    first, second = new_record("HS01", "first"), new_record("HS01", "second")
    await accept_all(worker_database, first)
    async with worker_database.begin() as connection:
        await withdraw(connection, withdrawals([first]), by=BY)
        waiting = asyncio.create_task(accept_all(worker_database, second))
        done, _ = await asyncio.wait([waiting], timeout=0.3)
        assert not done
    assert await waiting == (Accepted(code=second.record.transcript_code),)
    codes = [first.record.transcript_code, second.record.transcript_code]
    assert await chain(worker_database, second) == [
        (1, codes[0], Cause.SCHOOL),
        (2, codes[1], None),
    ]


async def test_a_transfer_within_the_year_is_two_chains(worker_database: Database) -> None:
    here = new_record("HS01", "here")
    there = new_record("HS01", "there", school_code="79000702")
    await accept_all(worker_database, here)
    assert await accept_all(worker_database, there) == (
        Accepted(code=there.record.transcript_code),
    )
    assert await chain(worker_database, there) == [(1, there.record.transcript_code, None)]


async def test_a_revoked_transcript_blocks_nothing_new(worker_database: Database) -> None:
    first, second, third = (new_record("HS01", name) for name in ("first", "second", "third"))
    await accept_all(worker_database, first)
    await revoke(worker_database, first)
    code = first.record.transcript_code
    # of two newcomers the earlier one takes the place, and a conflict names it
    answers = await accept_all(worker_database, second, third)
    assert answers == (
        Accepted(code=second.record.transcript_code, replaced=code),
        Conflicting(code=second.record.transcript_code),
    )
    assert (await chain(worker_database, second))[0] == (1, code, Cause.REVOCATION)


async def test_a_replay_moves_no_revoked_transcript(worker_database: Database) -> None:
    first, second = new_record("HS01", "first"), new_record("HS01", "second")
    await accept_all(worker_database, first)
    await take_back(worker_database, first)
    await accept_all(worker_database, second)
    await revoke(worker_database, second)
    await accept_all(worker_database, first, second)
    assert await chain(worker_database, second) == [
        (1, first.record.transcript_code, Cause.SCHOOL),
        (2, second.record.transcript_code, None),
    ]


async def test_the_reasons_are_kept_for_ever(worker_database: Database, database: Database) -> None:
    new = new_record("HS01", "original")
    await accept_all(worker_database, new)
    await take_back(worker_database, new)
    for statement in ("DELETE FROM", "TRUNCATE", "UPDATE"):
        change = " SET reason = 'Khác'" if statement == "UPDATE" else ""
        with pytest.raises(ProgrammingError, match="refused"):
            async with database.begin() as connection:
                await connection.execute(text(f"{statement} transcript_withdrawals{change}"))
