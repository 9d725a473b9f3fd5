"""Tying a process to its parent, so that nothing is left running when the parent is killed."""

import ctypes
import os
import signal

_PR_SET_PDEATHSIG = 1  # <linux/prctl.h>


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
