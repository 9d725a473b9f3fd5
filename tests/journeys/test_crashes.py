"""The web process and the worker killed at any moment: the same final state, nothing lost or twice.

Two ways to choose the moment. *Lines*: the test holds a table, waits until a process stands before
it, and kills: these are the places between two effects. *Delays*: spread over the time that an
undisturbed submission takes, wherever they fall. The client does what school software does: it
sends the same bytes until it has an answer.
"""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import (
    AbstractAsyncContextManager,
    AbstractContextManager,
    asynccontextmanager,
    closing,
    contextmanager,
)
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from time import monotonic, sleep
from typing import TypeVar

import asyncpg
import httpx
import pytest

from app.embedded import EmbeddedPostgres
from app.keys import load_worker_keys
from app.sandbox.client import Answer, Client, Refused
from app.sandbox.packaging import SignedTranscript
from app.sandbox.scenario import Scenario
from app.transcripts.codes import format_code, transcript_code
from app.vault import open_vault
from tests.deployment import (
    CLIENT_ID,
    PATIENCE,
    POLL_SECONDS,
    Deployment,
    deployed,
    enrol,
    scenario_of_today,
    write_keys_and_trust,
)
from tests.inspection import Stores, faults_of

STUDENTS = 8
"""Transcripts of one package: few, because only the moments between them matter."""

ALREADY_IN_FORCE = "PKG-200"

