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
from app.signatures.shape import PLAIN_FORMS, Dialect


def _any_documents(*, legacy: bool) -> Dialect:
    digests = {**DIGESTS, **LEGACY_DIGESTS} if legacy else DIGESTS
    signatures = {**SIGNATURES, **LEGACY_SIGNATURES} if legacy else SIGNATURES
    return Dialect(
        digests={uri: replace(method, not_before=date.min) for uri, method in digests.items()},
        signatures={
            uri: replace(method, not_before=date.min) for uri, method in signatures.items()
        },
        canonicalizations={
            f"{method}{end}": form
            for method, form in PLAIN_FORMS.items()
            for end in ("", "WithComments" if method.endswith("#") else "#WithComments")
        },
        descriptions=True,
        key_values=legacy,
    )


DOCUMENTS = _any_documents(legacy=False)
"""Documents of today."""

LEGACY_DOCUMENTS = _any_documents(legacy=True)
"""Documents from before 2011: SHA-1, and keys that no certificate names."""
