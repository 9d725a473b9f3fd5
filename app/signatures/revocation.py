"""Whether the certificates of a path were revoked, from the frozen evidence alone (step 17).

A revocation counts for ever, however old the list that says so. That there is none counts only from
evidence that reaches to the receipt, and for an expired certificate only from evidence of before:
authorities drop expired certificates from their lists (RFC 5280 section 5).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from app.signatures.certificates import read_certificate
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """What a revocation is held against.

    Attributes:
        judged_at: the time of judgement of the signature.
        received_at: the receipt.
        attested: whether something besides the signer's own key proves that the signature existed
            at `judged_at`, so that a later revocation does not touch it: for a teacher the
            principal and the school.
    """

    judged_at: datetime
    received_at: datetime
    attested: bool


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
    leaf, *authorities = (_judge(path[place:], trust, times) for place in range(len(path) - 1))
    above = [REVOKED_AUTHORITY if code == REVOKED else code for code in authorities]
    return min((leaf, *above), key=_WORST_FIRST.index)


def _judge(path: tuple[bytes, ...], trust: TrustSnapshot, times: Times) -> str | None:
    """Judge the first certificate of a path."""
    filed = trust.evidence_by_issuer.get(sha256(path[1]).hexdigest(), ())
    statements = [said for one in filed if (said := statement_about(path, one)) is not None]
    revoked = min(
        (said.since for said in statements if said.standing is Standing.REVOKED),
        default=None,
    )
    if revoked is not None and revoked <= times.received_at:
        return _code_of_revocation(revoked, times)
    code = _code_of_last_word(path[0], statements, times)
    return UNKNOWN_REFUSED if code in PROVISIONAL and not trust.provisional else code


def _code_of_revocation(revoked: datetime, times: Times) -> str:
    if revoked <= times.judged_at:
        return REVOKED
    return REVOKED_SINCE if times.attested else REVOKED_BEFORE_RECEIPT


def _code_of_last_word(der: bytes, statements: Sequence[Statement], times: Times) -> str | None:
    """Judge by the newest statement that reaches to the receipt."""
    certificate = read_certificate(der)
    fresh = [
        said
        for said in statements
        if said.standing is not Standing.UNUSABLE
        and said.next_update >= times.received_at
        and certificate is not None
        and (said.standing is not Standing.GOOD or said.this_update <= certificate.not_after)
    ]
    if not fresh:
        spoilt = any(said.standing is Standing.UNUSABLE for said in statements)
        return UNUSABLE_EVIDENCE if spoilt else UNKNOWN
    last = max(fresh, key=lambda said: said.this_update)
    held = last.standing is Standing.ON_HOLD and last.since <= times.received_at
    return ON_HOLD if held else None
