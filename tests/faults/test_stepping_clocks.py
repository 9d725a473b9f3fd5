"""The clocks of the web process and of the worker jump by hours, each for itself."""

import random
from datetime import timedelta

import pytest

from tests.faults.places import ALL, LONG, SEED
from tests.faults.stage import Stage
from tests.working import NOW, LoopThread

LIVES = 40 if ALL else 3

HOURS = 8
"""The farthest that a clock is off; never before the day on which the school was enrolled."""

ORDER = """
    SELECT package_id FROM packages
    WHERE NOT received_at <= finished_at OR NOT finished_at <= replied_at
        OR NOT replied_at <= coalesce(read_at, replied_at)
"""

pytestmark = pytest.mark.xdist_group("faults-clocks")


def test_whatever_the_clocks_do_a_package_ends_as_if_undisturbed_and_its_times_are_in_order(
    stage: Stage, loop_thread: LoopThread
) -> None:
    chance = random.Random(SEED)  # noqa: S311 -- reason: a sample, no secret

    def step() -> None:
        for clock in stage.clocks.values():
            clock.now = NOW + timedelta(minutes=chance.randint(0, 60 * HOURS))

    async def live() -> None:
        stage.between = step
        for _ in range(LIVES):
            await stage.live({})
        for clock in stage.clocks.values():
            clock.now = NOW + timedelta(hours=HOURS)
        await stage.assert_sound()
        assert await stage.owner.fetch(ORDER) == []

    loop_thread.run(live(), seconds=LONG)
