"""The certificates of schools and their principals that a department approved."""

from collections.abc import Iterable
from datetime import date, datetime
from hashlib import sha256

from cryptography.x509 import load_der_x509_certificate
from sqlalchemy import ColumnElement, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from app.errors import InvalidRequest
from app.signatures.trust import Registration
from app.transcripts.profile import Role
from app.trust.tables import certificates

REGISTERED_ROLES = (Role.PRINCIPAL, Role.SCHOOL)
"""Teachers' certificates are not registered: they come with the signature."""


async def register_certificate(  # noqa: PLR0913 -- reason: the columns of one row
    connection: AsyncConnection,
    *,
    der: bytes,
    school_code: str,
    role: Role,
    approved_from: date,
    approved_by: str,
    now: datetime,
) -> None:
    """Approve a certificate for a school and a role from a day on; repeating it changes nothing.

    Raises:
        InvalidRequest: the bytes are no certificate, or the role is not one that is registered.
    """
    if role not in REGISTERED_ROLES:
        raise InvalidRequest(parameter="role", reason="not-registered")
    try:
        load_der_x509_certificate(der)
    except ValueError as error:
        raise InvalidRequest(parameter="der", reason="no-certificate") from error
    statement = insert(certificates).values(
        certificate_sha256=sha256(der).hexdigest(),
        school_code=school_code,
        role=role.value,
        der=der,
        approved_from=approved_from,
        approved_by=approved_by,
        approved_at=now,
    )
    await connection.execute(statement.on_conflict_do_nothing())


async def registrations_of(
    connection: AsyncConnection, school_code: str
) -> tuple[Registration, ...]:
    """List a school's approvals, ended ones too: a verdict looks at a day of issue."""
    return await _registrations(connection, certificates.c.school_code == school_code)


async def registrations_of_certificates(
    connection: AsyncConnection, certificate_sha256s: Iterable[str]
) -> tuple[Registration, ...]:
    """List the approvals of certificates at whatever school, so that a stranger's is named."""
    return await _registrations(
        connection, certificates.c.certificate_sha256.in_(sorted(set(certificate_sha256s)))
    )


async def _registrations(
    connection: AsyncConnection, condition: ColumnElement[bool]
) -> tuple[Registration, ...]:
    statement = (
        select(
            certificates.c.certificate_sha256,
            certificates.c.school_code,
            certificates.c.role,
            certificates.c.approved_from,
            certificates.c.approved_to,
        )
        .where(condition)
        .order_by(certificates.c.approved_from, certificates.c.certificate_sha256)
    )
    return tuple(
        Registration(
            certificate_sha256=row.certificate_sha256,
            school_code=row.school_code,
            role=Role(row.role),
            approved_from=row.approved_from,
            approved_to=row.approved_to,
        )
        for row in await connection.execute(statement)
    )
