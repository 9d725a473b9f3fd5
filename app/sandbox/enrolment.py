"""Telling a repository about a synthetic school: what officers do before a real one can send."""

from collections.abc import Sequence
from datetime import date, datetime

from app.clients.accounts import Scope, create_client
from app.clients.secrets import new_secret
from app.db import Database
from app.directory.journaling import journal_schools
from app.directory.schools import School, register_school
from app.journal import Journal
from app.sandbox.conformance.messages import UNGRANTED
from app.sandbox.school import SyntheticSchool
from app.trust.journaling import journal_certificate
from app.trust.registry import register_certificate


async def enrol_school(
    database: Database,
    journal: Journal,
    school: SyntheticSchool,
    *,
    approved_from: date,
    now: datetime,
) -> None:
    """Add a school to the directory and approve its principal's and its own certificate.

    Repeating it changes nothing but the journal.
    """
    entry = School(code=school.code, name=school.name, province_code=school.province_code)
    async with database.begin() as connection:
        await register_school(connection, entry, now)
        approved = [
            await register_certificate(
                connection,
                der=certificate.der,
                school_code=school.code,
                role=certificate.role,
                approved_from=approved_from,
                approved_by="sandbox",
                now=now,
            )
            for certificate in school.certificates
        ]
        await journal_schools(journal, connection, [school.code], at=now)
        for key in filter(None, approved):
            await journal_certificate(journal, connection, key, at=now)


async def open_account(
    database: Database, school: SyntheticSchool, *, client_id: str, now: datetime
) -> str:
    """Create a client that may do everything for one school, and give its fresh secret.

    Raises:
        Conflict: the client exists.
    """
    secret = new_secret()
    async with database.begin() as connection:
        await create_client(
            connection,
            client_id=client_id,
            name=f"Phần mềm thử nghiệm của {school.name}",
            scopes=tuple(Scope),
            schools=(school.code,),
            secret=secret,
            now=now,
        )
    return secret


async def enrol_conformance(
    database: Database,
    journal: Journal,
    schools: Sequence[SyntheticSchool],
    *,
    client_id: str,
    approved_from: date,
    now: datetime,
) -> str:
    """Prepare a repository for the conformance set: its schools, and an account that acts for them.

    Gives the secret of the account.

    Raises:
        Conflict: the client exists.
    """
    for school in schools:
        await enrol_school(database, journal, school, approved_from=approved_from, now=now)
    secret = new_secret()
    other = School(code=UNGRANTED, name="Trường Mẫu Ngoài Phạm Vi", province_code="79")
    async with database.begin() as connection:
        await register_school(connection, other, now)
        await create_client(
            connection,
            client_id=client_id,
            name="Bộ thử của nhà cung cấp",
            scopes=tuple(Scope),
            schools=[school.code for school in schools],
            secret=secret,
            now=now,
        )
        await journal_schools(journal, connection, [UNGRANTED], at=now)
    return secret
