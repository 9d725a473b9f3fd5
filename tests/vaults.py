"""Each kind of vault, with the ways of somebody who owns its storage."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from uuid import uuid4

from minio import Minio
from minio.objectlockconfig import ObjectLockConfig
from pydantic import SecretStr

from app.vault import Vault, open_vault
from app.vault.directory import DirectoryVault, open_directory
from app.vault.immutable import is_immutable, set_immutable
from app.vault.naming import note_key
from app.vault.vault import object_key
from tests.s3 import S3Server

KINDS = ("directory", "directory-without-unnamed-files", "s3")


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """A vault and its owner's ways.

    Attributes:
        overwrite: puts other bytes in the place of an object or a note.
        versions: the newest version of every object, and what tells it from another.
        put_unlocked: puts an object that no lock protects, last changed long ago where the owner
            can pretend that.
    """

    vault: Vault
    overwrite: Callable[[str, bytes], None]
    versions: Callable[[], dict[str, object]]
    put_unlocked: Callable[[str, bytes], None]


def key_of(name: str) -> str:
    return note_key(name) if "-" in name else object_key(name)


def folder_store(root: Path, *, unnamed_files: bool) -> Store:
    opened = open_directory(root)
    vault = DirectoryVault(root, unnamed_files=opened.unnamed_files and unnamed_files)

    def overwrite(digest: str, content: bytes) -> None:
        path = root / key_of(digest)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        path.write_bytes(content)

    def versions() -> dict[str, object]:
        files = [path for path in root.rglob("*") if path.is_file()]
        return {
            str(path.relative_to(root)): (path.stat().st_ino, path.stat().st_size) for path in files
        }

    def put_unlocked(digest: str, content: bytes) -> None:
        overwrite(digest, content)
        (root / object_key(digest)).chmod(0o400)
        os.utime(root / object_key(digest), (1, 1))

    return Store(vault=vault, overwrite=overwrite, versions=versions, put_unlocked=put_unlocked)


@contextmanager
def erasable(root: Path) -> Iterator[None]:
    """Take the immutable flag from every file at the end, so that the folder can be removed."""
    try:
        yield
    finally:
        for path in root.rglob("*"):
            if path.is_file():
                with path.open("rb") as file:
                    if is_immutable(file.fileno()):
                        set_immutable(file.fileno(), on=False)


def open_bucket(server: S3Server, bucket: str, secret_key: str | None = None) -> Vault:
    return open_vault(
        server.url(bucket),
        access_key=SecretStr(server.access_key),
        secret_key=SecretStr(secret_key or server.secret_key),
    )


def owner_of(server: S3Server) -> Minio:
    return Minio(
        server.endpoint, access_key=server.access_key, secret_key=server.secret_key, secure=False
    )


def put_without_lock(owner: Minio, bucket: str, digest: str, content: bytes) -> str:
    """Put an object while the bucket has no default retention; gives its version."""
    kept = owner.get_object_lock_config(bucket)
    owner.set_object_lock_config(bucket, ObjectLockConfig(None, None, None))
    done = owner.put_object(bucket, object_key(digest), BytesIO(content), len(content))
    owner.set_object_lock_config(bucket, kept)
    assert done.version_id is not None
    return done.version_id


def bucket_store(server: S3Server) -> Store:
    bucket = f"vault-{uuid4()}"
    owner = owner_of(server)

    def overwrite(digest: str, content: bytes) -> None:
        owner.put_object(bucket, key_of(digest), BytesIO(content), len(content))

    def versions() -> dict[str, object]:
        found = owner.list_objects(bucket, recursive=True)
        return {str(one.object_name): one.version_id for one in found}

    def put_unlocked(digest: str, content: bytes) -> None:
        put_without_lock(owner, bucket, digest, content)

    return Store(
        vault=open_bucket(server, bucket),
        overwrite=overwrite,
        versions=versions,
        put_unlocked=put_unlocked,
    )
