"""What a verification found, slot by slot, in the vocabulary of ETSI EN 319 102-1 section 5."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.engine import quick
from app.transcripts.content import Transcript
from app.transcripts.finding import Finding
from app.transcripts.message import Message
from app.transcripts.profile import Role


class Indication(StrEnum):
    """The verdict on a signature or a document (ETSI EN 319 102-1 table 5)."""

    PASSED = "PASSED"
    INDETERMINATE = "INDETERMINATE"
    FAILED = "FAILED"


class Outcome(StrEnum):
    """How one named check ended."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_CHECKED = "not_checked"


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One named check on one signature.

    Attributes:
        name: "shape", "certificate", "properties", "references", "signing_time",
            "signature_value", "path", "authority", "revocation" or "timestamp".
        code: the catalogue code that explains the outcome: the failure, why it was not checked, or
            the evidence that it rests on.
    """

    name: str
    outcome: Outcome
    code: str | None = None


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """Who the certificate says signed. Names are as certified, evidence and no authority."""

    name: str
    organisation: str | None
    personal_number_known: bool
    certificate_sha256: str
    issuer: str
    serial: str


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class SlotReport:
    """The verdict on one slot.

    Attributes:
        slot: "GVBM[9115131060]", "GVCN", "CBQL", "KY_PHAT_HANH" or "KY_PHAT_HANH_GOI_TIN".
        holder: the name that the signed content gives for this slot.
        judged_at: the time at which the certificate was judged.
        judged_by: why that time: "timestamp", "day_of_issue" or "receipt".
        covers: locations of the referenced elements.
    """

    role: Role
    slot: str
    xpath: str
    holder: str | None
    indication: Indication
    sub_indication: str | None
    code: str | None
    signer: Signer | None
    judged_at: datetime | None
    judged_by: str | None
    covers: tuple[str, ...]
    checks: tuple[Check, ...]
    warnings: tuple[Finding, ...]


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """Which part of the content lies under which slots.

    Attributes:
        complete: whether every content node is under the homeroom teacher, principal and school.
        nodes: location of a covered subtree → slots that cover it.
        uncovered: locations under no required signature.
    """

    complete: bool
    nodes: tuple[tuple[str, tuple[str, ...]], ...]
    uncovered: tuple[str, ...]


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The whole verdict on one document.

    Attributes:
        indication: INDETERMINATE without an error among the findings means that the document
            stands provisionally, until evidence about revocation decides.
        findings: every error and warning, in document order; empty of errors when PASSED.
        at: the time of receipt that the verdict is for.
        not_checked: catalogue codes of what was not checked on some slot.
        fault: for SIG-999 the type and place of the error, for operators and nobody else.
    """

    indication: Indication
    sub_indication: str | None
    document_sha256: str
    slots: tuple[SlotReport, ...]
    coverage: Coverage | None
    findings: tuple[Finding, ...]
    profile_id: str
    profile_sha256: str
    engine_name: str
    engine_version: str
    at: datetime
    trust_snapshot_sha256: str
    not_checked: tuple[str, ...]
    fault: str | None = None


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A report and, only when it holds no error, what the signed octets say."""

    report: Report
    transcript: Transcript | None


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class PackageVerdict:
    """A report on a package's own signature and, only when it holds no error, its message."""

    report: Report
    message: Message | None
