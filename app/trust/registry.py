"""Which certificates stand approved for a school: what verdicts rest on.

A department approves them on request (`app.trust.enrolment`), an operator without one.
"""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import date, datetime
from hashlib import sha256

from sqlalchemy import ColumnElement, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from app.errors import CertificateRefused, InvalidRequest
from app.signatures.trust import Registration
from app.transcripts.profile import Role
from app.trust.candidate import key_digest
from app.trust.entry import RegistrationKey, RegistrationState
from app.trust.tables import certificate_events, certificates

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
) -> RegistrationKey | None:
    """Approve a certificate for a school and a role from a day on; repeating it changes nothing.

    The operator's way, who answers for the certificate: only that it is one is checked here.

    Returns:
        The new entry, for the journal; None when there was one.

    Raises:
        InvalidRequest: the role is not one that is registered.
        CertificateRefused: the bytes are no certificate (SIG-530).
    """
    if role not in REGISTERED_ROLES:
        raise InvalidRequest(parameter="role", reason="not-registered")
    key_sha256 = key_digest(der)
    if key_sha256 is None:
        raise CertificateRefused("SIG-530")
    key = RegistrationKey(
        certificate_sha256=sha256(der).hexdigest(), school_code=school_code, role=role
    )
    named = {**asdict(key), "role": role.value}
    statement = insert(certificates).values(
        **named,
        der=der,
        state=RegistrationState.APPROVED,
        approved_from=approved_from,
        approved_by=approved_by,
        approved_at=now,
        requested_by=approved_by,
        requested_at=now,
        key_sha256=key_sha256,
    )
    added = statement.on_conflict_do_nothing().returning(certificates.c.role)
    if (await connection.execute(added)).first() is None:
        return None
    event = {"at": now, "actor": approved_by, "event": "approved", "valid_from": approved_from}
    await connection.execute(insert(certificate_events).values(**named, **event))
    return key


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
            certificates.c.revoked_from,
        )
        .where(condition, certificates.c.state == RegistrationState.APPROVED)
        .order_by(certificates.c.approved_from, certificates.c.certificate_sha256)
    )
    return tuple(
        Registration(
            certificate_sha256=row.certificate_sha256,
            school_code=row.school_code,
            role=Role(row.role),
            approved_from=row.approved_from,
            approved_to=row.approved_to,
            revoked_from=row.revoked_from,
        )
        for row in await connection.execute(statement)
    )
