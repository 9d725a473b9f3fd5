"""The way to a bucket and what it must be: versioned, with Object Lock and a default retention.

A bucket that lacks one of these takes every object and keeps none of them for certain, so the
process does not start with it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from minio import Minio
from minio.commonconfig import COMPLIANCE, ENABLED
from minio.error import MinioException, S3Error
from minio.helpers import check_bucket_name
from minio.objectlockconfig import DAYS, ObjectLockConfig
from urllib3 import PoolManager, Retry, Timeout
from urllib3.exceptions import HTTPError

from app.errors import IntegrityFailure, NotFound, StartRefused
from app.vault.vault import FIRST_LOCK, vault_unavailable

THREADS = 8
"""Calls under way at once in a process. They are threads of the vault's own, so that a server which
hangs holds up no other work."""

CONNECT_SECONDS = 3
"""Wait for a connection: a server in the same network answers in milliseconds."""

READ_SECONDS = 20
"""Wait for the next byte: long enough for a server that recovers, short enough for a client."""

NO_RETRIES = Retry(total=0, redirect=0, respect_retry_after_header=False)
"""The transport repeats nothing: a PUT that it repeats blindly is a second version. The vault
repeats whole steps, which look first. No redirects: the keys belong to one server."""

FAULTS = (MinioException, HTTPError, SyntaxError, UnicodeError)
"""What a failed call raises: answers, transport, and the SDK's parser over an answer that is no S3
(`ParseError` is a `SyntaxError`)."""

_MADE_ELSEWHERE = {"BucketAlreadyOwnedByYou", "OperationAborted"}
"""Another process of ours is making the bucket at this moment."""

_LOCK_ABSENT = "ObjectLockConfigurationNotFoundError"


def open_client(
    endpoint: str, *, secure: bool, keys: tuple[str, str], ca_file: Path | None, region: str | None
) -> Minio:
    """Make a client of a server; nothing is sent until the first call.

    Args:
        endpoint: host and port of the server.
        secure: TLS; without it only a server on this machine is spoken to.
        keys: the name of the key and the key.
        ca_file: PEM file of the authorities to trust for it; None trusts the system's.
        region: the bucket's region; None asks the server.

    Raises:
        StartRefused: the endpoint is malformed, sends records in the clear, or the file of
            authorities cannot be read.
    """
    if not endpoint or endpoint.startswith(":"):  # the SDK takes both
        raise StartRefused("địa chỉ kho lưu (HOCBA_VAULT_URL) sai: không có tên máy chủ")
    if not secure and not _is_loopback(endpoint):
        raise StartRefused(
            "kho lưu ở máy khác phải dùng TLS: HOCBA_VAULT_URL bắt đầu bằng s3+https://"
        )
    if ca_file is not None and not ca_file.is_file():
        raise StartRefused(f"không đọc được tệp chứng thư HOCBA_S3_CA_FILE: {ca_file}")
    transport = PoolManager(
        timeout=Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS),
        retries=NO_RETRIES,
        maxsize=THREADS,
        cert_reqs="CERT_REQUIRED",
        ca_certs=None if ca_file is None else str(ca_file),
    )
    access_key, secret_key = keys
    try:
        return Minio(
            endpoint,
            access_key=access_key,
            secret_key=secret_key,
            secure=secure,
            region=region,
            http_client=transport,
        )
    except ValueError as error:
        raise StartRefused(f"địa chỉ kho lưu (HOCBA_VAULT_URL) sai: {error}") from error


def require_name(bucket: str) -> None:
    """Refuse what cannot be a bucket's name.

    Raises:
        StartRefused: it cannot.
    """
    try:
        check_bucket_name(bucket, strict=True)
    except ValueError as error:
        raise StartRefused(f"địa chỉ kho lưu (HOCBA_VAULT_URL) sai: {error}") from error


def prepare_bucket(client: Minio, bucket: str) -> None:
    """Make an absent bucket and require of a present one that it locks what it keeps.

    Several processes may do this at once. A bucket that is still empty and has Object Lock but no
    default retention is one in the making, so it gets ours.

    Raises:
        StartRefused: the keys are refused, or the bucket lacks versioning, Object Lock or a
            default retention in COMPLIANCE mode.
        Unavailable: the server cannot be reached, or fails.
    """
    try:
        if not client.bucket_exists(bucket):
            _make(client, bucket)
        _require_locks(client, bucket)
    except S3Error as error:
        if error.response.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise vault_unavailable() from error
        raise StartRefused(
            f"máy chủ S3 từ chối khóa truy cập của dịch vụ với kho chứa {bucket}: {error.code}"
        ) from error
    except FAULTS as error:
        raise vault_unavailable() from error


def _make(client: Minio, bucket: str) -> None:
    try:
        client.make_bucket(bucket, object_lock=True)
    except S3Error as error:
        if error.code not in _MADE_ELSEWHERE:
            raise


def _require_locks(client: Minio, bucket: str) -> None:
    if client.get_bucket_versioning(bucket).status != ENABLED:
        raise StartRefused(f"kho chứa {bucket} không lưu phiên bản: hãy bật versioning")
    try:
        found = client.get_object_lock_config(bucket)
    except S3Error as error:
        if error.code != _LOCK_ABSENT:
            raise
        raise StartRefused(
            f"kho chứa {bucket} không có Object Lock: hãy tạo kho chứa mới có Object Lock"
        ) from error
    if found.mode is None and not any(client.list_objects(bucket, include_version=True)):
        client.set_object_lock_config(bucket, ObjectLockConfig(COMPLIANCE, FIRST_LOCK.days, DAYS))
    elif client.get_object_lock_config(bucket).mode != COMPLIANCE:  # perhaps set meanwhile
        raise StartRefused(
            f"kho chứa {bucket} không có thời hạn khóa mặc định ở chế độ COMPLIANCE:"
            f" hãy đặt {FIRST_LOCK.days} ngày"
        )


@contextmanager
def outcomes(digest: str) -> Iterator[None]:
    """Name what a failed call on an object means for whoever asked.

    Raises:
        NotFound: there is no such object or version.
        IntegrityFailure: the object ends before the range begins.
        Unavailable: anything else.
    """
    try:
        yield
    except S3Error as error:
        match error.code:
            case "NoSuchKey" | "NoSuchVersion":
                raise NotFound from error
            case "InvalidRange":
                raise IntegrityFailure(digest=digest) from error
            case _:
                raise vault_unavailable() from error
    except FAULTS as error:
        raise vault_unavailable() from error


def _is_loopback(endpoint: str) -> bool:
    try:
        host = urlsplit(f"//{endpoint}").hostname or ""
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
