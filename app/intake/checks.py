"""What runs inside a verification process: pure checks on bytes, with the trust given at its start.

Everything that goes in or comes out is a frozen value that pickles.
"""

import json
import os
import resource
import signal
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, TypeVar

from app.lifeline import die_with
from app.secondopinion.bundle import Bundle, write_bundle
from app.secondopinion.opinion import Opinion, second_opinion
from app.secondopinion.sampling import NO_SAMPLE, Sampling, is_sampled
from app.signatures.report import Indication, PackageVerdict, Report
from app.signatures.signers import unanswered_certificates
from app.signatures.trust import Registration, TrustSnapshot
from app.signatures.verify import Context, verify_package, verify_transcript
from app.transcripts.content import Transcript
from app.transcripts.finding import DocumentRefused, Finding
from app.transcripts.message import transcript_range

MEBIBYTE = 1024**2

DATA_LIMIT = 360 * MEBIBYTE
"""Private writable memory of a process, which the kernel does not let it exceed. Measured: 90 MiB
after the start, 275 MiB at the peak of the largest package (32 MiB, 300 transcripts), 250 MiB from
then on. Program files and the stack, which do not count here, add 29 and at most 8 MiB, so that no
process exceeds 400 MiB."""

EXHAUSTED = 77
"""Exit status of a process that ran into that limit: nothing that it remembers can be relied on."""


_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemVerdict:
    """What the checks found about one transcript of a package.

    Attributes:
        original_sha256: digest of its own bytes; None when they could not be decoded.
        transcript: what the signed content says, only when no check failed.
        report: the report as JSON text, only when no check failed.
        findings: every error and warning, in document order.
        fault: for SIG-999 the type and place of the error, for the log.
        dispute: for SIG-330 what is needed to look into it again.
        provisional_under: digest of the trust snapshot that left revocation open; None when it was
            decided.
        unanswered: the signing certificates (DER) about which it was left open.
    """

    original_sha256: str | None
    transcript: Transcript | None
    report: str | None
    findings: tuple[Finding, ...]
    fault: str | None = None
    dispute: Bundle | None = None
    provisional_under: str | None = None
    unanswered: tuple[bytes, ...] = ()


@dataclass(slots=True)
class _Process:
    """What a verification process remembers between tasks.

    It comes with the process's start because it is large and the same for every task.
    """

    trust: TrustSnapshot
    sampling: Sampling


_process = _Process(trust=TrustSnapshot(anchors=(), intermediates=()), sampling=NO_SAMPLE)
"""Trusts nobody until `prepare` has run."""


def prepare(trust: TrustSnapshot, sampling: Sampling, parent: int) -> None:
    """Make this process a verification process: bounded memory, and gone with its parent.

    Args:
        trust: whom every check of this process trusts.
        sampling: which transcripts that pass get a second opinion.
        parent: the process id of the worker.
    """
    die_with(parent, signal.SIGKILL)
    resource.setrlimit(resource.RLIMIT_DATA, (DATA_LIMIT, DATA_LIMIT))
    _process.trust = trust
    _process.sampling = sampling


def prepared() -> bool:
    """Tell whether this process has somebody to trust."""
    return bool(_process.trust.anchors)


def run_bounded(check: Callable[..., _T], arguments: tuple[Any, ...]) -> _T:
    """Run a check; this process ends when memory does."""
    try:
        return check(*arguments)
    except MemoryError:
        os._exit(EXHAUSTED)


def check_package(
    package: bytes, received_at: datetime, registrations: tuple[Registration, ...]
) -> PackageVerdict:
    """Verify a package's own signature and read its message."""
    return verify_package(
        package, received_at=received_at, trust=_process.trust, registrations=registrations
    )


def check_item(
    kept: bytes, context: Context, registrations: tuple[Registration, ...]
) -> ItemVerdict:
    """Verify one transcript from its base64 text inside the package.

    One that passes and belongs to the sample gets a second opinion; where the engines differ it
    does not pass.
    """
    try:
        original = transcript_range(kept)
    except DocumentRefused as refused:
        return ItemVerdict(
            original_sha256=None, transcript=None, report=None, findings=refused.findings
        )
    verdict = verify_transcript(
        original, context=context, trust=_process.trust, registrations=registrations
    )
    passed = verdict.transcript is not None
    if passed and is_sampled(verdict.report.document_sha256, _process.sampling):
        opinion = second_opinion(original, verdict.report)
        if not opinion.agrees:
            return _disputed(original, verdict.report, opinion)
    provisional_under = _provisional_under(verdict.report) if passed else None
    return ItemVerdict(
        original_sha256=verdict.report.document_sha256,
        transcript=verdict.transcript,
        report=report_to_json(verdict.report) if passed else None,
        findings=verdict.report.findings,
        fault=verdict.report.fault,
        provisional_under=provisional_under,
        unanswered=()
        if provisional_under is None
        else unanswered_certificates(original, verdict.report),
    )


def _provisional_under(report: Report) -> str | None:
    decided = report.indication is Indication.PASSED
    return None if decided else report.trust_snapshot_sha256


def _disputed(original: bytes, report: Report, opinion: Opinion) -> ItemVerdict:
    """Refuse what the engines differ on: one of them is wrong, and nobody knows which."""
    disputed = tuple(
        Finding(code="SIG-330", slot=found.slot or None, value=found.reason)
        for found in opinion.disagreements
    )
    return ItemVerdict(
        original_sha256=report.document_sha256,
        transcript=None,
        report=None,
        findings=(*report.findings, *disputed),
        dispute=write_bundle(original, report, opinion),
    )


def report_to_json(report: Report) -> str:
    """Write a report as JSON text: the names of the dataclasses, times as ISO 8601."""
    return json.dumps(asdict(report), ensure_ascii=False, default=datetime.isoformat)
