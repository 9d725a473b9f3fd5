"""A repository of which every part can be broken, and the lives that packages lead in it.

A life is everything that becomes of one package: received, decided and replied to, read, told to
its sender, looked at again for revocation, and withdrawn. Each of these flows may suffer one fault;
afterwards everybody does what they do anyway: the sender repeats the same bytes until there is an
answer, and workers go on. At the end the package must be what it is after an undisturbed life.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from hashlib import sha256
from itertools import count
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import asyncpg
import httpx

from app.db import Database, connect
from app.errors import Unavailable
from app.intake.process import Processing
from app.intake.processes import VerificationProcesses
from app.intake.recheck import recheck_provisional
from app.sandbox.packaging import SignedTranscript
from app.sandbox.scenario import sign_class
from app.transcripts.codes import format_code, transcript_code
from app.webhooks.deliver import Courier, deliver_event, take_event
from app.worker.delivering import courier_of
from app.worker.loop import Timing, _turn
from tests.faults.breaking import BreakingVault, Mishap
from tests.faults.wire import Trouble, Wire, wired
from tests.inspection import Stores, faults_of
from tests.receiver import Receiver, receiving
from tests.scenarios import scenario_of
from tests.working import NOW, XML, Repository
from tests.working import STUDENTS as CLASS

STUDENTS = 2
"""Transcripts of one package: the smallest bulk."""

CLASS_SIZE = 60
"""Students that are signed at once when lives run short of them: half a second."""

PATIENCE = 40
"""Tries of a sender or a worker: each fault takes one or two, a restart some more."""

PAUSE = 0.01
"""Seconds to the second repetition, and so much more to each further one: 8 in all."""

TIMING = Timing(lease=timedelta(seconds=30), idle=0.01, retry=timedelta(milliseconds=10))

ALREADY_IN_FORCE = "PKG-200"


class Flow(StrEnum):
    """What becomes of a package."""

    RECEIVE = "receive"
    DECIDE = "decide"
    READ = "read"
    TELL = "tell"
    RECHECK = "recheck"
    WITHDRAW = "withdraw"


_OF_THE_WEB = {Flow.RECEIVE, Flow.READ}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Where in a flow something happens.

    Attributes:
        position: of the statement, or of the call of the vault, from 0.
    """

    position: int
    trouble: Trouble | Mishap


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """What a flow asked of the stores, in order."""

    statements: tuple[str, ...]
    calls: tuple[str, ...]


