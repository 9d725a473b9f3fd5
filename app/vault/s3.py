"""Keep objects in an S3 bucket, through the `minio` SDK in threads of its own.

The bucket is versioned and locks (`app.vault.bucket`); an object is read by the version whose bytes
hash to its digest (`app.vault.versions`).

Two writers of one object both put it: the SDK's `put_object` offers no condition, servers differ in
honouring one, and the key is the hash of the content, so the second write only adds a version of
the same bytes. The server checks what arrives, by the signed SHA-256 (http) or Content-MD5 (https).

The keys need these rights on the bucket: list it and its versions, get and put objects, get and put
their retention, read versioning and the lock configuration, remove versions (refused packages
expire). Without the first, S3 answers 403 for an object that is merely absent.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from io import BytesIO
from itertools import islice
from typing import BinaryIO, TypeVar, TypeVarTuple

from minio import Minio
from minio.commonconfig import COMPLIANCE

from app.errors import IntegrityFailure, NotFound, Unavailable
from app.vault.bucket import FAULTS, THREADS, prepare_bucket
from app.vault.lock import LAST_MOMENT, Lock, in_reach
from app.vault.naming import digest_in, note_key
from app.vault.proving import prove_on_bucket
from app.vault.vault import (
    FIRST_LOCK,
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
from app.vault.versions import Versions

LEAST_LOCK = timedelta(days=60)
"""What must be left of a lock when a package is acknowledged; below it the lock is renewed to
`FIRST_LOCK`. Long enough to decide on it and to mend whatever keeps that from happening."""

PAUSES = (0.1, 0.3)
"""Seconds before the second and the third try. Every step looks before it writes, so repeating one
that took effect unheard is safe; what lasts longer is the worker's business."""

REPEAT_SECONDS = 5
"""A try that took longer is not repeated: the server hangs and a client is waiting."""

_Arguments = TypeVarTuple("_Arguments")
_Result = TypeVar("_Result")


