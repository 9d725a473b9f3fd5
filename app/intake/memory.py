"""Keeping an eye on how much memory the verification processes occupy, from outside.

The kernel's limit inside each process (`checks.DATA_LIMIT`) cannot be outrun, but a library that is
refused memory may call the document malformed. So whoever comes near is killed first.
"""

import resource
from collections import deque
from collections.abc import Iterator
from multiprocessing import active_children
from multiprocessing.context import SpawnContext, SpawnProcess
from multiprocessing.process import BaseProcess
from pathlib import Path
from threading import Event, Thread

import structlog

RESIDENT_LIMIT = 360 * 1024**2
"""Bytes of real memory at which a process is killed: the largest package needs 305 MiB, and no
process may ever exceed 400."""

LOOK_SECONDS = 0.05
"""Pause between two looks, of some 20 µs per process: a process that only fills memory gains some
100 MiB in that time, and parsing not a tenth of it."""

_KILLED_KEPT = 256
"""Process ids remembered: each is asked for within moments of its death."""

_RESIDENT = 1
"""Field of /proc/PID/statm that counts resident pages (proc(5))."""

_log = structlog.get_logger(__name__)

_killed: deque[int] = deque(maxlen=_KILLED_KEPT)
"""Of all guards together: each of them sees the processes of the others too."""


class GuardedProcess(SpawnProcess):
    """A process that the guard may kill: whatever else this one starts is not its business."""


class GuardedContext(SpawnContext):
    """The way of starting guarded processes.

    Spawned, because a forked child would inherit the event loop's sockets and the threads' locks.
    """

    Process = GuardedProcess


class MemoryGuard:
    """A thread that kills every guarded process of this one that occupies too much."""

    def __init__(self) -> None:
        self._ended = Event()
        self._thread = Thread(target=self._watch, name="memory-guard", daemon=True)

    def start(self) -> None:
        """Begin to watch the guarded processes that this one starts."""
        self._thread.start()

    def stop(self) -> None:
        """End the watch."""
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._ended.wait(LOOK_SECONDS):
            for process in _swollen():
                # First the note, then the deed: whoever sees the death looks for the note.
                _killed.append(process.pid or 0)
                process.kill()
                _log.error("check.swollen", process=process.pid)


def was_swollen(pid: int | None) -> bool:
    """Tell whether a process was killed for its memory."""
    return pid in _killed


def resident_bytes(pid: int) -> int:
    """Measure the real memory of a process; 0 when it is gone."""
    try:
        counts = Path(f"/proc/{pid}/statm").read_bytes().split()
    except OSError:
        return 0
    return int(counts[_RESIDENT]) * resource.getpagesize() if counts else 0


def _swollen() -> Iterator[BaseProcess]:
    for process in active_children():
        guarded = isinstance(process, GuardedProcess)
        if guarded and resident_bytes(process.pid or 0) > RESIDENT_LIMIT:
            yield process
