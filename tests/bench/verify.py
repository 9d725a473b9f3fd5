"""Races the verifier against its peers: `make bench`, or `make bench ARGS=--quick`.

Machines swing by half within a minute, so that only ratios inside one run count: every round asks
each engine in turn, a ratio is taken within its round, and the median of the rounds is shown. Times
are medians too. A goal is judged on these numbers, nothing is rounded in its favour.
"""

import argparse
import json
import os
import platform
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from tests.bench import engines, jdk
from tests.bench.documents import Problem, Workshop
from tests.bench.processes import Workers

SIZES = (6, 15, 27, 51)
USUAL = 15
"""Signatures of a usual lower secondary transcript."""

SLICE = 0.04
"""Seconds that one engine gets in one round: short, so that a disturbance hits all of them."""

ROUNDS, QUICK_ROUNDS = 25, 7
PROCESS_ROUNDS, QUICK_PROCESS_ROUNDS = 9, 3
PROCESS_SECONDS = 1.0

WIDTH = 170
"""Columns of the table, wherever it is printed."""

OURS, COLD, HOT, RAW = "ours", "ours, cold caches", "ours, hot loop", "raw crypto"
FLOOR = "C libraries alone"
SIGNXML, XMLSEC, JDK = "signxml", "python-xmlsec", "JDK"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One document: milliseconds a document, and by round."""

    problem: str
    size: int
    signatures: int
    milliseconds: dict[str, float]
    rounds: dict[str, list[float]] = field(repr=False)

    def ratio(self, slower: str, faster: str) -> float | None:
        """Say how many times longer one engine takes; None where one of them did not run."""
        if slower not in self.rounds or faster not in self.rounds:
            return None
        pairs = zip(self.rounds[slower], self.rounds[faster], strict=True)
        return median(slow / fast for slow, fast in pairs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """What was wanted and what came out; `measured` is None where a peer is not installed."""

    what: str
    wanted: str
    measured: float | None
    reached: bool | None


def main() -> None:
    """Run the race and print its table."""
    options = _options()
    console = Console(stderr=options.json, width=WIDTH)
    now = datetime.now(UTC)  # noqa: TID251 -- reason: an edge; certificates must be valid today, for peers that ask the clock
    workshop = Workshop(now)
    rounds = QUICK_ROUNDS if options.quick else ROUNDS
    kinds = [(size, mixed, False) for size in SIZES for mixed in (True, False)]
    kinds.insert(4, (USUAL, True, True))
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        jvm = stack.enter_context(jdk.Jvm(folder)) if jdk.is_installed() else None
        if jvm is not None:
            jvm.warm_up(workshop.make(USUAL, mixed=True))
        progress = stack.enter_context(Progress(console=console, transient=True))
        rows = []
        for size, mixed, xades in progress.track(kinds, description="documents"):
            problem = workshop.make(size, mixed=mixed, xades=xades)
            rows.append(_race(problem, jvm, rounds))
        growth = _growth(workshop, rounds)
        usual = workshop.make(USUAL, mixed=True)
        two = _two_processes(usual, QUICK_PROCESS_ROUNDS if options.quick else PROCESS_ROUNDS)
    goals = _goals(rows, growth=growth, two=two)
    if options.json:
        _print_json(rows, goals)
    else:
        _print(console, rows, goals)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Race the verifier against its peers.")
    parser.add_argument("--quick", action="store_true", help="fewer rounds, about a minute")
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    return parser.parse_args()


def _race(problem: Problem, jvm: jdk.Jvm | None, rounds: int) -> Row:
    with engines.Stores(problem) as stores:
        racers: dict[str, engines.Engine | None] = {
            OURS: engines.ours(problem),
            COLD: engines.ours_cold(problem),
            HOT: engines.ours_hot_loop(problem),
            RAW: engines.raw_crypto(problem),
            FLOOR: engines.libraries_alone(problem),
            SIGNXML: engines.signxml_with_chain(problem, stores),
            XMLSEC: engines.xmlsec_with_chain(problem, stores),
            JDK: None if jvm is None else jvm.prepare(problem),
        }
        present = {name: engine for name, engine in racers.items() if engine is not None}
        times = {name: _repetitions(engine) for name, engine in present.items()}
        found: dict[str, list[float]] = {name: [] for name in present}
        order = list(present)
        for _ in range(rounds):
            for name in order:
                found[name].append(1000 * present[name].seconds(times[name]) / times[name])
            order.append(order.pop(0))  # nobody always runs behind the same neighbour
    return Row(
        problem=problem.name,
        size=len(problem.xml),
        signatures=problem.signatures,
        milliseconds={name: median(values) for name, values in found.items()},
        rounds=found,
    )


def _repetitions(engine: engines.Engine) -> int:
    engine.seconds(1)
    return max(1, round(SLICE / engine.seconds(1)))


def _growth(workshop: Workshop, rounds: int) -> float:
    """Compare the time of one signature among most with that of one among fewest."""
    few, many = (workshop.make(size, mixed=True) for size in (SIZES[0], SIZES[-1]))
    first, last = engines.ours(few), engines.ours(many)
    times = _repetitions(last)
    share = times * many.signatures // few.signatures
    return median(
        (last.seconds(times) / (times * many.signatures))
        / (first.seconds(share) / (share * few.signatures))
        for _ in range(rounds)
    )


def _two_processes(problem: Problem, rounds: int) -> float:
    with Workers(problem) as workers:
        workers.rate(2, PROCESS_SECONDS)
        return median(
            workers.rate(2, PROCESS_SECONDS) / workers.rate(1, PROCESS_SECONDS)
            for _ in range(rounds)
        )


def _goals(rows: list[Row], *, growth: float, two: float) -> list[Goal]:
    mixed, rsa = (_row(rows, f"{USUAL} signatures, {keys}") for keys in ("mixed", "all RSA"))
    return [
        _at_least("15 signatures, mixed: signxml / ours", mixed.ratio(SIGNXML, OURS), 25),
        _at_least("15 signatures, mixed: python-xmlsec / ours", mixed.ratio(XMLSEC, OURS), 6),
        _at_least("15 signatures, mixed: JDK / ours", mixed.ratio(JDK, OURS), 2),
        _at_least("15 signatures, all RSA: JDK / ours", rsa.ratio(JDK, OURS), 1),
        _at_most("15 signatures, mixed: hot loop / raw crypto", mixed.ratio(HOT, RAW), 4),
        _at_most("a signature of 51 / a signature of 6", growth, 1.3),
        _at_least("two processes / one", two, 1.7),
    ]


def _row(rows: list[Row], problem: str) -> Row:
    return next(row for row in rows if row.problem == problem)


def _at_least(what: str, measured: float | None, wanted: float) -> Goal:
    reached = None if measured is None else measured >= wanted
    return Goal(what=what, wanted=f"≥ {wanted}", measured=measured, reached=reached)


def _at_most(what: str, measured: float | None, wanted: float) -> Goal:
    reached = None if measured is None else measured <= wanted
    return Goal(what=what, wanted=f"≤ {wanted}", measured=measured, reached=reached)


def _print(console: Console, rows: list[Row], goals: list[Goal]) -> None:
    names = [OURS, COLD, HOT, RAW, FLOOR, SIGNXML, XMLSEC, JDK]
    table = Table(title="Milliseconds a document (× raw crypto)", caption=_machine())
    table.add_column("document")
    table.add_column("KB", justify="right")
    for name in names:
        table.add_column(name, justify="right")
    for row in rows:
        cells = [
            f"{row.milliseconds[name]:.2f} ({row.ratio(name, RAW):.1f})"
            if name in row.milliseconds
            else "–"
            for name in names
        ]
        table.add_row(row.problem, f"{row.size / 1000:.0f}", *cells)
    console.print(table)
    table = Table("ratio", "goal", "measured", "reached", title="Goals")
    for goal in goals:
        measured = "–" if goal.measured is None else f"{goal.measured:.2f}"
        reached = {True: "yes", False: "NO", None: "not installed"}[goal.reached]
        table.add_row(goal.what, goal.wanted, measured, reached)
    console.print(table)


def _print_json(rows: list[Row], goals: list[Goal]) -> None:
    result = {
        "machine": _machine(),
        "rows": [asdict(row) for row in rows],
        "goals": [asdict(goal) for goal in goals],
    }
    sys.stdout.write(f"{json.dumps(result, ensure_ascii=False, indent=2)}\n")


def _machine() -> str:
    libraries = ", ".join(f"{name} {version(name)}" for name in ("lxml", "cryptography", "signxml"))
    return (
        f"{os.cpu_count()} cores, Python {platform.python_version()}, {libraries}, "
        f"python-xmlsec {engines.xmlsec_version()}"
    )


if __name__ == "__main__":
    main()
