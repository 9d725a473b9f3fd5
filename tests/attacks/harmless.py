"""A29: other octets, the same content. What is no attack must not be refused as one."""

import re
from base64 import b64decode, b64encode
from collections.abc import Iterator

from cryptography import x509
from cryptography.x509.oid import AuthorityInformationAccessOID

from app.sandbox.keys import P256_ORDER
from app.sandbox.pki import KeyKind
from app.signatures.writing import Signer
from tests.attacks import certificates
from tests.attacks.attack import Harmless
from tests.attacks.authorities import INSIDE
from tests.attacks.content import XADES, requalified
from tests.attacks.keys import sealed_by
from tests.attacks.victims import Victim, victim, victims


def other_octets() -> Iterator[Harmless]:
    """What editors, tools and transports change without touching what is signed."""
    for one in victims():
        if one.role not in {"school", "package"}:
            continue
        xml = one.xml
        yield from (
            Harmless(name=f"{name}-{one.role}", twin=xml, document=document, verify=one.verify)
            for name, document in {
                "byte-order-mark": b"\xef\xbb\xbf" + xml,
                "no-declaration": xml[xml.index(b"?>") + 2 :].lstrip(),
                "lower-case-encoding": xml.replace(b"UTF-8", b"utf-8", 1),
                "single-quotes": xml.replace(b'"', b"'"),
                "windows-line-ends": xml.replace(b"\n", b"\r\n"),
                "old-mac-line-ends": xml.replace(b"\n", b"\r"),
                "white-space-in-tags": re.sub(rb"</(\w+)>", rb"</\1 \n>", xml),
                "white-space-in-start-tags": xml.replace(b' Id="', b' \t Id = "'),
                "empty-element-tags": re.sub(rb"<([\w:]+)((?: [^<>]*)?)></\1>", rb"<\1\2/>", xml),
                "character-references": xml.replace(
                    b"Tr\xc6\xb0\xe1\xbb\x9dng", b"Tr&#432;&#x1EDD;ng"
                ),
                "escaped-letters-in-an-id": xml.replace(
                    f'Id="{one.target_id}"'.encode(),
                    f'Id="&#{ord(one.target_id[0])};{one.target_id[1:]}"'.encode(),
                ),
                "white-space-behind": xml + b" \n\n",
                "white-space-in-unsigned-base64": one.edited(
                    ("(<ds:SignatureValue>.{20})", r"\1&#13;\r\n\t "),
                    ("(<ds:X509Certificate>.{64})", r"\1\n"),
                ),
                "unused-namespace-in-key-info": one.edited(
                    (
                        "<ds:KeyInfo>",
                        '<ds:KeyInfo xmlns:e="http://www.w3.org/2001/10/xml-exc-c14n#">',
                    )
                ),
                "id-of-the-signature": one.edited(("<ds:Signature ", '<ds:Signature Id="ky" ')),
                "subject-name-beside": one.edited(
                    ("<ds:X509Cert", "<ds:X509SubjectName>CN=x</ds:X509SubjectName><ds:X509Cert")
                ),
            }.items()
        )


def odd_but_true() -> Iterator[Harmless]:
    """True signatures with odd numbers, times and addresses; the report warns where it should."""
    p256 = sealed_by(certificates.seal("attack-seal-p256", KeyKind.P256))
    # Whoever sees (r, s) can write (r, n-s): another octet string, the same signer and content.
    value = re.search("<ds:SignatureValue>([^<]*)", p256.signature.decode())
    assert value is not None
    octets = b64decode(value[1])
    other = octets[:32] + (P256_ORDER - int.from_bytes(octets[32:])).to_bytes(32)
    edit = ("(<ds:SignatureValue>)[^<]*", rf"\g<1>{b64encode(other).decode()}")
    yield _of(p256, "ecdsa-s-negated", p256.edited(edit))
    for one in victims(XADES):
        if one.role != "package":
            old = ("(<xades:SigningTime>)[^<]*", r"\g<1>1970-01-01T00:00:00Z")
            yield _of(one, f"signing-time-in-1970-{one.role}", requalified(one, old))
    honest = certificates.seal()
    for number, url in enumerate(INSIDE):
        place = x509.UniformResourceIdentifier(url)
        information = x509.AuthorityInformationAccess(
            [x509.AccessDescription(AuthorityInformationAccessOID.OCSP, place)]
        )
        oid = information.oid.dotted_string
        der = certificates.with_extension(honest.certificate_der, oid, information.public_bytes())
        one = sealed_by(Signer(key=honest.key, certificate_der=der))
        yield Harmless(
            name=f"revocation-address-inside-{number}",
            twin=victim("school").xml,
            document=one.xml,
            verify=one.verify,
        )


def _of(one: Victim, name: str, document: bytes) -> Harmless:
    return Harmless(name=name, twin=one.xml, document=document, verify=one.verify)
