"""Names in a folder that outlive a crash."""

import errno
import os
from pathlib import Path

_NO_UNNAMED_FILES = {errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL}
"""How a file system or an old kernel says that it lacks O_TMPFILE (open(2))."""


def takes_unnamed_files(folder: Path) -> bool:
    """Tell whether a file can be written in `folder` before it has a name.

    Raises:
        OSError: no file can be written there at all.
    """
    try:
        os.close(os.open(folder, os.O_TMPFILE | os.O_WRONLY, 0o400))
    except OSError as error:
        if error.errno in _NO_UNNAMED_FILES:
            return False
        raise
    return Path("/proc/self/fd").is_dir()  # the way to name it later


def link_file(source: str, path: Path) -> None:
    """Give a file its name, while that is free.

    Raises:
        OSError: it is taken (`FileExistsError`), or the folder cannot be written.
    """
    # With a folder descriptor Python calls linkat(AT_SYMLINK_FOLLOW), which /proc/self/fd needs.
    folder = os.open(path.parent, os.O_DIRECTORY)
    try:
        os.link(source, path.name, dst_dir_fd=folder)
    finally:
        os.close(folder)


def reach_disk(folder: Path) -> None:
    """Wait until the names in a folder are on the disk.

    Raises:
        OSError: they did not get there.
    """
    descriptor = os.open(folder, os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
