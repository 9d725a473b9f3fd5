"""Whether a signer's certificate leads to a pinned root at a given time (step 16).

Paths are built from the pinned bundle alone: what a document brings along besides its own leaf is
not consulted, so nobody can steer the search. Revocation is not part of this step.
"""

from datetime import datetime
from functools import lru_cache

from asn1crypto import x509

from app.signatures.pkix import finish
from app.signatures.trust import TrustSnapshot
from app.signatures.validation import PathResult, validate_path

__all__ = ["PathResult", "check_path", "finish"]

_CACHE_SIZE = 4096
"""Verdicts kept: the certificates of a few hundred classes at their days of issue."""

_SIGNING_USAGES = frozenset({"digital_signature", "non_repudiation"})


@lru_cache(maxsize=_CACHE_SIZE)
def check_path(leaf: bytes, trust: TrustSnapshot, at: datetime) -> PathResult:
    """Validate the path of a signer's certificate (DER) to a pinned root at an aware time.

    A certification authority's certificate and one for other uses than signing are SIG-401.

    The cache key holds the whole certificate, the whole snapshot and the time, so that a cached
    verdict can never answer another question.
    """
    certificate = x509.Certificate.load(leaf)
    usage = certificate.key_usage_value
    if certificate.ca or (usage is not None and _SIGNING_USAGES.isdisjoint(usage.native)):
        return PathResult(code="SIG-401")
    return validate_path(leaf, trust.intermediates, anchors=trust.anchors, at=at, revocation="off")
