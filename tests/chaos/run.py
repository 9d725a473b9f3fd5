"""Random kills of everything under load, and what is left of it: `make chaos`.

Web processes, workers, PostgreSQL and the S3 gateway are killed with SIGKILL every few seconds and
started again after a random pause, while software of several accounts sends, repeats, withdraws and
reads. At the end everything runs again, and every package that was ever acknowledged must come to
its final state, once, with the bytes and codes that were told. Status 1 on any fault.
"""

import argparse
import asyncio
import json
import os
import random
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from statistics import median
from threading import Event, Thread
from time import monotonic, sleep
from uuid import uuid4

import asyncpg
from pydantic import SecretStr
from rich.console import Console
from rich.table import Table

from app.db import connect, migrate
from app.journal import Journal
from app.keys import load_journal_key, load_worker_keys
from app.main import read_clock
from app.sandbox.enrolment import enrol_school, open_account
from app.sandbox.scenario import Scenario
from app.transcripts.codes import format_code, transcript_code
from app.vault import open_vault
from tests.chaos.ledger import Ledger, Verdict, judge
from tests.chaos.site import Gateway, Part, Postgres, Program
from tests.chaos.software import Software, Supply
from tests.deployment import scenario_of_today, write_keys_and_trust
from tests.inspection import Stores
from tests.s3 import running_s3

SECONDS = 300
"""Five minutes by default; `CHAOS_SECONDS` or the option --seconds for others."""

KILL_PAUSE = (0.8, 4.0)
DEAD_TIME = (0.2, 3.0)
"""Seconds from one kill to the next, and from a kill to the start."""

WEIGHTS = {"web": 2, "worker": 2, "postgresql": 3, "s3": 3}
"""Whom a kill hits, in relation; there are two of the first two."""

READY_SECONDS = 120
"""Patience for a start of everything."""

FINAL_SECONDS = 120
"""When everything runs again, each package must be final within this: leases that dead workers left
run out after 20 s, and what queued up behind them is decided meanwhile."""

ALARMS = {"request.failed", "package.failed", "check.unforeseen", "check.raised"} | {
    "integrity.failure",
    "revocation.round_failed",
    "discarding.failed",
    "webhooks.failed",
}
"""Events in the logs that no outage explains: an outage has a name."""


@dataclass(slots=True)
class Chaos:
    """A site that is being killed.

    Attributes:
        kills: by kind.
        starts: moments at which killed parts are started again.
    """

    parts: list[Part]
    chance: random.Random
    kills: Counter[str] = field(default_factory=Counter)
    starts: dict[str, float] = field(default_factory=dict)
    _missed: list[str] = field(default_factory=lambda: list(WEIGHTS))

    @property
    def programs(self) -> list[Program]:
        return [part for part in self.parts if isinstance(part, Program)]

    def rage(self, seconds: float) -> None:
        """Kill and start again until the time is up; then let everything live."""
        end, next_kill = monotonic() + seconds, monotonic() + 2
        while monotonic() < end:
            self._start_due()
            for program in self.programs:
                program.tend()
            if monotonic() >= next_kill:
                self._kill()
                next_kill = monotonic() + self.chance.uniform(*KILL_PAUSE)
            sleep(0.05)
        while self.starts:
            self._start_due()
            sleep(0.05)

    def _kill(self) -> None:
        living = [part for part in self.parts if part.name not in self.starts]
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
            while not program.is_ready():
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
            program.start()
        chaos = Chaos(parts=[postgres, gateway, *programs], chance=_chance(str(seed)))
        chaos.await_ready()
        urls = [f"http://127.0.0.1:{program.port}" for program in programs if program.port]
        ledger = Ledger()
        software = [Software(urls, name, secret, ledger) for name, secret in secrets.items()]
        stack.callback(lambda: [one.close() for one in software])
        certificate = folder / "keys" / "reply-certificate.pem"
        yield Field(
            chaos=chaos,
            software=software,
            stores=Stores(database_url=postgres.url, vault=vault, reply_certificate=certificate),
            supply=Supply(scenario),
            folder=folder,
        )


def _chance(seed: str) -> random.Random:
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


