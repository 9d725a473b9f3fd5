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
from collections.abc import Callable
from pathlib import Path
from statistics import median
from threading import Event, Thread
from time import monotonic

import asyncpg
from rich.console import Console
from rich.table import Table

from app.keys import load_worker_keys
from app.transcripts.codes import format_code, transcript_code
from tests.chaos.field import WEIGHTS, Field, chance_of, prepared
from tests.chaos.ledger import Ledger, Verdict, judge

SECONDS = 300
"""Five minutes by default; `CHAOS_SECONDS` or the option --seconds for others."""

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


def run(seed: int, seconds: float, clients: int, console: Console) -> bool:
    """Let chaos reign; prints the summary, and says whether everything is there that must be."""
    console.print(f"Chaos: seed {seed}, {seconds:.0f} s, {clients} clients")
    with prepared(seed, clients) as field_:
        stop = Event()
        threads = [
            Thread(target=one.work, args=(field_.supply, chance_of(f"{seed}/{one.account}"), stop))
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
    table.add_row("machine slower than usual by", f"{field_.chaos.pace:.1f}")
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
