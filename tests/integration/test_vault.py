"""What every vault promises, tried on each kind: two folders and a real S3 server."""

import asyncio
from hashlib import sha256
from io import BytesIO
from uuid import uuid4

import pytest

from app.errors import IntegrityFailure, NotFound, StartRefused, Unavailable
from tests.s3 import S3Server
from tests.vaults import Store, open_bucket, owner_of

CONTENT = "Học bạ của Nguyễn Văn Mẫu".encode() * 1000
DIGEST = sha256(CONTENT).hexdigest()


async def test_what_was_put_comes_back_byte_for_byte(store: Store) -> None:
    await store.vault.put_once(DIGEST, BytesIO(CONTENT))
    assert await store.vault.get(DIGEST) == CONTENT
    assert list(store.versions()) == [f"sha256/{DIGEST[:2]}/{DIGEST[2:4]}/{DIGEST}"]


async def test_content_is_taken_from_where_it_stands(store: Store) -> None:
    content = BytesIO(b"read before" + CONTENT)
    content.seek(len(b"read before"))
    await store.vault.put_once(DIGEST, content)
    assert await store.vault.get(DIGEST) == CONTENT


async def test_an_object_larger_than_any_part_is_kept_whole(store: Store) -> None:
    content = bytes(range(256)) * 4096 * 12  # 12 MiB: more than twice the smallest part of S3
    digest = sha256(content).hexdigest()
    await store.vault.put_once(digest, BytesIO(content))
    assert await store.vault.get(digest) == content


async def test_an_empty_object_is_an_object(store: Store) -> None:
    digest = sha256(b"").hexdigest()
    await store.vault.put_once(digest, BytesIO())
    assert await store.vault.get(digest) == b""


async def test_putting_again_succeeds_and_writes_nothing(store: Store) -> None:
    await store.vault.put_once(DIGEST, BytesIO(CONTENT))
    before = store.versions()
    await store.vault.put_once(DIGEST, BytesIO(CONTENT))
    assert store.versions() == before


async def test_concurrent_puts_of_one_object_all_succeed(store: Store) -> None:
    await asyncio.gather(*(store.vault.put_once(DIGEST, BytesIO(CONTENT)) for _ in range(16)))
    assert await store.vault.get(DIGEST) == CONTENT
    assert len(store.versions()) == 1


async def test_content_of_another_digest_is_refused_and_not_kept(store: Store) -> None:
    with pytest.raises(IntegrityFailure) as refusal:
        await store.vault.put_once(DIGEST, BytesIO(CONTENT[:-1]))
    assert refusal.value.digest == DIGEST
    assert store.versions() == {}


async def test_content_of_another_digest_is_refused_beside_the_right_object(store: Store) -> None:
    await store.vault.put_once(DIGEST, BytesIO(CONTENT))
    with pytest.raises(IntegrityFailure):
        await store.vault.put_once(DIGEST, BytesIO(b"other"))
    assert await store.vault.get(DIGEST) == CONTENT


@pytest.mark.parametrize("damaged", [b"", CONTENT[:-1], CONTENT + b" ", CONTENT[:-1] + b"\0"])
async def test_a_damaged_object_is_noticed_by_get(store: Store, damaged: bytes) -> None:
    store.overwrite(DIGEST, damaged)
    with pytest.raises(IntegrityFailure) as incident:
        await store.vault.get(DIGEST)
    assert incident.value.digest == DIGEST


async def test_a_damaged_object_is_noticed_by_put_and_left_as_evidence(store: Store) -> None:
    store.overwrite(DIGEST, CONTENT[:-1])
    before = store.versions()
    with pytest.raises(IntegrityFailure):
        await store.vault.put_once(DIGEST, BytesIO(CONTENT))
    assert store.versions() == before


