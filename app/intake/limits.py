"""Every limit of a submission, with its reason: one place to tell them from."""

from app.transcripts.limits import PACKAGE_LIMITS
from app.transcripts.message import ITEM_LIMIT

PACKAGE_LIMIT = PACKAGE_LIMITS.size
"""Bytes of a package, decoded: 32 MiB, the most that the reader takes; a class of 45 has about 5
MiB. A compressed body may not be larger either."""

TRANSCRIPTS_LIMIT = ITEM_LIMIT
"""Transcripts or withdrawals of a package."""

EXPANSION_LIMIT = 100
"""How many times larger than its compressed form a package may be: base64 of signed XML shrinks to
a third or a tenth, and only what was made to expand shrinks to a hundredth."""

EXPANSION_FREE = 1024**2
"""Bytes that any body may expand to before `EXPANSION_LIMIT` counts: short texts shrink further."""

WINDOW_LOG = 23
"""log2 of the memory that a zstd body may ask for: 8 MiB, what RFC 9659 allows this coding. Bodies
are decoded in threads, of which a process has few, so 100 uploads do not hold 100 windows."""

SPOOL_MEMORY = 256 * 1024
"""Bytes of an upload kept in memory before it goes to a temporary file: 100 uploads at once stay
below 100 MiB together with the pieces in flight."""

PIECE = 256 * 1024
"""Bytes hashed and written at a time: large enough that the hop to a thread costs nothing."""

WAIT_LIMIT_SECONDS = 30
"""The longest that `Prefer: wait` holds a request: below the 60 s of common proxies."""

WAITERS_LIMIT = 500
"""Requests of one process that may wait at a time, some 20 KB each; whoever comes after them is
answered at once, as if without `Prefer`."""

PAGE_SIZE = 50
PAGE_LIMIT = 200
"""Packages of one page of a list, unless asked and at most: a page stays below 150 KB."""

VALIDATIONS_AT_ONCE = 2
"""Packages that one web process validates at a time: each is in memory whole, and its verification
processes are busy with one."""

VALIDATION_SECONDS = 60.0
"""Time for a dry run, waiting for a free place included: a class takes two seconds, and proxies
give up after a minute."""
