"""What the journal keeps of certificates: each as it stands after a change, and the change."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.journal import Journal, Kind
from app.journal.entry import as_written
from app.trust.entry import RegistrationKey
from app.trust.tables import certificate_events, certificates


async def journal_certificate(
    journal: Journal, connection: AsyncConnection, key: RegistrationKey, *, at: datetime
) -> None:
    """Keep an entry of the registry and its newest event, as the last step of its transaction.

    That has locked or inserted the entry, so the newest event is its own. A crash after this leaves
    an entry of the journal about something that nobody was told; doing it again gives a higher
    order.

    Raises:
        Unavailable: the vault cannot take it now.
    """
    row = (
        (
            await connection.execute(
                select(*certificates.c).where(
                    certificates.c.certificate_sha256 == key.certificate_sha256,
                    certificates.c.school_code == key.school_code,
                    certificates.c.role == key.role.value,
                )
            )
        )
        .mappings()
        .one()
    )
    columns = (column for column in certificate_events.c if column.name != "id")
    event = (
        (
            await connection.execute(
                select(*columns)
                .where(
                    certificate_events.c.certificate_sha256 == key.certificate_sha256,
                    certificate_events.c.school_code == key.school_code,
                    certificate_events.c.role == key.role.value,
                )
                .order_by(certificate_events.c.id.desc())
                .limit(1)
            )
        )
        .mappings()
        .one()
    )
    body = {"row": as_written(row), "event": as_written(event)}
    await journal.write(connection, Kind.CERTIFICATE, body, at=at)
