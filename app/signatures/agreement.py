"""A second opinion on a certificate path that the first engine has accepted.

pyhanko-certvalidator decides; `cryptography`, which parses and compares in Rust, must agree that

- every certificate was signed by the one above it, with the same algorithm inside and outside;
- every certificate below the anchor is within its validity at the time in question;
- every certificate that issued another has a name and is a certification authority that may sign
  certificates; an anchor of version 1 can say nothing of that, one of version 3 is held to it;
- the anchor holds no critical extension that is unknown (the first engine looks below it).

It is not asked where it has no opinion: about names that are equal only by RFC 5280 section 7.1
(it compares octets), and about serial numbers that are not positive (it is about to refuse them).
Its own path verifier follows the rules of web servers and is not used.
"""

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise

from cryptography import x509
from cryptography.exceptions import InvalidSignature


def agrees(path: Sequence[bytes], at: datetime) -> bool:
    """Say whether nothing speaks against a path.

    Args:
        path: DER certificates from the anchor down to the leaf; serial numbers are positive.
        at: an aware time.
    """
    try:
        certificates = [x509.load_der_x509_certificate(der) for der in path]
        issuers = [one for one in certificates[:-1] if one.version is x509.Version.v3]
        return (
            all(_issued(issuer, child, at) for issuer, child in pairwise(certificates))
            and all(_may_issue(issuer) for issuer in issuers)
            and _is_understood(certificates[0])
        )
    except (ValueError, TypeError, InvalidSignature):
        return False


def _issued(issuer: x509.Certificate, child: x509.Certificate, at: datetime) -> bool:
    if not child.issuer.rdns:
        return False  # RFC 5280 section 4.1.2.4
    if child.issuer.public_bytes() == issuer.subject.public_bytes():
        child.verify_directly_issued_by(issuer)
    return child.not_valid_before_utc <= at <= child.not_valid_after_utc


def _may_issue(certificate: x509.Certificate) -> bool:
    extensions = {extension.oid: extension.value for extension in certificate.extensions}
    constraints = extensions.get(x509.BasicConstraints.oid)
    usage = extensions.get(x509.KeyUsage.oid)
    return (
        isinstance(constraints, x509.BasicConstraints)
        and constraints.ca
        and (not isinstance(usage, x509.KeyUsage) or usage.key_cert_sign)
    )


def _is_understood(certificate: x509.Certificate) -> bool:
    return not any(
        extension.critical and isinstance(extension.value, x509.UnrecognizedExtension)
        for extension in certificate.extensions
    )
