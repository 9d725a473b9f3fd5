"""How a process ends: with its parent, so that nothing is left running, and in order when told."""

import asyncio
import ctypes
import os
import signal
from collections.abc import Callable, Coroutine
from typing import Any

_PR_SET_PDEATHSIG = 1  # <linux/prctl.h>

END_SECONDS = 12.0
"""Time for jobs to end by themselves when they are told to: a webhook under way takes 10 s at most,
and a round over lists or originals goes on with the next start."""

_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def die_with(parent: int, how: signal.Signals) -> None:
    """Let the kernel send this process a signal when the parent ends, however it ends.

    The kernel watches the thread that started this process, so that thread must live as long as
    the parent does. Linux only.

    Args:
        parent: the process id of the parent; one that is gone already counts as ending now.
        how: the signal.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, int(how)) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    if os.getppid() != parent:
        os.kill(os.getpid(), how)
        os._exit(1)  # a signal that is ignored, as under nohup, must not leave an orphan


def on_stop_signal(stop: Callable[[], None]) -> None:
    """Stop in order at the first SIGINT or SIGTERM; a second one ends the process at once.

    What dies then is safe to kill, and what it started ends with it by `die_with`. Must be called
    in the event loop of the main thread.
    """
    loop = asyncio.get_running_loop()

    def first() -> None:
        for number in _STOP_SIGNALS:
            loop.remove_signal_handler(number)
            signal.signal(number, signal.SIG_DFL)
        stop()

    for number in _STOP_SIGNALS:
        loop.add_signal_handler(number, first)


async def run_until(stop: asyncio.Event, *jobs: Coroutine[Any, Any, None]) -> None:
    """Run jobs that end when told to stop, and cut off what has not ended in time.

    Raises:
        ExceptionGroup: what a job raised; the others are cut off at once.
    """
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(job) for job in jobs]
        await stop.wait()
        _, late = await asyncio.wait(tasks, timeout=END_SECONDS)
        for task in late:
            task.cancel()
