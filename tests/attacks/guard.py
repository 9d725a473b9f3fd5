"""Watching whether anything in this process reaches for a socket.

The interpreter itself reports it (PEP 578), so that no import, alias or swallowed exception hides
it. libxml2 opens its own connections in C: a listener and its list of features watch that.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

_watching: list[list[str]] = []


def _note(event: str, _: object) -> None:
    if _watching and event.startswith("socket."):
        for seen in _watching:
            seen.append(event)


sys.addaudithook(_note)


@contextmanager
def sockets_opened() -> Iterator[list[str]]:
    """Collect the names of all socket events while the block runs."""
    seen: list[str] = []
    _watching.append(seen)
    try:
        yield seen
    finally:
        _watching.remove(seen)
