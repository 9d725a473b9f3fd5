import asyncio
import json
from collections.abc import Sequence

import pytest
from sqlalchemy import text

from app.db import Database
from app.errors import Unavailable
from app.register.accept import (
    Acceptance,
    Accepted,
    AlreadyInForce,
    Conflicting,
    Withdrawn,
    accept,
)
from app.register.record import NewRecord
from tests.records import new_record


async def accept_all(database: Database, records: Sequence[NewRecord]) -> tuple[Acceptance, ...]:
    async with database.begin() as connection:
        return await accept(connection, records)


def code(new: NewRecord) -> str:
    return new.record.transcript_code


async def count(database: Database, table: str) -> int:
    async with database.read() as connection:
        return int(await connection.scalar(text(f"SELECT count(*) FROM {table}")))  # noqa: S608 -- reason: a constant of this test


async def withdraw(database: Database, new: NewRecord) -> None:
    async with database.begin() as connection:
        await connection.execute(
            text("UPDATE transcripts SET withdrawn_at = now() WHERE transcript_code = :code"),
            {"code": code(new)},
        )


async def test_a_new_transcript_is_accepted_under_its_code(worker_database: Database) -> None:
    new = new_record("HS01", "original")
    assert await accept_all(worker_database, [new]) == (Accepted(code=code(new)),)


async def test_an_empty_class_is_no_work(worker_database: Database) -> None:
    assert await accept_all(worker_database, []) == ()


async def test_answers_stand_in_the_order_of_the_records(worker_database: Database) -> None:
    class_ = [new_record(f"HS{n:03}", f"original {n}") for n in reversed(range(300))]
    answers = await accept_all(worker_database, class_)
    assert answers == tuple(Accepted(code=code(new)) for new in class_)
    assert await count(worker_database, "transcripts") == 300
    assert await count(worker_database, "transcript_codes") == 300


async def test_the_same_original_again_is_in_force_already(worker_database: Database) -> None:
    new = new_record("HS01", "original")
    await accept_all(worker_database, [new])
    assert await accept_all(worker_database, [new]) == (AlreadyInForce(code=code(new)),)
    assert await count(worker_database, "transcripts") == 1


async def test_another_original_conflicts_and_names_the_one_in_force(
    worker_database: Database,
) -> None:
    first = new_record("HS01", "first")
    await accept_all(worker_database, [first])
    answers = await accept_all(worker_database, [new_record("HS01", "second")])
    assert answers == (Conflicting(code=code(first)),)
    assert await count(worker_database, "transcript_codes") == 1


@pytest.mark.parametrize(
    "elsewhere", [{"school_year": 2024}, {"level": "04"}, {"school_code": "79000702"}]
)
async def test_another_year_level_or_school_does_not_conflict(
    worker_database: Database, elsewhere: dict[str, str | int]
) -> None:
    await accept_all(worker_database, [new_record("HS01", "first")])
    second = new_record("HS01", "second", **elsewhere)
    assert await accept_all(worker_database, [second]) == (Accepted(code=code(second)),)


async def test_a_year_without_a_partition_of_its_own_is_taken_too(
    worker_database: Database,
) -> None:
    new = new_record("HS01", "original", school_year=2077)
    assert await accept_all(worker_database, [new]) == (Accepted(code=code(new)),)


async def test_a_withdrawn_original_does_not_come_back(
    worker_database: Database, database: Database
) -> None:
    new = new_record("HS01", "original")
    await accept_all(worker_database, [new])
    await withdraw(database, new)
    assert await accept_all(worker_database, [new]) == (Withdrawn(code=code(new)),)


async def test_a_withdrawn_original_stays_withdrawn_beside_its_successor(
    worker_database: Database, database: Database
) -> None:
    first, second = new_record("HS01", "first"), new_record("HS01", "second")
    await accept_all(worker_database, [first])
    await withdraw(database, first)
    assert await accept_all(worker_database, [second]) == (Accepted(code=code(second)),)
    assert await accept_all(worker_database, [first]) == (Withdrawn(code=code(first)),)


async def test_an_original_twice_in_one_package_is_accepted_once(
    worker_database: Database,
) -> None:
    new = new_record("HS01", "original")
    answers = await accept_all(worker_database, [new, new])
    assert answers == (Accepted(code=code(new)), AlreadyInForce(code=code(new)))


