"""How far an examination has come, and what it found: enough to go on after a crash."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from app.fsck.findings import Code, Finding, Severity

MAX_FINDINGS = 1000
"""Findings kept with their objects: a whole archive gone wrong is one finding; all are counted."""


class Stage(StrEnum):
    """The parts of an examination, in their order."""

    PACKAGES = "packages"
    REGISTER = "register"
    CODES = "codes"
    RECORDS = "records"
    VAULT = "vault"
    JOURNAL = "journal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What is examined, and how hard.

    Attributes:
        reading: read and hash every object; else only ask the store how it stands.
        verify: the share of transcripts whose signatures are verified again, from 0 to 1.
        settled: nothing may be left in the queue; else a package may wait `WAITING_LIMIT`.
        journal_days: how far back the journal is read; None reads all of it.
    """

    reading: bool = True
    verify: float = 0.01
    settled: bool = False
    journal_days: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What one page of a stage came to.

    Attributes:
        counts: what was looked at, by its name.
        cursor: where the next page begins; None after the last one.
    """

    findings: tuple[Finding, ...]
    counts: Mapping[str, int]
    cursor: str | None


@dataclass(slots=True)
class Progress:
    """The running account of one examination.

    Attributes:
        seed: chooses the sample of transcripts, so that a resumed run keeps to it.
        stage: the one under way; None when all are done.
        cursor: where its next page begins; "" for the first.
        counts: what was looked at.
        found: how often each code was found.
        findings: the first `MAX_FINDINGS`.
    """

    started_at: datetime
    seed: str
    stage: Stage | None = Stage.PACKAGES
    cursor: str = ""
    counts: Counter[str] = field(default_factory=Counter)
    found: Counter[Code] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)

    def take(self, step: Step) -> None:
        """Count a page and move behind it."""
        self.counts.update(step.counts)
        self.note(step.findings)
        if step.cursor is not None:
            self.cursor = step.cursor
            return
        left = [stage for stage in Stage if stage is not self.stage and not self.is_past(stage)]
        self.stage, self.cursor = (left[0] if left else None), ""

    def is_past(self, stage: Stage) -> bool:
        """Tell whether a stage is done."""
        order = list(Stage)
        return self.stage is None or order.index(stage) < order.index(self.stage)

    def note(self, findings: Iterable[Finding]) -> None:
        """Count findings, and keep the first ones."""
        for finding in findings:
            self.found[finding.code] += 1
            if len(self.findings) < MAX_FINDINGS:
                self.findings.append(finding)

    @property
    def errors(self) -> int:
        """How many findings ask somebody to act."""
        return sum(times for code, times in self.found.items() if is_error(code))


def is_error(code: Code) -> bool:
    """Tell whether findings of a code ask somebody to act."""
    return Finding(code=code, object="").severity is Severity.ERROR


def progress_to_json(progress: Progress) -> dict[str, Any]:
    """Write an account for a file or a jsonb column."""
    return {
        "started_at": progress.started_at.isoformat(),
        "seed": progress.seed,
        "stage": progress.stage,
        "cursor": progress.cursor,
        "counts": dict(progress.counts),
        "found": dict(progress.found),
        "findings": [asdict(finding) for finding in progress.findings],
    }


def progress_from_json(kept: Mapping[str, Any]) -> Progress:
    """Read an account back.

    Raises:
        KeyError, TypeError, ValueError: this is none.
    """
    return Progress(
        started_at=datetime.fromisoformat(kept["started_at"]),
        seed=str(kept["seed"]),
        stage=None if kept["stage"] is None else Stage(kept["stage"]),
        cursor=str(kept["cursor"]),
        counts=Counter(kept["counts"]),
        found=Counter({Code(code): times for code, times in kept["found"].items()}),
        findings=[finding_from_json(one) for one in kept["findings"]],
    )


def finding_from_json(kept: Mapping[str, Any]) -> Finding:
    """Read a finding back.

    Raises:
        KeyError, ValueError: this is none.
    """
    return Finding(code=Code(kept["code"]), object=str(kept["object"]), detail=str(kept["detail"]))
