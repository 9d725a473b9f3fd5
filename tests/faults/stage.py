"""A repository of which every part can be broken, and the lives that packages lead in it.

A life is everything that becomes of one package: received, decided and replied to, read, told to
its sender, looked at again for revocation, and withdrawn. Each of these flows may suffer faults;
afterwards everybody does what they do anyway: the sender repeats the same bytes until there is an
answer, and workers go on. At the end the package must be what it is after an undisturbed life.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cache
from hashlib import sha256
from itertools import count
from urllib.parse import urlsplit
from uuid import UUID

import asyncpg

from app.errors import Unavailable
from app.intake.process import Processing
from app.intake.processes import VerificationProcesses
from app.intake.recheck import recheck_provisional
from app.sandbox.packaging import SignedTranscript
from app.sandbox.scenario import sign_class
from app.transcripts.codes import format_code, transcript_code
from app.webhooks.deliver import Courier, deliver_event, take_event
from app.worker.loop import Timing, _turn
from tests.faults.breaking import BreakingVault, Mishap
from tests.faults.life import OF_THE_WEB, STUDENTS, Clock, Faults, Flow, Life, Places
from tests.faults.sender import PATIENCE, PAUSE, Sender
from tests.faults.trouble import Trouble
from tests.faults.wire import Wire
from tests.inspection import Stores, faults_of
from tests.receiver import Receiver
from tests.scenarios import scenario_of
from tests.working import STUDENTS as CLASS
from tests.working import XML

TIMING = Timing(lease=timedelta(seconds=30), idle=0.01, retry=timedelta(milliseconds=10))

ALREADY_IN_FORCE = "PKG-200"

CLASS_SIZE = 60
"""Students that are signed at once when lives run short of them: half a second."""


@dataclass(slots=True)
class Stage(Sender):
    """The repository, its breakable parts, and what is still unused of its class.

    Attributes:
        seeing: processes that know of revocation; those of `parts` do not.
        heard: what the sender's webhook was told.
        clocks: of the web process and of the worker.
        struck: where faults struck, in order.
        places: what each flow asked for when it was last gone through.
        counted: the same of an undisturbed life.
        stop: tells the worker to stop.
        between: done before each flow.
    """

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
    counted: Mapping[Flow, Places] = field(default_factory=dict)
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    between: Callable[[], None] = lambda: None

    async def live(self, faults: Faults) -> Life:
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
        await self.tell()  # every life begins with nothing to tell
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
        self, flow: Flow, faults: Faults, act: Callable[[], Awaitable[object]]
    ) -> None:
        """Go through a flow with the fault that it is to have."""
        self.between()
        some = faults.get(flow, ())
        side = "web" if flow in OF_THE_WEB else "worker"
        await self.warm(side)
        wire, vault = self.wires[side], self.vaults[side]
        wire.listen()
        vault.listen()
        for fault in some:
            match fault.trouble:
                case Trouble() as trouble:
                    wire.listen(fault.position, trouble)
                case Mishap() as mishap:
                    vault.listen(fault.position, mishap)
        await act()
        asked = Places(statements=tuple(wire.statements), calls=tuple(vault.calls))
        self.places = {**self.places, flow: asked}
        struck = tuple(filter(None, (wire.struck, vault.struck)))
        assert struck or not some, f"{flow} has no place for {some}"
        self.struck += [f"{flow}: {one}" for one in struck]
        wire.listen()
        vault.listen()

    async def warm(self, side: str) -> None:
        """Have a living connection, so that statements are counted from the flow's first."""
        if side == "web":
            await self.insist(Life(package=b"", sent=()), "GET", "/readyz")
            return
        async with self.parts.database.read():
            pass

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
        """Lead undisturbed lives, once; gives what each flow asks of the stores."""
        if not self.counted:
            await self.live({})  # what is known from now on need not be asked again
            await self.live({})
            self.counted = self.places
        return self.counted


@cache
def signed_class(number: int) -> tuple[SignedTranscript, ...]:
    """Sign another class of the school of all stages."""
    scenario = scenario_of(CLASS)
    spec = replace(scenario.spec, class_name=f"6B{number}", students=CLASS_SIZE)
    return sign_class(spec, scenario.school, scenario.pki)
