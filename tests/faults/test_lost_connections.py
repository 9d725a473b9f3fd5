"""The connection to PostgreSQL dies at any statement, before, within or after it."""

import pytest

from tests.faults.places import LONG, at_statements, live_through
from tests.faults.stage import Stage
from tests.faults.trouble import Trouble, Way
from tests.working import LoopThread

LIVES = 5
"""Of each kind, when only a sample is tried; each has a fault in every flow."""

pytestmark = pytest.mark.xdist_group("faults-connections")


@pytest.mark.parametrize("way", [Way.BEFORE, Way.WITHIN, Way.AFTER, Way.ENDED])
def test_wherever_the_connection_dies_a_package_ends_as_if_undisturbed(
    stage: Stage, loop_thread: LoopThread, way: Way
) -> None:
    async def live() -> list[int]:
        places = await stage.count_places()
        return await live_through(stage, at_statements(places, Trouble(way=way), lives=LIVES))

    statuses = loop_thread.run(live(), seconds=LONG)
    # What a lost connection leaves open is told as such, and never as an internal error.
    assert set(statuses) <= {200, 202, 204, 503}
