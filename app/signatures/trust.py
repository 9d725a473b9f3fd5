"""Whom the verifier trusts, frozen for one run: anchors, intermediates and registered certificates.

`app.trust` makes these values; the verifier never fetches anything.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import cached_property

from app.transcripts.profile import Role


class EvidenceKind(StrEnum):
    """What a piece of revocation evidence is."""

    CRL = "crl"
    OCSP = "ocsp"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What an authority published about the certificates that it issued, as it was fetched.

    Attributes:
        der: a CertificateList (RFC 5280 section 5) or an OCSPResponse (RFC 6960 section 4.2).
        issuer_sha256: digest of the certificate of the authority that it was fetched for.
        fetched_at: when the repository held it first, aware: nothing in it may be later.
    """

    kind: EvidenceKind
    der: bytes
    issuer_sha256: str
    fetched_at: datetime


@dataclass(frozen=True, kw_only=True)
class TrustSnapshot:
    """Pinned roots, known intermediates and revocation evidence at one moment.

    Attributes:
        anchors: root certificates, DER, sorted.
        intermediates: certificates that paths may pass through, DER, sorted.
        evidence: what is known about revocation.
        provisional: whether a certificate whose revocation is unknown is let pass provisionally.
    """

    anchors: tuple[bytes, ...]
    intermediates: tuple[bytes, ...]
    evidence: tuple[Evidence, ...] = ()
    provisional: bool = True

    @cached_property
    def sha256(self) -> str:
        """The digest of everything trusted, in hexadecimal: reports name it."""
        digest = hashlib.sha256()
        evidence = tuple(
            f"{one.kind} {one.issuer_sha256} {one.fetched_at.isoformat()} ".encode() + one.der
            for one in self.evidence
        )
        for group in (self.anchors, self.intermediates, evidence):
            digest.update(len(group).to_bytes(4))
            for item in group:
                digest.update(hashlib.sha256(item).digest())
        digest.update(bytes([self.provisional]))
        return digest.hexdigest()

    @cached_property
    def evidence_by_issuer(self) -> Mapping[str, tuple[Evidence, ...]]:
        """The evidence by the digest of the authority's certificate."""
        filed: dict[str, list[Evidence]] = {}
        for one in self.evidence:
            filed.setdefault(one.issuer_sha256, []).append(one)
        return {issuer: tuple(found) for issuer, found in filed.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """A certificate that a school registered and the department approved.

    Attributes:
        certificate_sha256: digest of the DER certificate, in hexadecimal.
        school_code: the school that it may sign for.
        role: `Role.PRINCIPAL` or `Role.SCHOOL`; a school's certificate also signs its packages.
        approved_from: the first day for which it is approved.
        approved_to: the last day for which it is approved; None while it stands.
        revoked_from: when its holder took it back, aware: what is received from then on is not
            signed with it, whatever day it names; None while the holder stands by it.
    """

    certificate_sha256: str
    school_code: str
    role: Role
    approved_from: date
    approved_to: date | None
    revoked_from: datetime | None = None
