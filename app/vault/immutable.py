"""The immutable flag of Linux file systems (chattr +i): nobody writes, renames or removes the file.

Only a process with CAP_LINUX_IMMUTABLE may set it, and the same process may clear it, so the flag
stops accidents and every other account, and not whoever owns the machine.
"""

import fcntl
import os
from pathlib import Path
from tempfile import mkstemp

_GET_FLAGS = 0x80086601
"""FS_IOC_GETFLAGS of linux/fs.h, the same on every 64-bit machine with generic numbers."""

_SET_FLAGS = 0x40086602
"""FS_IOC_SETFLAGS."""

_IMMUTABLE = 0x10
"""FS_IMMUTABLE_FL."""


def is_immutable(file: int) -> bool:
    """Tell whether an open file carries the flag; false where the file system has no flags."""
    try:
        return bool(_flags(file) & _IMMUTABLE)
    except OSError:
        return False


def set_immutable(file: int, *, on: bool) -> None:
    """Set or clear the flag of an open file.

    Raises:
        OSError: the process may not, or the file system has no such flag.
    """
    flags = _flags(file)
    wanted = flags | _IMMUTABLE if on else flags & ~_IMMUTABLE
    if wanted != flags:
        fcntl.ioctl(file, _SET_FLAGS, wanted.to_bytes(8, "little"))


def may_set_immutable(folder: Path) -> bool:
    """Try the flag on a passing file in a folder.

    Raises:
        OSError: no file can be made there.
    """
    file, name = mkstemp(dir=folder)
    try:
        set_immutable(file, on=True)
        set_immutable(file, on=False)
    except OSError:
        return False
    else:
        return True
    finally:
        os.close(file)
        Path(name).unlink()


def _flags(file: int) -> int:
    return int.from_bytes(fcntl.ioctl(file, _GET_FLAGS, bytes(8)), "little")
