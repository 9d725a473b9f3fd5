"""The rows of the registry: entries as they stand, and the events that brought them there."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    and_,
    func,
    insert,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from app.errors import InvalidRequest
from app.locale import VIETNAM
from app.transcripts.profile import Role
from app.trust.entry import RegistrationKey, RegistrationState, RegistryEntry, RegistryEvent
from app.trust.tables import certificate_events, certificates

_ORDER = (certificates.c.school_code, certificates.c.role, certificates.c.certificate_sha256)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which entries are wanted.

    Attributes:
        school_code, role, state, certificate_sha256: exactly these; None takes any.
        at: approved for this day, and not taken back before it.
    """

    school_code: str | None = None
    role: Role | None = None
    state: RegistrationState | None = None
    certificate_sha256: str | None = None
    at: date | None = None


async def lock_key(connection: AsyncConnection, key_sha256: str) -> None:
    """Let nobody else register the same key until this transaction ends."""
    await connection.execute(
        select(func.pg_advisory_xact_lock(func.hashtextextended(key_sha256, 0)))
    )


async def add_entry(connection: AsyncConnection, entry: RegistryEntry, key_sha256: str) -> None:
    """Add an entry that nobody has asked for before."""
    values = {**_identity(entry.key), "der": entry.der, "key_sha256": key_sha256}
    await connection.execute(insert(certificates).values(**values, **_changing(entry)))


async def update_entry(connection: AsyncConnection, entry: RegistryEntry) -> None:
    """Write how an entry stands now."""
    await connection.execute(update(certificates).where(_is(entry.key)).values(**_changing(entry)))


async def note_event(
    connection: AsyncConnection, key: RegistrationKey, event: RegistryEvent
) -> None:
    """Add a step to the history of an entry."""
    await connection.execute(
        insert(certificate_events)
        .inline()
        .values(
            **_identity(key),
            at=event.at,
            actor=event.actor,
            event=event.event,
            valid_from=event.valid_from,
            valid_to=event.valid_to,
            revoked_from=event.revoked_from,
            reason=event.reason,
        )
    )


async def find_entry(
    connection: AsyncConnection, key: RegistrationKey, *, lock: bool
) -> RegistryEntry | None:
    """Find an entry; None when there is none.

    Args:
        connection: an open transaction.
        key: of the entry.
        lock: keep others from changing it until the transaction ends.
    """
    statement = _entries().where(_is(key))
    if lock:
        statement = statement.with_for_update()
    row = (await connection.execute(statement)).one_or_none()
    return None if row is None else _entry(row)


async def entries_for_key(
    connection: AsyncConnection, key_sha256: str
) -> tuple[RegistryEntry, ...]:
    """List the entries whose certificates have this public key."""
    rows = await connection.execute(_entries().where(certificates.c.key_sha256 == key_sha256))
    return tuple(_entry(row) for row in rows)


async def list_entries(
    connection: AsyncConnection,
    wanted: Filter,
    schools: Select[tuple[str]],
    *,
    after: str | None,
    limit: int,
) -> tuple[tuple[RegistryEntry, ...], str | None]:
    """List entries of certain schools, in a fixed order.

    Args:
        connection: a transaction of a role that may read the registry.
        wanted: which.
        schools: selects the codes of the schools that the caller may see.
        after: the cursor of the page before; None for the first page.
        limit: the most to give.

    Returns:
        The page, and the cursor of the next one; None on the last.

    Raises:
        InvalidRequest: the cursor is none of ours.
    """
    statement = _entries().where(certificates.c.school_code.in_(schools), _matches(wanted))
    if after is not None:
        statement = statement.where(tuple_(*_ORDER) > tuple_(*_read_cursor(after)))
    rows = (await connection.execute(statement.order_by(*_ORDER).limit(limit + 1))).all()
    page = tuple(_entry(row) for row in rows[:limit])
    return page, _cursor(page[-1].key) if len(rows) > limit else None


