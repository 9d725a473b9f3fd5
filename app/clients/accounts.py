"""Accounts: kinds of clients, what each kind may hold, and who calls."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from app.clients.credentials import add_secret
from app.clients.grants import Grant, add_grant
from app.clients.tables import clients
from app.errors import Conflict, InvalidRequest, NotAllowed

CLIENT_ID = re.compile(r"[A-Za-z0-9._~-]{1,64}")
"""Ids that need no escaping in a URL, a form, a log or HTTP Basic."""


class Scope(StrEnum):
    """What a client may do."""

    PACKAGES_WRITE = "packages:write"
    PACKAGES_READ = "packages:read"
    TRANSCRIPTS_READ = "transcripts:read"
    CERTIFICATES_READ = "certificates:read"
    CERTIFICATES_WRITE = "certificates:write"
    CERTIFICATES_DECIDE = "certificates:decide"
    CLIENTS_MANAGE = "clients:manage"
    WEBHOOKS_MANAGE = "webhooks:manage"


class Kind(StrEnum):
    """What a client is: it bounds its scopes and how its grants are read (see `partition`)."""

    HUB = "hub"
    SCHOOL = "school"
    DEPARTMENT = "department"
    RELYING_PARTY = "relying_party"
    MINISTRY = "ministry"


_READING = frozenset({Scope.PACKAGES_READ, Scope.TRANSCRIPTS_READ, Scope.CERTIFICATES_READ})
_SENDING = _READING | {
    Scope.PACKAGES_WRITE,
    Scope.CERTIFICATES_WRITE,
    Scope.WEBHOOKS_MANAGE,
}
_FOLLOWING = _READING | {Scope.CERTIFICATES_DECIDE}

SCOPES_OF: Mapping[Kind, frozenset[Scope]] = MappingProxyType(
    {
        Kind.HUB: _SENDING,
        Kind.SCHOOL: _SENDING,
        Kind.DEPARTMENT: _FOLLOWING,
        Kind.RELYING_PARTY: frozenset({Scope.TRANSCRIPTS_READ}),
        Kind.MINISTRY: _FOLLOWING | {Scope.CLIENTS_MANAGE},
    }
)
"""The most that a client of each kind may hold. A department that also sends on behalf of schools
has a second account, a hub, so that following and sending stay apart in the record; and nobody
decides on certificates of their own."""


class Purpose(StrEnum):
    """Why somebody outside a school reads a child's transcript."""

    SCHOOL_TRANSFER = "school-transfer"
    ADMISSION = "admission"
    PUBLIC_SERVICE = "public-service"
    INSPECTION = "inspection"


