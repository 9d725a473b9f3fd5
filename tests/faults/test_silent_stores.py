"""A store that takes a request and never answers, and one that answers late."""

from collections.abc import Iterator

import pytest
from sqlalchemy import text

from app import db
from app.errors import Unavailable
from tests.faults.places import LONG, at_statements, live_through
from tests.faults.stage import Stage
from tests.faults.trouble import Trouble, Way
from tests.working import LoopThread

LIVES = 2
"""Of each kind, when only a sample is tried; each has a fault in every flow."""

pytestmark = pytest.mark.xdist_group("faults-silence")


@pytest.fixture(scope="module", autouse=True)
def impatience() -> Iterator[None]:
    """Let the program give up on an answer after a moment, not after half a minute."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(db, "ANSWER_SECONDS", 0.3)
        yield


@pytest.mark.parametrize("way", [Way.SILENT, Way.SLOW])
def test_wherever_postgresql_falls_silent_a_package_ends_as_if_undisturbed(
    stage: Stage, loop_thread: LoopThread, way: Way
) -> None:
    async def live() -> list[int]:
        places = await stage.count_places()
        return await live_through(stage, at_statements(places, Trouble(way=way), lives=LIVES))

    assert set(loop_thread.run(live(), seconds=LONG)) <= {200, 202, 204, 503}


@pytest.mark.parametrize("position", range(3), ids=["begin", "statement", "commit"])
def test_an_answer_that_never_comes_is_an_outage(
    stage: Stage, loop_thread: LoopThread, position: int
) -> None:
    wire, database = stage.wires["worker"], stage.parts.database

    async def wait() -> None:
        await stage.warm("worker")
        wire.listen(position, Trouble(way=Way.SILENT))
        with pytest.raises(Unavailable):
            async with database.begin() as connection:
                await connection.execute(text("SELECT 1"))
        assert wire.struck is not None

    loop_thread.run(wait())
