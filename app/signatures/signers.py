"""The certificates about which a report leaves revocation open, taken from the document again."""

import re
from hashlib import sha256

from app.signatures.base64 import read_base64
from app.signatures.report import Outcome, Report
from app.signatures.revocation import PROVISIONAL

_CERTIFICATE = re.compile(rb"X509Certificate(?:\s[^<>]*)?>([A-Za-z0-9+/=\s]+)<")


def unanswered_certificates(original: bytes, report: Report) -> tuple[bytes, ...]:
    """Find the signing certificates (DER) that a report left provisional.

    The octets are searched by pattern: what is found counts only with a digest that the report
    names, so nothing in a document can bring in another certificate.
    """
    wanted = {
        slot.signer.certificate_sha256
        for slot in report.slots
        for check in slot.checks
        if slot.signer is not None
        and check.outcome is Outcome.NOT_CHECKED
        and check.code in PROVISIONAL
    }
    found = (read_base64(match[1].decode("ascii")) for match in _CERTIFICATE.finditer(original))
    by_digest = {sha256(der).hexdigest(): der for der in found if der is not None}
    return tuple(by_digest[digest] for digest in sorted(wanted & by_digest.keys()))
