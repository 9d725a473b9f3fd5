"""PostgreSQL refuses any statement: a full disk, a conflict, a time limit, an error of its own."""

import pytest
from sqlalchemy import text

from app.errors import Unavailable
from tests.faults.places import LONG, at_statements, live_through
from tests.faults.stage import Stage
from tests.faults.trouble import Trouble, Way
from tests.working import LoopThread

LIVES = 2
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


def test_a_connection_whose_begin_was_refused_is_not_used_again(
    stage: Stage, loop_thread: LoopThread
) -> None:
    wire, database = stage.wires["worker"], stage.parts.database

    async def refuse() -> None:
        await stage.warm("worker")
        wire.listen(0, Trouble(way=Way.REFUSED, sqlstate=OUTAGES["query-canceled"]))
        with pytest.raises(Unavailable):
            async with database.begin() as connection:
                await connection.execute(text("SELECT 1"))
        assert (wire.struck or "").startswith("BEGIN")
        async with database.begin() as connection:
            assert (await connection.execute(text("SELECT 1"))).scalar_one() == 1

    loop_thread.run(refuse())
