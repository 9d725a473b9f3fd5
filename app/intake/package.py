"""A package as the intake keeps it: frozen values, and the states and results of the field."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from app.transcripts.finding import Finding


class State(StrEnum):
    """Trạng thái gói tin, the field's own codes."""

    RECEIVED = "00"
    PROCESSING = "01"
    DECIDED = "02"
    REPLIED = "03"
    READ = "04"


class Result(StrEnum):
    """Kết quả xử lý of one transcript, the field's own codes."""

    ACCEPTED = "01"
    REFUSED = "02"


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """One received package.

    Attributes:
        digest: SHA-256 of its bytes, lower-case hexadecimal; its identity within the client.
        size: length of its bytes.
        message_id: mã gói tin, None until it was read.
        purpose: mục đích bản tin (01 create, 03 withdraw), None until it was read.
        total: number of transcripts or withdrawals in it; None until decided, and when it could not
            be read.
        errors: what was found about the package as a whole; an error among it refused them all.
        position: its place in the queue from 1; None when it is decided or was not asked for.
        estimated_seconds: when its result may be expected, in seconds from now; None as above.
    """

    package_id: UUID
    client_id: str
    digest: str
    size: int
    state: State
    received_at: datetime
    message_id: str | None = None
    purpose: str | None = None
    school_code: str | None = None
    province_code: str | None = None
    total: int | None = None
    accepted: int | None = None
    rejected: int | None = None
    errors: tuple[Finding, ...] = ()
    finished_at: datetime | None = None
    replied_at: datetime | None = None
    read_at: datetime | None = None
    position: int | None = None
    estimated_seconds: int | None = None

    @property
    def decided(self) -> bool:
        """Whether the result is final."""
        return self.finished_at is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageKey:
    """Which package, and the SHA-256 of its bytes."""

    package_id: UUID
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class After:
    """Where a page of packages ended."""

    received_at: datetime
    package_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Which packages to list; None where it does not matter.

    Attributes:
        since: received at this moment or later.
        until: received before this moment.
        limit: packages of a page.
        after: where the page before ended.
    """

    school: str | None = None
    province: str | None = None
    state: State | None = None
    since: datetime | None = None
    until: datetime | None = None
    limit: int
    after: After | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """What became of one transcript or withdrawal of a package. Findings may hold personal data.

    Attributes:
        ordinal: its place in the package, from 1.
        student_code: mã học sinh; None for a withdrawal of what is not the school's.
        transcript_code: mã tra cứu; None when a transcript was refused, and for a withdrawal that
            names no code.
        original_sha256: digest of the transcript's own bytes; None when they could not be decoded.
        findings: every error, warning and information about it.
    """

    ordinal: int
    student_code: str | None
    result: Result
    transcript_code: str | None
    original_sha256: str | None
    findings: tuple[Finding, ...]


def findings_to_json(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    """Write findings for a jsonb column, leaving out what is absent."""
    return [
        {name: value for name, value in asdict(finding).items() if value is not None}
        for finding in findings
    ]


def findings_from_json(rows: Sequence[dict[str, Any]]) -> tuple[Finding, ...]:
    """Read findings back from a jsonb column."""
    return tuple(Finding(**row) for row in rows)
