"""Read the register by transcript code."""

from collections.abc import Collection, Mapping
from dataclasses import fields
from typing import Any

from sqlalchemy import ColumnElement, Text, cast, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.register.record import PublicRecord, SlotCheck, Standing, TranscriptRecord
from app.register.tables import public_transcripts, transcript_codes, transcripts


async def find(connection: AsyncConnection, code: str) -> TranscriptRecord | None:
    """Find what the register keeps of one transcript; None for an unknown code.

    Args:
        connection: a transaction of a role that may read the register.
        code: a parsed transcript code.
    """
    columns = [transcripts.c[field.name] for field in fields(TranscriptRecord)]
    rows = await connection.execute(select(*columns).where(*_row_of(code)))
    row = rows.mappings().one_or_none()
    return None if row is None else TranscriptRecord(**row)


async def report_of(connection: AsyncConnection, code: str) -> str | None:
    """Find the verification report of one transcript as JSON text; None for an unknown code."""
    statement = select(cast(transcripts.c.report, Text)).where(*_row_of(code))
    return (await connection.execute(statement)).scalar_one_or_none()


async def find_public(connection: AsyncConnection, code: str) -> PublicRecord | None:
    """Find what the public verifier may read of one transcript; None for an unknown code.

    Reads the view `public_transcripts` only, so the role hocba_verifier suffices.
    """
    view = public_transcripts.c
    columns = [view[field.name] for field in fields(PublicRecord)]
    statement = select(*columns).where(view.transcript_code == code)
    row = (await connection.execute(statement)).mappings().one_or_none()
    if row is None:
        return None
    values: dict[str, Any] = dict(row)
    checks = tuple(
        SlotCheck(name=check["name"], outcome=check["outcome"]) for check in values.pop("checks")
    )
    standing = values.pop("standing")
    return PublicRecord(
        checks=checks, standing=None if standing is None else Standing(standing), **values
    )


async def some_code(connection: AsyncConnection) -> tuple[str, str] | None:
    """Give any transcript code with the SHA-256 of its original; None while there is none."""
    statement = select(
        transcript_codes.c.transcript_code, transcript_codes.c.original_sha256
    ).limit(1)
    row = (await connection.execute(statement)).one_or_none()
    return None if row is None else (row.transcript_code, row.original_sha256)


async def student_names(connection: AsyncConnection, codes: Collection[str]) -> Mapping[str, str]:
    """Read the students' names by transcript code; an unknown code is left out."""
    statement = (
        select(transcripts.c.transcript_code, transcripts.c.student_name)
        .join(
            transcript_codes,
            (transcript_codes.c.school_year == transcripts.c.school_year)
            & (transcript_codes.c.transcript_code == transcripts.c.transcript_code),
        )
        .where(transcript_codes.c.transcript_code.in_(codes))
    )
    rows = await connection.execute(statement)
    return {row.transcript_code: row.student_name for row in rows}


def _row_of(code: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Name one row by year and code, so that only the year's partition is read."""
    year = (
        select(transcript_codes.c.school_year)
        .where(transcript_codes.c.transcript_code == code)
        .scalar_subquery()
    )
    return transcripts.c.school_year == year, transcripts.c.transcript_code == code