class S3Vault:
    """The vault in a bucket."""

    def __init__(self, client: Minio, bucket: str) -> None:
        self._client = client
        self._bucket = bucket
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="vault")
        self._prepared = False
        self._versions = Versions(client, bucket)

    async def put_once(self, digest: str, content: BinaryIO) -> None:
        """Make the bytes durable and locked under their digest."""
        key = object_key(digest)
        data = await self._in_thread(_read_proven, digest, content)
        await self._repeated(self._put_once, key, data)

    async def get(self, digest: str) -> bytes:
        """Read a whole object, proven to hash to its digest."""
        _, content = await self._repeated(self._versions.find, object_key(digest))
        return content

    async def get_range(self, digest: str, offset: int, length: int) -> bytes:
        """Read exactly `length` bytes from `offset`."""
        require_range(offset, length)
        content = await self._repeated(self._get_range, object_key(digest), offset, length)
        if len(content) != length:
            raise IntegrityFailure(digest=digest)
        return content

    async def hold(self, digest: str, until: datetime) -> Held:
        """Lock the version that holds the right bytes in COMPLIANCE mode."""
        return await self._repeated(self._hold, object_key(digest), in_reach(until))

    async def discard(self, digest: str, *, before: datetime) -> bool:
        """Remove every version that is not locked and not put since `before`."""
        return await self._repeated(self._discard, object_key(digest), before)

    async def survey(self, *, after: str = "", limit: int = SURVEY_PAGE) -> tuple[Stored, ...]:
        """List originals in the order of their digests."""
        return await self._repeated(self._survey, after and object_key(after), limit)

    async def standing(self, digest: str) -> Standing:
        """Ask for the size and the lock of the right version."""
        return await self._repeated(self._standing, object_key(digest))

    async def note(self, name: str, content: bytes, *, until: datetime) -> None:
        """Put a version that is locked from the start, and believe only the lock that it shows."""
        key = note_key(name)
        require_digest(digest_in(key), content)
        # The first try does not look: names are given once. A later one must not put a second.
        await self._repeated(self._note, key, content, in_reach(until), again=self._note_again)

    async def notes(self, *, after: str = "", limit: int = SURVEY_PAGE) -> tuple[str, ...]:
        """List the names of notes in ascending order."""
        return await self._repeated(self._notes, after and note_key(after), limit)

    async def read_note(self, name: str) -> bytes:
        """Read a note, proven to hash to the digest in its name."""
        _, content = await self._repeated(self._versions.find, note_key(name))
        return content

    async def prove_locks(self) -> tuple[Proof, ...]:
        """Try to overwrite, hide, delete, shorten and weaken a locked version."""
        await self.put_once(PROBE_DIGEST, BytesIO(PROBE))
        key = object_key(PROBE_DIGEST)
        version, _ = await self._repeated(self._versions.find, key)
        lock = await self._repeated(self._versions.lock_of, key, version)
        return await self._in_thread(prove_on_bucket, self._client, self._bucket, version, lock)

    async def check(self) -> None:
        """Prove that the bucket can be used.

        Only the first call makes an absent bucket: one that vanishes later is an outage, and an
        empty one in its place would hide it.
        """
        await self._in_thread(self._check if self._prepared else self._prepare)

    async def _repeated(
        self,
        call: Callable[[*_Arguments], _Result],
        *arguments: *_Arguments,
        again: Callable[[*_Arguments], _Result] | None = None,
    ) -> _Result:
        clock = asyncio.get_running_loop().time
        for pause in PAUSES:
            start = clock()
            try:
                return await self._in_thread(call, *arguments)
            except Unavailable:
                if clock() - start > REPEAT_SECONDS:
                    raise
                await asyncio.sleep(pause)
            call = again or call
        return await self._in_thread(call, *arguments)

    async def _in_thread(
        self, call: Callable[[*_Arguments], _Result], *arguments: *_Arguments
    ) -> _Result:
        return await asyncio.get_running_loop().run_in_executor(self._threads, call, *arguments)

    def _put_once(self, key: str, data: bytes) -> None:
        try:
            version, _ = self._versions.find(key)
        except NotFound:
            version = self._versions.put(key, data)
        lock = self._versions.lock_of(key, version)
        if not lock.lasts(lock.now + LEAST_LOCK):
            self._versions.lock(key, version, lock.now + FIRST_LOCK)

    def _note(self, key: str, content: bytes, until: datetime) -> None:
        self._require_locked(key, self._versions.put(key, content, until=until), until)

    def _note_again(self, key: str, content: bytes, until: datetime) -> None:
        try:
            version, _ = self._versions.find(key)
        except NotFound:
            # Under the default lock first: a server may refuse one that it is asked for here, such
            # as an end that its clock has passed.
            version = self._versions.put(key, content)
        self._require_locked(key, version, until)

    def _hold(self, key: str, until: datetime) -> Held:
        version, _ = self._versions.find(key)
        lock = self._require_locked(key, version, until)
        return Held(version=version, until=lock.until or until)

    def _require_locked(self, key: str, version: str, until: datetime) -> Lock:
        lock = self._versions.lock_of(key, version)
        if not lock.lasts(until):
            lock = self._versions.lock(key, version, until)
        return lock

    def _get_range(self, key: str, offset: int, length: int) -> bytes:
        version = self._versions.located(key)
        if version is not None:
            try:
                return self._versions.read(key, version, offset, length)[0]
            except NotFound:  # discarded, and perhaps put anew
                self._versions.forget(key)
        return self._versions.read(key, self._versions.locate(key), offset, length)[0]

    def _standing(self, key: str) -> Standing:
        version = self._versions.locate(key)
        lock, size = self._versions.stat(key, version)
        until = lock.until if lock.mode == COMPLIANCE else None
        return Standing(version=version, size=size, locked_until=until, held=lock.lasts(lock.now))

    def _survey(self, after: str, limit: int) -> tuple[Stored, ...]:
        found = islice(self._versions.survey("sha256/", after), limit)
        return tuple(
            Stored(
                digest=digest_in(str(one.object_name)),
                size=one.size or 0,
                put_at=one.last_modified or LAST_MOMENT,
            )
            for one in found
        )

    def _notes(self, after: str, limit: int) -> tuple[str, ...]:
        found = islice(self._versions.survey("journal/", after), limit)
        return tuple(str(one.object_name).rpartition("/")[2] for one in found)

    def _discard(self, key: str, before: datetime) -> bool:
        gone = True
        for one in self._versions.listed(key):
            version = str(one.version_id)
            young = one.last_modified is None or one.last_modified >= before
            if young or self._versions.lock_of(key, version).active:
                gone = False
                continue
            # Refused when somebody has put the same bytes meanwhile: that renewed the lock.
            self._versions.remove(key, version)
        return gone

    def _prepare(self) -> None:
        prepare_bucket(self._client, self._bucket)
        self._prepared = True

    def _check(self) -> None:
        try:
            found = self._client.bucket_exists(self._bucket)
        except FAULTS as error:
            raise vault_unavailable() from error
        if not found:
            raise vault_unavailable()


def _read_proven(digest: str, content: BinaryIO) -> bytes:
    data = content.read()
    require_digest(digest, data)
    return data
