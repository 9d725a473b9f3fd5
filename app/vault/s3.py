"""Keep objects in an S3 bucket, through the `minio` SDK in threads of its own.

Two writers of one object both put it: the SDK's `put_object` offers no condition, servers differ in
honouring one, and the key is the hash of the content, so the second write changes nothing. The
server itself checks what arrives, by the signed SHA-256 (http) or Content-MD5 (https).

The keys need the rights to list the bucket and to get and put its objects; without the first, S3
answers 403 for an object that is merely absent.
"""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from io import BytesIO
from typing import BinaryIO, TypeVar, TypeVarTuple

from minio import Minio
from minio.error import MinioException, S3Error
from minio.helpers import MIN_PART_SIZE, check_bucket_name
from urllib3 import PoolManager, Retry, Timeout
from urllib3.exceptions import HTTPError

from app.errors import IntegrityFailure, NotFound, StartRefused
from app.vault.vault import object_key, require_digest, require_range, vault_unavailable

THREADS = 8
"""Calls under way at once in a process. They are threads of the vault's own, so that a server which
hangs holds up no other work."""

CONNECT_SECONDS = 3
"""Wait for a connection: a server in the same network answers in milliseconds."""

READ_SECONDS = 20
"""Wait for the next byte: long enough for a server that recovers, short enough for a client."""

RETRIES = Retry(
    total=2,
    connect=1,
    read=1,
    redirect=0,
    backoff_factor=0.2,
    status_forcelist=(429, 500, 502, 503, 504),
    respect_retry_after_header=False,
)
"""Every call is repeatable, so a hiccup is tried again at once; what lasts longer is the worker's
business. No redirects (the keys belong to one server) and no sleeping for as long as it asks."""

_FAULTS = (MinioException, HTTPError, SyntaxError, UnicodeError)
"""What a failed call raises: answers, transport, and the SDK's parser over an answer that is no S3
(`ParseError` is a `SyntaxError`)."""

_Arguments = TypeVarTuple("_Arguments")
_Result = TypeVar("_Result")


class S3Vault:
    """The vault in a bucket."""

    def __init__(self, client: Minio, bucket: str) -> None:
        self._client = client
        self._bucket = bucket
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="vault")
        self._prepared = False

    async def put_once(self, digest: str, content: BinaryIO) -> None:
        """Make the bytes durable under their digest."""
        await self._in_thread(self._put_once, digest, content)

    async def get(self, digest: str) -> bytes:
        """Read a whole object, proven to hash to its digest."""
        return await self._in_thread(self._get, digest)

    async def get_range(self, digest: str, offset: int, length: int) -> bytes:
        """Read exactly `length` bytes from `offset`."""
        require_range(offset, length)
        content = await self._in_thread(self._read, digest, offset, length)
        if len(content) != length:
            raise IntegrityFailure(digest=digest)
        return content

    async def check(self) -> None:
        """Prove that the bucket can be used.

        Only the first call makes an absent bucket: one that vanishes later is an outage, and an
        empty one in its place would hide it.
        """
        await self._in_thread(self._check if self._prepared else self._prepare)

    async def _in_thread(
        self, call: Callable[[*_Arguments], _Result], *arguments: *_Arguments
    ) -> _Result:
        return await asyncio.get_running_loop().run_in_executor(self._threads, call, *arguments)

    def _put_once(self, digest: str, content: BinaryIO) -> None:
        key = object_key(digest)
        data = content.read()
        require_digest(digest, data)
        try:
            self._get(digest)
        except NotFound:
            with _outcomes(digest):
                self._client.put_object(
                    self._bucket,
                    key,
                    BytesIO(data),
                    len(data),
                    part_size=max(MIN_PART_SIZE, len(data)),  # one PUT: whole or not at all
                )

    def _get(self, digest: str) -> bytes:
        content = self._read(digest, 0, 0)
        require_digest(digest, content)
        return content

    def _read(self, digest: str, offset: int, length: int) -> bytes:
        with _outcomes(digest):
            # To the SDK a length of 0 means the whole object.
            answer = self._client.get_object(self._bucket, object_key(digest), offset, length)
            try:
                return answer.read()
            finally:
                answer.close()
                answer.release_conn()

    def _prepare(self) -> None:
        try:
            if not self._client.bucket_exists(self._bucket):
                self._client.make_bucket(self._bucket)
        except S3Error as error:
            # The two codes mean that another process of ours is making it at this moment.
            if error.code not in {"BucketAlreadyOwnedByYou", "OperationAborted"}:
                raise StartRefused(
                    f"máy chủ S3 từ chối bucket {self._bucket} với khóa của kho: {error.code}"
                ) from error
        except _FAULTS as error:
            raise vault_unavailable() from error
        self._prepared = True

    def _check(self) -> None:
        try:
            found = self._client.bucket_exists(self._bucket)
        except _FAULTS as error:
            raise vault_unavailable() from error
        if not found:
            raise vault_unavailable()


def open_bucket(
    endpoint: str, bucket: str, *, secure: bool, access_key: str, secret_key: str
) -> S3Vault:
    """Open the vault in a bucket; nothing is sent until the first call.

    Args:
        endpoint: host and port of the server.
        bucket: name of the bucket, which the first `check` makes when it is absent.
        secure: TLS, with the authorities that the system trusts.
        access_key: name of the key.
        secret_key: the key.

    Raises:
        StartRefused: the endpoint or the name of the bucket is malformed.
    """
    if not endpoint or endpoint.startswith(":"):  # the SDK takes both
        raise StartRefused("địa chỉ kho lưu sai dạng: không nêu tên máy chủ")
    transport = PoolManager(
        timeout=Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS),
        retries=RETRIES,
        maxsize=THREADS,
        cert_reqs="CERT_REQUIRED",
    )
    try:
        check_bucket_name(bucket, strict=True)
        client = Minio(
            endpoint,
            access_key=access_key,
            secret_key=secret_key,
            secure=secure,
            http_client=transport,
        )
    except ValueError as error:
        raise StartRefused(f"địa chỉ kho lưu sai dạng: {error}") from error
    return S3Vault(client, bucket)


@contextmanager
def _outcomes(digest: str) -> Iterator[None]:
    try:
        yield
    except S3Error as error:
        match error.code:
            case "NoSuchKey":
                raise NotFound from error
            case "InvalidRange":
                raise IntegrityFailure(digest=digest) from error
            case _:
                raise vault_unavailable() from error
    except _FAULTS as error:
        raise vault_unavailable() from error
