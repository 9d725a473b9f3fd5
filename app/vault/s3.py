"""Keep objects in an S3 bucket, through the `minio` SDK in threads of its own.

The bucket is versioned and locks (`app.vault.bucket`). A lock belongs to a version: whoever has
keys can still put a newer version above it or a delete marker. So an object is read by the version
whose bytes hash to its digest, and what lies above it is looked past.

Two writers of one object both put it: the SDK's `put_object` offers no condition, servers differ in
honouring one, and the key is the hash of the content, so the second write only adds a version of
the same bytes. The server checks what arrives, by the signed SHA-256 (http) or Content-MD5 (https).

The keys need these rights on the bucket: list it and its versions, get and put objects, get and put
their retention, read versioning and the lock configuration, remove versions (refused packages
expire). Without the first, S3 answers 403 for an object that is merely absent.
"""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from hashlib import sha256
from io import BytesIO
from typing import BinaryIO, TypeVar, TypeVarTuple

import structlog
from minio import Minio
from minio.commonconfig import COMPLIANCE
from minio.datatypes import Object
from minio.helpers import MIN_PART_SIZE
from minio.retention import Retention

from app.errors import IntegrityFailure, NotFound, Unavailable
from app.vault.bucket import FAULTS, THREADS, outcomes, prepare_bucket
from app.vault.lock import Lock, in_reach, read_lock
from app.vault.proving import prove_on_bucket
from app.vault.vault import (
    FIRST_LOCK,
    PROBE,
    PROBE_DIGEST,
    Held,
    Proof,
    object_key,
    require_digest,
    require_range,
    vault_unavailable,
)

LEAST_LOCK = timedelta(days=60)
"""What must be left of a lock when a package is acknowledged; below it the lock is renewed to
`FIRST_LOCK`. Long enough to decide on it and to mend whatever keeps that from happening."""

PAUSES = (0.1, 0.3)
"""Seconds before the second and the third try. Every step looks before it writes, so repeating one
that took effect unheard is safe; what lasts longer is the worker's business."""

REPEAT_SECONDS = 5
"""A try that took longer is not repeated: the server hangs and a client is waiting."""

LOCATED = 65_536
"""Objects whose version is remembered, 15 MB: a day's verifications ask for fewer."""

_Arguments = TypeVarTuple("_Arguments")
_Result = TypeVar("_Result")

_log = structlog.get_logger(__name__)


