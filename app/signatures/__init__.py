"""Who signed a document, and was each signature valid at its time: the decision, pure.

Bytes, a frozen `TrustSnapshot`, the school's registrations and a time go in; a `Report` comes out.
No clock, network, file, database or framework. Any exception inside is a refusal (SIG-999), never a
pass. The required slots follow from the signed content, not from the signatures that are there.

Follows XML Signature Syntax and Processing 1.1 (W3C), XAdES (ETSI EN 319 132-1) where present, and
the vocabulary of ETSI EN 319 102-1. `verify` is the entry; its steps stand one per module:
`inventory` (which slots), `shape` and `properties` (what a signature says), `references` (what it
covers), `certificates` (whose key), `paths` (who vouches), `authority` (who may), `judgement`
(at which time), `report` (the answer), `catalogue` (the words). `writing` makes signatures.

The core below the profiles takes any document, any signature value and any certificate path:
`verify_xmldsig`, `verify_raw` and `validate_path`.
"""

from app.signatures.generic import (
    ReferenceResult,
    SignatureResult,
    verify_raw,
    verify_xmldsig,
)
from app.signatures.validation import PathResult, validate_path

__all__ = [
    "PathResult",
    "ReferenceResult",
    "SignatureResult",
    "validate_path",
    "verify_raw",
    "verify_xmldsig",
]
