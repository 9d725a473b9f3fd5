"""Whether a certificate leads to a pinned root at a given time, and was not revoked (steps 16, 17).

RFC 5280 section 6 by pyhanko-certvalidator, with `cryptography` as a second opinion that must agree
(`agreement` says on what exactly). All that may speak is handed in; nothing is ever fetched.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Literal

from asn1crypto import x509
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.errors import (
    ExpiredError,
    NotYetValidError,
    PathBuildingError,
    ValidationError,
)
from pyhanko_certvalidator.path import ValidationPath
from pyhanko_certvalidator.validate import async_validate_path

from app.signatures.agreement import agrees
from app.signatures.catalogue import CATALOGUE
from app.signatures.pkix import BudgetExceeded, Material, finish, open_context
from app.signatures.statements import Statements, faults_of, read_statements

MAX_CERTIFICATES = 64
"""Anchors, and as many other certificates: Vietnam has two roots and about twenty authorities."""

MAX_CERTIFICATE_SIZE = 16 * 1024
"""Octets of one certificate: a large one has 3 KiB."""

MAX_STATEMENTS = 32
"""Revocation lists, and as many OCSP responses: one for each certificate of a path, some twice."""

MAX_STATEMENTS_SIZE = 6 * 1024 * 1024
"""Octets of all lists and responses: some 200,000 revoked certificates, which take two seconds."""

MAX_PATHS = 16
"""Paths tried: a cross-certified authority doubles them, and few are."""

MAX_PATH_LENGTH = 10
"""Certificates below the anchor: a leaf and two authorities in practice, six in NIST's tests."""

_NAMES_KEPT = 2 * MAX_CERTIFICATES + 1
"""Names of pinned certificates: those of one question."""

Revocation = Literal["require", "soft", "off"]

_MOST_TELLING = (
    "SIG-410",
    "SIG-414",
    "SIG-411",
    "SIG-413",
    "SIG-412",
    "SIG-402",
    "SIG-403",
    "SIG-401",
)
"""Which code stands for several: a path that failed late says more than one that failed early."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PathResult:
    """The verdict on one certificate at one time.

    Attributes:
        code: why not; None when it passed.
        certificates: the path in DER from the certificate up to the anchor; empty unless passed.
    """

    code: str | None
    certificates: tuple[bytes, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether the path is valid."""
        return self.code is None

    @property
    def sub_indication(self) -> str | None:
        """Why not, in the words of ETSI EN 319 102-1; None when it passed."""
        return None if self.code is None else CATALOGUE[self.code].sub_indication


def validate_path(  # noqa: PLR0913 -- reason: the arguments of RFC 5280 section 6.1.1
    leaf: bytes,
    intermediates: Sequence[bytes],
    *,
    anchors: Sequence[bytes],
    crls: Sequence[bytes] = (),
    ocsps: Sequence[bytes] = (),
    at: datetime,
    revocation: Revocation = "require",
) -> PathResult:
    """Find and validate a path from a certificate to an anchor; raises nothing but MemoryError.

    Policies are not constrained beyond what the certificates themselves demand. Whatever signs a
    certificate or a statement has a key and an algorithm of the field. The leaf's own key, and
    whether the leaf may sign documents, is not asked about here.

    Args:
        leaf: a certificate, DER; all other certificates too.
        intermediates: certificates that a path may pass through, in any order.
        anchors: pinned roots; their own validity and revocation are not questioned, what they say
            of the names and the paths below them counts.
        crls: revocation lists, DER.
        ocsps: OCSP responses, DER.
        at: the aware time for which the answer holds; statements about revocation must cover it.
        revocation: "require" a good statement about every certificate below the anchor, "soft" let
            pass what nothing usable is known about, "off" do not ask.

    Returns:
        Passed, or SIG-400 no path, SIG-401 invalid path, SIG-402 expired, SIG-403 not yet valid,
        SIG-404 more work than any honest question takes, SIG-410 revoked, SIG-411 an authority was
        revoked, SIG-412 revocation unknown, SIG-413 only invalid data about it, SIG-414 on hold.
    """
    try:
        _check_budget((leaf, *anchors), intermediates, crls, ocsps)
        if leaf in anchors:
            return PathResult(code="SIG-401")
        statements = Statements() if revocation == "off" else read_statements(crls, ocsps)
        question = _Question(
            anchors=anchors,
            intermediates=intermediates,
            statements=statements,
            at=at,
            revocation=revocation,
        )
        return _judge(leaf, question)
    except BudgetExceeded:
        return PathResult(code="SIG-404")
    except MemoryError:
        raise  # no property of the certificates, and not to be remembered as one
    except Exception:  # noqa: BLE001 -- reason: fail closed, nothing unforeseen may pass
        return PathResult(code="SIG-999")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    anchors: Sequence[bytes]
    intermediates: Sequence[bytes]
    statements: Statements
    at: datetime
    revocation: Revocation


