"""Copy a vault into another one of any kind, so that either can stand for both.

Every object is hashed when it is read and hashed again by the store that takes it. What the target
has already is only looked at, so a run that was stopped is simply started again, and a nightly one
costs a look at each object. What the source has discarded since stays in the target, unless it is
asked to expire there too: then what was never held goes 90 days after it was copied. What was held
stays whatever became of the source, because the target refuses to remove it.

Notes come first, then originals: a package's bytes are kept before anything is noted of them, so no
note in the target lacks its original. What is written while a run passes comes with the next one.
"""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from io import BytesIO

from app.errors import IntegrityFailure, NotFound
from app.vault.listing import BEHIND_ALL, Beside, all_of, note_pages, original_pages
from app.vault.lock import in_reach
from app.vault.vault import FIRST_LOCK, Standing, Stored, Vault


@dataclass(frozen=True, slots=True, kw_only=True)
class Copying:
    """What a run works with.

    Attributes:
        retention: how long what the source holds without an end is locked in the target.
        bytes_per_second: the most to read from the source; None for all it gives.
        expire: whether the target discards what the source no longer has.
        clock: tells now, in UTC.
    """

    source: Vault
    target: Vault
    retention: timedelta
    bytes_per_second: float | None
    expire: bool
    clock: Callable[[], datetime]


@dataclass(slots=True)
class Copied:
    """What a run has come to so far.

    Attributes:
        place: the digest up to which all originals are done; empty while notes are.
        copied: objects that the target did not have.
        size: their bytes.
        present: objects that it had.
        locked: of both, those whose lock in the target was made longer.
        expired: objects that the target discarded.
        damaged_here: names of objects of the source that do not hash to their digest.
        damaged_there: the same of the target.
    """

    place: str = ""
    copied: int = 0
    size: int = 0
    present: int = 0
    locked: int = 0
    expired: int = 0
    damaged_here: list[str] = field(default_factory=list)
    damaged_there: list[str] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """Whether the target now has all that the source had."""
        return not self.damaged_here and not self.damaged_there


async def copy_vault(run: Copying, copied: Copied, *, show: Callable[[], None]) -> None:
    """Bring everything into the target; an object that is damaged on either side is left out.

    Args:
        run: from where to where.
        copied: is kept up to date, also when the run ends early.
        show: called when it has changed.

    Raises:
        Unavailable: a store cannot answer now; start the run again.
    """
    pace = _Pace(run.bytes_per_second)
    theirs = Beside(note_pages(run.target), str)
    async for names in note_pages(run.source):
        there = await theirs.up_to(names[-1])
        fresh = [name for name in names if name not in there]
        copied.present += len(names) - len(fresh)
        await all_of(partial(_copy_note, run, copied, pace), fresh)
        show()
    kept = Beside(original_pages(run.target), lambda stored: stored.digest)
    async for page in original_pages(run.source):
        surplus = await kept.up_to(page[-1].digest) - {stored.digest for stored in page}
        await all_of(partial(_copy_original, run, copied, pace), page)
        await _expire(run, copied, surplus)
        copied.place = page[-1].digest
        show()
    await _expire(run, copied, await kept.up_to(BEHIND_ALL))
    show()


def lock_wanted(source: Standing, *, put_at: datetime, retention: timedelta) -> datetime | None:
    """Say how long the target must lock an object; None when its own first lock is enough.

    A bucket locks every version from the start; what ends later than that was held by intent. A
    folder's mark has no end: the lock then lasts as long as one made on the last day on which a
    package may be decided.

    Args:
        source: how the object stands in the source.
        put_at: when it was put there.
        retention: see `Copying`.
    """
    if not source.held:
        return None
    if source.locked_until is None:
        return in_reach(put_at + FIRST_LOCK + retention)
    return source.locked_until if source.locked_until > put_at + FIRST_LOCK else None


def is_locked_until(standing: Standing, until: datetime) -> bool:
    """Tell whether an object is locked so long; a folder's mark lasts for ever."""
    end = standing.locked_until
    return standing.held and (end is None or end >= until)


async def _copy_note(run: Copying, copied: Copied, pace: "_Pace", name: str) -> None:
    try:
        content = await run.source.read_note(name)
    except IntegrityFailure:
        copied.damaged_here.append(name)
        return
    await pace.take(len(content))
    await run.target.note(name, content, until=run.clock() + run.retention)
    copied.copied += 1
    copied.size += len(content)


async def _copy_original(run: Copying, copied: Copied, pace: "_Pace", stored: Stored) -> None:
    try:
        standing = await run.source.standing(stored.digest)
        kept = await _size_of(run.target, stored.digest)
        if kept == standing.size:
            copied.present += 1
        elif not await _transfer(run, copied, pace, stored.digest):
            return
    except NotFound:  # discarded since it was listed
        return
    until = lock_wanted(standing, put_at=stored.put_at, retention=run.retention)
    if until is None or is_locked_until(await run.target.standing(stored.digest), until):
        return
    try:
        await run.target.hold(stored.digest, until)
    except IntegrityFailure:
        copied.damaged_there.append(stored.digest)
    else:
        copied.locked += 1


async def _transfer(run: Copying, copied: Copied, pace: "_Pace", digest: str) -> bool:
    """Bring the bytes of an original over; false when they are damaged on either side."""
    try:
        content = await run.source.get(digest)
    except IntegrityFailure:
        copied.damaged_here.append(digest)
        return False
    await pace.take(len(content))
    try:
        await run.target.put_once(digest, BytesIO(content))
    except IntegrityFailure:
        copied.damaged_there.append(digest)
        return False
    copied.copied += 1
    copied.size += len(content)
    return True


async def _expire(run: Copying, copied: Copied, surplus: Iterable[str]) -> None:
    """Discard what the source no longer has; a lock, a mark or its youth keeps it in the target."""
    if not run.expire:
        return
    before = run.clock() - FIRST_LOCK
    for digest in surplus:
        copied.expired += await run.target.discard(digest, before=before)


async def _size_of(vault: Vault, digest: str) -> int | None:
    try:
        return (await vault.standing(digest)).size
    except NotFound:
        return None


class _Pace:
    """Lets so many bytes pass in a second, whoever takes them."""

    def __init__(self, bytes_per_second: float | None) -> None:
        self._rate = bytes_per_second
        self._free = 0.0

    async def take(self, size: int) -> None:
        """Wait until earlier takers have had their time; this one's is then spent."""
        if self._rate is None:
            return
        now = asyncio.get_running_loop().time()
        start = max(now, self._free)
        self._free = start + size / self._rate
        await asyncio.sleep(start - now)
