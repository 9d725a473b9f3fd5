"""Whether a certificate leads to a pinned root at a given time (step 16).

Paths are built from the pinned bundle alone: what a document brings along besides its own leaf is
not consulted, so nobody can steer the search. Revocation is not part of this step.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from asn1crypto import x509

from app.signatures.certificates import read_certificate
from app.signatures.pkix import finish
from app.signatures.trust import TrustSnapshot
from app.signatures.validation import PathResult, validate_path

__all__ = ["PathResult", "check_path", "check_tsa_path", "finish"]

_CACHE_SIZE = 4096
"""Verdicts kept: the certificates of a few hundred classes at their days of issue."""

_SIGNING_USAGES = frozenset({"digital_signature", "non_repudiation"})

_SERVICE_USAGES = frozenset({"time_stamping", "ocsp_signing"})
"""Extended usages of machines: a certificate for these alone signs no document (RFC 5280 section
4.2.1.12)."""


def check_path(leaf: bytes, trust: TrustSnapshot, at: datetime) -> PathResult:
    """Validate the path of a signer's certificate (DER) to a pinned root at an aware time.

    A certification authority's certificate and one for other uses than signing are SIG-401.
    """
    if not _may_sign(leaf):
        return PathResult(code="SIG-401")
    return _check(leaf, trust.anchors, trust, at)


def check_tsa_path(leaf: bytes, trust: TrustSnapshot, at: datetime) -> PathResult:
    """Validate the path of a time-stamping authority's certificate (DER) at an aware time.

    Besides the roots of signers it may end at one that is pinned for time stamps alone.
    """
    return _check(leaf, (*trust.anchors, *trust.tsa_anchors), trust, at)


@lru_cache(maxsize=_CACHE_SIZE)
def _may_sign(leaf: bytes) -> bool:
    certificate = x509.Certificate.load(leaf)
    usage, extended = certificate.key_usage_value, certificate.extended_key_usage_value
    return (
        not certificate.ca
        and (usage is None or not _SIGNING_USAGES.isdisjoint(usage.native))
        and (extended is None or not _SERVICE_USAGES.issuperset(extended.native))
    )


def _check(
    leaf: bytes, anchors: tuple[bytes, ...], trust: TrustSnapshot, at: datetime
) -> PathResult:
    """Take the path that holds in the middle of the leaf's life, where it holds at this time too.

    Without revocation a path depends on the time by its certificates' validity alone, so that time
    stamps, each of another second, cost no search of their own.
    """
    known = _in_its_life(leaf, anchors, trust)
    if known is not None and known.begin <= at <= known.end:
        return known.result
    return _validate(leaf, anchors, trust, at)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """A valid path, and from when to when all its certificates below the anchor are valid."""

    result: PathResult
    begin: datetime
    end: datetime


@lru_cache(maxsize=_CACHE_SIZE)
def _in_its_life(leaf: bytes, anchors: tuple[bytes, ...], trust: TrustSnapshot) -> _Known | None:
    certificate = read_certificate(leaf)
    if certificate is None:
        return None
    life = certificate.not_after - certificate.not_before
    middle = (certificate.not_before + life / 2).replace(microsecond=0)
    result = _validate(leaf, anchors, trust, middle)
    return _spanned(result) if result.passed else None


def _spanned(result: PathResult) -> _Known | None:
    below: Sequence[bytes] = result.certificates[:-1]
    certificates = [one for der in below if (one := read_certificate(der)) is not None]
    return _Known(
        result=result,
        begin=max(one.not_before for one in certificates),
        end=min(one.not_after for one in certificates),
    )


@lru_cache(maxsize=_CACHE_SIZE)
def _validate(
    leaf: bytes, anchors: tuple[bytes, ...], trust: TrustSnapshot, at: datetime
) -> PathResult:
    """Search and validate; the cache key holds all that the verdict depends on."""
    return validate_path(leaf, trust.intermediates, anchors=anchors, at=at, revocation="off")
