"""What the registry keeps of a certificate, as frozen values, and the states of the field."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Literal

from app.clients.accounts import Caller
from app.transcripts.profile import Role


class RegistrationState(StrEnum):
    """Trạng thái đăng ký, the field's own codes."""

    WAITING = "01"
    APPROVED = "02"
    REFUSED = "03"


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationKey:
    """Which certificate is meant, for which school and in which role.

    Attributes:
        certificate_sha256: digest of the DER certificate, in hexadecimal.
    """

    certificate_sha256: str
    school_code: str
    role: Role


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryEntry:
    """One certificate as it stands in the registry.

    Attributes:
        wish_from, wish_to: the days for which its holder asks.
        valid_from, valid_to: the days for which it is approved; None while it is not, and for
            `valid_to` when there is no last day.
        decided_by: the client id that approved it, or "operator"; None while it is not approved.
        revoked_from: when its holder took it back.
    """

    key: RegistrationKey
    der: bytes
    state: RegistrationState
    requested_by: str
    requested_at: datetime
    wish_from: date | None
    wish_to: date | None
    valid_from: date | None
    valid_to: date | None
    decided_by: str | None
    decided_at: datetime | None
    revoked_from: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryEvent:
    """One step in the life of an entry.

    Attributes:
        event: "requested", "approved", "refused" or "revoked".
        valid_from, valid_to: the days that were asked for or approved.
        reason: in the words of whoever decided or revoked.
    """

    at: datetime
    actor: str
    event: str
    valid_from: date | None
    valid_to: date | None
    revoked_from: datetime | None
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Who acts, when and in which trace."""

    caller: Caller
    now: datetime
    trace_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a school asks for.

    Attributes:
        der: the certificate.
        first, last: the days for which it wants to use it; None leaves them to the certificate.
    """

    der: bytes
    school_code: str
    role: Role
    first: date | None
    last: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """What a department decides.

    Attributes:
        first, last: the days for which it approves; None takes the school's wish.
        reason: why; a refusal has one.
    """

    decision: Literal["approve", "refuse"]
    first: date | None
    last: date | None
    reason: str | None