def run(seed: int, seconds: float, clients: int, console: Console) -> bool:
    """Let chaos reign; prints the summary, and says whether everything is there that must be."""
    console.print(f"Chaos: seed {seed}, {seconds:.0f} s, {clients} clients")
    with prepared(seed, clients) as field_:
        stop = Event()
        threads = [
            Thread(target=one.work, args=(field_.supply, _chance(f"{seed}/{one.account}"), stop))
            for one in field_.software
        ]
        for thread in threads:
            thread.start()
        try:
            field_.chaos.rage(seconds)
            field_.chaos.await_ready()
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        calm = monotonic()
        ledger = field_.software[0].ledger
        waited = asyncio.run(_await_final(field_, calm))
        verdict = asyncio.run(
            judge(
                ledger,
                {one.account: one for one in field_.software},
                field_.stores,
                _code_maker(field_.folder / "keys"),
            )
        )
        for program in field_.chaos.programs:
            verdict.faults += program.faults
        verdict.faults += _alarms(field_.folder / "logs")
        times = asyncio.run(_times(field_.stores.database_url))
        _show(console, field_, ledger, verdict, (waited, times))
        if verdict.faults and (kept := os.environ.get("CHAOS_KEEP")):
            shutil.copytree(field_.folder / "logs", kept, dirs_exist_ok=True)
        return not verdict.faults


async def _await_final(field_: Field, since: float) -> float:
    """Wait until nothing is open, or the patience is over; gives the seconds."""
    connection = await asyncpg.connect(field_.stores.database_url)
    try:
        while monotonic() - since < FINAL_SECONDS:
            for program in field_.chaos.programs:
                program.tend()
            if not await connection.fetchval("SELECT count(*) FROM packages WHERE state < '03'"):
                break
            await asyncio.sleep(0.2)
        return monotonic() - since
    finally:
        await connection.close()


async def _times(url: str) -> list[float]:
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch(
            "SELECT extract(epoch FROM replied_at - received_at)::float FROM packages"
            " WHERE replied_at IS NOT NULL"
        )
    finally:
        await connection.close()
    return sorted(row[0] for row in rows)


def _code_maker(keys: Path) -> Callable[[str], str]:
    key = load_worker_keys(keys).codes
    return lambda original: format_code(transcript_code(key, bytes.fromhex(original)))


def _alarms(logs: Path) -> list[str]:
    """List what the processes logged that no outage explains."""
    found = []
    for file in sorted(logs.glob("*.log")):
        for line in file.read_text(errors="replace").splitlines():
            try:
                event = json.loads(line)
            except ValueError:
                if "Traceback" in line:
                    found.append(f"{file.name}: {line}")
                continue
            if isinstance(event, dict) and event.get("event") in ALARMS:
                found.append(f"{file.name}: {line}")
    return found


def _show(
    console: Console,
    field_: Field,
    ledger: Ledger,
    verdict: Verdict,
    ends: tuple[float, list[float]],
) -> None:
    waited, times = ends
    table = Table("chaos", "")
    table.add_row("packages acknowledged", str(len(ledger.acknowledged)))
    table.add_row("originals with a code", str(len(ledger.codes)))
    table.add_row("answers to clients", str(sum(one.answers for one in field_.software)))
    for kind in WEIGHTS:
        table.add_row(f"kills of {kind}", str(field_.chaos.kills[kind]))
    refusals = sum(program.refusals for program in field_.chaos.programs)
    table.add_row("starts refused while a store was away", str(refusals))
    table.add_row("refused as poison (PKG-199)", str(verdict.poisoned))
    if times:
        shown = f"median {median(times):.1f} s, longest {times[-1]:.1f} s"
        table.add_row("receipt to reply", shown)
    table.add_row("all final after the last start", f"{waited:.1f} s")
    table.add_row("faults", str(len(verdict.faults)))
    console.print(table)
    for fault in verdict.faults:
        console.print(fault, markup=False, highlight=False, soft_wrap=True)


def main() -> None:
    """Read the options, run, and end with the status."""
    parser = argparse.ArgumentParser(prog="make chaos")
    default = float(os.environ.get("CHAOS_SECONDS", SECONDS))
    parser.add_argument("--seconds", type=float, default=default)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--clients", type=int, default=4)
    options = parser.parse_args()
    console = Console(width=100)
    sys.exit(0 if run(options.seed, options.seconds, options.clients, console) else 1)


if __name__ == "__main__":
    main()
