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
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import structlog

from app.errors import IntegrityFailure, NotFound, StartRefused
from app.vault.durable import link_file, reach_disk, takes_unnamed_files
from app.vault.files import (
    FILE_MODE,
    HELD_MODE,
    copy,
    is_marked,
    locked,
    mark_held,
    new_file,
    put_at,
    require_kept,
    walk,
)
from app.vault.immutable import may_set_immutable
from app.vault.naming import digest_in, note_key
from app.vault.tampering import prove_on_file
from app.vault.vault import (
    PROBE,
    PROBE_DIGEST,
    SURVEY_PAGE,
    Held,
    Proof,
    Standing,
    Stored,
    object_key,
    require_digest,
    require_range,
    vault_unavailable,
)

ROOT_MODE = 0o700
"""A root folder made here opens for its owner alone: it holds children's records."""

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

    async def survey(self, *, after: str = "", limit: int = SURVEY_PAGE) -> tuple[Stored, ...]:
        """List files in the order of their digests."""
        return await asyncio.to_thread(self._survey, after and object_key(after), limit)

    async def standing(self, digest: str) -> Standing:
        """Ask for the size of a file and whether it is marked as held."""
        return await asyncio.to_thread(self._standing, self.root / object_key(digest))

    async def note(self, name: str, content: bytes, *, until: datetime) -> None:
        """Make a file that is held from the start, for ever like every held one."""
        del until
        key = note_key(name)
        require_digest(digest_in(key), content)
        await asyncio.to_thread(self._note, self.root / key, content)

    async def notes(self, *, after: str = "", limit: int = SURVEY_PAGE) -> tuple[str, ...]:
        """List the names of notes in ascending order."""
        return await asyncio.to_thread(self._notes, after and note_key(after), limit)

    async def read_note(self, name: str) -> bytes:
        """Read a note, proven to hash to the digest in its name."""
        return await asyncio.to_thread(self._get, self.root / note_key(name))

    async def prove_locks(self) -> tuple[Proof, ...]:
        """Try to overwrite, rename and remove a held file, and to take its mark away."""
        return await asyncio.to_thread(self._prove_locks)

    async def check(self) -> None:
        """Prove that the folder is there and takes files."""
        await asyncio.to_thread(self._check)

    def _put_once(self, path: Path, content: BinaryIO) -> None:
        with _faults_as_unavailable(), locked(self.root / "sha256", fcntl.LOCK_SH):
            if path.exists():
                require_kept(path, copy(content, None))
            else:
                # Never the parent of these two: when `sha256` is gone, the volume is not mounted.
                path.parent.parent.mkdir(exist_ok=True)
                path.parent.mkdir(exist_ok=True)
                self._write(path, content, FILE_MODE)
            # Also for an object that was there: its writer may not have come this far.
            for folder in (path.parent, path.parent.parent, path.parent.parent.parent):
                reach_disk(folder)

    def _note(self, path: Path, content: bytes) -> None:
        with _faults_as_unavailable():
            if not path.exists():
                path.parent.mkdir(exist_ok=True)
                self._write(path, BytesIO(content), HELD_MODE)
            self._hold(path)
            for folder in (path.parent, path.parent.parent):
                reach_disk(folder)

    def _write(self, path: Path, content: BinaryIO, mode: int) -> None:
        with new_file(self.root, unnamed=self.unnamed_files) as (file, source):
            digest = copy(content, file)
            if digest != digest_in(path.name):
                raise IntegrityFailure(digest=digest_in(path.name))
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
            # A crash up to here leaves no object; from here on it is whole.
            try:
                link_file(source, path)
            except FileExistsError:
                # Another writer was faster, or NFS lost its answer to ours.
                require_kept(path, digest)

    def _get(self, path: Path) -> bytes:
        content = self._read(path, 0, -1)
        require_digest(digest_in(path.name), content)
        return content

    def _read(self, path: Path, offset: int, length: int) -> bytes:
        with _faults_as_unavailable():
            try:
                with path.open("rb") as file:
                    file.seek(offset)
                    return file.read(length)
            except FileNotFoundError:
                self._require_mounted()
                raise NotFound from None

    def _hold(self, path: Path) -> None:
        with _faults_as_unavailable(), locked(self.root / "sha256", fcntl.LOCK_SH):
            try:
                file = path.open("rb")
            except FileNotFoundError:
                raise NotFound from None
            with file:
                if digest_in(path.name) != copy(file, None):
                    raise IntegrityFailure(digest=digest_in(path.name))
                mark_held(file.fileno(), immutable=self.immutable)

    def _survey(self, after: str, limit: int) -> tuple[Stored, ...]:
        with _faults_as_unavailable():
            return tuple(
                Stored(digest=path.name, size=status.st_size, put_at=put_at(status))
                for path, status in islice(walk(self.root, "sha256", after), limit)
            )

    def _notes(self, after: str, limit: int) -> tuple[str, ...]:
        with _faults_as_unavailable():
            return tuple(path.name for path, _ in islice(walk(self.root, "journal", after), limit))

    def _standing(self, path: Path) -> Standing:
        with _faults_as_unavailable():
            try:
                status = path.stat()
            except FileNotFoundError:
                self._require_mounted()
                raise NotFound from None
        return Standing(
            version=None, size=status.st_size, locked_until=None, held=is_marked(status)
        )

    def _require_mounted(self) -> None:
        """Tell a file that is absent from a volume that is not mounted.

        Raises:
            FileNotFoundError: it is the volume.
        """
        (self.root / "sha256").stat()

    def _discard(self, path: Path, before: datetime) -> bool:
        with _faults_as_unavailable(), locked(self.root / "sha256", fcntl.LOCK_EX):
            try:
                status = path.stat()
            except FileNotFoundError:
                return True
            if is_marked(status) or put_at(status) >= before:
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

    def _check(self) -> None:
        with _faults_as_unavailable(), new_file(self.root, unnamed=self.unnamed_files):
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


def _prepare(root: Path) -> bool:
    new = [folder for folder in (root, *root.parents) if not folder.exists()]
    root.mkdir(mode=ROOT_MODE, parents=True, exist_ok=True)
    for name in ("sha256", "journal", "incoming"):
        (root / name).mkdir(exist_ok=True)
    for folder in (root, *(folder.parent for folder in new)):
        reach_disk(folder)
    return takes_unnamed_files(root / "sha256")


@contextmanager
def _faults_as_unavailable() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise vault_unavailable() from error
