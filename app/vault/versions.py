"""The versions of each key in a bucket, asked for one blocking call at a time.

A lock belongs to a version: whoever has keys can still put a newer version above it or a delete
marker. So a key is read by the version whose bytes hash to the digest that it ends with, and what
lies above it is looked past.
"""

from collections.abc import Iterator
from datetime import datetime
from hashlib import sha256
from io import BytesIO
from itertools import groupby

import structlog
from minio import Minio
from minio.commonconfig import COMPLIANCE
from minio.datatypes import Object
from minio.helpers import MIN_PART_SIZE
from minio.retention import Retention

from app.errors import IntegrityFailure, NotFound
from app.vault.bucket import outcomes
from app.vault.lock import Lock, read_lock
from app.vault.naming import digest_in, key_is_whole
from app.vault.vault import vault_unavailable

LOCATED = 65_536
"""Keys whose version is remembered, 15 MB: a day's verifications ask for fewer."""

_log = structlog.get_logger(__name__)


class Versions:
    """What a bucket keeps; every call blocks.

    Every method raises `NotFound`, `IntegrityFailure` and `Unavailable` as `outcomes` names them.
    """

    def __init__(self, client: Minio, bucket: str) -> None:
        self._client = client
        self._bucket = bucket
        self._located: dict[str, str] = {}

    def put(self, key: str, data: bytes, *, until: datetime | None = None) -> str:
        """Put a version, locked until a moment or for the bucket's default, and give its id."""
        retention = None if until is None else Retention(COMPLIANCE, until)
        with outcomes(digest_in(key)):
            done = self._client.put_object(
                self._bucket,
                key,
                BytesIO(data),
                len(data),
                # One PUT: whole or not at all, and a multipart upload may silently not be locked.
                part_size=max(MIN_PART_SIZE, len(data)),
                retention=retention,
            )
        return self._remember(key, done.version_id)

    def find(self, key: str) -> tuple[str, bytes]:
        """Find the version whose bytes hash to the digest, under whatever was put above it."""
        kept = False
        for version in self._candidates(key):
            try:
                content, found = self.read(key, version)
            except NotFound:  # a delete marker above it, or discarded since it was listed
                continue
            kept = True
            if sha256(content).hexdigest() == digest_in(key):
                if version is not None:
                    _log.warning("vault.looked_past", digest=digest_in(key), version=version)
                return self._remember(key, found), content
        if kept:
            raise IntegrityFailure(digest=digest_in(key))
        raise NotFound

    def _candidates(self, key: str) -> Iterator[str | None]:
        yield None  # the newest: nearly always the only one, so nothing is listed
        for one in reversed(self.listed(key)):  # the oldest is the one put first
            yield one.version_id

    def located(self, key: str) -> str | None:
        """Give the right version as far as it is known."""
        return self._located.get(key)

    def forget(self, key: str) -> None:
        """Know no version of a key any more."""
        self._located.pop(key, None)

    def locate(self, key: str) -> str:
        """Find the right version; reads only to choose between several."""
        versions = self.listed(key)
        if not versions:
            raise NotFound
        if len(versions) > 1:
            return self.find(key)[0]
        return self._remember(key, versions[0].version_id)

    def read(
        self, key: str, version: str | None, offset: int = 0, length: int = 0
    ) -> tuple[bytes, str | None]:
        """Read a version, the newest for None; a length of 0 means all. Gives its id too."""
        with outcomes(digest_in(key)):
            answer = self._client.get_object(self._bucket, key, offset, length, version_id=version)
            try:
                return answer.read(), answer.headers.get("x-amz-version-id")
            finally:
                answer.close()
                answer.release_conn()

    def listed(self, key: str) -> list[Object]:
        """List the versions of a key, the newest first, without delete markers."""
        with outcomes(digest_in(key)):
            found = self._client.list_objects(
                self._bucket, prefix=key, recursive=True, include_version=True
            )
            return [one for one in found if one.object_name == key and not one.is_delete_marker]

    def survey(self, prefix: str, after: str) -> Iterator[Object]:
        """List the keys of our objects below a prefix, each by the version that was put first.

        Of a key that lies under a delete marker too: only all versions together show it. What is
        no key of ours is passed over.

        Args:
            prefix: the beginning of the keys.
            after: the key to go on after; empty begins.
        """
        with outcomes(""):
            found = self._client.list_objects(
                self._bucket,
                prefix=prefix,
                recursive=True,
                start_after=after,
                include_version=True,
            )
            for key, versions in groupby(found, key=lambda one: str(one.object_name)):
                kept = [one for one in versions if not one.is_delete_marker]
                if kept and key > after and key_is_whole(key):
                    yield kept[-1]

    def lock_of(self, key: str, version: str) -> Lock:
        """Ask for a version's lock."""
        return self.stat(key, version)[0]

    def stat(self, key: str, version: str) -> tuple[Lock, int]:
        """Ask for a version's lock and its size in bytes."""
        with outcomes(digest_in(key)):
            stat = self._client.stat_object(self._bucket, key, version_id=version)
        return read_lock(stat.metadata or {}), stat.size or 0

    def lock(self, key: str, version: str, until: datetime) -> Lock:
        """Lock a version and believe only what the server then shows of it."""
        with outcomes(digest_in(key)):
            self._client.set_object_retention(
                self._bucket, key, Retention(COMPLIANCE, until), version_id=version
            )
        lock = self.lock_of(key, version)
        if not lock.lasts(until):
            _log.error("vault.not_locked", digest=digest_in(key), version=version)
            raise vault_unavailable()
        return lock

    def remove(self, key: str, version: str) -> None:
        """Remove a version; refused while it is locked."""
        with outcomes(digest_in(key)):
            self._client.remove_object(self._bucket, key, version_id=version)

    def _remember(self, key: str, version: str | None) -> str:
        if version is None:  # the bucket has stopped to keep versions
            _log.error("vault.unversioned", digest=digest_in(key))
            raise vault_unavailable()
        if len(self._located) >= LOCATED:
            self._located.clear()
        self._located[key] = version
        return version
