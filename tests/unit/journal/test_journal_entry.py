"""An entry of the journal comes back as it was written, and nothing else comes back as one."""

from contextlib import suppress
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest
from backports.zstd import CompressionParameter, ZstdCompressor, compress, decompress
from hypothesis import given
from hypothesis import strategies as st

from app.journal import Entry, JournalFault, Kind, decode, encode
from app.journal import entry as module
from app.journal.entry import as_written, moment

KEY = bytes(range(32))
AT = datetime(2026, 7, 1, 8, 30, 0, 123456, tzinfo=UTC)
ENTRY = Entry(kind=Kind.READ, order=41, at=AT, body={"package_id": "a", "read_at": moment(AT)})

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
entries = st.builds(
    Entry,
    kind=st.sampled_from(Kind),
    order=st.integers(0, 10**16 - 1),
    at=st.datetimes(timezones=st.just(UTC)),
    body=st.dictionaries(st.text(), json_values, max_size=5),
)


@given(entries)
def test_an_entry_comes_back_as_it_was_written(entry: Entry) -> None:
    content = encode(entry, KEY)
    assert decode(content, KEY) == entry
    assert encode(entry, KEY) == content


def test_the_text_is_json_with_sorted_keys() -> None:
    text = decompress(encode(ENTRY, KEY)).decode()
    before, _, after = text.partition('"mac":"')
    assert before == (
        '{"at":"2026-07-01T08:30:00.123456+00:00",'
        '"body":{"package_id":"a","read_at":"2026-07-01T08:30:00.123456+00:00"},'
        '"kind":"package.read",'
    )
    assert after[64:] == '","order":41,"v":1}'


@given(entries, st.data())
def test_no_changed_byte_makes_another_entry(entry: Entry, data: st.DataObject) -> None:
    content = bytearray(encode(entry, KEY))
    at = data.draw(st.integers(0, len(content) - 1))
    content[at] ^= data.draw(st.integers(1, 255))
    with suppress(JournalFault):
        # A frame has bits that mean nothing; the note's own digest covers those.
        assert decode(bytes(content), KEY) == entry


@given(entries, st.data())
def test_every_changed_byte_of_the_text_is_noticed(entry: Entry, data: st.DataObject) -> None:
    text = bytearray(decompress(encode(entry, KEY)))
    at = data.draw(st.integers(0, len(text) - 1))
    text[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises(JournalFault):
        decode(compress(bytes(text)), KEY)


@given(entries)
def test_an_entry_of_another_key_is_none(entry: Entry) -> None:
    with pytest.raises(JournalFault) as fault:
        decode(encode(entry, KEY), KEY[::-1])
    assert fault.value.reason == "mac"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "compression"),
        (b"not zstd", "compression"),
        (encode(ENTRY, KEY)[:-1], "compression"),
        (encode(ENTRY, KEY) + b"x", "compression"),
        (encode(ENTRY, KEY) * 2, "compression"),
        (compress(b""), "mac"),
        (compress(b"[" * 100_000), "mac"),
        (compress(b'{"at":1}'), "mac"),
        (compress(decompress(encode(ENTRY, KEY)) + b"\n"), "mac"),
    ],
)
def test_what_is_no_entry_is_refused(content: bytes, reason: str) -> None:
    with pytest.raises(JournalFault) as fault:
        decode(content, KEY)
    assert fault.value.reason == reason


def test_a_frame_that_unpacks_to_too_much_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ENTRY_LIMIT", 1000)
    with pytest.raises(JournalFault, match="size"):
        decode(compress(b" " * 10_000_000), KEY)
    with pytest.raises(ValueError, match="too large"):
        encode(Entry(kind=Kind.READ, order=1, at=AT, body={"x": "y" * 1000}), KEY)


def test_a_frame_that_asks_for_much_memory_is_refused() -> None:
    greedy = ZstdCompressor(options={CompressionParameter.window_log: 27})
    content = greedy.compress(b"x" * 10) + greedy.flush()
    with pytest.raises(JournalFault, match="compression"):
        decode(content, KEY)


@pytest.mark.parametrize(
    ("changed", "reason"), [(("VERSION", 2), "version"), (("Kind", None), "shape")]
)
def test_what_a_newer_program_wrote_is_not_guessed_at(
    monkeypatch: pytest.MonkeyPatch, changed: tuple[str, Any], reason: str
) -> None:
    name, value = changed
    if name == "VERSION":
        with monkeypatch.context() as patch:
            patch.setattr(module, name, value)
            content = encode(ENTRY, KEY)
    else:
        content = encode(Entry(kind=_Newer(), order=1, at=AT, body={}), KEY)  # type: ignore[arg-type]  # reason: a kind of tomorrow
    with pytest.raises(JournalFault) as fault:
        decode(content, KEY)
    assert fault.value.reason == reason


class _Newer:
    value = "of.tomorrow"


def test_a_row_is_written_as_json_can_hold_it() -> None:
    row = {
        "at": datetime(2026, 7, 1, 15, 0, tzinfo=timezone(timedelta(hours=7))),
        "day": date(2026, 7, 1),
        "der": b"\x00\xff",
        "id": UUID(int=1),
        "names": ["a"],
        "none": None,
    }
    assert as_written(row) == {
        "at": "2026-07-01T08:00:00.000000+00:00",
        "day": "2026-07-01",
        "der": "AP8=",
        "id": "00000000-0000-0000-0000-000000000001",
        "names": ["a"],
        "none": None,
    }
