from dataclasses import fields, replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from app.db import Database
from app.register.accept import accept
from app.register.find import find, find_public, report_of
from app.register.record import NewRecord, PublicRecord, SlotCheck
from tests.records import new_record

WITHDRAWN_AT = datetime(2026, 7, 1, tzinfo=UTC)


@pytest.fixture
async def held(worker_database: Database) -> NewRecord:
    new = new_record("HS01", "original", personal_number_hash=b"\x01" * 32)
    async with worker_database.begin() as connection:
        await accept(connection, [new, new_record("HS02", "other", school_year=2024)])
    return new


async def test_a_record_comes_back_as_it_was_accepted(
    held: NewRecord, web_database: Database
) -> None:
    async with web_database.read() as connection:
        assert await find(connection, held.record.transcript_code) == held.record


async def test_a_withdrawal_shows_in_the_record(
    held: NewRecord, database: Database, web_database: Database
) -> None:
    async with database.begin() as connection:
        await connection.execute(
            text("UPDATE transcripts SET withdrawn_at = :at WHERE student_code = 'HS01'"),
            {"at": WITHDRAWN_AT},
        )
    async with web_database.read() as connection:
        found = await find(connection, held.record.transcript_code)
    assert found == replace(held.record, withdrawn_at=WITHDRAWN_AT)


async def test_the_report_comes_back_as_it_was_written(
    held: NewRecord, web_database: Database
) -> None:
    async with web_database.read() as connection:
        assert await report_of(connection, held.record.transcript_code) == held.report


async def test_an_unknown_code_finds_nothing(
    web_database: Database, verifier_database: Database
) -> None:
    async with web_database.read() as connection:
        assert await find(connection, "UNKNOWN") is None
        assert await report_of(connection, "UNKNOWN") is None
    async with verifier_database.read() as connection:
        assert await find_public(connection, "UNKNOWN") is None


async def test_the_public_verifier_reads_what_it_needs_and_no_name(
    held: NewRecord, verifier_database: Database
) -> None:
    record = held.record
    async with verifier_database.read() as connection:
        found = await find_public(connection, record.transcript_code)
    assert found is not None
    shared = {field.name for field in fields(PublicRecord)} & {f.name for f in fields(record)}
    assert all(getattr(found, name) == getattr(record, name) for name in shared)
    assert found.indication == "PASSED"
    assert found.coverage_complete
    assert len(found.checks) == 27
    assert found.checks[-1] == SlotCheck(name="revocation", outcome="not_checked")
    assert record.student_name not in repr(found)
    assert record.student_code not in repr(found)
    assert "Lê Văn Mẫu" not in repr(found)


@pytest.mark.parametrize("table", ["transcripts", "transcripts_2025", "transcript_codes"])
async def test_the_public_verifier_reads_no_table(verifier_database: Database, table: str) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"):
        async with verifier_database.read() as connection:
            await connection.execute(text(f"SELECT * FROM {table}"))  # noqa: S608 -- reason: a constant of this test