def _check_budget(
    pinned: Sequence[bytes],
    intermediates: Sequence[bytes],
    crls: Sequence[bytes],
    ocsps: Sequence[bytes],
) -> None:
    certificates, statements = (*pinned, *intermediates), (*crls, *ocsps)
    if (
        max(len(pinned) - 1, len(intermediates)) > MAX_CERTIFICATES
        or max(map(len, certificates)) > MAX_CERTIFICATE_SIZE
        or max(len(crls), len(ocsps)) > MAX_STATEMENTS
        or sum(map(len, statements)) > MAX_STATEMENTS_SIZE
    ):
        raise BudgetExceeded


def _above(issuer: str, certificates: Sequence[bytes]) -> frozenset[bytes]:
    """Select the certificates that can stand above one with this issuer: all others are not read.

    Names are compared as the search for paths compares them (RFC 5280 section 7.1).
    """
    above = set[bytes]()
    issuers, asked = [issuer], {issuer}
    while issuers:
        name = issuers.pop()
        for der in certificates:
            names = _names(der)
            if names is None or names[0] != name:
                continue
            above.add(der)
            if names[1] not in asked:
                asked.add(names[1])
                issuers.append(names[1])
    return frozenset(above)


@lru_cache(maxsize=_NAMES_KEPT)
def _names(der: bytes) -> tuple[str, str] | None:
    """Read subject and issuer of a certificate, prepared for comparison; None when it is none."""
    certificate = _read_one(der)
    if certificate is None:
        return None
    return certificate.subject.hashable, certificate.issuer.hashable


def _read(certificates: Sequence[bytes]) -> dict[x509.Certificate, bytes]:
    """Parse each certificate once; what is none takes no part."""
    parsed = ((_read_one(der), der) for der in dict.fromkeys(certificates))
    return {certificate: der for certificate, der in parsed if certificate is not None}


def _read_one(der: bytes) -> x509.Certificate | None:
    try:
        certificate = x509.Certificate.load(der, strict=True)
        # asn1crypto parses late; what this touches, the search for paths relies on.
        _ = certificate.issuer.hashable, certificate.subject.hashable, certificate.serial_number
        _ = certificate.critical_extensions, certificate.authority_issuer_serial
        kinds = [one["extn_id"].dotted for one in certificate["tbs_certificate"]["extensions"]]
    except (ValueError, TypeError):
        return None
    # One extension twice is read differently by different programs (RFC 5280 section 4.2).
    return certificate if len(set(kinds)) == len(kinds) else None


def _judge(leaf: bytes, question: _Question) -> PathResult:
    certificate = _read_one(leaf)
    if certificate is None:
        return PathResult(code="SIG-400")
    above = _above(certificate.issuer.hashable, (*question.anchors, *question.intermediates))
    roots = _read([der for der in question.anchors if der in above])
    others = _read([der for der in question.intermediates if der in above])
    octets = {id(one): der for one, der in (roots | others).items()}
    material = Material(anchors=tuple(roots), certificates=tuple(others))
    context = open_context(material, question.at, revocation=False)
    codes = set()
    for path in _paths(certificate, context):
        below = list(path.iter_certs(include_root=True))[:-1]
        certificates = (*(octets[id(one)] for one in below), leaf)
        code = _fault(path, certificates, context, question)
        if code is None:
            return PathResult(code=None, certificates=certificates[::-1])
        codes.add(code)
    return PathResult(code=next((code for code in _MOST_TELLING if code in codes), "SIG-400"))


def _paths(certificate: x509.Certificate, context: ValidationContext) -> Iterator[ValidationPath]:
    candidates = context.path_builder.async_build_paths_lazy(certificate)

    async def following() -> ValidationPath:
        return await anext(candidates)

    for _ in range(MAX_PATHS):
        try:
            path = finish(following())
        except (PathBuildingError, StopAsyncIteration):
            return
        if path.pkix_len > MAX_PATH_LENGTH:
            raise BudgetExceeded
        yield path
    raise BudgetExceeded


def _fault(
    path: ValidationPath,
    certificates: Sequence[bytes],
    context: ValidationContext,
    question: _Question,
) -> str | None:
    try:
        finish(async_validate_path(context, path))
    except ExpiredError:
        return "SIG-402"
    except NotYetValidError:
        return "SIG-403"
    except (ValidationError, NotImplementedError):
        # Constraints on names of a kind that nothing here compares refuse (RFC 5280 4.2.1.10).
        return "SIG-401"
    asked = all(one.serial_number > 0 for one in path.iter_certs(include_root=True))
    if asked and not agrees(certificates, question.at):
        return "SIG-401"
    return _revocation_fault(path, question)


def _revocation_fault(path: ValidationPath, question: _Question) -> str | None:
    if question.revocation == "off":
        return None
    # Parsed anew: asn1crypto, once it has written a certificate, may write its body differently.
    material = Material(
        anchors=tuple(_read(question.anchors)), certificates=tuple(_read(question.intermediates))
    )
    codes = set(faults_of(path, material, question.statements, question.at))
    if question.revocation == "soft":
        codes -= {"SIG-412", "SIG-413"}
    return next((code for code in _MOST_TELLING if code in codes), None)
