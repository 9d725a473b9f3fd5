"""Telling the committed steps of a certificate from those whose transaction never ended."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from app.trust.restoring import committed_steps

BEGIN = datetime(2026, 6, 1, tzinfo=UTC)

Step = dict[str, Any]

NEXT = {None: ("requested", "approved"), "requested": ("approved", "refused")} | {
    "refused": ("requested",),
    "approved": ("revoked",),
    "revoked": ("revoked",),
}
"""What the registry takes from each state on; an operator approves what nobody asked for."""


def step(event: str, row: dict[str, Any] | None, number: int) -> Step:
    """The step as the registry writes it after `row`."""
    now = (BEGIN + timedelta(minutes=number)).isoformat()
    kept = row or {"requested_by": "truong-mau", "requested_at": now, "revoked_from": None}
    changed = dict(kept)
    if event == "requested":
        changed["requested_at"] = now
    if event == "revoked":
        # Each revocation is for an earlier time than the one before.
        changed["revoked_from"] = (BEGIN - timedelta(days=number)).isoformat()
    return {"row": changed, "event": {"event": event, "at": now}}


@given(st.lists(st.tuples(st.integers(0, 1), st.booleans()), max_size=20))
def test_what_was_repeated_counts_once(choices: list[tuple[int, bool]]) -> None:
    written: list[Step] = []
    committed: list[Step] = []
    for number, (choice, ends_well) in enumerate(choices):
        last = committed[-1] if committed else None
        events = NEXT[None if last is None else last["event"]["event"]]
        event = events[choice % len(events)]
        new = step(event, None if last is None else last["row"], number)
        written.append(new)
        if ends_well:
            committed.append(new)
    # The last step was committed, or nobody was ever told of it.
    if written and (not committed or written[-1] is not committed[-1]):
        committed.append(written[-1])
    found = committed_steps(written)
    assert found[-1:] == tuple(committed[-1:])
    assert [one for one in found if one in committed] == committed
    revocations = [one for one in found if one["event"]["event"] == "revoked"]
    others = [one for one in found if one not in revocations]
    # A revocation that was not committed and one for an earlier time cannot be told apart.
    assert others == [one for one in committed if one["event"]["event"] != "revoked"]


def test_a_repeated_revocation_is_one() -> None:
    asked = step("requested", None, 0)
    approved = step("approved", asked["row"], 1)
    lost = step("revoked", approved["row"], 2)
    kept = {"row": lost["row"], "event": {"event": "revoked", "at": BEGIN.isoformat()}}
    assert committed_steps([asked, approved, lost, kept]) == (asked, approved, kept)
