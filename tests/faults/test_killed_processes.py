"""The web process and the worker killed around what they do to the vault.

`test_crashes` holds a table to find the moment; here it is a statement that a process sends or has
had done, so that also the moments between an object or a note of the journal and its row are found.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing
from dataclasses import dataclass

import pytest

from app.vault import open_vault
from tests.deployment import Deployment, deployed, enrol, scenario_of_today, write_keys_and_trust
from tests.faults.ground import Ground, entered, laid, over
from tests.faults.places import ALL
from tests.faults.trouble import Trouble, Way
from tests.faults.wire import FOLLOWING
from tests.inspection import Stores
from tests.journeys.test_crashes import (
    STUDENTS,
    Journey,
    Vendor,
    code_maker,
    let_leases_run_out,
    packages_of,
)
from tests.working import LoopThread

LEASE = "UPDATE packages SET state=coalesce"
HOLD = "INSERT INTO package_holds"
ENTRY = "SELECT next_journal_order"
REPLY = "INSERT INTO package_replies"


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """When which process is killed."""

    name: str
    side: str
    statement: str
    way: Way


MOMENTS = [
    Moment(name="no-row-for-the-entry", side="web", statement=ENTRY + FOLLOWING, way=Way.BEFORE),
    Moment(name="received-untold", side="web", statement=ENTRY + FOLLOWING, way=Way.AFTER),
    Moment(name="leased", side="worker", statement=LEASE + FOLLOWING, way=Way.AFTER),
    Moment(name="locked-not-noted", side="worker", statement=HOLD, way=Way.BEFORE),
    Moment(name="entry-uncommitted", side="worker", statement=ENTRY + FOLLOWING, way=Way.BEFORE),
]
MORE = [
    Moment(name="order-drawn-by-web", side="web", statement=ENTRY, way=Way.AFTER),
    Moment(name="lock-noted", side="worker", statement=HOLD + FOLLOWING, way=Way.AFTER),
    Moment(name="order-drawn", side="worker", statement=ENTRY, way=Way.AFTER),
    Moment(name="decided-untold", side="worker", statement=ENTRY + FOLLOWING, way=Way.AFTER),
    Moment(name="reply-written", side="worker", statement=REPLY, way=Way.AFTER),
]
TRIED = MOMENTS + MORE if ALL else MOMENTS

pytestmark = pytest.mark.xdist_group("faults-killed")


@dataclass(slots=True)
class Killing:
    """A running service whose two processes speak to the database over wires."""

    journey: Journey
    ground: Ground
    deployments: dict[str, Deployment]


@pytest.fixture(scope="module")
def killing(
    fresh_database: Callable[[], AbstractContextManager[str]],
    tmp_path_factory: pytest.TempPathFactory,
    loop_thread: LoopThread,
) -> Iterator[Killing]:
    folder = tmp_path_factory.mktemp("killed")
    scenario = scenario_of_today(STUDENTS * len(TRIED))
    with ExitStack() as stack:
        url = stack.enter_context(fresh_database())
        ground = stack.enter_context(entered(loop_thread, laid(url)))
        settings = write_keys_and_trust(folder, scenario) | {
            "HOCBA_HOME": str(folder),
            "HOCBA_VERIFICATION_PROCESSES": "1",
        }
        deployments = {}
        for side, wire in ground.wires.items():
            logs = folder / side
            logs.mkdir()
            own = settings | {"HOCBA_DATABASE_URL": over(url, wire.port)}
            deployments[side] = stack.enter_context(deployed(logs, own, side))
        vault = open_vault((folder / "vault").as_uri())
        secret = asyncio.run(enrol(url, scenario, folder))
        vendor = stack.enter_context(closing(Vendor(deployments["web"].url, secret)))
        journey = Journey(
            deployment=deployments["web"],
            vendor=vendor,
            stores=Stores(
                database_url=url,
                vault=vault,
                reply_certificate=folder / "keys" / "reply-certificate.pem",
            ),
            code_of=code_maker(folder / "keys"),
            packages=packages_of(scenario),
        )
        yield Killing(journey=journey, ground=ground, deployments=deployments)


@pytest.mark.parametrize("moment", TRIED, ids=lambda moment: f"{moment.side}-{moment.name}")
async def test_killed_around_the_vault_a_submission_ends_as_if_undisturbed(
    killing: Killing, moment: Moment
) -> None:
    journey, wire = killing.journey, killing.ground.wires[moment.side]
    deployment = killing.deployments[moment.side]
    package, sent = next(journey.packages)
    dead: list[int] = []

    async def kill() -> None:
        dead.extend(await asyncio.to_thread(deployment.kill, moment.side))

    wire.disaster = kill
    wire.listen_for(moment.statement, Trouble(way=moment.way))
    submission = asyncio.create_task(asyncio.to_thread(journey.vendor.submit, package))
    while not dead:
        assert not submission.done(), f"nothing was killed: {wire.statements}"
        await asyncio.sleep(0.02)
    wire.listen()
    deployment.start(moment.side)
    await let_leases_run_out(journey.stores.database_url, dead)
    await journey.assert_same_end(await submission, sent)
