"""Whether the rows of one package agree with each other: pure."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from app.fsck.findings import Code, Finding
from app.fsck.package_rows import ItemRow, PackageRows
from app.fsck.progress import Options

WAITING_LIMIT = timedelta(days=1)
"""How long a package may wait for its reply: the busiest day of a year, worked off overnight."""

LEASE_LIMIT = timedelta(hours=1)
"""A lease lasts 20 seconds and a rest four minutes: an hour comes from a wrong clock."""

LEAST_HOLD = timedelta(days=90)
"""The shortest retention of what was accepted (`HOCBA_RETENTION_DAYS` is never less)."""

DECIDED, REPLIED, READ = "02", "03", "04"
CREATE = "01"
ACCEPTED, REFUSED = "01", "02"


def check_rows(rows: PackageRows, options: Options, now: datetime) -> Iterator[Finding]:
    """Find what contradicts itself in the database about one package."""
    yield from _state(rows)
    yield from _progress(rows, options, now)
    yield from _counts(rows)
    for item in rows.items:
        yield from _item(rows, item)
    yield from _records(rows)
    yield from _keeping(rows)


def _state(rows: PackageRows) -> Iterator[Finding]:
    """Hold the state to the moments and results that it stands for."""
    row, wrong = rows.row, []
    decided = row.state >= DECIDED
    if decided != (row.finished_at is not None):
        wrong.append("finished_at")
    if decided != (row.accepted is not None and row.rejected is not None):
        wrong.append("accepted")
    if (row.state >= REPLIED) != (row.replied_at is not None):
        wrong.append("replied_at")
    if (row.state == READ) != (row.read_at is not None):
        wrong.append("read_at")
    if not decided and (rows.items or row.total is not None):
        wrong.append("items")
    if wrong:
        detail = f"state={row.state} {' '.join(wrong)}"
        yield Finding(code=Code.PACKAGE_STATE, object=rows.name, detail=detail)
    if (row.state >= REPLIED) != (row.reply is not None):
        yield Finding(code=Code.REPLY_MISSING, object=rows.name, detail=f"state={row.state}")


def _progress(rows: PackageRows, options: Options, now: datetime) -> Iterator[Finding]:
    row = rows.row
    late = options.settled or now - row.received_at > WAITING_LIMIT
    if row.state < REPLIED and late:
        yield Finding(code=Code.PACKAGE_UNFINISHED, object=rows.name, detail=f"state={row.state}")
    left = row.lease_left or timedelta(0)
    final = row.state >= REPLIED
    if (
        row.leases < 0
        or left > LEASE_LIMIT
        or (row.leased_by is not None and not row.lease_ends)
        or (final and (row.leased_by is not None or row.lease_ends or row.leases != 0))
    ):
        yield Finding(code=Code.PACKAGE_LEASE, object=rows.name, detail=f"leases={row.leases}")


def _counts(rows: PackageRows) -> Iterator[Finding]:
    row = rows.row
    if row.state < DECIDED:
        return
    total, accepted = row.total or 0, row.accepted or 0
    wrong = []
    if accepted + (row.rejected or 0) != total:
        wrong.append("total")
    if sum(item.result == ACCEPTED for item in rows.items) != accepted:
        wrong.append("accepted")
    if [item.ordinal for item in rows.items] != list(range(1, len(rows.items) + 1)):
        wrong.append("ordinal")
    # None at all where the package was refused as a whole, for a reason.
    if len(rows.items) not in {total, 0} or (not rows.items and not row.codes):
        wrong.append("items")
    if wrong:
        yield Finding(code=Code.PACKAGE_COUNTS, object=rows.name, detail=" ".join(wrong))


def _item(rows: PackageRows, item: ItemRow) -> Iterator[Finding]:
    name, creating = f"{rows.name}/{item.ordinal}", rows.row.purpose == CREATE
    if item.result == REFUSED:
        if not item.codes or (creating and item.transcript_code is not None):
            yield Finding(code=Code.ITEM_RESULT, object=name, detail="02")
        return
    if item.transcript_code is None:
        yield Finding(code=Code.ITEM_RESULT, object=name, detail="01")
        return
    known = rows.registered.get(item.transcript_code)
    if creating:
        if known is None or (item.original_sha256, item.student_code) != (
            known.record.original_sha256,
            known.record.student_code,
        ):
            yield Finding(code=Code.ITEM_UNREGISTERED, object=name, detail=item.transcript_code)
        return
    yield from _withdrawal(rows, item, name)


def _withdrawal(rows: PackageRows, item: ItemRow, name: str) -> Iterator[Finding]:
    """Prove that a withdrawal took something out of force, here or (with a finding) before."""
    known = rows.registered.get(item.transcript_code or "")
    if (
        known is None
        or known.taken_back_at is None
        or known.record.withdrawn_at != known.taken_back_at
        or known.record.student_code != item.student_code
        or (known.taken_back_by != rows.row.package_id and not item.codes)
    ):
        yield Finding(code=Code.ITEM_WITHDRAWAL, object=name, detail=item.transcript_code or "")


def _records(rows: PackageRows) -> Iterator[Finding]:
    """Count what the audit says; a database that was rebuilt since has other records."""
    row = rows.row
    if rows.rebuilt:
        return
    wanted = {
        "package.received": 1,
        "package.processed": int(row.state >= DECIDED),
        "reply.acknowledged": int(row.state == READ),
        "package.discarded": int(row.discarded_at is not None),
    }
    wrong = [action for action, times in wanted.items() if rows.records.get(action, 0) != times]
    if wrong:
        yield Finding(code=Code.PACKAGE_RECORD, object=rows.name, detail=" ".join(wrong))


def _keeping(rows: PackageRows) -> Iterator[Finding]:
    """Hold locks and expiry to what was accepted."""
    row, accepted = rows.row, (rows.row.accepted or 0) > 0
    least = row.received_at + LEAST_HOLD
    if accepted and (row.retained_until is None or row.retained_until < least):
        detail = "" if row.retained_until is None else "retained_until"
        yield Finding(code=Code.PACKAGE_HOLD, object=rows.name, detail=detail)
    if row.discarded_at is not None and (
        accepted or row.retained_until is not None or row.state < DECIDED
    ):
        yield Finding(code=Code.PACKAGE_DISCARD, object=rows.name, detail=f"state={row.state}")
