"""Whether an entry of the journal says what the rows say: pure."""

from base64 import b64decode
from collections.abc import Callable, Mapping
from datetime import datetime
from enum import Enum, auto
from hashlib import sha256
from typing import Any

from app.fsck.package_rows import ItemRow, PackageRows
from app.journal import Entry, Kind

DECIDED, REPLIED = "02", "03"


class Match(Enum):
    """What an entry comes to beside its rows."""

    SAME = auto()
    DIFFERENT = auto()  # about the same moment, and says something else
    UNCOMMITTED = auto()  # about what was rolled back, or done again later
    AHEAD = auto()  # about what could only follow on something that the database does not know


def entry_key(kind: Kind, *names: str) -> int:
    """Name what an entry is about in 64 bits: a million packages take some 30 MB."""
    digest = sha256("/".join((kind.value, *names)).encode()).digest()
    return int.from_bytes(digest[:8])


def match_package(entry: Entry, rows: PackageRows | None) -> Match:
    """Hold an entry about a package to its rows."""
    if rows is None:
        # A receipt may have been rolled back; everything else needs a package that was committed.
        return Match.UNCOMMITTED if entry.kind is Kind.RECEIVED else Match.AHEAD
    return _MATCHES[entry.kind](entry.body, rows)


def _receipt(body: Mapping[str, Any], rows: PackageRows) -> Match:
    row = rows.row
    told = (body["client_id"], body["digest"], body["size"])
    same = told == (row.client_id, row.digest, row.size)
    return _same(same=same and _is_at(row.received_at, body["received_at"]))


def _decision(body: Mapping[str, Any], rows: PackageRows) -> Match:
    if not _is_at(rows.row.finished_at, body["finished_at"]):
        return Match.UNCOMMITTED
    return _same(same=_decision_is(rows, body))


def _reply(body: Mapping[str, Any], rows: PackageRows) -> Match:
    if rows.row.state < DECIDED:
        return Match.AHEAD
    if not _is_at(rows.row.replied_at, body["created_at"]):
        return Match.UNCOMMITTED
    return _same(same=rows.row.reply == b64decode(body["body"]))


def _acknowledgement(body: Mapping[str, Any], rows: PackageRows) -> Match:
    if rows.row.state < REPLIED:
        return Match.AHEAD
    return _committed(same=_is_at(rows.row.read_at, body["read_at"]))


def _discard(body: Mapping[str, Any], rows: PackageRows) -> Match:
    if rows.row.state < DECIDED:
        return Match.AHEAD
    return _committed(same=_is_at(rows.row.discarded_at, body["discarded_at"]))


_MATCHES: Mapping[Kind, Callable[[Mapping[str, Any], PackageRows], Match]] = {
    Kind.RECEIVED: _receipt,
    Kind.DECIDED: _decision,
    Kind.REPLIED: _reply,
    Kind.READ: _acknowledgement,
    Kind.DISCARDED: _discard,
}


def _same(*, same: bool) -> Match:
    return Match.SAME if same else Match.DIFFERENT


def _committed(*, same: bool) -> Match:
    return Match.SAME if same else Match.UNCOMMITTED


def _is_at(column: datetime | None, told: str) -> bool:
    return column is not None and column == datetime.fromisoformat(told)


def _decision_is(rows: PackageRows, body: Mapping[str, Any]) -> bool:
    row = rows.row
    columns = ("message_id", "purpose", "school_code", "total", "accepted", "rejected")
    hold = body["hold"]
    brought = {record.transcript_code: record.original_sha256 for record in rows.brought}
    return (
        all(getattr(row, name) == body[name] for name in columns)
        and [_told(item) for item in body["items"]] == list(rows.items)
        and (row.retained_until is not None) == (hold is not None)
        and (hold is None or _is_at(row.retained_until, hold["until"]))
        and {one["code"]: one["original_sha256"] for one in body["transcripts"]} == brought
    )


def _told(item: Mapping[str, Any]) -> ItemRow:
    return ItemRow(
        ordinal=item["ordinal"],
        student_code=item["student_code"],
        result=item["result"],
        transcript_code=item["transcript_code"],
        original_sha256=item["original_sha256"],
        codes=[finding["code"] for finding in item["findings"]],
    )
