"""Writing the registry of certificates anew, for `app.rebuild` alone.

The journal holds a step for everything that was asked, decided and revoked, and perhaps steps whose
transaction never ended. Those are told from the others by what followed them: the registry only
takes steps that are possible from where a certificate stands.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from app.journal.rows import row_from_body
from app.trust.tables import certificate_events, certificates

Body = Mapping[str, Any]

_KEY = ("certificate_sha256", "school_code", "role")
_REQUEST = ("requested_by", "requested_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What was written of one certificate: its row or not, and how many steps."""

    changed: bool
    events: int


async def shut_out_writers(connection: AsyncConnection) -> None:
    """Let nobody else write the registry until the transaction ends.

    Raises:
        Unavailable: somebody holds rows for longer than the database's lock time-out.
    """
    await connection.execute(text("LOCK TABLE certificates IN EXCLUSIVE MODE"))


def committed_steps(bodies: Iterable[Body]) -> tuple[Body, ...]:
    """Leave out the steps of one certificate that were never committed.

    Args:
        bodies: {row, event} of each step, in the journal's order.
    """
    steps: list[Body] = []
    for body in bodies:
        while steps and not _may_follow(steps[-1], body):
            steps.pop()
        steps.append(body)
    return tuple(steps)


async def restore_certificate(connection: AsyncConnection, bodies: Sequence[Body]) -> Restored:
    """Bring one certificate to where its last step left it, and add the steps that are missing.

    Args:
        connection: an open transaction.
        bodies: {row, event} of each of its steps, in the journal's order.
    """
    steps = committed_steps(bodies)
    row = row_from_body(certificates, steps[-1]["row"])
    statement = insert(certificates).values(row).on_conflict_do_nothing()
    added = (await connection.execute(statement)).rowcount == 1
    missing = [
        event
        for event in (row_from_body(certificate_events, step["event"]) for step in steps)
        if added or not await _is_noted(connection, event)
    ]
    if missing and not added:
        changed = {name: value for name, value in row.items() if name not in _KEY}
        await connection.execute(
            update(certificates)
            .where(and_(*(certificates.c[name] == row[name] for name in _KEY)))
            .values(changed)
        )
    for event in missing:  # one by one: their ids give the order
        await connection.execute(insert(certificate_events).values(event))
    return Restored(changed=added or bool(missing), events=len(missing))


def _may_follow(before: Body, after: Body) -> bool:
    """Tell whether the registry takes one step after another."""
    old, new = before["row"], after["row"]
    match before["event"]["event"], after["event"]["event"]:
        case "requested", "approved" | "refused":
            return all(old[name] == new[name] for name in _REQUEST)
        case "refused", "requested":
            return True
        case "approved", "revoked":
            return all(old[name] == new[name] for name in _REQUEST)
        case "revoked", "revoked":
            # A second time can only be an earlier one.
            earlier, later = new["revoked_from"], old["revoked_from"]
            return datetime.fromisoformat(earlier) < datetime.fromisoformat(later)
        case _:
            return False


async def _is_noted(connection: AsyncConnection, event: Mapping[str, Any]) -> bool:
    same = and_(
        *(certificate_events.c[name] == event[name] for name in (*_KEY, "at", "actor", "event"))
    )
    statement = select(certificate_events.c.id).where(same).limit(1)
    return (await connection.execute(statement)).first() is not None
