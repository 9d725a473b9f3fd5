"""Keep the packages as they were received, each under its own SHA-256.

An object is written once, named by the digest of its bytes, and never changed: the same bytes are
the same object, so writing again after a time-out or a crash is always safe. Whatever is read whole
is hashed again before anyone sees it. Every object stays for 90 days; what is held stays until the
end of its lock, and what is not may then be discarded. Beside these originals lie notes, small
objects with an order, locked from the start: what the journal has to say (`app.journal`).

The vault never overwrites, never removes what is locked, never looks into an object and never
decides who may read it. `open_vault` picks the store from a URL: a folder (`app.vault.directory`,
tamper-evident) or an S3 bucket with Object Lock (`app.vault.s3`, write-once). `app.vault.copying`
brings all of a vault into a second one.
"""

from app.vault.opening import open_configured_vault, open_vault
from app.vault.vault import Vault

__all__ = ["Vault", "open_configured_vault", "open_vault"]
