"""Whether a certificate was good for signing at its time of judgement (steps 16 and 17)."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, lru_cache

from cryptography.x509 import load_der_x509_certificate

from app.engine import quick
from app.signatures.catalogue import is_error
from app.signatures.judgement import JudgedBy, judge_at
from app.signatures.paths import check_path
from app.signatures.report import Check, Outcome
from app.signatures.revocation import NOT_REACHED, PROVISIONAL, Times, check_revocation
from app.signatures.trust import TrustSnapshot
from app.transcripts.profile import Role

TEACHERS = (Role.SUBJECT_TEACHER, Role.HOMEROOM_TEACHER)
"""Whose day of issue principal and school attest."""

_VALIDITIES_KEPT = 8192
"""Verdicts on certificates kept: the signers of all packages that are open at once, some hundreds
of classes; each package has its own time of receipt."""

_PATH_PASSED = Check(name="path", outcome=Outcome.PASSED)
REVOCATION_NOT_REACHED = Check(name="revocation", outcome=Outcome.NOT_CHECKED, code=NOT_REACHED)
"""Without a path nobody is known who could speak about a certificate."""


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Validity:
    """Whether a certificate was good for signing when it is judged, and why then.

    Attributes:
        codes: what both checks found.
    """

    judged_at: datetime
    judged_by: str
    path: Check
    revocation: Check
    codes: tuple[str, ...]


@lru_cache(maxsize=_VALIDITIES_KEPT)
def validity_of(
    certificate: bytes,
    trust: TrustSnapshot,
    received_at: datetime,
    attested_day: date | None,
    stamped_at: datetime | None,
    role: Role,
) -> Validity:
    """Check the path and the revocation of its certificates at the time of judgement.

    The verdict of a snapshot on a certificate (DER) for these very times and this role.
    """
    judgement = judge_at(
        attested_day, received_at, attested=attested_day is not None, stamped_at=stamped_at
    )
    path = check_path(certificate, trust, judgement.at)
    if path.code is not None:
        return Validity(
            judged_at=judgement.at,
            judged_by=judgement.by.value,
            path=Check(name="path", outcome=Outcome.FAILED, code=path.code),
            revocation=REVOCATION_NOT_REACHED,
            codes=(path.code,),
        )
    times = Times(
        judged_at=judgement.at,
        received_at=received_at,
        attested=judgement.by is JudgedBy.TIMESTAMP
        or (judgement.by is JudgedBy.DAY_OF_ISSUE and role in TEACHERS),
    )
    code = check_revocation(path.certificates, trust, times)
    codes = () if code is None else (code,)
    not_after = load_der_x509_certificate(certificate).not_valid_after_utc
    if judgement.by is not JudgedBy.RECEIPT and not_after < received_at:
        codes = ("SIG-405", *codes)
    return Validity(
        judged_at=judgement.at,
        judged_by=judgement.by.value,
        path=_PATH_PASSED,
        revocation=_revocation(code),
        codes=codes,
    )


@cache
def _revocation(code: str | None) -> Check:
    if code is None or not (code in PROVISIONAL or is_error(code)):
        outcome = Outcome.PASSED
    else:
        outcome = Outcome.NOT_CHECKED if code in PROVISIONAL else Outcome.FAILED
    return Check(name="revocation", outcome=outcome, code=code)