class S3Vault:
    """The vault in a bucket."""

    def __init__(self, client: Minio, bucket: str) -> None:
        self._client = client
        self._bucket = bucket
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="vault")
        self._prepared = False
        self._located: dict[str, str] = {}

    async def put_once(self, digest: str, content: BinaryIO) -> None:
        """Make the bytes durable and locked under their digest."""
        object_key(digest)
        data = await self._in_thread(_read_proven, digest, content)
        await self._repeated(self._put_once, digest, data)

    async def get(self, digest: str) -> bytes:
        """Read a whole object, proven to hash to its digest."""
        _, content = await self._repeated(self._find, digest)
        return content

    async def get_range(self, digest: str, offset: int, length: int) -> bytes:
        """Read exactly `length` bytes from `offset`."""
        require_range(offset, length)
        content = await self._repeated(self._get_range, digest, offset, length)
        if len(content) != length:
            raise IntegrityFailure(digest=digest)
        return content

    async def hold(self, digest: str, until: datetime) -> Held:
        """Lock the version that holds the right bytes in COMPLIANCE mode."""
        return await self._repeated(self._hold, digest, in_reach(until))

    async def discard(self, digest: str, *, before: datetime) -> bool:
        """Remove every version that is not locked and not put since `before`."""
        return await self._repeated(self._discard, digest, before)

    async def prove_locks(self) -> tuple[Proof, ...]:
        """Try to overwrite, hide, delete, shorten and weaken a locked version."""
        await self.put_once(PROBE_DIGEST, BytesIO(PROBE))
        version, _ = await self._repeated(self._find, PROBE_DIGEST)
        lock = await self._repeated(self._lock_of, PROBE_DIGEST, version)
        return await self._in_thread(prove_on_bucket, self._client, self._bucket, version, lock)

    async def check(self) -> None:
        """Prove that the bucket can be used.

        Only the first call makes an absent bucket: one that vanishes later is an outage, and an
        empty one in its place would hide it.
        """
        await self._in_thread(self._check if self._prepared else self._prepare)

    async def _repeated(
        self, call: Callable[[*_Arguments], _Result], *arguments: *_Arguments
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
        return await self._in_thread(call, *arguments)

    async def _in_thread(
        self, call: Callable[[*_Arguments], _Result], *arguments: *_Arguments
    ) -> _Result:
        return await asyncio.get_running_loop().run_in_executor(self._threads, call, *arguments)

    def _put_once(self, digest: str, data: bytes) -> None:
        try:
            version, _ = self._find(digest)
        except NotFound:
            version = self._put(digest, data)
        lock = self._lock_of(digest, version)
        if not lock.lasts(lock.now + LEAST_LOCK):
            self._lock(digest, version, lock.now + FIRST_LOCK)

    def _put(self, digest: str, data: bytes) -> str:
        with outcomes(digest):
            done = self._client.put_object(
                self._bucket,
                object_key(digest),
                BytesIO(data),
                len(data),
                # One PUT: whole or not at all, and a multipart upload may silently not be locked.
                part_size=max(MIN_PART_SIZE, len(data)),
            )
        return self._remember(digest, done.version_id)

    def _find(self, digest: str) -> tuple[str, bytes]:
        """Find the version whose bytes hash to the digest, under whatever was put above it."""
        kept = False
        for version in self._candidates(digest):
            try:
                content, found = self._read(digest, version)
            except NotFound:  # a delete marker above it, or discarded since it was listed
                continue
            kept = True
            if sha256(content).hexdigest() == digest:
                if version is not None:
                    _log.warning("vault.looked_past", digest=digest, version=version)
                return self._remember(digest, found), content
        if kept:
            raise IntegrityFailure(digest=digest)
        raise NotFound

    def _candidates(self, digest: str) -> Iterator[str | None]:
        yield None  # the newest: nearly always the only one, so nothing is listed
        for one in reversed(self._versions(digest)):  # the oldest is the one put first
            yield one.version_id

    def _get_range(self, digest: str, offset: int, length: int) -> bytes:
        version = self._located.get(digest)
        if version is not None:
            try:
                return self._read(digest, version, offset, length)[0]
            except NotFound:  # discarded, and perhaps put anew
                self._located.pop(digest, None)
        return self._read(digest, self._locate(digest), offset, length)[0]

    def _locate(self, digest: str) -> str:
        versions = self._versions(digest)
        if not versions:
            raise NotFound
        if len(versions) > 1:
            return self._find(digest)[0]
        return self._remember(digest, versions[0].version_id)

    def _read(
        self, digest: str, version: str | None, offset: int = 0, length: int = 0
    ) -> tuple[bytes, str | None]:
        """Read a version, the newest for None; a length of 0 means all. Gives its id too."""
        with outcomes(digest):
            answer = self._client.get_object(
                self._bucket, object_key(digest), offset, length, version_id=version
            )
            try:
                return answer.read(), answer.headers.get("x-amz-version-id")
            finally:
                answer.close()
                answer.release_conn()

    def _versions(self, digest: str) -> list[Object]:
        """List the versions of an object, the newest first, without delete markers."""
        key = object_key(digest)
        with outcomes(digest):
            found = self._client.list_objects(
                self._bucket, prefix=key, recursive=True, include_version=True
            )
            return [one for one in found if one.object_name == key and not one.is_delete_marker]

    def _remember(self, digest: str, version: str | None) -> str:
        if version is None:  # the bucket has stopped to keep versions
            _log.error("vault.unversioned", digest=digest)
            raise vault_unavailable()
        if len(self._located) >= LOCATED:
            self._located.clear()
        self._located[digest] = version
        return version

    def _lock_of(self, digest: str, version: str) -> Lock:
        with outcomes(digest):
            stat = self._client.stat_object(self._bucket, object_key(digest), version_id=version)
        return read_lock(stat.metadata or {})

    def _lock(self, digest: str, version: str, until: datetime) -> Lock:
        """Lock a version and believe only what the server then shows of it."""
        retention = Retention(COMPLIANCE, until)
        with outcomes(digest):
            self._client.set_object_retention(
                self._bucket, object_key(digest), retention, version_id=version
            )
        lock = self._lock_of(digest, version)
        if not lock.lasts(until):
            _log.error("vault.not_locked", digest=digest, version=version)
            raise vault_unavailable()
        return lock

    def _hold(self, digest: str, until: datetime) -> Held:
        version, _ = self._find(digest)
        lock = self._lock_of(digest, version)
        if not lock.lasts(until):
            lock = self._lock(digest, version, until)
        return Held(version=version, until=lock.until or until)

    def _discard(self, digest: str, before: datetime) -> bool:
        gone = True
        for one in self._versions(digest):
            version = str(one.version_id)
            young = one.last_modified is None or one.last_modified >= before
            if young or self._lock_of(digest, version).active:
                gone = False
                continue
            with outcomes(digest):
                # Refused when somebody has put the same bytes meanwhile: that renewed the lock.
                self._client.remove_object(self._bucket, object_key(digest), version_id=version)
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
