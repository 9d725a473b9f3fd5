"""Reading the journal from its beginning or from where an earlier reading ended."""

import asyncio
from collections.abc import AsyncIterator

from app.errors import IntegrityFailure, NotFound
from app.journal.entry import Entry, JournalFault, decode
from app.vault import Vault

AHEAD = 16
"""Entries fetched at once: twice the threads of an S3 vault; as many lie in memory."""


async def read_journal(vault: Vault, key: bytes, *, after: str = "") -> AsyncIterator[Entry]:
    """Give every entry in its order.

    What is written meanwhile may be given or not.

    Args:
        vault: where the journal lies.
        key: `journal.key`.
        after: the note's name to go on after; empty begins.

    Raises:
        JournalFault: a note is damaged, missing though it was listed, or no entry of this key; it
            names the note.
        Unavailable: the vault cannot answer now.
    """
    while names := await vault.notes(after=after):
        for start in range(0, len(names), AHEAD):
            some = names[start : start + AHEAD]
            for entry in await asyncio.gather(*(read_entry(vault, key, name) for name in some)):
                yield entry
        after = names[-1]


async def read_entry(vault: Vault, key: bytes, name: str) -> Entry:
    """Read one entry by the name of its note.

    Raises:
        JournalFault: as `read_journal`.
        Unavailable: the vault cannot answer now.
    """
    try:
        content = await vault.read_note(name)
        entry = await asyncio.to_thread(decode, content, key)
    except NotFound as error:
        raise JournalFault("missing", name) from error
    except IntegrityFailure as error:
        raise JournalFault("altered", name) from error
    except JournalFault as fault:
        raise JournalFault(fault.reason, name) from fault
    if not name.startswith(f"{entry.order:016d}-"):
        raise JournalFault("name", name)
    return entry
