"""What signatures in documents that are not of the field may use.

The field's algorithms on any day before they end. Canonicalization with comments is taken as well
because there are none to keep: "#Id" and "" name node-sets without them, and none may stand in
SignedInfo.
"""

from dataclasses import replace
from datetime import date

from app.signatures.algorithms import (
    DIGESTS,
    LEGACY_DIGESTS,
    LEGACY_SIGNATURES,
    SIGNATURES,
)
from app.signatures.canonical import Canonicalization
from app.signatures.shape import Dialect


def _any_documents(*, legacy: bool) -> Dialect:
    digests = {**DIGESTS, **LEGACY_DIGESTS} if legacy else DIGESTS
    signatures = {**SIGNATURES, **LEGACY_SIGNATURES} if legacy else SIGNATURES
    return Dialect(
        digests={uri: replace(method, not_before=date.min) for uri, method in digests.items()},
        signatures={
            uri: replace(method, not_before=date.min) for uri, method in signatures.items()
        },
        canonicalizations={
            **{method.value: method for method in Canonicalization},
            f"{Canonicalization.INCLUSIVE_10}#WithComments": Canonicalization.INCLUSIVE_10,
            f"{Canonicalization.INCLUSIVE_11}#WithComments": Canonicalization.INCLUSIVE_11,
            f"{Canonicalization.EXCLUSIVE}WithComments": Canonicalization.EXCLUSIVE,
        },
        key_values=legacy,
    )


DOCUMENTS = _any_documents(legacy=False)
"""Documents of today."""

LEGACY_DOCUMENTS = _any_documents(legacy=True)
"""Documents from before 2011: SHA-1, and keys that no certificate names."""
