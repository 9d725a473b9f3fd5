"""Whether the certificates of a path were revoked, from the frozen evidence alone (step 17).

A revocation counts for ever, however old the list that says so. That there is none counts only from
evidence that reaches to the receipt. Authorities drop expired certificates from their lists (RFC
5280 section 3.3), so newer evidence says nothing about one, unless the authority states that it
keeps them (`expiredCertsOnCRL`, archive cutoff); then what was said last within its life counts,
where that reached to its end: nothing fresher can exist (ETSI EN 319 102-1 section 5.2.5).
"""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from cryptography.x509 import load_der_x509_certificate

from app.engine import quick
from app.signatures.evidence import Standing, Statement, statement_about
from app.signatures.trust import TrustSnapshot

REVOKED = "SIG-410"
REVOKED_AUTHORITY = "SIG-411"
UNKNOWN = "SIG-412"
UNUSABLE_EVIDENCE = "SIG-413"
ON_HOLD = "SIG-414"
REVOKED_BEFORE_RECEIPT = "SIG-415"
REVOKED_SINCE = "SIG-416"
UNKNOWN_REFUSED = "SIG-418"
NOT_REACHED = "SIG-419"

PROVISIONAL = frozenset({UNKNOWN, UNUSABLE_EVIDENCE})
"""Codes with which a transcript stands provisionally, until evidence decides."""

REVOCATIONS = frozenset({REVOKED, REVOKED_AUTHORITY, REVOKED_BEFORE_RECEIPT})
"""Codes with which a provisional transcript turns out to be none."""

_WORST_FIRST = (
    REVOKED,
    REVOKED_AUTHORITY,
    REVOKED_BEFORE_RECEIPT,
    ON_HOLD,
    UNKNOWN_REFUSED,
    UNUSABLE_EVIDENCE,
    UNKNOWN,
    REVOKED_SINCE,
    None,
)


_PATHS_KEPT = 8192
"""Paths whose evidence is kept together: the signers of a province's rush, under two snapshots."""


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """What a revocation is held against.

    Attributes:
        judged_at: the time of judgement of the signature.
        received_at: the receipt.
        attested: whether something besides the signer's own key proves that the signature existed
            at `judged_at`, so that a later revocation does not touch it: a time stamp, for a
            teacher also the principal and the school.
    """

    judged_at: datetime
    received_at: datetime
    attested: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What a snapshot says about one certificate, whenever it is asked.

    Attributes:
        statements: usable ones.
        revoked: from when, by the first of them that says so.
        spoilt: whether there was evidence that proves nothing.
    """

    not_after: datetime
    statements: tuple[Statement, ...]
    revoked: datetime | None
    spoilt: bool


@lru_cache(maxsize=_PATHS_KEPT)
def check_revocation(path: tuple[bytes, ...], trust: TrustSnapshot, times: Times) -> str | None:
    """Judge every certificate of a path that is no anchor.

    Args:
        path: DER from the leaf to its anchor; valid.
        trust: holds the evidence, and whether what it leaves open passes provisionally.
        times: what revocations are held against.

    Returns:
        The worst code: SIG-410 the signer's certificate is revoked, SIG-411 an authority's,
        SIG-415 revoked between judgement and receipt, SIG-414 on hold, SIG-418 unknown and refused
        for that, SIG-413 and SIG-412 unknown and provisional, SIG-416 revoked since; None for none.
    """
    leaf, *authorities = (_judge(known, trust, times) for known in _known_along(path, trust))
    above = [REVOKED_AUTHORITY if code == REVOKED else code for code in authorities]
    return min((leaf, *above), key=_WORST_FIRST.index)


@lru_cache(maxsize=_PATHS_KEPT)
def _known_along(path: tuple[bytes, ...], trust: TrustSnapshot) -> tuple[_Known, ...]:
    """Collect what a snapshot says about each certificate below the anchor."""
    return tuple(_known(path[place:], trust) for place in range(len(path) - 1))


def _known(path: tuple[bytes, ...], trust: TrustSnapshot) -> _Known:
    filed = trust.evidence_about(path[0], path[1])
    said = [one for evidence in filed if (one := statement_about(path, evidence)) is not None]
    usable = tuple(one for one in said if one.standing is not Standing.UNUSABLE)
    return _Known(
        not_after=load_der_x509_certificate(path[0]).not_valid_after_utc,
        statements=usable,
        revoked=min(
            (one.since for one in usable if one.standing is Standing.REVOKED),
            default=None,
        ),
        spoilt=len(usable) < len(said),
    )


def _judge(known: _Known, trust: TrustSnapshot, times: Times) -> str | None:
    if known.revoked is not None and known.revoked <= times.received_at:
        return _code_of_revocation(known.revoked, times)
    code = _code_of_last_word(known, times)
    return UNKNOWN_REFUSED if code in PROVISIONAL and not trust.provisional else code


def _code_of_revocation(revoked: datetime, times: Times) -> str:
    if revoked <= times.judged_at:
        return REVOKED
    return REVOKED_SINCE if times.attested else REVOKED_BEFORE_RECEIPT


def _code_of_last_word(known: _Known, times: Times) -> str | None:
    """Judge by the newest statement that reaches to the receipt, or to the certificate's end."""
    needed = min(times.received_at, known.not_after)
    fresh = [
        said
        for said in known.statements
        if said.next_update >= needed
        and (said.standing is not Standing.GOOD or said.speaks_from <= known.not_after)
    ]
    if not fresh:
        return UNUSABLE_EVIDENCE if known.spoilt else UNKNOWN
    last = max(fresh, key=lambda said: said.this_update)
    held = last.standing is Standing.ON_HOLD and last.since <= times.received_at
    return ON_HOLD if held else None
