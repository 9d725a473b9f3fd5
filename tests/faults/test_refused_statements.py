"""PostgreSQL refuses any statement: a full disk, a conflict, a time limit, an error of its own."""

import pytest

from tests.faults.places import LONG, at_statements, live_through
from tests.faults.stage import Stage
from tests.faults.trouble import Trouble, Way
from tests.working import LoopThread

LIVES = 3
"""Of each kind, when only a sample is tried; each has a fault in every flow."""

OUTAGES = {
    "disk-full": "53100",
    "too-many-connections": "53300",
    "input-output-error": "58030",
    "serialization-failure": "40001",
    "lock-not-available": "55P03",
    "query-canceled": "57014",
}
"""SQLSTATEs that asking again may mend."""

pytestmark = pytest.mark.xdist_group("faults-refused")


@pytest.mark.parametrize("sqlstate", OUTAGES.values(), ids=OUTAGES)
def test_whichever_statement_is_refused_for_now_a_package_ends_as_if_undisturbed(
    stage: Stage, loop_thread: LoopThread, sqlstate: str
) -> None:
    trouble = Trouble(way=Way.REFUSED, sqlstate=sqlstate)

    async def live() -> list[int]:
        places = await stage.count_places()
        return await live_through(stage, at_statements(places, trouble, lives=LIVES))

    assert set(loop_thread.run(live(), seconds=LONG)) <= {200, 202, 204, 503}
