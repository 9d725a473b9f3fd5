"""NIST's Public Key Interoperability Test Suite as PyPI's cryptography-vectors ships it.

Which certificates and revocation lists belong to a test is read from the suite's own S/MIME
messages: each carries the signer's certificate and whatever its validation needs.
"""

import email
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cryptography_vectors

DATA = Path(cryptography_vectors.__file__).parent / "x509" / "PKITS_data"

WITHOUT_ITS_OWN_MESSAGE = {
    "ValidonlySomeReasonsTest18EE": (
        ("onlySomeReasonsCA3Cert",),
        (
            "TrustAnchorRootCRL",
            "onlySomeReasonsCA3compromiseCRL",
            "onlySomeReasonsCA3otherreasonsCRL",
        ),
    ),
    "ValidUnknownNotCriticalCertificateExtensionTest1EE": ((), ("TrustAnchorRootCRL",)),
}
"""The message of the first carries the certificate of Test 19 by mistake; that of the second none
but the signer's, which is issued by the anchor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PkitsCase:
    """One end certificate and all that its validation needs, in DER."""

    leaf: bytes
    intermediates: list[bytes]
    crls: list[bytes]


def anchor() -> bytes:
    """The suite's only trust anchor."""
    return (DATA / "certs" / "TrustAnchorRootCertificate.crt").read_bytes()


@cache
def cases() -> dict[str, PkitsCase]:
    """All end certificates of the suite by the names of their files."""
    certificates = {file.stem: file.read_bytes() for file in (DATA / "certs").glob("*.crt")}
    crls = {file.stem: file.read_bytes() for file in (DATA / "crls").glob("*.crl")}
    leaves = [name for name in certificates if name.endswith("EE")]
    found = {
        leaf: PkitsCase(
            leaf=certificates[leaf],
            intermediates=[certificates[name] for name in others],
            crls=[crls[name] for name in lists],
        )
        for leaf, (others, lists) in WITHOUT_ITS_OWN_MESSAGE.items()
    }
    for file in sorted((DATA / "smime").glob("*.eml")):
        message = email.message_from_bytes(file.read_bytes())
        (signature,) = (
            part
            for part in message.walk()
            if part.get_content_type() == "application/pkcs7-signature"
        )
        octets = signature.get_payload(decode=True)
        assert isinstance(octets, bytes)
        leaf = next(name for name in leaves if certificates[name] in octets)
        found.setdefault(
            leaf,
            PkitsCase(
                leaf=certificates[leaf],
                intermediates=[
                    der for name, der in certificates.items() if der in octets and name != leaf
                ],
                crls=[der for der in crls.values() if der in octets],
            ),
        )
    assert found.keys() == set(leaves)
    return found