async def test_of_two_originals_of_one_student_the_earlier_wins(
    worker_database: Database,
) -> None:
    second, first = new_record("HS01", "b"), new_record("HS01", "a")
    for earlier, later in ((first, second), (second, first)):
        async with worker_database.begin() as connection:
            answers = await accept(connection, [earlier, later])
            await connection.rollback()
        assert answers == (Accepted(code=code(earlier)), Conflicting(code=code(earlier)))


async def test_one_conflict_does_not_block_the_class(worker_database: Database) -> None:
    held = new_record("HS02", "held")
    await accept_all(worker_database, [held])
    class_ = [new_record("HS01", "1"), new_record("HS02", "2"), held, new_record("HS03", "3")]
    assert await accept_all(worker_database, class_) == (
        Accepted(code=code(class_[0])),
        Conflicting(code=code(held)),
        AlreadyInForce(code=code(held)),
        Accepted(code=code(class_[3])),
    )


async def test_two_packages_at_once_accept_each_original_once(worker_database: Database) -> None:
    class_ = [new_record(f"HS{n:02}", f"original {n}") for n in range(40)]
    one, other = await asyncio.gather(
        accept_all(worker_database, class_), accept_all(worker_database, class_[::-1])
    )
    for left, right in zip(one, other[::-1], strict=True):
        assert {type(left), type(right)} == {Accepted, AlreadyInForce}
        assert left.code == right.code


async def test_two_packages_at_once_with_rival_originals_do_not_deadlock(
    worker_database: Database,
) -> None:
    mine = [new_record(f"HS{n:02}", f"mine {n}") for n in range(40)]
    theirs = [new_record(f"HS{n:02}", f"theirs {n}") for n in reversed(range(40))]
    for _ in range(5):
        one, other = await asyncio.gather(
            accept_all(worker_database, mine), accept_all(worker_database, theirs)
        )
        in_force = (Accepted, AlreadyInForce)
        for left, right in zip(one, other[::-1], strict=True):
            assert isinstance(left, in_force) != isinstance(right, in_force)


async def test_a_package_waits_for_the_one_before_it_and_sees_what_it_did(
    worker_database: Database,
) -> None:
    first, rival = new_record("HS01", "first"), new_record("HS01", "rival")
    async with worker_database.begin() as connection:
        await accept(connection, [first])
        waiting = asyncio.create_task(accept_all(worker_database, [rival]))
        done, _ = await asyncio.wait([waiting], timeout=0.3)
        assert not done
    assert await waiting == (Conflicting(code=code(first)),)


async def test_a_package_that_rolls_back_leaves_the_place_to_the_next(
    worker_database: Database,
) -> None:
    first, rival = new_record("HS01", "first"), new_record("HS01", "rival")
    async with worker_database.begin() as connection:
        await accept(connection, [first])
        waiting = asyncio.create_task(accept_all(worker_database, [rival]))
        await asyncio.wait([waiting], timeout=0.3)
        await connection.rollback()
    assert await waiting == (Accepted(code=code(rival)),)


async def test_the_report_is_kept_as_it_was_written(
    worker_database: Database, database: Database
) -> None:
    new = new_record("HS01", "original")
    await accept_all(worker_database, [new])
    async with database.read() as connection:
        kept = await connection.scalar(text("SELECT report::text FROM transcripts"))
    assert kept == new.report
    assert json.loads(kept)["slots"][0]["holder"] == "Lê Văn Mẫu"


async def test_a_place_that_comes_free_in_between_asks_for_a_repetition(
    worker_database: Database, database: Database
) -> None:
    async with database.begin() as connection:
        # Stands in for a withdrawal between the insert and the second look.
        await connection.execute(
            text(
                "CREATE FUNCTION skip_row() RETURNS trigger LANGUAGE plpgsql AS "
                "$$ BEGIN RETURN NULL; END $$"
            )
        )
        await connection.execute(
            text(
                "CREATE TRIGGER skip_row BEFORE INSERT ON transcripts "
                "FOR EACH ROW EXECUTE FUNCTION skip_row()"
            )
        )
    with pytest.raises(Unavailable):
        await accept_all(worker_database, [new_record("HS01", "original")])
