"""The disk of a vault in a folder is full: at once, or when half of an object is written."""

import pytest

from tests.faults.breaking import Failure, Mishap, When
from tests.faults.places import LONG, at_calls, live_through
from tests.faults.stage import Stage
from tests.working import LoopThread

LIVES = 2
"""When only a sample is tried; a flow has no more than that many calls."""

WRITING = {"put_once", "note"}

HALF_A_PACKAGE = 64 * 1024
"""Bytes: a package of this stage has twice as many, a note has fewer."""

pytestmark = pytest.mark.xdist_group("faults-vault")


@pytest.mark.parametrize("room", [0, HALF_A_PACKAGE], ids=["full", "full-halfway"])
def test_whenever_the_disk_is_full_a_package_ends_as_if_undisturbed(
    stage: Stage, loop_thread: LoopThread, room: int
) -> None:
    for vault in stage.vaults.values():
        vault.room = room

    async def live() -> list[int]:
        places = await stage.count_places()
        full = Mishap(when=When.BEFORE, failure=Failure.FULL)
        return await live_through(stage, at_calls(places, full, lives=LIVES))

    statuses = loop_thread.run(live(), seconds=LONG)
    # A full disk is told as an outage, and senders did meet it.
    assert set(statuses) <= {200, 202, 204, 503}
    assert 503 in statuses