Connection = asyncpg.Connection  # type: ignore[type-arg]  # reason: generic in its stubs only
Package = tuple[bytes, Sequence[SignedTranscript]]

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A place in the program at which a process waits for a table that the test holds.

    Attributes:
        role: of the database, as which the process waits.
        lock: what makes it wait.
        state: of the package, as everybody sees it then; None when there is no row.
        then: a second lock, asked for while the process waits; it goes on when the first one is
            let go, and waits again.
    """

    role: str
    lock: str
    state: str | None
    then: str | None = None


WEB_KEPT_THE_BYTES = Line(role="web", lock="packages IN SHARE", state=None)
WEB_WROTE_THE_ROW = Line(role="web", lock="audit IN SHARE", state=None)
WEB_COMMITTED = Line(
    role="web", lock="audit IN SHARE", state="00", then="packages IN ACCESS EXCLUSIVE"
)
WORKER_TOOK_THE_LEASE = Line(role="worker", lock="certificates IN ACCESS EXCLUSIVE", state="01")
WORKER_VERIFIED = Line(role="worker", lock="transcripts IN SHARE", state="01")
WORKER_REGISTERED = Line(role="worker", lock="package_items IN SHARE", state="01")
WORKER_WROTE_ALL = Line(
    role="worker", lock="certificates IN ACCESS EXCLUSIVE", state="01", then="audit IN SHARE"
)
WORKER_COMMITTED = Line(role="worker", lock="package_replies IN SHARE", state="02")

LINES = [
    pytest.param(WEB_KEPT_THE_BYTES, ["web"], id="web-kept-the-bytes"),
    pytest.param(WEB_WROTE_THE_ROW, ["web"], id="web-wrote-the-row"),
    pytest.param(WEB_COMMITTED, ["web"], id="web-committed-and-did-not-answer"),
    pytest.param(WORKER_TOOK_THE_LEASE, ["worker"], id="worker-took-the-lease"),
    pytest.param(WORKER_VERIFIED, ["worker"], id="worker-verified-the-class"),
    pytest.param(WORKER_REGISTERED, ["worker"], id="worker-registered-the-class"),
    pytest.param(WORKER_WROTE_ALL, ["web", "worker"], id="worker-is-about-to-commit"),
    pytest.param(WORKER_COMMITTED, ["worker"], id="worker-decided-and-did-not-reply"),
]

DELAYS = [
    (0.1, ["web"]),
    (0.3, ["worker"]),
    (0.5, ["web", "worker"]),
    (0.7, ["worker"]),
    (0.9, ["web"]),
]
"""When to kill, as a part of the time that an undisturbed submission takes, and whom."""


class Vendor:
    """School software: insists on an answer."""

    def __init__(self, url: str, secret: str) -> None:
        self._client = Client(url, CLIENT_ID, secret)

    def close(self) -> None:
        self._client.__exit__(None, None, None)

    def submit(self, package: bytes) -> Answer:
        """Send until it is acknowledged, look until it is replied to; give the last answer."""
        received = self._insist(lambda: self._client.submit(package))
        name = received["package_id"]
        answer = self._insist(lambda: self._client.await_reply(name, seconds=PATIENCE))
        assert self._insist(lambda: self._client.original(name)) == package
        assert self._insist(lambda: self._client.submit(package)) == answer
        return answer

    def original(self, code: str) -> bytes:
        """Fetch one transcript as it was sent."""
        return self._insist(lambda: self._client.transcript_original(code))

    def _insist(self, call: Callable[[], _T]) -> _T:
        end = monotonic() + PATIENCE
        while True:
            try:
                return call()
            except httpx.TransportError:
                if monotonic() > end:
                    raise
            except Refused as refused:
                if refused.status != httpx.codes.SERVICE_UNAVAILABLE or monotonic() > end:
                    raise
            sleep(POLL_SECONDS)


@dataclass(slots=True)
class Journey:
    """A running service, its client, and packages of which each submission takes one.

    Attributes:
        undisturbed: seconds from the receipt of a package to its reply when nobody is killed.
    """

    deployment: Deployment
    vendor: Vendor
    stores: Stores
    code_of: Callable[[bytes], str]
    packages: Iterator[Package]
    undisturbed: float = 0.0

    async def assert_same_end(self, answer: Answer, sent: Sequence[SignedTranscript]) -> None:
        """Prove that a submission came to what an undisturbed one comes to."""
        assert answer["state"] == "03"
        assert [
            (item["ordinal"], item["student_code"], item["result"], item["transcript_code"])
            for item in answer["items"]
        ] == [
            (ordinal, one.student_code, "01", self.code_of(one.xml))
            for ordinal, one in enumerate(sent, start=1)
        ]
        # Each came into force with this decision, not with an attempt that left something behind.
        assert ALREADY_IN_FORCE not in {
            error["code"] for item in answer["items"] for error in item["errors"]
        }
        for one in sent:
            assert self.vendor.original(self.code_of(one.xml)) == one.xml
        assert await faults_of(self.stores) == []


@contextmanager
def travelling(
    folder: Path, settings: dict[str, str], scenario: Scenario, *processes: str
) -> Iterator[Journey]:
    """Run a service over the database of the settings, or over its own, and enrol the school."""
    with deployed(folder, settings, *processes) as deployment:
        url = settings.get("HOCBA_DATABASE_URL") or embedded_url(folder)
        secret = asyncio.run(enrol(url, scenario, folder))
        with closing(Vendor(deployment.url, secret)) as vendor:
            yield Journey(
                deployment=deployment,
                vendor=vendor,
                stores=Stores(
                    database_url=url,
                    vault=open_vault((folder / "vault").as_uri()),
                    reply_certificate=folder / "keys" / "reply-certificate.pem",
                ),
                code_of=code_maker(folder / "keys"),
                packages=packages_of(scenario),
            )


def embedded_url(home: Path) -> str:
    """Find the database that the running service of this home keeps."""
    return EmbeddedPostgres().start(home)


def code_maker(keys: Path) -> Callable[[bytes], str]:
    """Derive codes as the repository promises to: from its key and the original alone."""
    key = load_worker_keys(keys).codes
    return lambda original: format_code(transcript_code(key, sha256(original).digest()))


def packages_of(scenario: Scenario) -> Iterator[Package]:
    """Divide the class into packages."""
    everybody = scenario.transcripts
    for number, first in enumerate(range(0, len(everybody), STUDENTS), start=1):
        some = everybody[first : first + STUDENTS]
        yield scenario.repackaged(some, number=number), some


@pytest.fixture(scope="module")
def journey(
    fresh_database: Callable[[], AbstractContextManager[str]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Journey]:
    """A service of two processes that has answered its first package undisturbed."""
    folder = tmp_path_factory.mktemp("crashes")
    scenario = scenario_of_today(STUDENTS * (1 + len(LINES) + len(DELAYS)))
    with fresh_database() as url:
        settings = write_keys_and_trust(folder, scenario) | {
            "HOCBA_HOME": str(folder),
            "HOCBA_DATABASE_URL": url,
            "HOCBA_VERIFICATION_PROCESSES": "1",
        }
        with travelling(folder, settings, scenario, "web", "worker") as journey:
            package, sent = next(journey.packages)
            answer = journey.vendor.submit(package)
            asyncio.run(journey.assert_same_end(answer, sent))
            journey.undisturbed = asyncio.run(seconds_taken(url))
            yield journey


async def seconds_taken(url: str) -> float:
    statement = "SELECT extract(epoch FROM replied_at - received_at)::float FROM packages"
    async with connected(url) as connection:
        seconds: float = await connection.fetchval(statement)
    return seconds


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Connection]:
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        connection.terminate()  # lets every lock go, also when the server has died


Reached = Callable[[], Awaitable[None]]
"""Waits for the moment to kill."""


@asynccontextmanager
async def at_line(line: Line, url: str, package: bytes) -> AsyncIterator[Reached]:
    """Hold the line's table until the block ends."""
    async with connected(url) as first, connected(url) as second, connected(url) as watcher:

        async def reached() -> None:
            await somebody_waits(watcher, f"hocba hocba_{line.role}")
            holder = first
            if line.then is not None:
                holder = second
                asking = asyncio.create_task(second.execute(f"BEGIN; LOCK TABLE {line.then} MODE"))
                await somebody_waits(watcher, "second", unless=asking)
                await first.execute("ROLLBACK")
                await asking
                await somebody_waits(watcher, f"hocba hocba_{line.role}")
            state = "SELECT state FROM packages WHERE digest = $1"
            assert await holder.fetchval(state, sha256(package).hexdigest()) == line.state

        await second.execute("SET application_name = 'second'")
        await first.execute(f"BEGIN; LOCK TABLE {line.lock} MODE")
        yield reached


