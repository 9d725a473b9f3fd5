"""Hold two vaults against each other: what one lacks, keeps otherwise or locks for less long."""

from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from functools import partial
from typing import TypeVar

from app.errors import IntegrityFailure, NotFound
from app.vault.copying import is_locked_until, lock_wanted
from app.vault.listing import BEHIND_ALL, Beside, all_of, note_pages, original_pages
from app.vault.vault import Stored, Vault

MAX_DIFFERENCES = 100
"""Differences named: a whole vault that is absent is one finding, the counts tell the rest."""


class Difference(StrEnum):
    """How an object differs between this vault and the other one."""

    ONLY_HERE = "only-here"
    ONLY_THERE = "only-there"
    SIZE = "size"
    LOCK = "lock"
    DAMAGED_HERE = "damaged-here"
    DAMAGED_THERE = "damaged-there"


@dataclass(slots=True)
class Compared:
    """What a comparison has come to so far.

    Attributes:
        place: the digest up to which all originals are done; empty while notes are.
        alike: objects without any difference.
        counts: how many differ in which way.
        named: the first `MAX_DIFFERENCES` of them.
    """

    place: str = ""
    alike: int = 0
    counts: Counter[Difference] = field(default_factory=Counter)
    named: list[tuple[Difference, str]] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """Whether the other vault can stand for this one.

        It may have more: what was refused expires here and is not removed there.
        """
        return set(self.counts) <= {Difference.ONLY_THERE}

    def add(self, name: str, difference: Difference | None) -> None:
        """Count one object."""
        if difference is None:
            self.alike += 1
            return
        self.counts[difference] += 1
        if len(self.named) < MAX_DIFFERENCES:
            self.named.append((difference, name))


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparing:
    """What a comparison works with.

    Attributes:
        here: the vault in use.
        there: the one that may have to stand for it.
        retention: how long what is held here without an end should be locked there.
        read: whether every object that both have is read and hashed on both sides.
    """

    here: Vault
    there: Vault
    retention: timedelta
    read: bool


async def compare_vaults(run: Comparing, compared: Compared, *, show: Callable[[], None]) -> None:
    """Find every difference; what is written meanwhile may show as one.

    Args:
        run: which two, and how closely.
        compared: is kept up to date, also when the comparison ends early.
        show: called when it has changed.

    Raises:
        Unavailable: a store cannot answer now.
    """
    notes = Beside(note_pages(run.there), str)
    async for names in note_pages(run.here):
        there = await notes.up_to(names[-1])
        await _compare_all(compared, partial(_compare_note, run, there), names)
        _only_there(compared, there.difference(names))
        show()
    _only_there(compared, await notes.up_to(BEHIND_ALL))
    others = Beside(original_pages(run.there), lambda stored: stored.digest)
    async for page in original_pages(run.here):
        there = await others.up_to(page[-1].digest)
        await _compare_all(compared, partial(_compare_original, run, there), page)
        _only_there(compared, there.difference(stored.digest for stored in page))
        compared.place = page[-1].digest
        show()
    _only_there(compared, await others.up_to(BEHIND_ALL))
    show()


def _only_there(compared: Compared, names: Iterable[str]) -> None:
    for name in sorted(names):
        compared.add(name, Difference.ONLY_THERE)


_Found = dict[str, Difference | None]
_Listed = TypeVar("_Listed")


async def _compare_all(
    compared: Compared,
    compare: Callable[[_Found, _Listed], Coroutine[None, None, None]],
    page: Iterable[_Listed],
) -> None:
    """Compare a page, and count in its order, whichever object was read first."""
    found: _Found = {}
    try:
        await all_of(partial(compare, found), page)
    finally:
        for name in sorted(found):
            compared.add(name, found[name])


async def _compare_note(run: Comparing, there: set[str], found: _Found, name: str) -> None:
    if name not in there:
        found[name] = Difference.ONLY_HERE
    elif run.read:
        here, other = run.here.read_note, run.there.read_note
        found[name] = await _damage(lambda: here(name), lambda: other(name))
    else:
        found[name] = None


async def _compare_original(run: Comparing, there: set[str], found: _Found, stored: Stored) -> None:
    digest = stored.digest
    if digest not in there:
        found[digest] = Difference.ONLY_HERE
        return
    try:
        difference = await _in_standing(run, stored)
        if difference is None and run.read:
            here, other = run.here.get, run.there.get
            difference = await _damage(lambda: here(digest), lambda: other(digest))
    except NotFound:  # discarded since it was listed
        return
    found[digest] = difference


async def _in_standing(run: Comparing, stored: Stored) -> Difference | None:
    here = await run.here.standing(stored.digest)
    there = await run.there.standing(stored.digest)
    if here.size != there.size:
        return Difference.SIZE
    until = lock_wanted(here, put_at=stored.put_at, retention=run.retention)
    if until is None or is_locked_until(there, until):
        return None
    return Difference.LOCK


async def _damage(
    here: Callable[[], Awaitable[bytes]], there: Callable[[], Awaitable[bytes]]
) -> Difference | None:
    """Read both; each store proves its bytes by their digest, so what both give is the same."""
    for read, difference in (
        (here, Difference.DAMAGED_HERE),
        (there, Difference.DAMAGED_THERE),
    ):
        try:
            await read()
        except IntegrityFailure:
            return difference
    return None
