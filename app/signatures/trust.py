"""Whom the verifier trusts, frozen for one run: anchors, intermediates and registered certificates.

`app.trust` makes these values; the verifier never fetches anything.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import cached_property

from typing_extensions import override

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
        certificate_sha256: digest of the one certificate that it was fetched for; None when it
            speaks of all that the authority issued.
    """

    kind: EvidenceKind
    der: bytes
    issuer_sha256: str
    fetched_at: datetime
    certificate_sha256: str | None = None


@dataclass(frozen=True, kw_only=True)
class TrustSnapshot:
    """Pinned roots, known intermediates and revocation evidence at one moment.

    Attributes:
        anchors: root certificates, DER, sorted.
        intermediates: certificates that paths may pass through, DER, sorted.
        evidence: what is known about revocation.
        provisional: whether a certificate whose revocation is unknown is let pass provisionally.
        tsa_anchors: roots that speak for time-stamping authorities alone, DER, sorted.
        bundle: digest of the manifest that pins all of them; "" for trust that no bundle holds.
    """

    anchors: tuple[bytes, ...]
    intermediates: tuple[bytes, ...]
    evidence: tuple[Evidence, ...] = ()
    provisional: bool = True
    tsa_anchors: tuple[bytes, ...] = ()
    bundle: str = ""

    @override
    def __hash__(self) -> int:
        # Every cached verdict asks for it; the evidence alone may be megabytes.
        return hash(self.sha256)

    @cached_property
    def sha256(self) -> str:
        """The digest of everything trusted, in hexadecimal: reports name it."""
        digest = hashlib.sha256()
        evidence = tuple(
            f"{one.kind} {one.issuer_sha256} {one.certificate_sha256} "
            f"{one.fetched_at.isoformat()} ".encode()
            + one.der
            for one in self.evidence
        )
        for group in (self.anchors, self.intermediates, self.tsa_anchors, evidence):
            digest.update(len(group).to_bytes(4))
            for item in group:
                digest.update(hashlib.sha256(item).digest())
        digest.update(bytes([self.provisional]) + self.bundle.encode())
        return digest.hexdigest()

    def evidence_about(self, certificate: bytes, issuer: bytes) -> tuple[Evidence, ...]:
        """Give what an authority (DER) said of all its certificates or of this one (DER)."""
        authority, subject = (hashlib.sha256(der).hexdigest() for der in (issuer, certificate))
        filed = self._filed
        return (*filed.get((authority, None), ()), *filed.get((authority, subject), ()))

    @cached_property
    def _filed(self) -> Mapping[tuple[str, str | None], tuple[Evidence, ...]]:
        filed: dict[tuple[str, str | None], list[Evidence]] = {}
        for one in self.evidence:
            filed.setdefault((one.issuer_sha256, one.certificate_sha256), []).append(one)
        return {subject: tuple(found) for subject, found in filed.items()}


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
