"""Keep the packages as they were received, for ever, each under its own SHA-256.

An object is written once, named by the digest of its bytes, and never changed: the same bytes are
the same object, so writing again after a time-out or a crash is always safe. Whatever is read whole
is hashed again before anyone sees it.

The vault never deletes, never overwrites, never lists, never looks into an object and never decides
who may read it. `open_vault` picks the store from a URL: a folder (`app.vault.directory`) or an
S3 bucket (`app.vault.s3`).
"""

from app.vault.opening import open_vault
from app.vault.vault import Vault

__all__ = ["Vault", "open_vault"]
