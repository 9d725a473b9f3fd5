"""How many documents one process and two processes verify in the same time."""

import multiprocessing
import time
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from types import TracebackType
from typing import Self

from tests.bench.documents import Problem
from tests.bench.engines import ours

BATCH = 200
"""Documents between two looks at the clock. Garbage is collected before each, which takes as long
as ten of them."""


class Workers:
    """Two warm processes that verify for a while when they are told to."""

    def __init__(self, problem: Problem) -> None:
        """Start both; each is ready when it has verified the document once."""
        context = multiprocessing.get_context("spawn")
        self._lines: list[Connection] = []
        self._processes: list[BaseProcess] = []
        for _ in range(2):
            here, there = context.Pipe()
            process = context.Process(target=_work, args=(problem, there), daemon=True)
            process.start()
            there.close()  # so that a process that dies ends the wait for it
            self._lines.append(here)
            self._processes.append(process)
        for line in self._lines:
            line.recv()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for process in self._processes:
            process.terminate()
            process.join()

    def rate(self, count: int, seconds: float) -> float:
        """Let so many of them work at the same time; documents a second of all together."""
        for line in self._lines[:count]:
            line.send(seconds)
        return sum(line.recv() for line in self._lines[:count])


def _work(problem: Problem, line: Connection) -> None:
    engine = ours(problem)
    line.send(None)
    while True:
        seconds, done = line.recv(), 0
        begin = time.perf_counter()
        while time.perf_counter() - begin < seconds:
            engine.seconds(BATCH)
            done += BATCH
        line.send(done / (time.perf_counter() - begin))
