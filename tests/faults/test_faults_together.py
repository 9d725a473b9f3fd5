"""Two faults in every flow, one on the way to the database and one in the vault, at random."""

import pytest

from tests.faults.breaking import Failure, Mishap, When
from tests.faults.places import ALL, LONG, at_both, live_through
from tests.faults.stage import Stage
from tests.faults.trouble import Trouble, Way
from tests.working import LoopThread

LIVES = 150 if ALL else 4

TROUBLES = [
    *(Trouble(way=way) for way in (Way.BEFORE, Way.WITHIN, Way.AFTER, Way.ENDED)),
    Trouble(way=Way.REFUSED, sqlstate="40001"),
]

MISHAPS = [
    Mishap(when=when, failure=failure)
    for when in When
    for failure in (Failure.UNAVAILABLE, Failure.OS_ERROR, Failure.CANCELLED)
]

pytestmark = pytest.mark.xdist_group("faults-connections")


def test_two_faults_in_every_flow_change_nothing(stage: Stage, loop_thread: LoopThread) -> None:
    async def live() -> list[int]:
        places = await stage.count_places()
        return await live_through(stage, at_both(places, TROUBLES, MISHAPS, LIVES))

    assert set(loop_thread.run(live(), seconds=LONG)) <= {200, 202, 204, 500, 503}
