"""Notes of the journal and the listings of all objects: the same on each kind of vault."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from uuid import uuid4

import pytest
from minio.deleteobjects import DeleteObject
from minio.error import S3Error
from minio.objectlockconfig import ObjectLockConfig
from structlog.testing import capture_logs

from app.errors import IntegrityFailure, NotFound, Unavailable
from app.main import read_clock
from app.vault.directory import DirectoryVault, open_directory
from app.vault.immutable import is_immutable
from app.vault.lock import LAST_MOMENT, read_lock
from app.vault.naming import note_key, note_name
from app.vault.s3 import S3Vault
from app.vault.vault import FIRST_LOCK, object_key
from tests.relay import relaying
from tests.s3 import S3Server
from tests.vaults import Store, erasable, open_bucket, owner_of

CONTENT = "Biên bản của gói tin mẫu".encode() * 20
NAME = note_name(41, CONTENT)
FAR = read_clock() + timedelta(days=400)


async def put_originals(store: Store, number: int) -> list[str]:
    contents = [f"học bạ mẫu {one}".encode() for one in range(number)]
    digests = [sha256(content).hexdigest() for content in contents]
    await asyncio.gather(
        *(
            store.vault.put_once(digest, BytesIO(content))
            for digest, content in zip(digests, contents, strict=True)
        )
    )
    return sorted(digests)


async def test_a_note_comes_back_byte_for_byte(store: Store) -> None:
    await store.vault.note(NAME, CONTENT, until=FAR)
    assert await store.vault.read_note(NAME) == CONTENT
    assert list(store.versions()) == [f"journal/000000000000/{NAME}"]


async def test_a_note_put_again_changes_nothing(store: Store) -> None:
    await store.vault.note(NAME, CONTENT, until=FAR)
    before = await store.vault.notes()
    await asyncio.gather(*(store.vault.note(NAME, CONTENT, until=FAR) for _ in range(4)))
    assert await store.vault.notes() == before == (NAME,)
    assert await store.vault.read_note(NAME) == CONTENT


async def test_other_bytes_under_a_notes_name_are_refused(store: Store) -> None:
    with pytest.raises(IntegrityFailure):
        await store.vault.note(NAME, CONTENT + b" ", until=FAR)
    assert await store.vault.notes() == ()


async def test_a_damaged_note_is_noticed(store: Store) -> None:
    store.overwrite(NAME, CONTENT[:-1])
    with pytest.raises(IntegrityFailure):
        await store.vault.read_note(NAME)


async def test_a_note_that_is_not_there_is_not_found(store: Store) -> None:
    with pytest.raises(NotFound):
        await store.vault.read_note(NAME)


@pytest.mark.parametrize("name", ["", "41", NAME.upper(), NAME[1:], "../" + NAME, NAME + "\n"])
async def test_what_is_no_notes_name_never_reaches_the_store(store: Store, name: str) -> None:
    with pytest.raises(ValueError, match="a note's name"):
        await store.vault.note(name, CONTENT, until=FAR)
    with pytest.raises(ValueError, match="a note's name"):
        await store.vault.read_note(name)
    assert store.versions() == {}


async def test_notes_are_listed_in_their_order_page_by_page(store: Store) -> None:
    orders = [3, 9_999, 10_000, 20_001, 20_002, 1_000_000]
    names = [note_name(order, CONTENT) for order in orders]
    for name in reversed(names):
        await store.vault.note(name, CONTENT, until=FAR)
    assert await store.vault.notes() == tuple(names)
    pages, after = [], ""
    while page := await store.vault.notes(after=after, limit=2):
        pages.append(page)
        after = page[-1]
    assert pages == [tuple(names[at : at + 2]) for at in (0, 2, 4)]
    assert await store.vault.survey() == ()


async def test_originals_are_surveyed_in_digest_order_page_by_page(store: Store) -> None:
    digests = await put_originals(store, 7)
    await store.vault.note(NAME, CONTENT, until=FAR)
    listed = await store.vault.survey()
    assert [one.digest for one in listed] == digests
    assert {one.size for one in listed} == {len("học bạ mẫu 0".encode())}
    assert all(abs(read_clock() - one.put_at) < timedelta(minutes=1) for one in listed)
    pages, after = [], ""
    while page := await store.vault.survey(after=after, limit=3):
        pages += [[one.digest for one in page]]
        after = page[-1].digest
    assert pages == [digests[:3], digests[3:6], digests[6:]]


async def test_a_survey_goes_on_after_a_digest_that_is_not_there(store: Store) -> None:
    digests = await put_originals(store, 7)
    for after in ("0" * 64, digests[2][:4] + "f" * 60, "f" * 64):
        found = [one.digest for one in await store.vault.survey(after=after)]
        assert found == [one for one in digests if one > after]


async def test_what_lies_beside_the_objects_is_passed_over(store: Store) -> None:
    (digest,) = await put_originals(store, 1)
    await store.vault.note(NAME, CONTENT, until=FAR)
    if isinstance(store.vault, DirectoryVault):
        for key in (object_key(digest), note_key(NAME)):
            path = store.vault.root / key
            path.with_name("ghi-chu.txt").write_bytes(b"")
            path.with_name(path.name + "0").write_bytes(b"")
            (store.vault.root / key.partition("/")[0] / path.name).write_bytes(b"")
    assert [one.digest for one in await store.vault.survey()] == [digest]
    assert await store.vault.notes() == (NAME,)


async def test_an_object_stands_as_it_was_put_and_then_held(store: Store) -> None:
    await put_originals(store, 2)
    digest = sha256(CONTENT).hexdigest()
    with pytest.raises(NotFound):
        await store.vault.standing(digest)
    await store.vault.put_once(digest, BytesIO(CONTENT))
    before = await store.vault.standing(digest)
    held = await store.vault.hold(digest, FAR)
    after = await store.vault.standing(digest)
    assert (before.size, after.size) == (len(CONTENT), len(CONTENT))
    assert after.held
    assert after.version == held.version
    if isinstance(store.vault, DirectoryVault):
        assert before.held is False
        assert after.locked_until is None
    else:
        assert after.locked_until == held.until
        assert before.locked_until is not None
        assert before.locked_until < read_clock() + FIRST_LOCK + timedelta(minutes=5)


async def test_a_note_is_not_touched_by_discarding(store: Store) -> None:
    await store.vault.note(NAME, CONTENT, until=FAR)
    assert await store.vault.discard(sha256(CONTENT).hexdigest(), before=FAR) is True
    assert await store.vault.read_note(NAME) == CONTENT


async def test_a_volume_that_is_gone_has_no_listings(tmp_path: Path) -> None:
    vault = open_directory(tmp_path)
    for name in ("sha256", "journal", "incoming"):
        (tmp_path / name).rename(tmp_path / f"{name}-unmounted")
    for ask in (vault.survey(), vault.notes(), vault.standing("0" * 64)):
        with pytest.raises(Unavailable):
            await ask
    with pytest.raises(Unavailable):
        await vault.note(NAME, CONTENT, until=FAR)
    assert not (tmp_path / note_key(NAME)).exists()


async def test_a_note_in_a_folder_is_held_from_the_start(tmp_path: Path) -> None:
    with erasable(tmp_path):
        vault = open_directory(tmp_path, immutable=True)
        for _ in range(2):
            await vault.note(NAME, CONTENT, until=FAR)
        path = tmp_path / note_key(NAME)
        assert path.stat().st_mode & 0o777 == 0o444
        with path.open("rb") as file:
            assert is_immutable(file.fileno()) is vault.immutable


@pytest.mark.xdist_group("s3")
async def test_a_note_in_a_bucket_costs_one_put_and_one_look(s3_server: S3Server) -> None:
    bucket = f"vault-{uuid4()}"
    async with relaying(s3_server.endpoint) as relay:
        vault = open_bucket(_over(relay.address, s3_server), bucket)
        await vault.check()
        relay.requests.clear()
        await vault.note(NAME, CONTENT, until=FAR)
        assert relay.requests == ["PUT", "HEAD"]
    (version,) = owner_of(s3_server).list_objects(bucket, recursive=True, include_version=True)
    stat = owner_of(s3_server).stat_object(bucket, note_key(NAME), version_id=version.version_id)
    assert read_lock(stat.metadata or {}).lasts(FAR.replace(microsecond=0))
    doomed = [DeleteObject(note_key(NAME), version.version_id)]
    refused = owner_of(s3_server).remove_objects(bucket, doomed, bypass_governance_mode=True)
    assert [error.code for error in refused] == ["AccessDenied"]


@pytest.mark.xdist_group("s3")
@pytest.mark.parametrize("request_line", [b"PUT /", b"HEAD /"])
async def test_a_note_whose_answer_is_lost_is_not_put_twice(
    s3_server: S3Server, request_line: bytes
) -> None:
    bucket = f"vault-{uuid4()}"
    async with relaying(s3_server.endpoint) as relay:
        vault = open_bucket(_over(relay.address, s3_server), bucket)
        await vault.check()
        relay.lose_answers_to.append(request_line)
        await vault.note(NAME, CONTENT, until=FAR)
        assert relay.lose_answers_to == []
    found = owner_of(s3_server).list_objects(bucket, recursive=True, include_version=True)
    assert len(list(found)) == 1


@pytest.mark.xdist_group("s3")
async def test_a_note_that_never_arrived_is_put_by_the_next_try(s3_server: S3Server) -> None:
    vault = open_bucket(s3_server, f"vault-{uuid4()}")
    assert isinstance(vault, S3Vault)
    await vault.check()
    until = FAR.replace(microsecond=0)
    vault._note_again(note_key(NAME), CONTENT, until)
    assert await vault.read_note(NAME) == CONTENT
    (version,) = vault._versions.listed(note_key(NAME))
    assert vault._versions.lock_of(note_key(NAME), str(version.version_id)).until == until


@pytest.mark.xdist_group("s3")
async def test_a_note_is_taken_whose_end_the_servers_clock_has_passed(s3_server: S3Server) -> None:
    vault = open_bucket(s3_server, f"vault-{uuid4()}")
    await vault.check()
    await vault.note(NAME, CONTENT, until=read_clock() - timedelta(days=9))
    assert await vault.read_note(NAME) == CONTENT
    assert await vault.notes() == (NAME,)


@pytest.mark.xdist_group("s3")
async def test_a_note_is_locked_in_a_bucket_without_a_default(s3_server: S3Server) -> None:
    bucket = f"vault-{uuid4()}"
    vault = open_bucket(s3_server, bucket)
    await vault.check()
    owner_of(s3_server).set_object_lock_config(bucket, ObjectLockConfig(None, None, None))
    await vault.note(NAME, CONTENT, until=LAST_MOMENT + timedelta(days=9000))
    stat = owner_of(s3_server).stat_object(bucket, note_key(NAME))
    assert read_lock(stat.metadata or {}).until == LAST_MOMENT
    with pytest.raises(S3Error, match="AccessDenied"):
        owner_of(s3_server).remove_object(bucket, note_key(NAME), version_id=stat.version_id)


@pytest.mark.xdist_group("s3")
async def test_what_somebody_hides_is_listed_all_the_same(s3_server: S3Server) -> None:
    bucket = f"vault-{uuid4()}"
    vault, owner = open_bucket(s3_server, bucket), owner_of(s3_server)
    await vault.check()
    await vault.note(NAME, CONTENT, until=FAR)
    digest = sha256(CONTENT).hexdigest()
    await vault.put_once(digest, BytesIO(CONTENT))
    for key in (object_key(digest), note_key(NAME)):
        owner.put_object(bucket, key, BytesIO(b"laid above"), 10)
        owner.put_object(bucket, key + "0", BytesIO(b"beside"), 6)
        owner.remove_object(bucket, key)
    owner.put_object(bucket, "journal/rác", BytesIO(b"beside"), 6)
    (listed,) = await vault.survey()
    assert (listed.digest, listed.size) == (digest, len(CONTENT))
    with capture_logs():
        assert (await vault.standing(digest)).size == len(CONTENT)
        assert await vault.notes() == (NAME,)
        assert await vault.read_note(NAME) == CONTENT


def _over(address: str, server: S3Server) -> S3Server:
    return replace(server, endpoint=address)
