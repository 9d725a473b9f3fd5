"""Names in a folder that outlive a crash."""

import os
from pathlib import Path


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
