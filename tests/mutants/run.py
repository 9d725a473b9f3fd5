"""How many small faults in `app.signatures` the tests notice; those they do not are listed.

`python -m tests.mutants.run [--sample N] [--seed N] [--module NAME] [--jobs N]`, or `make mutants`.
The tests are collected once, and each is run once to see which lines it reaches. Then each mutant
has a forked process of its own, in which the code of one function is replaced and the tests that
reach it are run, the fastest first, until one fails. A mutant that does not come to an end, or
takes all memory, is killed too. `equivalent.txt` lists those that cannot be told from the original.
"""

import argparse
import functools
import gc
import importlib
import os
import random
import resource
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path
from types import FunctionType
from typing import Any

import pytest
from _pytest.runner import runtestprotocol
from coverage import Coverage

from tests.mutants.operators import Mutant, mutants_of

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
PACKAGE = ROOT / "app" / "signatures"
TESTS = (
    "tests/unit/signatures",
    "tests/unit/transcripts",
    "tests/unit/engine/test_records.py",
    "tests/unit/engine/test_signatures.py",
    "tests/attacks/test_attacks.py",
)
"""Not the changed bytes and structures: they take long, and what they find others name."""

SECONDS, TIMES = 20, 5
"""Time for one test: so many seconds, and so many times what it took without a fault."""

ENOUGH = 40.0
"""Seconds of tests, as they took without a fault, after which a mutant counts as alive: the nearest
and fastest tests first, so that what is left out are repetitions and a few long families."""

MEMORY = 2 * 1024**3
"""Bytes for a mutant: many times what the tests need."""


@dataclass(slots=True)
class Trials:
    """The pytest plugin that tries mutants instead of running the tests."""

    options: argparse.Namespace
    survivors: list[Mutant] = field(default_factory=list)
    unreached: list[Mutant] = field(default_factory=list)
    tried: Counter[str] = field(default_factory=Counter)
    ended: int = 0

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        mutants = sampled(self.options)
        reach = Reach.of(session.items)
        running: dict[int, Mutant] = {}
        for mutant in mutants:
            self.tried[mutant.module] += 1
            tests = reach.tests(mutant)
            if not tests:
                self.unreached.append(mutant)
                continue
            if len(running) >= self.options.jobs:
                self._reap(running)
            running[forked(lambda: try_mutant(mutant, tests))] = mutant  # noqa: B023 -- reason: run at once
        while running:
            self._reap(running)
        return True

    def _reap(self, running: dict[int, Mutant]) -> None:
        process, status = os.wait()
        mutant = running.pop(process)
        self.ended += 1
        if os.waitstatus_to_exitcode(status) == 0:
            self.survivors.append(mutant)
            sys.stderr.write(f"{self.ended} tried; survives: {place_of(mutant)}\n")


@dataclass(slots=True)
class Reach:
    """Which tests reach which lines, and how long each takes."""

    items: dict[str, pytest.Item]
    seconds: dict[str, float]
    contexts: dict[str, dict[int, list[str]]]

    @classmethod
    def of(cls, items: Sequence[pytest.Item]) -> "Reach":
        """Run every test once."""
        coverage = Coverage(data_file=None, include=[f"{PACKAGE}/*"], config_file=False)
        seconds = {}
        coverage.start()
        for item in items:
            forget()
            coverage.switch_context(item.nodeid)
            start = time.perf_counter()
            assert passes(item), item.nodeid
            seconds[item.nodeid] = time.perf_counter() - start
        coverage.stop()
        data = coverage.get_data()
        contexts = {file: data.contexts_by_lineno(file) for file in data.measured_files()}
        sys.stderr.write(f"{len(items)} tests, {sum(seconds.values()):.0f} s\n")
        return cls(items={item.nodeid: item for item in items}, seconds=seconds, contexts=contexts)

    def tests(self, mutant: Mutant) -> list[tuple[float, pytest.Item]]:
        """Find the tests that reach a mutant, and their seconds: first those of its module."""
        lines = self.contexts.get(str(PACKAGE / f"{mutant.module}.py"), {})
        first, last = mutant.lines
        names = {name for line in range(first, last + 1) for name in lines.get(line, ()) if name}
        own = f"/test_{mutant.module}"
        ordered = sorted(names, key=lambda name: (own not in name, self.seconds[name]))
        spent = accumulate(self.seconds[name] for name in ordered)
        near = (name for name, total in zip(ordered, spent, strict=True) if total < ENOUGH)
        return [(self.seconds[name], self.items[name]) for name in near]


