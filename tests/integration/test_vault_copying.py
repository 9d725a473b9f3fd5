"""A vault copied into another of each kind, and both held against each other."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from time import monotonic

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import NotFound, Unavailable
from app.main import read_clock
from app.vault.comparing import Compared, Comparing, Difference, compare_vaults
from app.vault.copying import Copied, Copying, copy_vault, lock_wanted
from app.vault.directory import DirectoryVault
from app.vault.listing import BEHIND_ALL, Beside
from app.vault.lock import LAST_MOMENT, in_reach
from app.vault.naming import note_key, note_name
from app.vault.vault import FIRST_LOCK, Standing, Stored, Vault, object_key
from tests.vaults import Store, bucket_store, folder_store

RETENTION = timedelta(days=400)
CONTENTS = [f"gói tin mẫu {number}".encode() * number for number in range(1, 6)]
DIGESTS = [sha256(content).hexdigest() for content in CONTENTS]
NOTES = {note_name(order, content): content for order, content in enumerate(CONTENTS[:3])}
HELD, UNHELD = DIGESTS[:2], DIGESTS[2:]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    here: Store
    there: Store

    async def copy(
        self, *, rate: float | None = None, expire: bool = False, later: timedelta = timedelta()
    ) -> Copied:
        copied, places = Copied(), list[str]()
        run = Copying(
            source=self.here.vault,
            target=self.there.vault,
            retention=RETENTION,
            bytes_per_second=rate,
            expire=expire,
            clock=lambda: read_clock() + later,
        )
        await copy_vault(run, copied, show=lambda: places.append(copied.place))
        assert places == sorted(places)
        return copied

    async def compare(self, *, read: bool = True) -> Compared:
        compared = Compared()
        run = Comparing(
            here=self.here.vault, there=self.there.vault, retention=RETENTION, read=read
        )
        await compare_vaults(run, compared, show=lambda: None)
        return compared


def store_of(kind: str, folder: Path, request: pytest.FixtureRequest) -> Store:
    if kind == "s3":
        return bucket_store(request.getfixturevalue("s3_server"))
    return folder_store(folder, unnamed_files=True)


async def fill(vault: Vault) -> None:
    for digest, content in zip(DIGESTS, CONTENTS, strict=True):
        await vault.put_once(digest, BytesIO(content))
    for digest in HELD:
        await vault.hold(digest, read_clock() + RETENTION)
    for name, content in NOTES.items():
        await vault.note(name, content, until=read_clock() + RETENTION)


@pytest.fixture(
    params=[
        "folder-folder",
        *(
            pytest.param(kinds, marks=pytest.mark.xdist_group("s3"))
            for kinds in ("folder-s3", "s3-folder", "s3-s3")
        ),
    ]
)
async def pair(request: pytest.FixtureRequest, tmp_path: Path) -> Pair:
    """A filled vault and an empty one, of all combinations."""
    here, there = request.param.split("-")
    pair = Pair(
        here=store_of(here, tmp_path / "here", request),
        there=store_of(there, tmp_path / "there", request),
    )
    for store in (pair.here, pair.there):
        await store.vault.check()
    await fill(pair.here.vault)
    return pair


async def test_everything_arrives_with_its_locks_and_a_second_run_writes_nothing(
    pair: Pair,
) -> None:
    first = await pair.copy()
    assert (first.copied, first.present, first.complete) == (8, 0, True)
    assert first.size == sum(map(len, [*CONTENTS, *NOTES.values()]))
    assert first.place == max(DIGESTS)
    for digest, content in zip(DIGESTS, CONTENTS, strict=True):
        assert await pair.there.vault.get(digest) == content
        await assert_locked(pair, digest)
    for name, content in NOTES.items():
        assert await pair.there.vault.read_note(name) == content
    before = pair.there.versions()
    second = await pair.copy()
    assert (second.copied, second.present, second.locked) == (0, 8, 0)
    assert pair.there.versions() == before
    compared = await pair.compare()
    assert (compared.alike, compared.counts, compared.complete) == (8, {}, True)


async def assert_locked(pair: Pair, digest: str) -> None:
    there, here = [await store.vault.standing(digest) for store in (pair.there, pair.here)]
    if there.locked_until is None:
        assert there.held is (digest in HELD)
    elif here.locked_until is not None:
        assert there.locked_until >= here.locked_until
    else:
        least = RETENTION if digest in HELD else FIRST_LOCK
        assert there.locked_until >= read_clock() + least - timedelta(minutes=1)


async def test_a_lock_that_came_after_the_copy_comes_with_the_next_one(pair: Pair) -> None:
    await pair.copy()
    await pair.here.vault.hold(UNHELD[0], read_clock() + RETENTION)
    compared = await pair.compare(read=False)
    assert compared.named == [(Difference.LOCK, UNHELD[0])]
    assert not compared.complete
    again = await pair.copy()
    assert (again.copied, again.locked) == (0, 1)
    assert (await pair.compare(read=False)).complete


async def test_what_either_side_lacks_is_named(pair: Pair) -> None:
    await pair.copy()
    more = b"only there"
    await pair.there.vault.put_once(sha256(more).hexdigest(), BytesIO(more))
    await pair.there.vault.note(note_name(9, more), more, until=read_clock() + RETENTION)
    compared = await pair.compare()
    assert sorted(compared.named) == [
        (Difference.ONLY_THERE, note_name(9, more)),
        (Difference.ONLY_THERE, sha256(more).hexdigest()),
    ]
    assert compared.complete  # the other vault may have more
    less = b"only here"
    await pair.here.vault.put_once(sha256(less).hexdigest(), BytesIO(less))
    await pair.here.vault.note(note_name(8, less), less, until=read_clock() + RETENTION)
    compared = await pair.compare()
    assert compared.counts == {Difference.ONLY_HERE: 2, Difference.ONLY_THERE: 2}
    assert not compared.complete


@pytest.fixture
async def folders(tmp_path: Path) -> Pair:
    """A filled folder and an empty one, whose files a test may change."""
    pair = Pair(
        here=folder_store(tmp_path / "here", unnamed_files=True),
        there=folder_store(tmp_path / "there", unnamed_files=True),
    )
    await fill(pair.here.vault)
    return pair


async def test_what_is_damaged_here_is_not_copied(folders: Pair) -> None:
    note = min(NOTES)
    damage(folders.here, note_key(note))
    damage(folders.here, object_key(HELD[0]))
    copied = await folders.copy()
    assert (copied.copied, copied.damaged_here) == (6, [note, HELD[0]])
    assert not copied.complete
    assert {name: way for way, name in (await folders.compare()).named} == {
        note: Difference.ONLY_HERE,
        HELD[0]: Difference.ONLY_HERE,
    }


async def test_what_is_damaged_there_is_found_and_left_as_evidence(folders: Pair) -> None:
    await folders.copy()
    damage(folders.there, note_key(min(NOTES)))
    damage(folders.there, object_key(HELD[0]))
    (place_of(folders.there) / object_key(HELD[0])).chmod(0o400)  # no longer marked as held
    folders.there.overwrite(UNHELD[0], b"shorter")
    damage(folders.here, object_key(UNHELD[1]))
    copied = await folders.copy()
    assert set(copied.damaged_there) == {HELD[0], UNHELD[0]}
    assert not copied.complete
    originals = {
        HELD[0]: Difference.LOCK,
        UNHELD[0]: Difference.SIZE,
        UNHELD[1]: Difference.DAMAGED_HERE,
    }
    # In their order, whichever was read first.
    named = [(Difference.DAMAGED_THERE, min(NOTES))]
    named += [(originals[name], name) for name in sorted(originals)]
    for _ in range(10):
        assert (await folders.compare()).named == named


async def test_what_is_discarded_while_a_run_passes_is_no_fault(folders: Pair) -> None:
    class Discarding(DirectoryVault):
        async def survey(self, *, after: str = "", limit: int = 1000) -> tuple[Stored, ...]:
            found = await super().survey(after=after, limit=limit)
            for one in found:
                if one.digest == UNHELD[0]:
                    (self.root / object_key(one.digest)).unlink(missing_ok=True)
            return found

    await folders.copy()
    (place_of(folders.there) / object_key(UNHELD[0])).unlink()
    discarding = Discarding(place_of(folders.here), unnamed_files=True)
    pair = Pair(here=replace(folders.here, vault=discarding), there=folders.there)
    assert (await pair.copy()).complete
    folders.there.overwrite(UNHELD[0], CONTENTS[2])
    folders.here.overwrite(UNHELD[0], CONTENTS[2])
    assert (await pair.compare()).complete


async def test_what_was_refused_expires_in_the_copy_and_nothing_that_was_held(
    folders: Pair,
) -> None:
    await folders.copy()
    last = max(DIGESTS)
    for digest in {HELD[0], UNHELD[0], last}:
        (place_of(folders.here) / object_key(digest)).unlink()
    late = FIRST_LOCK + timedelta(hours=1)
    for early in (
        await folders.copy(expire=True),
        await folders.copy(later=late),
    ):
        assert early.expired == 0
    assert (await folders.copy(expire=True, later=late)).expired == len({UNHELD[0], last} - {*HELD})
    assert (await folders.there.vault.standing(HELD[0])).held
    with pytest.raises(NotFound):
        await folders.there.vault.get(UNHELD[0])


async def test_a_store_that_fails_ends_the_run_with_what_it_came_to(folders: Pair) -> None:
    await folders.copy()
    (place_of(folders.there) / "sha256").rename(place_of(folders.there) / "unmounted")
    copied = Copied()
    run = Copying(
        source=folders.here.vault,
        target=folders.there.vault,
        retention=RETENTION,
        bytes_per_second=None,
        expire=False,
        clock=read_clock,
    )
    with pytest.raises(Unavailable):
        await copy_vault(run, copied, show=lambda: None)
    assert (copied.copied, copied.present) == (0, len(NOTES))


async def test_a_rate_is_kept_by_all_readers_together(folders: Pair) -> None:
    start = monotonic()
    size = (await folders.copy(rate=1000)).size
    largest = max(map(len, CONTENTS))
    assert monotonic() - start >= (size - largest) / 1000


def test_a_lock_is_copied_when_it_is_longer_than_the_first_one() -> None:
    put_at = read_clock()

    def wanted(*, held: bool, until: datetime | None) -> datetime | None:
        standing = Standing(version=None, size=1, locked_until=until, held=held)
        return lock_wanted(standing, put_at=put_at, retention=RETENTION)

    later = put_at + RETENTION
    assert wanted(held=False, until=later) is None
    assert wanted(held=True, until=put_at + FIRST_LOCK) is None
    assert wanted(held=True, until=later) == later
    assert wanted(held=True, until=None) == in_reach(later + FIRST_LOCK)
    for_ever = Standing(version=None, size=1, locked_until=None, held=True)
    assert lock_wanted(for_ever, put_at=LAST_MOMENT, retention=RETENTION) == LAST_MOMENT


@given(
    pages=st.lists(st.lists(st.integers(0, 40), max_size=5), max_size=8),
    stops=st.lists(st.integers(0, 45)),
)
async def test_a_listing_beside_another_gives_every_name_once(
    pages: list[list[int]], stops: list[int]
) -> None:
    names = sorted({f"{one:02}" for page in pages for one in page})

    async def listing() -> AsyncGenerator[tuple[str, ...]]:
        rest = list(names)
        for page in pages:
            if page and rest:
                yield tuple(rest[: len(page)])
                del rest[: len(page)]

    beside, given_before = Beside(listing(), str), set[str]()
    for stop in sorted(stops):
        found = await beside.up_to(f"{stop:02}")
        assert found == {name for name in names if name <= f"{stop:02}"} - given_before
        given_before |= found
    assert await beside.up_to(BEHIND_ALL) == set(names) - given_before


def place_of(store: Store) -> Path:
    assert isinstance(store.vault, DirectoryVault)
    return store.vault.root


def damage(store: Store, key: str) -> None:
    """Change one byte of a file."""
    path = place_of(store) / key
    mode, content = path.stat().st_mode, path.read_bytes()
    path.chmod(0o600)
    path.write_bytes(b"?" + content[1:])
    path.chmod(mode)
