"""Keep objects in a folder of the local file system.

The order of the writes makes a crash harmless at any line: bytes go to a file that no reader can
name, reach the disk, and only then get their name, which `link` gives only while it is free. A file
is read-only, and a held one is immutable where the process may make it so, which stops accidents
and other accounts; whoever owns the machine can still replace it. So this store is tamper-evident
(a changed object fails its hash), not write-once: production wants S3.

A file that is not held has the mode 0400 and the time of its last `put_once`; a held one 0444. A
lock on the folder `sha256` keeps `put_once` and `discard` apart in all processes (on NFS, which
grants no exclusive lock on a folder, nothing is ever discarded).
"""

import asyncio
import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from stat import S_IMODE
from tempfile import NamedTemporaryFile
from typing import IO, BinaryIO

import structlog

from app.errors import IntegrityFailure, NotFound, StartRefused
from app.vault.durable import link_file, reach_disk
from app.vault.immutable import is_immutable, may_set_immutable, set_immutable
from app.vault.tampering import prove_on_file
from app.vault.vault import (
    PROBE,
    PROBE_DIGEST,
    Held,
    Proof,
    object_key,
    require_digest,
    require_range,
    vault_unavailable,
)

CHUNK = 1 << 20
"""Bytes copied and hashed at a time (1 MiB): few system calls, little memory."""

FILE_MODE = 0o400
"""Nobody writes into a kept object."""

HELD_MODE = 0o444
"""The mark of a held object; who may read it is decided at the root folder."""

ROOT_MODE = 0o700
"""A root folder made here opens for its owner alone: it holds children's records."""

_NO_UNNAMED_FILES = {errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL}
"""How a file system or an old kernel says that it lacks O_TMPFILE (open(2))."""

_log = structlog.get_logger(__name__)


class DirectoryVault:
    """The vault in a folder that `open_directory` has prepared.

    Attributes:
        root: the folder; everything below it belongs to the vault.
        unnamed_files: whether its file system has O_TMPFILE. Without it a file is written under a
            passing name in `incoming/`, where a crash may leave it: no reader looks there.
        immutable: whether held files get the immutable flag.
    """

    def __init__(self, root: Path, *, unnamed_files: bool, immutable: bool = False) -> None:
        self.root = root
        self.unnamed_files = unnamed_files
        self.immutable = immutable

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

    async def hold(self, digest: str, until: datetime) -> Held:
        """Mark the file as held, for ever; there is no version that a store would lock."""
        await asyncio.to_thread(self._hold, self.root / object_key(digest))
        return Held(version=None, until=until)

    async def discard(self, digest: str, *, before: datetime) -> bool:
        """Remove a file that is not held and not put since `before`."""
        path = self.root / object_key(digest)
        return await asyncio.to_thread(self._discard, path, before)

    async def prove_locks(self) -> tuple[Proof, ...]:
        """Try to overwrite, rename and remove a held file, and to take its mark away."""
        return await asyncio.to_thread(self._prove_locks)

    async def check(self) -> None:
        """Prove that the folder is there and takes files."""
        await asyncio.to_thread(self._check)

    def _put_once(self, path: Path, content: BinaryIO) -> None:
        with _faults_as_unavailable(), self._locked(fcntl.LOCK_SH):
            if path.exists():
                _require_kept(path, _copy(content, None))
            else:
                self._write(path, content)
            # Also for an object that was there: its writer may not have come this far.
            for folder in (path.parent, path.parent.parent, path.parent.parent.parent):
                reach_disk(folder)

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
                link_file(source, path)
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

    def _hold(self, path: Path) -> None:
        with _faults_as_unavailable(), self._locked(fcntl.LOCK_SH):
            try:
                file = path.open("rb")
            except FileNotFoundError:
                raise NotFound from None
            with file:
                if path.name != _copy(file, None):
                    raise IntegrityFailure(digest=path.name)
                if not is_immutable(file.fileno()):  # a flagged file is marked already
                    os.fchmod(file.fileno(), HELD_MODE)
                    if self.immutable:
                        set_immutable(file.fileno(), on=True)
                    os.fsync(file.fileno())

    def _discard(self, path: Path, before: datetime) -> bool:
        with _faults_as_unavailable(), self._locked(fcntl.LOCK_EX):
            try:
                status = path.stat()
            except FileNotFoundError:
                return True
            put = datetime.fromtimestamp(status.st_mtime, UTC)
            if S_IMODE(status.st_mode) == HELD_MODE or put >= before:
                return False
            path.unlink()
            reach_disk(path.parent)
            return True

    def _prove_locks(self) -> tuple[Proof, ...]:
        path = self.root / object_key(PROBE_DIGEST)

        def renew() -> None:
            with suppress(OSError):  # an immutable one is as it should be
                path.unlink()
            self._put_once(path, BytesIO(PROBE))
            self._hold(path)

        with _faults_as_unavailable():
            return prove_on_file(path, renew=renew)

    @contextmanager
    def _locked(self, kind: int) -> Iterator[None]:
        folder = os.open(self.root / "sha256", os.O_DIRECTORY)
        try:
            fcntl.flock(folder, kind)
            yield
        finally:
            os.close(folder)

    def _check(self) -> None:
        with _faults_as_unavailable(), self._new_file():
            pass


def open_directory(root: Path, *, immutable: bool = False) -> DirectoryVault:
    """Prepare a folder, made when absent, and open the vault in it.

    Args:
        root: the folder.
        immutable: whether held files are to get the immutable flag; where that is impossible, the
            log says so and the vault does without.

    Raises:
        StartRefused: the folder cannot be made or written.
    """
    try:
        unnamed_files = _prepare(root)
        flag = immutable and may_set_immutable(root / "incoming")
    except OSError as error:
        raise StartRefused(f"không dùng được thư mục kho lưu {root}: {error.strerror}") from error
    if immutable and not flag:
        _log.warning("vault.tamper_evident_only", reason="no right to set the immutable flag")
    return DirectoryVault(root, unnamed_files=unnamed_files, immutable=flag)


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
        reach_disk(folder)
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
        if S_IMODE(os.fstat(kept.fileno()).st_mode) != HELD_MODE:
            os.utime(kept.fileno())  # from now on it is as young as a new one
            os.fsync(kept.fileno())


@contextmanager
def _faults_as_unavailable() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise vault_unavailable() from error
