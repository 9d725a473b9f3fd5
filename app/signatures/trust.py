"""Whom the verifier trusts, frozen for one run: anchors, intermediates and registered certificates.

`app.trust` makes these values; the verifier never fetches anything.
"""

import hashlib
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from app.transcripts.profile import Role


@dataclass(frozen=True, kw_only=True)
class TrustSnapshot:
    """Pinned roots and known intermediates at one moment.

    Attributes:
        anchors: root certificates, DER, sorted.
        intermediates: certificates that paths may pass through, DER, sorted.
    """

    anchors: tuple[bytes, ...]
    intermediates: tuple[bytes, ...]

    @cached_property
    def sha256(self) -> str:
        """The digest of everything trusted, in hexadecimal: reports name it."""
        digest = hashlib.sha256()
        for group in (self.anchors, self.intermediates):
            digest.update(len(group).to_bytes(4))
            for certificate in group:
                digest.update(hashlib.sha256(certificate).digest())
        return digest.hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """A certificate that a school registered and the department approved.

    Attributes:
        certificate_sha256: digest of the DER certificate, in hexadecimal.
        school_code: the school that it may sign for.
        role: `Role.PRINCIPAL` or `Role.SCHOOL`; a school's certificate also signs its packages.
        approved_from: the first day for which it is approved.
        approved_to: the last day for which it is approved; None while it stands.
    """

    certificate_sha256: str
    school_code: str
    role: Role
    approved_from: date
    approved_to: date | None
