"""The entries of a revocation list that concern one certificate, without reading the others."""

from collections.abc import Iterator

from asn1crypto import crl, parser, x509


def narrowed(der: bytes, certificate: bytes) -> crl.CertificateList:
    """Parse a list so that pyhanko sees none but the entries with a certificate's serial number.

    It would make objects of all others, a kilobyte each, which a list of half a million turns into
    all the memory that a process may have. What is signed stays as it is.
    """
    read = crl.CertificateList.load(der)
    body = read["tbs_cert_list"]
    entries = body["revoked_certificates"]
    if isinstance(entries, crl.RevokedCertificates):
        serial = x509.Certificate.load(certificate)["tbs_certificate"]["serial_number"].dump()
        entries.contents = b"".join(one for one in _elements(entries.contents) if serial in one)
        # Where the last octet of its length is 0x80, asn1crypto takes the length for an indefinite
        # one and would write the body anew, without the entries that are gone.
        signed = read.contents[: parser.peek(read.contents)]
        body.dump = lambda **_: signed
    return read


def _elements(contents: bytes) -> Iterator[bytes]:
    """Split what stands in a SEQUENCE OF into the octets of its elements (X.690 section 8.1.3)."""
    at = 0
    while at < len(contents):
        first = contents[at + 1]
        octets = first & 0x7F if first & 0x80 else 0
        size = int.from_bytes(contents[at + 2 : at + 2 + octets]) if octets else first
        end = at + 2 + octets + size
        yield contents[at:end]
        at = end