@dataclass(slots=True)
class Life:
    """What a test knows of a package."""

    package: bytes
    sent: Sequence[SignedTranscript]
    package_id: str = ""
    statuses: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Clock:
    """A clock that tests move."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now


@dataclass(slots=True)
class Stage:
    """The repository, its breakable parts, and what is still unused of its class.

    Attributes:
        seeing: processes that know of revocation; those of `parts` do not.
        heard: what the sender's webhook was told.
        clocks: of the web process and of the worker.
        struck: where faults struck, in order.
    """

    repository: Repository
    wires: Mapping[str, Wire]
    vaults: Mapping[str, BreakingVault]
    parts: Processing
    seeing: VerificationProcesses
    courier: Courier
    heard: Receiver
    owner: "asyncpg.Connection[asyncpg.Record]"
    clocks: Mapping[str, Clock]
    stores: Stores
    numbers: Iterator[int] = field(default_factory=lambda: count(2))
    classes: Iterator[int] = field(default_factory=count)
    waiting: list[SignedTranscript] = field(default_factory=list)
    struck: list[str] = field(default_factory=list)
    places: Mapping[Flow, Places] = field(default_factory=dict)
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    between: Callable[[], None] = lambda: None

    async def live(self, faults: Mapping[Flow, Fault]) -> Life:
        """Lead one package through everything; gives what the sender saw."""
        life = self.new_life()
        await self.suffer(Flow.RECEIVE, faults, lambda: self.receive(life))
        await self.suffer(Flow.DECIDE, faults, self.finish_queue)
        await self.suffer(Flow.READ, faults, lambda: self.read(life))
        await self.suffer(Flow.TELL, faults, self.tell)
        await self.suffer(Flow.RECHECK, faults, self.recheck)
        await self.assert_whole(life)
        await self.receive(withdrawal := self.withdrawal_of(life))
        await self.suffer(Flow.WITHDRAW, faults, self.finish_queue)
        await self.assert_withdrawn(life, withdrawal)
        return life

    def new_life(self) -> Life:
        """Pack the next students of the class."""
        if len(self.waiting) < STUDENTS:
            self.waiting += signed_class(next(self.classes))
        sent = [self.waiting.pop() for _ in range(STUDENTS)]
        package = self.repository.scenario.repackaged(sent, number=next(self.numbers))
        return Life(package=package, sent=sent)

    def withdrawal_of(self, life: Life) -> Life:
        """Withdraw the first transcript of a package."""
        reasons = [(self.code_of(life.sent[0]), "Sai điểm mẫu")]
        package = self.repository.scenario.withdrawing(reasons, number=next(self.numbers))
        return Life(package=package, sent=())

    def code_of(self, one: SignedTranscript) -> str:
        """Derive a code as the repository promises to: from its key and the original alone."""
        return format_code(transcript_code(self.repository.keys.codes, sha256(one.xml).digest()))

    async def suffer(
        self, flow: Flow, faults: Mapping[Flow, Fault], act: Callable[[], Awaitable[object]]
    ) -> None:
        """Go through a flow with the fault that it is to have."""
        self.between()
        fault = faults.get(flow)
        side = "web" if flow in _OF_THE_WEB else "worker"
        await self.warm(side)
        wire, vault = self.wires[side], self.vaults[side]
        wire.listen()
        vault.listen()
        match fault:
            case Fault(trouble=Trouble() as trouble):
                wire.listen(fault.position, trouble)
            case Fault(trouble=Mishap() as mishap):
                vault.listen(fault.position, mishap)
            case None:
                pass
        await act()
        asked = Places(statements=tuple(wire.statements), calls=tuple(vault.calls))
        self.places = {**self.places, flow: asked}
        if fault is not None:
            struck = wire.struck or vault.struck
            assert struck is not None, f"{flow} has no place {fault.position}"
            self.struck.append(f"{flow}[{fault.position}] {fault.trouble}: {struck}")
        wire.listen()
        vault.listen()

    async def warm(self, side: str) -> None:
        """Have a living connection, so that statements are counted from the flow's first."""
        if side == "web":
            await self.insist(Life(package=b"", sent=()), "GET", "/readyz")
            return
        async with self.parts.database.read():
            pass

    async def receive(self, life: Life) -> None:
        """Send the same bytes until they are acknowledged."""
        answer = await self.insist(life, "POST", "/v1/packages", content=life.package, headers=XML)
        assert answer.status_code in {200, 202}, answer.text
        life.package_id = answer.json()["package_id"]

    async def finish_queue(self, parts: Processing | None = None) -> None:
        """Take turns until the queue is empty; a lease that nobody holds any more runs out."""
        for tried in range(PATIENCE):
            try:
                worked = await _turn(parts or self.parts, "tho-mau", self.stop, TIMING)
            except Unavailable:
                await asyncio.sleep(PAUSE * tried)
                continue
            finally:
                self.stop.clear()
            if not worked and not await self.let_leases_run_out():
                return
        raise AssertionError("the queue does not become empty")

    async def let_leases_run_out(self) -> bool:
        """Do what time does, sooner; false when nothing is in the queue."""
        done = await self.owner.execute(
            """
            UPDATE packages SET lease_expires_at = clock_timestamp() WHERE package_id IN (
                SELECT package_id FROM packages WHERE state IN ('00', '01', '02')
                FOR UPDATE SKIP LOCKED)
            """
        )
        return bool(done != "UPDATE 0")

    async def read(self, life: Life) -> None:
        """Read the result and the reply, and tell that the reply was read."""
        here = f"/v1/packages/{life.package_id}"
        answer = await self.insist(life, "GET", here)
        assert answer.json()["state"] in {"03", "04"}, answer.text
        assert (await self.insist(life, "GET", f"{here}/original")).content == life.package
        assert (await self.insist(life, "GET", f"{here}/reply")).status_code == httpx.codes.OK
        read = await self.insist(life, "POST", f"{here}/reply/read")
        assert read.status_code == httpx.codes.NO_CONTENT, read.text

    async def tell(self) -> None:
        """Send events until none is left."""
        for tried in range(PATIENCE):
            try:
                due = await take_event(self.courier)
                if due is not None:
                    await deliver_event(self.courier, due)
            except Unavailable:
                await asyncio.sleep(PAUSE * tried)
                continue
            if due is None:
                await self.owner.execute("UPDATE webhooks SET lease_expires_at = clock_timestamp()")
                pending = "SELECT count(*) FROM webhook_deliveries WHERE state = 'pending'"
                if not await self.owner.fetchval(pending):
                    return
                self.clocks["worker"].now += timedelta(hours=1)
        raise AssertionError("an event is never told")

    async def recheck(self) -> None:
        """Look at provisional transcripts again until that goes through."""
        for tried in range(PATIENCE):
            work = asyncio.create_task(recheck_provisional(self.with_sight()))
            self.vaults["worker"].cancel = work.cancel
            try:
                done = await work
            except (Unavailable, OSError, asyncio.CancelledError):
                await asyncio.sleep(PAUSE * tried)
                continue
            finally:
                self.vaults["worker"].cancel = self.stop.set
            assert (done.revoked, done.waiting, done.doubtful) == (0, 0, ())
            return
        raise AssertionError("the recheck does not go through")

    def with_sight(self) -> Processing:
        """What the worker has when it knows of revocation."""
        return replace(self.parts, processes=self.seeing)

    async def insist(self, life: Life, method: str, path: str, **options: Any) -> httpx.Response:
        """Ask until there is an answer that says something about the request."""
        for tried in range(PATIENCE):
            try:
                answer = await asyncio.to_thread(self._ask, method, path, options)
            except httpx.TransportError:
                await asyncio.sleep(PAUSE * tried)
                continue
            life.statuses.append(answer.status_code)
            if answer.status_code == httpx.codes.UNAUTHORIZED:  # the token has run out
                while self.repository._clients:
                    self.repository._clients.popitem()[1].close()
                continue
            if answer.status_code < httpx.codes.INTERNAL_SERVER_ERROR:
                return answer
            await asyncio.sleep(PAUSE * tried)
        raise AssertionError(f"{method} {path} is never answered: {life.statuses}")

    def _ask(self, method: str, path: str, options: dict[str, Any]) -> httpx.Response:
        # Logging in blocks too, so it belongs into this thread.
        return self.repository.client().request(method, path, **options)

    async def assert_whole(self, life: Life) -> None:
        """Prove that a package came to what it comes to undisturbed."""
        answer = (await self.insist(life, "GET", f"/v1/packages/{life.package_id}")).json()
        assert answer["state"] == "04"
        assert answer["accepted"] == STUDENTS, answer
        codes = [self.code_of(one) for one in life.sent]
        assert [
            (item["student_code"], item["result"], item["transcript_code"])
            for item in answer["items"]
        ] == [(one.student_code, "01", code) for one, code in zip(life.sent, codes, strict=True)]
        # Each came into force with this decision, not with an attempt that left something behind.
        assert ALREADY_IN_FORCE not in {
            error["code"] for item in answer["items"] for error in item["errors"]
        }
        assert await self.status_of(life) == [(None, ["final", "provisional"])] * STUDENTS
        await self.assert_told(life)

    async def assert_withdrawn(self, life: Life, withdrawal: Life) -> None:
        """Prove that the first transcript was withdrawn by the message, and only that one."""
        answer = (await self.insist(life, "GET", f"/v1/packages/{withdrawal.package_id}")).json()
        assert answer["state"] == "03"
        assert [(item["result"], item["errors"]) for item in answer["items"]] == [("01", [])]
        (first, _), *others = await self.status_of(life)
        assert str(first) == withdrawal.package_id
        assert {by for by, _ in others} == {None}
        again = await self.insist(life, "POST", "/v1/packages", content=life.package, headers=XML)
        assert again.json()["package_id"] == life.package_id

    async def status_of(self, life: Life) -> list[tuple[object, list[str]]]:
        """Give for each transcript which package withdrew it, and how it stood, sorted."""
        rows = await self.owner.fetch(
            """
            SELECT w.package_id, array_agg(s.standing ORDER BY s.standing)
            FROM transcripts AS t
            JOIN package_items AS i USING (package_id, transcript_code)
            JOIN transcript_standings AS s USING (transcript_code)
            LEFT JOIN transcript_withdrawals AS w USING (transcript_code)
            WHERE t.package_id = $1 GROUP BY i.ordinal, w.package_id ORDER BY i.ordinal
            """,
            UUID(life.package_id),
        )
        return [(row[0], row[1]) for row in rows]

    async def assert_told(self, life: Life) -> None:
        """Prove that the sender was told of this package, under one id however often."""
        ids = {
            headers["webhook-id"]
            for headers, body in self.heard.came
            if life.package_id.encode() in body
        }
        assert len(ids) == 1

    async def moved(self, url: str) -> None:
        """Go on with a database that has come back at another address."""
        parts = urlsplit(url)
        for wire in self.wires.values():
            wire.address = (parts.hostname or "", parts.port or 0)
        self.owner.terminate()
        self.owner = await asyncpg.connect(url)
        self.stores = replace(self.stores, database_url=url)

    async def assert_sound(self) -> None:
        """Let an outsider look at everything that all lives left behind."""
        await self.finish_queue()
        await self.tell()
        assert await faults_of(self.stores) == [], self.struck

    async def count_places(self) -> Mapping[Flow, Places]:
        """Lead an undisturbed life; gives what each flow asks of the stores."""
        await self.live({})  # what is known from now on need not be asked again
        await self.live({})
        return self.places


