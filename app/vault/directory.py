"""Keep objects in a folder of the local file system.

The order of the writes makes a crash harmless at any line: bytes go to a file that no reader can
name, reach the disk, and only then get their name, which `link` gives only while it is free. A file
is read-only (0444), which stops accidents and other users; whoever owns the folder can still
replace it. So this store is tamper-evident (a changed object fails its hash), not write-once:
production wants S3.
"""

import asyncio
import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, BinaryIO

from app.errors import IntegrityFailure, NotFound, StartRefused
from app.vault.vault import object_key, require_digest, require_range, vault_unavailable

CHUNK = 1 << 20
"""Bytes copied and hashed at a time (1 MiB): few system calls, little memory."""

FILE_MODE = 0o444
"""Nobody writes into a kept object; who may read it is decided at the root folder."""

ROOT_MODE = 0o700
"""A root folder made here opens for its owner alone: it holds children's records."""

_NO_UNNAMED_FILES = {errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL}
"""How a file system or an old kernel says that it lacks O_TMPFILE (open(2))."""


class DirectoryVault:
    """The vault in a folder that `open_directory` has prepared.

    Attributes:
        root: the folder; everything below it belongs to the vault.
        unnamed_files: whether its file system has O_TMPFILE. Without it a file is written under a
            passing name in `incoming/`, where a crash may leave it: no reader looks there.
    """

    def __init__(self, root: Path, *, unnamed_files: bool) -> None:
        self.root = root
        self.unnamed_files = unnamed_files

    async def put_once(self, digest: str, content: BinaryIO) -> None:
        """Make the bytes durable under their digest."""
        await asyncio.to_thread(self._put_once, self.root / object_key(digest), content)

    async def get(self, digest: str) -> bytes:
        """Read a whole object, proven to hash to its digest."""
        return await asyncio.to_thread(self._get, self.root / object_key(digest))

    async def get_range(self, digest: str, offset: int, length: int) -> bytes:
        """Read exactly `length` bytes from `offset`."""
        require_range(offset, length)
        path = self.root / object_key(digest)
        content = await asyncio.to_thread(self._read, path, offset, length)
        if len(content) != length:
            raise IntegrityFailure(digest=digest)
        return content

    async def check(self) -> None:
        """Prove that the folder is there and takes files."""
        await asyncio.to_thread(self._check)

    def _put_once(self, path: Path, content: BinaryIO) -> None:
        with _faults_as_unavailable():
            if path.exists():
                _require_kept(path, _copy(content, None))
            else:
                self._write(path, content)
            # Also for an object that was there: its writer may not have come this far.
            for folder in (path.parent, path.parent.parent, path.parent.parent.parent):
                _reach_disk(folder)

    def _write(self, path: Path, content: BinaryIO) -> None:
        # Never the parent of these two: when `sha256` is gone, the volume is not mounted.
        path.parent.parent.mkdir(exist_ok=True)
        path.parent.mkdir(exist_ok=True)
        with self._new_file() as (file, source):
            digest = _copy(content, file)
            if digest != path.name:
                raise IntegrityFailure(digest=path.name)
            file.flush()
            os.fchmod(file.fileno(), FILE_MODE)
            os.fsync(file.fileno())
            # A crash up to here leaves no object; from here on it is whole.
            try:
                _link(source, path)
            except FileExistsError:
                # Another writer was faster, or NFS lost its answer to ours.
                _require_kept(path, digest)

    @contextmanager
    def _new_file(self) -> Iterator[tuple[IO[bytes], str]]:
        if self.unnamed_files:
            flags = os.O_TMPFILE | os.O_WRONLY
            with os.fdopen(os.open(self.root / "sha256", flags, FILE_MODE), "wb") as unnamed:
                yield unnamed, f"/proc/self/fd/{unnamed.fileno()}"
        else:
            with NamedTemporaryFile(dir=self.root / "incoming") as named:
                yield named, named.name

    def _get(self, path: Path) -> bytes:
        content = self._read(path, 0, -1)
        require_digest(path.name, content)
        return content

    def _read(self, path: Path, offset: int, length: int) -> bytes:
        with _faults_as_unavailable():
            try:
                with path.open("rb") as file:
                    file.seek(offset)
                    return file.read(length)
            except FileNotFoundError:
                if not (self.root / "sha256").is_dir():  # the volume is not mounted
                    raise
                raise NotFound from None

    def _check(self) -> None:
        with _faults_as_unavailable(), self._new_file():
            pass


def open_directory(root: Path) -> DirectoryVault:
    """Prepare a folder, made when absent, and open the vault in it.

    Raises:
        StartRefused: the folder cannot be made or written.
    """
    try:
        unnamed_files = _prepare(root)
    except OSError as error:
        raise StartRefused(f"không dùng được thư mục kho lưu {root}: {error.strerror}") from error
    return DirectoryVault(root, unnamed_files=unnamed_files)


def takes_unnamed_files(folder: Path) -> bool:
    """Tell whether a file can be written in `folder` before it has a name.

    Raises:
        OSError: no file can be written there at all.
    """
    try:
        os.close(os.open(folder, os.O_TMPFILE | os.O_WRONLY, FILE_MODE))
    except OSError as error:
        if error.errno in _NO_UNNAMED_FILES:
            return False
        raise
    return Path("/proc/self/fd").is_dir()  # the way to name it later


def _prepare(root: Path) -> bool:
    new = [folder for folder in (root, *root.parents) if not folder.exists()]
    root.mkdir(mode=ROOT_MODE, parents=True, exist_ok=True)
    for name in ("sha256", "incoming"):
        (root / name).mkdir(exist_ok=True)
    for folder in (root, *(folder.parent for folder in new)):
        _reach_disk(folder)
    return takes_unnamed_files(root / "sha256")


def _copy(source: BinaryIO, target: IO[bytes] | None) -> str:
    hasher = sha256()
    while chunk := source.read(CHUNK):
        hasher.update(chunk)
        if target is not None:
            target.write(chunk)
    return hasher.hexdigest()


def _require_kept(path: Path, digest: str) -> None:
    with path.open("rb") as kept:
        if not path.name == digest == _copy(kept, None):
            raise IntegrityFailure(digest=path.name)


def _link(source: str, path: Path) -> None:
    # With a folder descriptor Python calls linkat(AT_SYMLINK_FOLLOW), which /proc/self/fd needs.
    folder = os.open(path.parent, os.O_DIRECTORY)
    try:
        os.link(source, path.name, dst_dir_fd=folder)
    finally:
        os.close(folder)


def _reach_disk(folder: Path) -> None:
    descriptor = os.open(folder, os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _faults_as_unavailable() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise vault_unavailable() from error
