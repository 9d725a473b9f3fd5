"""One entry of the journal: what it says, how it is written down and how it is read back.

An entry is one zstd frame around JSON with sorted keys, no spaces and its letters as they are:
`{"at":…,"body":{…},"kind":…,"mac":…,"order":…,"v":1}`. `mac` is the HMAC-SHA256 (RFC 2104) of the
same text without it, in hexadecimal: whoever can write into the vault cannot invent an entry.
"""

import hmac
import json
import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any
from uuid import UUID

from backports.zstd import DecompressionParameter, ZstdDecompressor, ZstdError, compress

VERSION = 1
"""The only form of entries that there is."""

ENTRY_LIMIT = 128 * 1024**2
"""The most octets of an entry's text: 300 transcripts with reports of 400 KiB. What unpacks to more
is none of ours."""

WINDOW_LOG_LIMIT = 23
"""log2 of the memory that a frame may ask for: 8 MiB, twice what the compressor uses."""

_MAC = re.compile(rb',"mac":"([0-9a-f]{64})"(,"order":[0-9]{1,16},"v":[0-9]{1,9}\})\Z')
_TAIL = 160
"""Octets at the end of the text in which the MAC stands."""


class Kind(StrEnum):
    """What has changed."""

    RECEIVED = "package.received"
    DECIDED = "package.decided"
    REPLIED = "package.replied"
    READ = "package.read"
    DISCARDED = "package.discarded"
    STANDING = "transcript.standing"
    CERTIFICATE = "certificate.changed"
    DIRECTORY = "directory.loaded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One change of the record. Holds children's records: never logged.

    Attributes:
        order: of two entries about the same thing the higher one counts.
        at: the moment of the change, with a time zone.
        body: what JSON can hold; times are as `as_written` gives them.
    """

    kind: Kind
    order: int
    at: datetime
    body: dict[str, Any]


class JournalFault(Exception):
    """What stands in the vault is no entry of this repository's journal.

    Attributes:
        reason: "compression", "size", "mac", "version", "shape", "altered", "missing" or "name".
        name: of the note, when it is known.
    """

    def __init__(self, reason: str, name: str | None = None) -> None:
        super().__init__(reason, name)
        self.reason = reason
        self.name = name


def encode(entry: Entry, key: bytes) -> bytes:
    """Write an entry down; the same entry and key give the same octets.

    Raises:
        ValueError: it would be larger than can be read back.
    """
    tail = f',"order":{entry.order},"v":{VERSION}}}'.encode()
    told = {
        "at": moment(entry.at),
        "body": entry.body,
        "kind": entry.kind.value,
        "order": entry.order,
        "v": VERSION,
    }
    text = json.dumps(
        told, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")
    ).encode()
    mac = hmac.digest(key, text, sha256).hex().encode()
    whole = text.removesuffix(tail) + b',"mac":"' + mac + b'"' + tail
    if len(whole) > ENTRY_LIMIT:
        raise ValueError("an entry of the journal is too large")
    return compress(whole)


def decode(content: bytes, key: bytes) -> Entry:
    """Read an entry; nothing of it is parsed before its MAC was right.

    A note's own digest covers the compressed octets; here it is their meaning that is proven.

    Raises:
        JournalFault: it is none, or none of this key.
    """
    text = _unpacked(content)
    found = _MAC.search(text, max(0, len(text) - _TAIL))
    if found is None:
        raise JournalFault("mac")
    signed = text[: found.start()] + found[2]
    if not hmac.compare_digest(hmac.digest(key, signed, sha256).hex().encode(), found[1]):
        raise JournalFault("mac")
    told = json.loads(signed)
    if told["v"] != VERSION:
        raise JournalFault("version")
    try:
        return Entry(
            kind=Kind(told["kind"]),
            order=told["order"],
            at=datetime.fromisoformat(told["at"]),
            body=told["body"],
        )
    except (KeyError, ValueError) as error:  # such as a kind that a newer program writes
        raise JournalFault("shape") from error


def moment(at: datetime) -> str:
    """Write a time: ISO 8601 in UTC with microseconds, as exact as a row holds it."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def as_written(row: Mapping[Any, Any]) -> dict[str, Any]:
    """Write the columns of a row as a body holds them; octets as base64, days as YYYY-MM-DD."""
    return {str(name): _written(value) for name, value in row.items()}


def _written(value: Any) -> Any:
    match value:
        case datetime():
            return moment(value)
        case date():
            return value.isoformat()
        case bytes():
            return b64encode(value).decode()
        case UUID():
            return str(value)
        case _:
            return value


def _unpacked(content: bytes) -> bytes:
    decoder = ZstdDecompressor(options={DecompressionParameter.window_log_max: WINDOW_LOG_LIMIT})
    try:
        text = decoder.decompress(content, ENTRY_LIMIT + 1)
    except ZstdError as error:
        raise JournalFault("compression") from error
    if len(text) > ENTRY_LIMIT:
        raise JournalFault("size")
    if not decoder.eof or decoder.unused_data:
        raise JournalFault("compression")
    return text