@cache
def signed_class(number: int) -> tuple[SignedTranscript, ...]:
    """Sign another class of the school of all stages."""
    scenario = scenario_of(CLASS)
    spec = replace(scenario.spec, class_name=f"6B{number}", students=CLASS_SIZE)
    return sign_class(spec, scenario.school, scenario.pki)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """The ways of both processes to their database, and their clocks.

    Attributes:
        url: of the database, past all wires.
    """

    url: str
    wires: Mapping[str, Wire]
    clocks: Mapping[str, Clock] = field(default_factory=lambda: {"web": Clock(), "worker": Clock()})

    def database(self, side: str, *, size: int = 5) -> Database:
        """Open the database of a side, over its wire."""
        return connect(over(self.url, self.wires[side].port), role=f"hocba_{side}", pool_size=size)


def over(url: str, port: int) -> str:
    """Give the URL of the same database at another port of this machine."""
    return urlsplit(url)._replace(netloc=f"{url.split('//')[1].rpartition(':')[0]}:{port}").geturl()


@asynccontextmanager
async def laid(url: str) -> AsyncIterator[Ground]:
    """Lay a wire to the database for each side."""
    parts = urlsplit(url)
    address = (parts.hostname or "", parts.port or 0)
    async with wired(address) as web, wired(address) as worker:
        yield Ground(url=url, wires={"web": web, "worker": worker})


