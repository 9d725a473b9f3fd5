"""Whether a certificate leads to a pinned root at a given time (step 16).

pyhanko-certvalidator decides (RFC 5280 section 6). Paths are built from the pinned bundle alone:
what a document brings along besides its own leaf is not consulted, so nobody can steer the search.
Revocation is not part of this step.
"""

from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeVar

from asn1crypto import x509
from pyhanko_certvalidator import CertificateValidator, ValidationContext
from pyhanko_certvalidator.errors import (
    ExpiredError,
    NotYetValidError,
    PathBuildingError,
    PathValidationError,
)

from app.signatures.trust import TrustSnapshot

_CACHE_SIZE = 4096
"""Verdicts kept: the certificates of a few hundred classes at their days of issue."""

_SIGNING_USAGES = frozenset({"digital_signature", "non_repudiation"})
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class PathResult:
    """The verdict on one certificate at one time; `code` is None when it passed."""

    code: str | None

    @property
    def passed(self) -> bool:
        """Whether the path is valid."""
        return self.code is None


@lru_cache(maxsize=_CACHE_SIZE)
def check_path(leaf: bytes, trust: TrustSnapshot, at: datetime) -> PathResult:
    """Validate the path of a leaf certificate (DER) to a pinned root at an aware time.

    The cache key holds the whole certificate, the whole snapshot and the time, so that a cached
    verdict can never answer another question.
    """
    try:
        return PathResult(code=_fault(leaf, trust, at))
    except (PathBuildingError, PathValidationError) as error:
        return PathResult(code=_code_of(error))


def _fault(leaf: bytes, trust: TrustSnapshot, at: datetime) -> str | None:
    certificate = x509.Certificate.load(leaf)
    if leaf in trust.anchors or certificate.ca:
        return "SIG-401"
    usage = certificate.key_usage_value
    if usage is not None and _SIGNING_USAGES.isdisjoint(usage.native):
        return "SIG-401"
    context = ValidationContext(
        trust_roots=[x509.Certificate.load(der) for der in trust.anchors],
        other_certs=[x509.Certificate.load(der) for der in trust.intermediates],
        moment=at,
        allow_fetching=False,
        revocation_mode="soft-fail",
    )
    validator = CertificateValidator(certificate, validation_context=context)
    _finish(validator.async_validate_path())
    return None


def _code_of(error: Exception) -> str:
    match error:
        case PathBuildingError():
            return "SIG-400"
        case ExpiredError():
            return "SIG-402"
        case NotYetValidError():
            return "SIG-403"
        case _:
            return "SIG-401"


def _finish(work: Coroutine[Any, Any, _T]) -> _T:
    """Run a coroutine that has nothing to wait for, since fetching is off.

    Raises:
        RuntimeError: it waits after all, which would mean that it reaches for the network.
    """
    try:
        work.send(None)
    except StopIteration as done:
        return done.value  # type: ignore[no-any-return]  # reason: StopIteration carries Any
    work.close()
    raise RuntimeError("path validation tried to wait")