@pytest.mark.parametrize(
    ("offset", "length"),
    [(0, 1), (7, 100), (0, len(CONTENT)), (len(CONTENT) - 1, 1), (len(CONTENT) // 2, 5000)],
)
async def test_a_range_holds_exactly_its_bytes(store: Store, offset: int, length: int) -> None:
    await store.vault.put_once(DIGEST, BytesIO(CONTENT))
    assert await store.vault.get_range(DIGEST, offset, length) == CONTENT[offset : offset + length]


@pytest.mark.parametrize(
    ("offset", "length"), [(0, len(CONTENT) + 1), (len(CONTENT) - 1, 2), (len(CONTENT), 1)]
)
async def test_a_range_beyond_the_end_means_a_damaged_object(
    store: Store, offset: int, length: int
) -> None:
    await store.vault.put_once(DIGEST, BytesIO(CONTENT))
    with pytest.raises(IntegrityFailure):
        await store.vault.get_range(DIGEST, offset, length)


@pytest.mark.parametrize(("offset", "length"), [(-1, 1), (0, 0), (0, -1)])
async def test_a_range_without_bytes_is_a_mistake_of_the_caller(
    store: Store, offset: int, length: int
) -> None:
    with pytest.raises(ValueError, match="a range"):
        await store.vault.get_range(DIGEST, offset, length)


async def test_an_unknown_digest_is_not_found(store: Store) -> None:
    with pytest.raises(NotFound):
        await store.vault.get(DIGEST)
    with pytest.raises(NotFound):
        await store.vault.get_range(DIGEST, 0, 1)


@pytest.mark.parametrize(
    "digest",
    ["", DIGEST.upper(), DIGEST[:-1], DIGEST + "0", DIGEST + "\n", "../" * 10 + DIGEST[:34]],
)
async def test_what_is_no_digest_never_reaches_the_store(store: Store, digest: str) -> None:
    with pytest.raises(ValueError, match="a digest"):
        await store.vault.get(digest)
    with pytest.raises(ValueError, match="a digest"):
        await store.vault.get_range(digest, 0, 1)
    with pytest.raises(ValueError, match="a digest"):
        await store.vault.put_once(digest, BytesIO(CONTENT))
    assert store.versions() == {}


async def test_a_vault_in_use_passes_its_check_again(store: Store) -> None:
    await store.vault.put_once(DIGEST, BytesIO(CONTENT))
    await store.vault.check()
    assert await store.vault.get(DIGEST) == CONTENT


@pytest.mark.xdist_group("s3")
async def test_processes_that_start_together_make_one_bucket(s3_server: S3Server) -> None:
    bucket = f"vault-{uuid4()}"
    vaults = [open_bucket(s3_server, bucket) for _ in range(4)]
    await asyncio.gather(*(vault.check() for vault in vaults))
    await vaults[0].put_once(DIGEST, BytesIO(CONTENT))
    assert await vaults[1].get(DIGEST) == CONTENT


@pytest.mark.xdist_group("s3")
async def test_a_bucket_that_vanishes_is_an_outage_and_is_not_made_anew(
    s3_server: S3Server,
) -> None:
    bucket = f"vault-{uuid4()}"
    vault = open_bucket(s3_server, bucket)
    await vault.check()
    owner_of(s3_server).remove_bucket(bucket)
    for _ in range(2):
        with pytest.raises(Unavailable):
            await vault.check()
    with pytest.raises(Unavailable):
        await vault.get(DIGEST)
    with pytest.raises(Unavailable):
        await vault.put_once(DIGEST, BytesIO(CONTENT))


@pytest.mark.xdist_group("s3")
async def test_a_wrong_key_refuses_the_start_and_answers_nothing(s3_server: S3Server) -> None:
    bucket = f"vault-{uuid4()}"
    right = open_bucket(s3_server, bucket)
    await right.check()
    await right.put_once(DIGEST, BytesIO(CONTENT))
    wrong = open_bucket(s3_server, bucket, secret_key=s3_server.secret_key[::-1])
    with pytest.raises(StartRefused, match=f"kho chứa {bucket}: SignatureDoesNotMatch"):
        await wrong.check()
    with pytest.raises(Unavailable):
        await wrong.get(DIGEST)
