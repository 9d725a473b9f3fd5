"""Since when an authority keeps speaking of certificates that have expired.

Without a word from it they may be dropped as soon as they end (RFC 5280 section 3.3).
"""

from datetime import datetime

from asn1crypto import core
from cryptography import x509

EXPIRED_ON_LIST = x509.ObjectIdentifier("2.5.29.60")
"""expiredCertsOnCRL of a list (ITU-T X.509 section 9.5.2.8)."""

ARCHIVE_CUTOFF = x509.ObjectIdentifier("1.3.6.1.5.5.7.48.1.6")
"""The same in an OCSP answer (RFC 6960 section 4.4.4)."""


def kept_since(
    extensions: x509.Extensions, oid: x509.ObjectIdentifier, this_update: datetime
) -> datetime:
    """Say since when certificates that ended are still spoken of: `this_update` when unsaid.

    Raises:
        ValueError: the extension holds no time.
    """
    for extension in extensions:
        if extension.oid == oid and isinstance(extension.value, x509.UnrecognizedExtension):
            octets = extension.value.value
            said: datetime = core.GeneralizedTime.load(octets, strict=True).native
            return min(said, this_update)
    return this_update
