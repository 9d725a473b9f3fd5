"""The stores of a start: another database's vault, an S3 server's clock, keys that only read."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from minio import Minio
from pydantic import SecretStr

from app.db import Database, connect
from app.errors import StartRefused
from app.main import read_clock
from app.settings import Settings
from app.starting import MAX_SKEW, Start, require_fit
from app.vault import open_configured_vault, open_vault
from tests.s3 import S3Server
from tests.working import Repository


@pytest.fixture
async def start(repository: Repository, worker_database: Database, tmp_path: Path) -> Start:
    """A start of a worker over a repository that has accepted a package."""
    repository.start_worker()
    await asyncio.to_thread(repository.package)
    return Start(
        settings=Settings(home=tmp_path),
        databases={"hocba_worker": worker_database},
        vault=repository.vault,
        journal=repository.keys.journal,
        clock=read_clock,
        codes=repository.keys.codes,
    )


async def test_a_vault_that_is_not_this_databases_is_refused(start: Start, tmp_path: Path) -> None:
    await require_fit(start)
    other = open_vault((tmp_path / "another").as_uri())
    with pytest.raises(StartRefused, match=r"kho lưu không có gói tin [0-9a-f]{64} mà"):
        await require_fit(replace(start, vault=other))


async def test_keys_of_another_repository_are_refused(start: Start) -> None:
    with pytest.raises(StartRefused, match=r"codes\.key không phải khóa đã cấp mã"):
        await require_fit(replace(start, codes=b"k" * 32))
    with pytest.raises(StartRefused, match=r"journal\.key không đọc được nhật ký"):
        await require_fit(replace(start, journal=b"k" * 32))


@pytest.fixture
async def bucket(tmp_path: Path, database_url: str, s3_server: S3Server) -> AsyncIterator[Start]:
    """A start of a worker over S3."""
    settings = Settings(
        home=tmp_path,
        database_url=SecretStr(database_url),
        vault_url=s3_server.url(f"hoc-ba-{uuid4()}"),
        s3_access_key=SecretStr(s3_server.access_key),
        s3_secret_key=SecretStr(s3_server.secret_key),
    )
    database = connect(database_url, role="hocba_worker")
    yield Start(
        settings=settings,
        databases={"hocba_worker": database},
        vault=open_configured_vault(settings),
        journal=b"j" * 32,
        clock=read_clock,
    )
    await database.dispose()


@pytest.mark.xdist_group("s3")
async def test_a_clock_that_differs_from_the_s3_servers_is_refused_with_both_times(
    bucket: Start,
) -> None:
    await require_fit(bucket)
    theirs = read_clock()
    ahead = MAX_SKEW + timedelta(seconds=3)
    wrong = replace(bucket, databases={}, clock=lambda: read_clock() + ahead)
    with pytest.raises(StartRefused, match="lệch với máy chủ S3") as refused:
        await require_fit(wrong)
    assert f"{theirs:%Y-%m-%d %H:%M}" in str(refused.value)


@pytest.mark.xdist_group("s3")
async def test_keys_that_may_only_read_the_bucket_are_refused(
    bucket: Start, s3_server: S3Server
) -> None:
    await require_fit(bucket)  # also when an earlier start has left its probe
    name = bucket.settings.vault_location.rpartition("/")[2]
    client = Minio(
        s3_server.endpoint,
        access_key=s3_server.access_key,
        secret_key=s3_server.secret_key,
        secure=False,
    )
    resource = f"arn:aws:s3:::{name}/*"
    denial = (
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Principal": "*",'
        f' "Action": ["s3:PutObject", "s3:PutObjectRetention"], "Resource": "{resource}"}}]}}'
    )
    await asyncio.to_thread(client.set_bucket_policy, name, denial)
    with pytest.raises(StartRefused, match=r"không ghi được vào kho lưu \(AccessDenied\)"):
        # Some seconds later, as every next start is: locks are in whole seconds.
        await require_fit(replace(bucket, clock=lambda: read_clock() + timedelta(seconds=2)))