async def somebody_waits(
    watcher: Connection, name: str, *, unless: asyncio.Future[object] | None = None
) -> None:
    """Look until a connection of this name waits for a lock, unless it got it."""
    waiting = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        " AND application_name = $1 AND wait_event_type = 'Lock'"
    )
    end = monotonic() + PATIENCE
    while not await watcher.fetchval(waiting, name) and not (unless and unless.done()):
        assert monotonic() < end
        await asyncio.sleep(POLL_SECONDS)


@asynccontextmanager
async def after(seconds: float) -> AsyncIterator[Reached]:
    """Choose a moment by the clock alone."""
    yield lambda: asyncio.sleep(seconds)


async def assert_survived(
    journey: Journey,
    victims: list[str],
    moment: Callable[[bytes], AbstractAsyncContextManager[Reached]],
) -> None:
    """Submit a package, kill at the moment, start again, and look at how it ended."""
    package, sent = next(journey.packages)
    async with moment(package) as reached:
        submission = asyncio.create_task(asyncio.to_thread(journey.vendor.submit, package))
        await reached()
        dead = journey.deployment.kill(*victims)
    journey.deployment.start(*victims)
    await let_leases_run_out(journey.stores.database_url, dead)
    await journey.assert_same_end(await submission, sent)


async def let_leases_run_out(url: str, dead: list[int]) -> None:
    """Do what time does, sooner: nobody prolongs the lease of a dead process."""
    async with connected(url) as connection:
        for pid in dead:
            await connection.execute(
                "UPDATE packages SET lease_expires_at = clock_timestamp() WHERE leased_by LIKE $1",
                f"%/{pid}/%",
            )


@pytest.mark.xdist_group("crashes")
@pytest.mark.parametrize(("line", "victims"), LINES)
async def test_killed_between_two_effects_a_submission_ends_as_if_undisturbed(
    journey: Journey, line: Line, victims: list[str]
) -> None:
    url = journey.stores.database_url
    await assert_survived(journey, victims, lambda package: at_line(line, url, package))


@pytest.mark.xdist_group("crashes")
@pytest.mark.parametrize(("part", "victims"), DELAYS)
async def test_killed_at_any_time_a_submission_ends_as_if_undisturbed(
    journey: Journey, part: float, victims: list[str]
) -> None:
    await assert_survived(journey, victims, lambda _: after(part * journey.undisturbed))


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder that every account can enter, as the PostgreSQL of root must."""
    folder = Path(tempfile.mkdtemp(prefix="hocba-crashes-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.mark.parametrize("line", [WEB_WROTE_THE_ROW, WORKER_WROTE_ALL], ids=["web", "worker"])
def test_the_whole_embedded_service_killed_and_started_anew_finishes_the_submission(
    home: Path, line: Line
) -> None:
    scenario = scenario_of_today(STUDENTS)
    write_keys_and_trust(home, scenario)
    with travelling(home, {"HOCBA_HOME": str(home)}, scenario, "all") as journey:
        asyncio.run(assert_reborn(journey, home, line))


async def assert_reborn(journey: Journey, home: Path, line: Line) -> None:
    """Kill database, web process and worker at once; wait for the lease as a real start does."""
    [(package, sent)] = journey.packages
    async with at_line(line, journey.stores.database_url, package) as reached:
        submission = asyncio.create_task(asyncio.to_thread(journey.vendor.submit, package))
        await reached()
        journey.deployment.kill("all")
    journey.deployment.start("all")
    answer = await submission
    journey.stores = replace(journey.stores, database_url=embedded_url(home))
    await journey.assert_same_end(answer, sent)
