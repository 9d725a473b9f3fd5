"""Stores that lie are noticed: so the other tests of this folder mean something."""

import pytest

from tests.faults.breaking import Failure, Mishap, When
from tests.faults.life import Fault, Flow
from tests.faults.stage import Stage
from tests.faults.trouble import Trouble, Way
from tests.inspection import faults_of
from tests.working import LoopThread

pytestmark = pytest.mark.xdist_group("faults-noticing")

LOST_OBJECT = Mishap(when=When.BEFORE, failure=Failure.LIE)
LOST_COMMIT = Trouble(way=Way.LIED)


def test_a_vault_that_loses_what_it_acknowledged_is_noticed(
    stage: Stage, loop_thread: LoopThread
) -> None:
    with pytest.raises(AssertionError):
        loop_thread.run(stage.live({Flow.RECEIVE: (Fault(position=0, trouble=LOST_OBJECT),)}))
    found = loop_thread.run(faults_of(stage.stores))
    assert any(fault.startswith("object.lost: ") for fault in found), found


@pytest.mark.parametrize("flow", [Flow.RECEIVE, Flow.READ])
def test_a_database_that_loses_what_it_committed_is_noticed(
    stage: Stage, loop_thread: LoopThread, flow: Flow
) -> None:
    async def live() -> None:
        statements = (await stage.count_places())[flow].statements
        after = next(at for at, one in enumerate(statements) if one.startswith(LAST_WRITE[flow]))
        commit = statements.index("COMMIT;", after)
        await stage.live({flow: (Fault(position=commit, trouble=LOST_COMMIT),)})

    with pytest.raises(AssertionError):
        loop_thread.run(live())


LAST_WRITE = {Flow.RECEIVE: "INSERT INTO packages", Flow.READ: "UPDATE packages"}
"""After which the flow's own commit comes."""