def sampled(options: argparse.Namespace) -> list[Mutant]:
    """Choose among all mutants but those known to be no faults."""
    equivalent = set(equivalents())
    everything = [
        mutant
        for file in sorted(PACKAGE.glob(f"{options.module}.py"))
        for mutant in mutants_of(file.stem, file.read_text("utf-8"), str(file))
    ]
    faults = [mutant for mutant in everything if mutant.name not in equivalent]
    chosen = random.Random(options.seed).sample(  # noqa: S311 -- reason: repeatable
        faults, min(options.sample, len(faults))
    )
    sys.stderr.write(f"{len(chosen)} of {len(faults)} mutants\n")
    return chosen


def equivalents() -> Iterator[str]:
    """Read the names of the mutants that cannot be told from the original."""
    for line in (HERE / "equivalent.txt").read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            yield line


def forked(work: Callable[[], bool]) -> int:
    """Start a process that succeeds when the work says so; gives its id."""
    process = os.fork()
    if process:
        return process
    survived = False
    try:
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        survived = work()
    finally:
        os._exit(0 if survived else 1)


def try_mutant(mutant: Mutant, tests: Sequence[tuple[float, pytest.Item]]) -> bool:
    """Replace one function's code; true when no test fails."""
    module: Any = importlib.import_module(f"app.signatures.{mutant.module}")
    names = mutant.function.split(".")
    function = functools.reduce(lambda place, name: vars(place)[name], names, module)
    plain(function).__code__ = mutant.code
    for seconds, item in tests:
        signal.alarm(SECONDS + int(TIMES * seconds))
        forget()
        if not passes(item):
            return False
    return True


def plain(function: Any) -> FunctionType:
    """Find the function inside properties, class methods and caches."""
    for inside in ("fget", "func", "__func__", "__wrapped__"):
        if hasattr(function, inside):
            return plain(getattr(function, inside))
    assert isinstance(function, FunctionType)
    return function


def passes(item: pytest.Item) -> bool:
    """Run one test from its fixtures to their end."""
    return not any(report.failed for report in runtestprotocol(item, log=False, nextitem=None))


def forget() -> None:
    """Empty the caches of what is tested: they hide a fault, and what a test reaches."""
    for cache in _caches():
        cache.cache_clear()


@functools.cache
def _caches() -> list[Any]:
    return [
        one
        for one in gc.get_objects()
        if isinstance(one, functools._lru_cache_wrapper)
        and one.__module__.startswith(("app.signatures", "app.transcripts"))
    ]


def place_of(mutant: Mutant) -> str:
    """Name a mutant with its line."""
    return f"{mutant.module}.py:{mutant.lines[0]} {mutant.name}"


def show(trials: Trials) -> None:
    """Print the table and the survivors."""
    alive = Counter(mutant.module for mutant in (*trials.survivors, *trials.unreached))
    for module, count in sorted(trials.tried.items()):
        print(f"{module:<16}{count:>6} tried {alive[module]:>5} alive")  # noqa: T201 -- reason: the result
    total, left = trials.tried.total(), alive.total()
    share = 100 * (total - left) / max(total, 1)
    print(f"{'all':<16}{total:>6} tried {left:>5} alive: {share:.1f} % killed")  # noqa: T201 -- reason: the result
    for mutant in (*trials.survivors, *trials.unreached):
        print(place_of(mutant))  # noqa: T201 -- reason: the result


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sample", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--module", default="*")
    parser.add_argument("--tests", nargs="+", default=TESTS)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    options = parser.parse_args()
    os.environ["HOCBA_PURE"] = "1"  # the C engine would hide what its twins do wrong
    trials = Trials(options)
    status = pytest.main(
        ["-q", "-p", "no:cacheprovider", "-p", "no:xdist", *options.tests], [trials]
    )
    show(trials)
    return int(status)


if __name__ == "__main__":
    sys.exit(main())
