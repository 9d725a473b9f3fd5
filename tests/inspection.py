"""The real fsck, as tests ask it: what is wrong with a repository that has come to rest.

Every test that leaves a repository with nothing in its queue may end with
`assert await faults_of(…) == []`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from app.db import connect
from app.fsck.examination import Examination
from app.fsck.examine import examine
from app.fsck.findings import Finding, Severity
from app.fsck.progress import Options, Progress
from app.fsck.report import Report
from app.intake.processes import VerificationProcesses
from app.keys import WorkerKeys, load_worker_keys
from app.main import read_clock
from app.vault import Vault

EVERYTHING_AT_REST = Options(reading=True, verify=0, settled=True)
"""Every byte is read and hashed; what the queue was given is done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stores:
    """What fsck may read; the keys lie beside the certificate."""

    database_url: str
    vault: Vault
    reply_certificate: Path


async def faults_of(stores: Stores) -> list[str]:
    """List every error with the row or object that shows it; empty when all is well."""
    report = await report_on(stores, EVERYTHING_AT_REST)
    return [told(one) for one in report.findings if one.severity is Severity.ERROR]


async def report_on(
    stores: Stores,
    options: Options,
    *,
    processes: VerificationProcesses | None = None,
    clock: Callable[[], datetime] = read_clock,
    second_look: float = 0,
) -> Report:
    """Examine the stores in one go."""
    database = connect(stores.database_url, role="hocba_worker", pool_size=2)
    parts = Examination(
        database=database,
        vault=stores.vault,
        keys=_keys_in(stores.reply_certificate.parent),
        processes=processes,
        options=options,
        environment="sandbox",
        progress=Progress(started_at=read_clock(), seed=""),
        second_look=second_look,
    )
    try:
        return await examine(parts, clock=clock)
    finally:
        await database.dispose()


def told(finding: Finding) -> str:
    """Write a finding on one line."""
    return f"{finding.code}: {finding.object} {finding.detail}".rstrip()


_KNOWN: dict[tuple[bytes, ...], WorkerKeys] = {}
"""Keys by their files: to prove an RSA key takes longer than to examine a small repository."""


def _keys_in(folder: Path) -> WorkerKeys:
    files = tuple(path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file())
    if files not in _KNOWN:
        _KNOWN[files] = load_worker_keys(folder)
    return _KNOWN[files]
