"""One step in the life of a registered certificate: its event, its audit, its journal."""

from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from app.audit.record import Action, record
from app.journal import Journal
from app.trust.entry import Act, RegistryEntry, RegistryEvent
from app.trust.journaling import journal_certificate
from app.trust.ledger import note_event

_ACTIONS = {
    "requested": Action.CERTIFICATE_REQUESTED,
    "approved": Action.CERTIFICATE_APPROVED,
    "refused": Action.CERTIFICATE_REFUSED,
    "revoked": Action.CERTIFICATE_REVOKED,
}


async def note_step(  # noqa: PLR0913 -- reason: the columns of one row
    journal: Journal,
    connection: AsyncConnection,
    entry: RegistryEntry,
    act: Act,
    *,
    event: str,
    valid: tuple[date | None, date | None] = (None, None),
    revoked_from: datetime | None = None,
    reason: str | None = None,
) -> None:
    """Note what was done with an entry, as the last step of the transaction that did it.

    Args:
        journal: where it is kept beside the originals.
        connection: the transaction; it has locked or added the entry.
        entry: as it stands now.
        act: who did it, when and in which trace.
        event: "requested", "approved", "refused" or "revoked".
        valid: the days that were asked for or approved.
        revoked_from: when its holder took it back.
        reason: in the words of whoever decided or revoked.

    Raises:
        Unavailable: the vault cannot take it now.
    """
    noted = RegistryEvent(
        at=act.now,
        actor=act.caller.client_id,
        event=event,
        valid_from=valid[0],
        valid_to=valid[1],
        revoked_from=revoked_from,
        reason=reason,
    )
    await note_event(connection, entry.key, noted)
    await record(
        connection,
        at=act.now,
        actor=act.caller.client_id,
        action=_ACTIONS[event],
        object=entry.key.certificate_sha256,
        detail={"school_code": entry.key.school_code, "role": entry.key.role.value},
        trace_id=act.trace_id,
    )
    await journal_certificate(journal, connection, entry.key, at=act.now)
