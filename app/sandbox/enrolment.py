"""Telling a repository about a synthetic school: what officers do before a real one can send."""

from datetime import date, datetime
from secrets import token_urlsafe

from app.clients.accounts import SENDING, create_client
from app.db import Database
from app.directory.schools import School, register_school
from app.sandbox.school import SyntheticSchool
from app.trust.registry import register_certificate

SECRET_BYTES = 32
"""Random bytes of a client secret: nobody guesses 256 bits."""


async def enrol_school(
    database: Database, school: SyntheticSchool, *, approved_from: date, now: datetime
) -> None:
    """Add a school to the directory and approve its principal's and its own certificate.

    Repeating it changes nothing.
    """
    entry = School(code=school.code, name=school.name, province_code=school.province_code)
    async with database.begin() as connection:
        await register_school(connection, entry, now)
        for certificate in school.certificates:
            await register_certificate(
                connection,
                der=certificate.der,
                school_code=school.code,
                role=certificate.role,
                approved_from=approved_from,
                approved_by="sandbox",
                now=now,
            )


async def open_account(
    database: Database, school: SyntheticSchool, *, client_id: str, now: datetime
) -> str:
    """Create a client that may do everything for one school, and give its fresh secret.

    Raises:
        Conflict: the client exists.
    """
    secret = token_urlsafe(SECRET_BYTES)
    async with database.begin() as connection:
        await create_client(
            connection,
            client_id=client_id,
            name=f"Phần mềm thử nghiệm của {school.name}",
            scopes=SENDING,
            schools=(school.code,),
            secret=secret,
            now=now,
        )
    return secret
