"""Try to break the lock of one version in a bucket, with the service's own keys.

What the server answers is noted and not believed: an attempt was withstood when afterwards the
version reads as before under the same lock.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from io import BytesIO

from minio import Minio
from minio.commonconfig import COMPLIANCE, GOVERNANCE
from minio.deleteobjects import DeleteObject
from minio.error import S3Error
from minio.retention import Retention

from app.vault.bucket import FAULTS
from app.vault.lock import Lock, read_lock
from app.vault.vault import PROBE, PROBE_DIGEST, Attempt, Proof, object_key, vault_unavailable

_KEY = object_key(PROBE_DIGEST)


def prove_on_bucket(client: Minio, bucket: str, version: str, lock: Lock) -> tuple[Proof, ...]:
    """Make every attempt on the probe, one after the other.

    Args:
        client: speaks with the service's keys.
        bucket: the bucket in use.
        version: the probe's locked version.
        lock: its lock before all of them.

    Raises:
        Unavailable: the server cannot be reached, or fails.
    """
    shorter = Retention(COMPLIANCE, lock.now + timedelta(days=1))
    weaker = Retention(GOVERNANCE, lock.until or lock.now)
    doomed = DeleteObject(_KEY, version)
    attempts: dict[Attempt, Callable[[], object]] = {
        Attempt.OVERWRITE: lambda: client.put_object(bucket, _KEY, BytesIO(b"?"), 1),
        Attempt.HIDE: lambda: client.remove_object(bucket, _KEY),
        Attempt.DELETE: lambda: client.remove_object(bucket, _KEY, version_id=version),
        Attempt.DELETE_BYPASSING: lambda: [
            error.code
            for error in client.remove_objects(bucket, [doomed], bypass_governance_mode=True)
        ],
        Attempt.SHORTEN: lambda: client.set_object_retention(
            bucket, _KEY, shorter, version_id=version
        ),
        Attempt.WEAKEN: lambda: client.set_object_retention(
            bucket, _KEY, weaker, version_id=version
        ),
    }
    try:
        proofs = tuple(
            Proof(
                attempt=attempt,
                answer=_answer(act),
                withstood=_is_as_before(client, bucket, version, lock),
            )
            for attempt, act in attempts.items()
        )
        _tidy_up(client, bucket, version)
    except FAULTS as error:
        raise vault_unavailable() from error
    return proofs


def _answer(act: Callable[[], object]) -> str:
    try:
        refused = act()
    except S3Error as error:
        return str(error.code)
    return " ".join(map(str, refused)) if isinstance(refused, list) else ""


def _is_as_before(client: Minio, bucket: str, version: str, lock: Lock) -> bool:
    try:
        found = client.get_object(bucket, _KEY, version_id=version)
        try:
            content = found.read()
        finally:
            found.close()
            found.release_conn()
        stat = client.stat_object(bucket, _KEY, version_id=version)
    except S3Error:
        return False
    now = read_lock(stat.metadata or {})
    return content == PROBE and (now.mode, now.until) == (lock.mode, lock.until)


def _tidy_up(client: Minio, bucket: str, version: str) -> None:
    """Remove the marker, and what earlier proofs put above the probe as soon as its lock ends."""
    for one in list(client.list_objects(bucket, prefix=_KEY, include_version=True)):
        if one.version_id != version:
            with suppress(S3Error):
                client.remove_object(bucket, _KEY, version_id=one.version_id)
