"""The files of kept objects: how their bytes are copied and compared, marked and listed."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from stat import S_IMODE
from tempfile import NamedTemporaryFile
from typing import IO, BinaryIO

from app.errors import IntegrityFailure
from app.vault.immutable import is_immutable, set_immutable
from app.vault.naming import digest_in, key_is_whole

CHUNK = 1 << 20
"""Bytes copied and hashed at a time (1 MiB): few system calls, little memory."""

FILE_MODE = 0o400
"""Nobody writes into a kept object."""

HELD_MODE = 0o444
"""The mark of a held object; who may read it is decided at the root folder."""


@contextmanager
def new_file(root: Path, *, unnamed: bool) -> Iterator[tuple[IO[bytes], str]]:
    """Open a file that no reader can find, and give the path by which it can be named later.

    Args:
        root: the folder of the vault.
        unnamed: whether its file system has O_TMPFILE.

    Raises:
        OSError: the folder takes no file.
    """
    if unnamed:
        flags = os.O_TMPFILE | os.O_WRONLY
        with os.fdopen(os.open(root / "sha256", flags, FILE_MODE), "wb") as file:
            yield file, f"/proc/self/fd/{file.fileno()}"
    else:
        with NamedTemporaryFile(dir=root / "incoming") as named:
            yield named, named.name


@contextmanager
def locked(folder: Path, kind: int) -> Iterator[None]:
    """Hold a lock on a folder (flock(2)) for the block; waits for it.

    Raises:
        OSError: the folder is not there, or its file system grants no such lock.
    """
    descriptor = os.open(folder, os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, kind)
        yield
    finally:
        os.close(descriptor)


def copy(source: BinaryIO, target: IO[bytes] | None) -> str:
    """Copy what is left of a file, where a target is given, and hash it."""
    hasher = sha256()
    while chunk := source.read(CHUNK):
        hasher.update(chunk)
        if target is not None:
            target.write(chunk)
    return hasher.hexdigest()


def require_kept(path: Path, digest: str) -> None:
    """Require that a file holds the bytes that its name and `digest` say; make it young again.

    Raises:
        IntegrityFailure: it does not.
        OSError: it cannot be read.
    """
    wanted = digest_in(path.name)
    with path.open("rb") as kept:
        if not wanted == digest == copy(kept, None):
            raise IntegrityFailure(digest=wanted)
        if not is_marked(os.fstat(kept.fileno())):
            os.utime(kept.fileno())  # from now on it is as young as a new one
            os.fsync(kept.fileno())


def mark_held(file: int, *, immutable: bool) -> None:
    """Mark an open file as held, and make that durable.

    Raises:
        OSError: the process may not, or the flag is wanted and cannot be set.
    """
    if is_immutable(file):  # a flagged file is marked already
        return
    os.fchmod(file, HELD_MODE)
    if immutable:
        set_immutable(file, on=True)
    os.fsync(file)


def is_marked(status: os.stat_result) -> bool:
    """Tell whether a file is marked as held."""
    return S_IMODE(status.st_mode) == HELD_MODE


def put_at(status: os.stat_result) -> datetime:
    """Tell when an object was put last."""
    return datetime.fromtimestamp(status.st_mtime, UTC)


def walk(root: Path, folder: str, after: str) -> Iterator[tuple[Path, os.stat_result]]:
    """Go through the files of our objects in the order of their keys.

    What is no object of ours is passed over. A file that goes meanwhile is not there.

    Args:
        root: the folder of the vault.
        folder: where to begin, relative to it.
        after: the key to go on after; empty begins.

    Raises:
        OSError: a folder cannot be read.
    """
    with os.scandir(root / folder) as entries:
        found = sorted((entry.name, entry.is_dir()) for entry in entries)
    for name, is_folder in found:
        key = f"{folder}/{name}"
        if key <= after and not after.startswith(f"{key}/"):
            continue
        if is_folder:
            yield from walk(root, key, after)
        elif key_is_whole(key):
            with suppress(FileNotFoundError):
                yield root / key, (root / key).stat()