async def history_of_entry(
    connection: AsyncConnection, key: RegistrationKey
) -> tuple[RegistryEvent, ...]:
    """Tell how an entry came to stand as it does, from the first step on."""
    columns = certificate_events.c
    statement = (
        select(
            columns.at,
            columns.actor,
            columns.event,
            columns.valid_from,
            columns.valid_to,
            columns.revoked_from,
            columns.reason,
        )
        .where(
            columns.certificate_sha256 == key.certificate_sha256,
            columns.school_code == key.school_code,
            columns.role == key.role.value,
        )
        .order_by(columns.id)
    )
    return tuple(
        RegistryEvent(
            at=row.at,
            actor=row.actor,
            event=row.event,
            valid_from=row.valid_from,
            valid_to=row.valid_to,
            revoked_from=row.revoked_from,
            reason=row.reason,
        )
        for row in await connection.execute(statement)
    )


def _entries() -> Select[tuple[object, ...]]:
    return select(
        certificates.c.certificate_sha256,
        certificates.c.school_code,
        certificates.c.role,
        certificates.c.der,
        certificates.c.state,
        certificates.c.requested_by,
        certificates.c.requested_at,
        certificates.c.wish_from,
        certificates.c.wish_to,
        certificates.c.approved_from,
        certificates.c.approved_to,
        certificates.c.approved_by,
        certificates.c.approved_at,
        certificates.c.revoked_from,
    )


def _entry(row: Row[tuple[object, ...]]) -> RegistryEntry:
    return RegistryEntry(
        key=RegistrationKey(
            certificate_sha256=row.certificate_sha256,
            school_code=row.school_code,
            role=Role(row.role),
        ),
        der=row.der,
        state=RegistrationState(row.state),
        requested_by=row.requested_by,
        requested_at=row.requested_at,
        wish_from=row.wish_from,
        wish_to=row.wish_to,
        valid_from=row.approved_from,
        valid_to=row.approved_to,
        decided_by=row.approved_by,
        decided_at=row.approved_at,
        revoked_from=row.revoked_from,
    )


def _identity(key: RegistrationKey) -> dict[str, str]:
    return {
        "certificate_sha256": key.certificate_sha256,
        "school_code": key.school_code,
        "role": key.role.value,
    }


def _changing(entry: RegistryEntry) -> dict[str, object]:
    return {
        "state": entry.state.value,
        "requested_by": entry.requested_by,
        "requested_at": entry.requested_at,
        "wish_from": entry.wish_from,
        "wish_to": entry.wish_to,
        "approved_from": entry.valid_from,
        "approved_to": entry.valid_to,
        "approved_by": entry.decided_by,
        "approved_at": entry.decided_at,
        "revoked_from": entry.revoked_from,
    }


def _is(key: RegistrationKey) -> ColumnElement[bool]:
    return and_(*(certificates.c[name] == value for name, value in _identity(key).items()))


def _matches(wanted: Filter) -> ColumnElement[bool]:
    exact = {
        "school_code": wanted.school_code,
        "role": wanted.role,
        "state": wanted.state,
        "certificate_sha256": wanted.certificate_sha256,
    }
    conditions: list[ColumnElement[bool]] = [
        certificates.c[name] == value for name, value in exact.items() if value is not None
    ]
    if wanted.at is not None:
        begin = datetime.combine(wanted.at, time.min, VIETNAM)
        conditions += [
            certificates.c.state == RegistrationState.APPROVED,
            certificates.c.approved_from <= wanted.at,
            or_(certificates.c.approved_to.is_(None), certificates.c.approved_to >= wanted.at),
            or_(certificates.c.revoked_from.is_(None), certificates.c.revoked_from > begin),
        ]
    return and_(True, *conditions)  # noqa: FBT003 -- reason: SQLAlchemy's way to write "no condition"


def _cursor(key: RegistrationKey) -> str:
    place = f"{key.school_code}:{key.role.value}:{key.certificate_sha256}"
    return urlsafe_b64encode(place.encode()).decode()


def _read_cursor(after: str) -> Sequence[str]:
    try:
        place = urlsafe_b64decode(after.encode()).decode().rsplit(":", 2)
    except ValueError as error:
        raise InvalidRequest(parameter="after", reason="unknown") from error
    if len(place) != len(_ORDER) or not "".join(place).isprintable():
        raise InvalidRequest(parameter="after", reason="unknown")
    return place