_REASON = re.compile(r"([a-z-]{1,32})(?:\s*;\s*case=([A-Za-z0-9._/-]{1,64}))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """The stated reason of a read; it stands in the audit beside it.

    Attributes:
        case: the caller's own file number, which holds no personal data by its form.
    """

    purpose: Purpose
    case: str | None = None


def read_reason(header: str | None) -> Reason | None:
    """Read the header `Access-Reason: admission; case=TS10-2026-00123`; None when it is absent.

    A header and not a parameter: addresses end up in logs.

    Raises:
        InvalidRequest: it has another form or names no known purpose.
    """
    if header is None:
        return None
    found = _REASON.fullmatch(header.strip())
    if found is None or found.group(1) not in set(Purpose):
        raise InvalidRequest(parameter="Access-Reason", reason="unknown")
    return Reason(purpose=Purpose(found.group(1)), case=found.group(2))


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """A client that has proven who it is.

    Attributes:
        scopes: what this token allows, the account still has and its kind may hold.
        kind: the default sees only what it sent or was granted.
        reason: why it asks, where it said so.
    """

    client_id: str
    name: str
    scopes: frozenset[Scope]
    kind: Kind = Kind.HUB
    reason: Reason | None = None

    def require(self, scope: Scope) -> None:
        """Go on only with this scope, and as a relying party only with a stated reason.

        Raises:
            NotAllowed: the caller does not have it.
            InvalidRequest: the caller is a relying party and states no reason.
        """
        if scope not in self.scopes:
            raise NotAllowed(scope=scope.value)
        if self.kind is Kind.RELYING_PARTY and self.reason is None:
            raise InvalidRequest(parameter="Access-Reason", reason="missing")

    @property
    def stated(self) -> dict[str, str | int | bool | None]:
        """What the audit keeps of the reason; empty where none was stated."""
        if self.reason is None:
            return {}
        return {"purpose": self.reason.purpose.value, "case": self.reason.case}


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A client as it is kept, without its credentials.

    Attributes:
        scopes: what it was given, within what its kind may hold.
        token_generation: tokens of an earlier one are worth nothing.
    """

    client_id: str
    name: str
    kind: Kind
    scopes: frozenset[Scope]
    enabled: bool
    token_generation: int
    created_at: datetime


ACCOUNT_COLUMNS = (
    clients.c.client_id,
    clients.c.name,
    clients.c.kind,
    clients.c.scopes,
    clients.c.enabled,
    clients.c.token_generation,
    clients.c.created_at,
)


async def find_account(
    connection: AsyncConnection, client_id: str, *, lock: bool = False
) -> Account | None:
    """Find an account; None for an unknown id and for what is no id.

    Args:
        connection: an open transaction.
        client_id: as it came.
        lock: keep others from changing it until the transaction ends.
    """
    if not CLIENT_ID.fullmatch(client_id):
        return None
    statement = select(*ACCOUNT_COLUMNS).where(clients.c.client_id == client_id)
    if lock:
        statement = statement.with_for_update()
    row = (await connection.execute(statement)).one_or_none()
    return None if row is None else account_of(*row)


async def is_enabled(connection: AsyncConnection, client_id: str) -> bool:
    """Tell whether an account is enabled; for the worker, which may read no more of it."""
    statement = select(clients.c.enabled).where(clients.c.client_id == client_id)
    return bool(await connection.scalar(statement))


def account_of(  # noqa: PLR0913, PLR0917 -- reason: the columns of one row
    client_id: str,
    name: str,
    kind: str,
    scopes: Sequence[str],
    enabled: bool,  # noqa: FBT001 -- reason: a column
    token_generation: int,
    created_at: datetime,
) -> Account:
    """Read one row of `ACCOUNT_COLUMNS`; a scope that its kind may not hold allows nothing."""
    return Account(
        client_id=client_id,
        name=name,
        kind=Kind(kind),
        scopes=scopes_named(scopes) & SCOPES_OF[Kind(kind)],
        enabled=enabled,
        token_generation=token_generation,
        created_at=created_at,
    )


def scopes_named(names: Sequence[str]) -> frozenset[Scope]:
    """Read scopes; a name that this version does not know allows nothing."""
    return frozenset(scope for scope in Scope if scope.value in names)


async def create_client(  # noqa: PLR0913 -- reason: the columns of one row
    connection: AsyncConnection,
    *,
    client_id: str,
    name: str,
    scopes: Iterable[Scope],
    secret: str | None,
    now: datetime,
    kind: Kind = Kind.HUB,
    schools: Iterable[str] = (),
) -> None:
    """Add an account, with its first secret and a grant for each school from now on.

    Of the scopes it gets those that its kind may hold.

    Raises:
        InvalidRequest: the client id has other characters than `CLIENT_ID`.
        Conflict: the client id is taken.
    """
    if not CLIENT_ID.fullmatch(client_id):
        raise InvalidRequest(parameter="client_id", reason="form")
    statement = insert(clients).values(
        client_id=client_id,
        name=name,
        kind=kind.value,
        scopes=sorted(scope.value for scope in SCOPES_OF[kind].intersection(scopes)),
        created_at=now,
    )
    added = statement.on_conflict_do_nothing().returning(clients.c.client_id)
    if (await connection.execute(added)).first() is None:
        raise Conflict
    if secret is not None:
        await add_secret(connection, client_id, secret, now=now)
    for school in sorted(set(schools)):
        await add_grant(connection, client_id, Grant(school_code=school, valid_from=now))
