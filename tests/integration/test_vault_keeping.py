"""What is held stays and what is not may go: the same on each kind of vault."""

import asyncio
from datetime import timedelta
from hashlib import sha256
from io import BytesIO

import pytest

from app.errors import IntegrityFailure, NotFound
from app.main import read_clock
from app.vault.vault import PROBE, PROBE_DIGEST, Attempt
from tests.vaults import Store

CONTENT = "Học bạ của Trần Thị Mẫu".encode() * 1000
DIGEST = sha256(CONTENT).hexdigest()
FAR = read_clock() + timedelta(days=400)


async def test_a_held_object_cannot_be_discarded(store: Store) -> None:
    await store.vault.put_once(DIGEST, BytesIO(CONTENT))
    held = await store.vault.hold(DIGEST, FAR)
    assert FAR - held.until < timedelta(seconds=1)
    assert await store.vault.discard(DIGEST, before=FAR) is False
    assert await store.vault.get(DIGEST) == CONTENT
    assert await store.vault.get_range(DIGEST, 5, 9) == CONTENT[5:14]


async def test_holding_again_changes_nothing(store: Store) -> None:
    await store.vault.put_once(DIGEST, BytesIO(CONTENT))
    first = await store.vault.hold(DIGEST, FAR)
    before = store.versions()
    assert await store.vault.hold(DIGEST, FAR) == first
    await store.vault.put_once(DIGEST, BytesIO(CONTENT))
    assert store.versions() == before


async def test_several_may_hold_one_object_at_once(store: Store) -> None:
    await store.vault.put_once(DIGEST, BytesIO(CONTENT))
    held = await asyncio.gather(*(store.vault.hold(DIGEST, FAR) for _ in range(8)))
    assert len(set(held)) == 1


async def test_an_object_that_is_not_there_cannot_be_held(store: Store) -> None:
    with pytest.raises(NotFound):
        await store.vault.hold(DIGEST, FAR)


async def test_a_damaged_object_cannot_be_held(store: Store) -> None:
    store.overwrite(DIGEST, CONTENT[:-1])
    with pytest.raises(IntegrityFailure):
        await store.vault.hold(DIGEST, FAR)


async def test_an_old_object_that_is_not_held_is_discarded_for_good(store: Store) -> None:
    store.put_unlocked(DIGEST, CONTENT)
    assert await store.vault.get_range(DIGEST, 0, 4) == CONTENT[:4]
    assert await store.vault.discard(DIGEST, before=FAR) is True
    assert store.versions() == {}
    with pytest.raises(NotFound):
        await store.vault.get(DIGEST)
    with pytest.raises(NotFound):
        await store.vault.get_range(DIGEST, 0, 4)
    assert await store.vault.discard(DIGEST, before=FAR) is True


async def test_what_was_discarded_may_be_put_anew(store: Store) -> None:
    store.put_unlocked(DIGEST, CONTENT)
    assert await store.vault.get_range(DIGEST, 0, 4) == CONTENT[:4]
    await store.vault.discard(DIGEST, before=FAR)
    await store.vault.put_once(DIGEST, BytesIO(CONTENT))
    assert await store.vault.get_range(DIGEST, 0, 4) == CONTENT[:4]


async def test_a_new_object_is_not_discarded(store: Store) -> None:
    await store.vault.put_once(DIGEST, BytesIO(CONTENT))
    assert await store.vault.discard(DIGEST, before=read_clock() - timedelta(hours=1)) is False
    assert await store.vault.get(DIGEST) == CONTENT


async def test_an_old_object_that_is_put_again_is_not_discarded(store: Store) -> None:
    store.put_unlocked(DIGEST, CONTENT)
    await store.vault.put_once(DIGEST, BytesIO(CONTENT))
    assert await store.vault.discard(DIGEST, before=read_clock() - timedelta(hours=1)) is False
    assert await store.vault.get(DIGEST) == CONTENT


async def test_putting_and_discarding_at_once_never_loses_what_was_put(store: Store) -> None:
    async def put() -> None:
        await store.vault.put_once(DIGEST, BytesIO(CONTENT))

    async def discard() -> None:
        await store.vault.discard(DIGEST, before=read_clock() - timedelta(hours=1))

    store.put_unlocked(DIGEST, CONTENT)
    await asyncio.gather(*(act() for _ in range(8) for act in (discard, put)))
    assert await store.vault.get(DIGEST) == CONTENT


async def test_proving_locks_leaves_the_probe_as_it_was(store: Store) -> None:
    for _ in range(2):
        proofs = await store.vault.prove_locks()
        tried = {proof.attempt for proof in proofs}
        assert tried >= {Attempt.OVERWRITE, Attempt.HIDE, Attempt.DELETE, Attempt.WEAKEN}
        assert await store.vault.get(PROBE_DIGEST) == PROBE
        assert await store.vault.discard(PROBE_DIGEST, before=FAR) is False
    assert [name.rpartition("/")[2] for name in store.versions()] == [PROBE_DIGEST]