@asynccontextmanager
async def staged(
    repository: Repository,
    ground: Ground,
    vaults: Mapping[str, BreakingVault],
    seeing: VerificationProcesses,
) -> AsyncIterator[Stage]:
    """Put the rest of the stage around a repository whose web process has its part of it."""
    async with AsyncExitStack() as stack:
        database = ground.database("worker")
        stack.push_async_callback(database.dispose)
        parts = Processing(
            database=database,
            vault=vaults["worker"],
            keys=repository.keys,
            processes=repository.processes,
            clock=ground.clocks["worker"],
        )
        stage = Stage(
            repository=repository,
            wires=ground.wires,
            vaults=vaults,
            parts=parts,
            seeing=seeing,
            courier=stack.enter_context(courier_of(parts, sandbox=True)),
            heard=await stack.enter_async_context(receiving()),
            owner=await asyncpg.connect(ground.url),
            clocks=ground.clocks,
            stores=Stores(
                database_url=ground.url,
                vault=vaults["worker"].inner,
                reply_certificate=repository.vault_folder.parent / "keys/reply-certificate.pem",
            ),
        )
        made = await stage.insist(
            Life(package=b"", sent=()), "POST", "/v1/webhooks", json={"url": stage.heard.url}
        )
        assert made.status_code == httpx.codes.CREATED, made.text
        vaults["worker"].cancel = stage.stop.set
        vaults["web"].cancel = lambda: (task := asyncio.current_task()) and task.cancel()
        yield stage
        await stage.owner.close()
