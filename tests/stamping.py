"""Time stamps that an authority of the sandbox, or somebody else, could make."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from app.sandbox.pki import Authority, Branch
from app.sandbox.timestamping import Stamp, make_token, stamper
from app.signatures.report import Outcome, Verdict
from app.signatures.trust import TrustSnapshot
from app.signatures.writing import Qualification, Signer
from tests.revocation import (
    DAY,
    PKI,
)
from tests.scenarios import scenario_of
from tests.verdicts import (
    RECEIVED_AT,
    SEAL,
    STUDENTS,
    case_of,
    resealed,
    slot,
)

SCHOOL = scenario_of(STUDENTS).school
STAMPED_AT = RECEIVED_AT - 3 * DAY
TSA = PKI.tsa
Stamper = Callable[[bytes], bytes]
GOOD = stamper(TSA, STAMPED_AT)


def stamped(*stampers: Stamper) -> bytes:
    """The transcript with a seal that carries time stamps."""
    qualification = Qualification(
        signature_id="ky-dau", signing_time=RECEIVED_AT - 4 * DAY, timestamps=stampers
    )
    return resealed(case_of().xml, qualification=qualification)


def verdict_on(*stampers: Stamper, trust: TrustSnapshot | None = None) -> Verdict:
    case = case_of() if trust is None else replace(case_of(), trust=trust)
    return case.verify(stamped(*stampers))


def timestamp_of(verdict: Verdict) -> tuple[Outcome, str | None]:
    (check,) = [one for one in slot(verdict, SEAL).checks if one.name == "timestamp"]
    return check.outcome, check.code


def judged(verdict: Verdict) -> tuple[datetime | None, str | None]:
    report = slot(verdict, SEAL)
    return report.judged_at, report.judged_by


def service(
    *usages: x509.ObjectIdentifier,
    critical: bool = True,
    ca: bool = False,
    by: Authority = PKI.issuers[Branch.G2],
    end: datetime = RECEIVED_AT + DAY,
) -> Signer:
    """A certificate that could be a time-stamping authority's."""
    key = generate_private_key(SECP256R1())
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "TSA MẪU")]))
        .issuer_name(by.issuer.name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
        .not_valid_after(end)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
    )
    if usages:
        builder = builder.add_extension(x509.ExtendedKeyUsage(usages), critical=critical)
    made = builder.sign(by.issuer.key, SHA256())
    return Signer(key=key, certificate_der=made.public_bytes(Encoding.DER))


STAMPING = ExtendedKeyUsageOID.TIME_STAMPING


def stamp_with(**changes: object) -> Stamper:
    stamp = replace(Stamp(signer=TSA, at=STAMPED_AT), **changes)  # type: ignore[arg-type]  # reason: by name
    return lambda octets: make_token(hashlib.new(stamp.hash, octets).digest(), stamp)
