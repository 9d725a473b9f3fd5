"""A call of the vault fails at any place of the flows, before or after it took effect."""

import pytest

from tests.faults.breaking import Failure, Mishap, When
from tests.faults.places import LONG, at_calls, live_through
from tests.faults.stage import Stage
from tests.working import LoopThread

LIVES = 3
"""Of each kind, when only a sample is tried; there are at most that many calls in a flow."""

pytestmark = pytest.mark.xdist_group("faults-vault")

FAILURES = [one for one in Failure if one not in {Failure.FULL, Failure.LIE, Failure.DISASTER}]


@pytest.mark.parametrize("failure", FAILURES)
def test_whichever_call_of_the_vault_fails_a_package_ends_as_if_undisturbed(
    stage: Stage, loop_thread: LoopThread, failure: Failure
) -> None:
    mishaps = [Mishap(when=when, failure=failure) for when in When]

    async def live() -> list[int]:
        places = await stage.count_places()
        return await live_through(stage, at_calls(places, *mishaps, lives=LIVES))

    statuses = set(loop_thread.run(live(), seconds=LONG))
    told = {200, 202, 204, 503}
    promised = failure in {Failure.UNAVAILABLE, Failure.SLOW}
    assert statuses <= (told if promised else told | {500})
