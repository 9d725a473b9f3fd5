"""From the first page to the report: every stage in its order, resumable after each page."""

from collections.abc import Callable
from datetime import datetime

from app.fsck.examination import Examination
from app.fsck.holdings import examine_holdings
from app.fsck.journal import examine_journal
from app.fsck.packages import examine_packages
from app.fsck.progress import Stage, Step
from app.fsck.records import examine_records
from app.fsck.register import examine_codes, examine_register
from app.fsck.report import Report, make_report


async def examine(parts: Examination, *, clock: Callable[[], datetime]) -> Report:
    """Examine database and vault from where `parts.progress` stands to the end.

    Changes nothing. Memory is bounded by a page and by the objects under way. What is found wrong
    is looked at a second time, so that it runs beside a service that goes on. After a crash, or an
    `Unavailable`, the same call with the saved progress goes on with the page that was under way.

    Raises:
        Unavailable: the database or the vault cannot answer now.
    """
    progress = parts.progress
    while progress.stage is not None:
        progress.take(await _examine_page(parts, progress.stage, clock()))
        await parts.save(progress)
        parts.show(progress)
    trust = None if parts.processes is None else parts.processes.trust.sha256
    return make_report(
        progress,
        options=parts.options,
        environment=parts.environment,
        trust=trust,
        now=clock(),
    )


async def _examine_page(parts: Examination, stage: Stage, now: datetime) -> Step:
    cursor = parts.progress.cursor
    match stage:
        case Stage.PACKAGES:
            return await examine_packages(parts, cursor, now=now)
        case Stage.REGISTER:
            return await examine_register(parts, cursor)
        case Stage.CODES:
            return await examine_codes(parts, cursor)
        case Stage.RECORDS:
            return await examine_records(parts, cursor)
        case Stage.VAULT:
            return await examine_holdings(parts, cursor)
        case Stage.JOURNAL:
            return await examine_journal(parts, now=now)
