"""What the originals do not say, in small locked objects beside them, in an order.

When a package was received, what was decided, replied, read, withdrawn, approved: each change of
the record is written into the vault as the last step before its transaction commits. With the
originals and the repository's keys these entries give the whole record again.

An entry may say what was then rolled back: nobody was told of that. Two entries about one thing are
kept apart by the rows that both lock, so the one with the higher order is the one that counts.

It never reads the record, decides nothing and is never changed. The bodies hold children's records,
like the vault that they lie in.
"""

from app.journal.entry import Entry, JournalFault, Kind, decode, encode
from app.journal.reading import read_journal
from app.journal.writing import Journal, open_journal

__all__ = [
    "Entry",
    "Journal",
    "JournalFault",
    "Kind",
    "decode",
    "encode",
    "open_journal",
    "read_journal",
]
