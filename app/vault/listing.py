"""Whole listings of a vault, and two of them read side by side."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterable
from typing import Generic, TypeVar

from app.vault.vault import Stored, Vault

AT_ONCE = 8
"""Objects under way at once: as many as a store's calls, and 256 MiB of the largest packages."""

BEHIND_ALL = "g"
"""Comes after every digest and every note's name."""

_Listed = TypeVar("_Listed")


async def note_pages(vault: Vault) -> AsyncGenerator[tuple[str, ...]]:
    """List the names of all notes, page by page."""
    after = ""
    while page := await vault.notes(after=after):
        yield page
        after = page[-1]


async def original_pages(vault: Vault) -> AsyncGenerator[tuple[Stored, ...]]:
    """List all originals, page by page."""
    after = ""
    while page := await vault.survey(after=after):
        yield page
        after = page[-1].digest


class Beside(Generic[_Listed]):
    """A listing that is read as far as another one in the same order has come."""

    def __init__(
        self, pages: AsyncGenerator[tuple[_Listed, ...]], name_of: Callable[[_Listed], str]
    ) -> None:
        self._pages = pages
        self._name_of = name_of
        self._ahead: deque[_Listed] = deque()

    async def up_to(self, last: str) -> set[str]:
        """Give the names up to one, without those that were given before."""
        found: set[str] = set()
        while True:
            while self._ahead and self._name_of(self._ahead[0]) <= last:
                found.add(self._name_of(self._ahead.popleft()))
            page = None if self._ahead else await anext(self._pages, None)
            if page is None:
                return found
            self._ahead.extend(page)


async def all_of(
    act: Callable[[_Listed], Coroutine[None, None, None]], listed: Iterable[_Listed]
) -> None:
    """Do the same with each, `AT_ONCE` at a time, and begin nothing after a failure.

    Raises:
        Exception: what the first failed one raised, when none is under way any more.
    """
    waiting, failures = iter(listed), list[Exception]()

    async def worker() -> None:
        for one in waiting:
            try:
                await act(one)
            except Exception as failure:  # noqa: BLE001 -- reason: raised below
                failures.append(failure)
            if failures:
                return

    await asyncio.gather(*(worker() for _ in range(AT_ONCE)))
    if failures:
        raise failures[0]
