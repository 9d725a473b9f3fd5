"""The field of a chaos run: a whole service, its software, and what kills its parts."""

import asyncio
import random
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from time import monotonic, sleep
from uuid import uuid4

from pydantic import SecretStr

from app.db import connect, migrate
from app.journal import Journal
from app.keys import load_journal_key
from app.main import read_clock
from app.sandbox.enrolment import enrol_school, open_account
from app.sandbox.scenario import Scenario
from app.vault import open_vault
from tests.chaos.ledger import Ledger
from tests.chaos.site import Gateway, Part, Postgres, Program
from tests.chaos.software import INSIST_SECONDS, Software, Supply
from tests.deployment import scenario_of_today, write_keys_and_trust
from tests.inspection import Stores
from tests.s3 import running_s3

KILL_PAUSE = (0.8, 4.0)
DEAD_TIME = (0.2, 3.0)
"""Seconds from one kill to the next, and from a kill to the start; the first are for a machine on
which everything starts in `USUAL_START` seconds, and in proportion longer on a slower one, where
otherwise nothing would ever be up."""

USUAL_START = 6.0
"""Seconds in which two busy cores start a web process or a worker."""

WEIGHTS = {"web": 2, "worker": 2, "postgresql": 3, "s3": 3}
"""Whom a kill hits, in relation; there are two of the first two."""

STILLBORN = 0.2
"""Share of kills that may hit a process before it has come as far as its work; more of them would
only show that a service which never starts never answers, on a machine that is slow."""

READY_SECONDS = 120
"""Patience for a start of everything."""


@dataclass(slots=True)
class Chaos:
    """A site that is being killed.

    Attributes:
        kills: by kind.
        starts: moments at which killed parts are started again.
        pace: how much slower than usual this machine is; at least 1.
    """

    parts: list[Part]
    chance: random.Random
    pace: float = 1.0
    kills: Counter[str] = field(default_factory=Counter)
    starts: dict[str, float] = field(default_factory=dict)
    _missed: list[str] = field(default_factory=lambda: list(WEIGHTS))

    @property
    def programs(self) -> list[Program]:
        return [part for part in self.parts if isinstance(part, Program)]

    def begin(self) -> None:
        """Start every process and wait for them."""
        for program in self.programs:
            program.start()
        self.await_ready()
        self._learn()

    def _learn(self) -> None:
        """Follow how fast this machine starts something now: others may be using it."""
        taken = [one.start_seconds for one in self.programs if one.start_seconds is not None]
        if taken:
            self.pace = max(1.0, sum(taken) / len(taken) / USUAL_START)

    def rage(self, seconds: float) -> None:
        """Kill and start again until the time is up; then let everything live."""
        end, next_kill = monotonic() + seconds, monotonic() + 2
        while monotonic() < end:
            self._start_due()
            for program in self.programs:
                program.tend()
            self._learn()
            if monotonic() >= next_kill:
                self._kill()
                next_kill = monotonic() + self.chance.uniform(*KILL_PAUSE) * self.pace
            sleep(0.05)
        while self.starts:
            self._start_due()
            sleep(0.05)

    def _kill(self) -> None:
        living = [part for part in self.parts if part.name not in self.starts]
        if self.chance.random() > STILLBORN:
            living = [part for part in living if not isinstance(part, Program) or part.is_up()]
        if not living:
            return
        # Each kind once first: a short run hits them all.
        missed = [part for part in living if part.kind in self._missed] or living
        [victim] = self.chance.choices(missed, [WEIGHTS[part.kind] for part in missed])
        victim.kill()
        self._missed = [kind for kind in self._missed if kind != victim.kind]
        self.kills[victim.kind] += 1
        self.starts[victim.name] = monotonic() + self.chance.uniform(*DEAD_TIME)

    def _start_due(self) -> None:
        for part in self.parts:
            if self.starts.get(part.name, float("inf")) <= monotonic():
                del self.starts[part.name]
                part.start()

    def await_ready(self) -> None:
        """Wait until every process does its work."""
        end = monotonic() + READY_SECONDS
        for program in self.programs:
            while not program.is_ready() or program.start_seconds is None:
                program.tend()
                if monotonic() > end:
                    raise RuntimeError(f"{program.name} is not ready: {program.log.read_text()}")
                sleep(0.1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """Everything of one run."""

    chaos: Chaos
    software: list[Software]
    stores: Stores
    supply: Supply
    folder: Path


@contextmanager
def prepared(seed: int, clients: int) -> Iterator[Field]:
    """Start everything; gives it when it works."""
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="hocba-chaos-"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        folder.chmod(0o755)  # the PostgreSQL of root runs as another account
        (folder / "logs").mkdir()
        s3 = stack.enter_context(running_s3())
        gateway, postgres = Gateway(), Postgres(folder / "home")
        stack.callback(gateway.stop)
        stack.callback(postgres.stop)
        migrate(postgres.url)
        scenario = scenario_of_today(1)
        settings = write_keys_and_trust(folder, scenario) | {
            "HOCBA_HOME": str(folder / "home"),
            "HOCBA_DATABASE_URL": postgres.url,
            "HOCBA_VAULT_URL": s3.url(f"hoc-ba-{uuid4()}"),
            "HOCBA_S3_ACCESS_KEY": s3.access_key,
            "HOCBA_S3_SECRET_KEY": s3.secret_key,
            "HOCBA_VERIFICATION_PROCESSES": "1",
        }
        vault = open_vault(
            settings["HOCBA_VAULT_URL"],
            access_key=SecretStr(s3.access_key),
            secret_key=SecretStr(s3.secret_key),
        )
        journal = Journal(
            vault=vault, key=load_journal_key(folder / "keys"), retention=timedelta(days=90)
        )
        secrets = asyncio.run(_enrol(postgres.url, journal, scenario, clients))
        names = ("web-1", "web-2", "worker-1", "worker-2")
        programs = [Program(one, folder=folder / "logs", settings=settings) for one in names]
        for program in programs:
            stack.callback(program.stop)
        chaos = Chaos(parts=[postgres, gateway, *programs], chance=chance_of(str(seed)))
        chaos.begin()
        urls = [f"http://127.0.0.1:{program.port}" for program in programs if program.port]
        ledger = Ledger()
        patience = INSIST_SECONDS * chaos.pace
        software = [
            Software(urls, (name, secret), ledger, patience=patience)
            for name, secret in secrets.items()
        ]
        stack.callback(lambda: [one.close() for one in software])
        certificate = folder / "keys" / "reply-certificate.pem"
        yield Field(
            chaos=chaos,
            software=software,
            stores=Stores(database_url=postgres.url, vault=vault, reply_certificate=certificate),
            supply=Supply(scenario),
            folder=folder,
        )


def chance_of(seed: str) -> random.Random:
    return random.Random(seed)  # noqa: S311 -- reason: it has to repeat itself, not to be a secret


async def _enrol(url: str, journal: Journal, scenario: Scenario, clients: int) -> dict[str, str]:
    database = connect(url, role=None, pool_size=1)
    since = scenario.spec.issued_on - timedelta(days=200)
    try:
        await journal.vault.check()
        await enrol_school(
            database, journal, scenario.school, approved_from=since, now=read_clock()
        )
        return {
            name: await open_account(database, scenario.school, client_id=name, now=read_clock())
            for name in (f"phan-mem-{number}" for number in range(1, clients + 1))
        }
    finally:
        await database.dispose()
