"""Documents of no field, drawn from a seed, and Debian's xmlsec1 to sign and verify them."""

import random
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

from app.signatures.canonical import Canonicalization
from tests.scenarios import keys

DS = "http://www.w3.org/2000/09/xmldsig#"
DSIG11 = "http://www.w3.org/2009/xmldsig11#"
MORE = "http://www.w3.org/2001/04/xmldsig-more#"
SHA256_URI = "http://www.w3.org/2001/04/xmlenc#sha256"
ENVELOPED = f"{DS}enveloped-signature"
METHODS = (
    *(method.value for method in Canonicalization),
    *(
        f"{method}{'' if method is Canonicalization.EXCLUSIVE else '#'}WithComments"
        for method in Canonicalization
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How a drawn document is signed.

    `uri` is "" or "#muc-tieu"; `place` is where the signature stands: inside the target, before it
    or after it, or around a `ds:Object`.
    """

    uri: str
    place: str
    method: str
    transform: str
    prefixes: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyFile:
    """A private key with a certificate over it, as xmlsec1 reads them."""

    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
    certificate: x509.Certificate


@cache
def key_of(kind: str) -> KeyFile:
    """A key of the kind "rsa", "ec" or "rsa1024", with a certificate that nobody issued."""
    made: dict[str, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey] = {
        "rsa": keys().rsa("foreign"),
        "rsa1024": keys().rsa("foreign-small", bits=1024),
        "ec": ec.derive_private_key(4711, ec.SECP256R1()),
    }
    key = made[kind]
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Lê Văn Mẫu")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2040, 1, 1, tzinfo=UTC))
        .sign(key, SHA256())
    )
    return KeyFile(key=key, certificate=certificate)


def draw_plan(seed: int) -> Plan:
    """Choose how the document of a seed is signed."""
    chance = random.Random(seed)  # noqa: S311 -- reason: test data
    uri = chance.choice(["", "#muc-tieu"])
    # A signature inside what "" names must be taken out of it.
    places = ["inside", "object"] if uri == "" else ["inside", "before", "after", "object"]
    return Plan(
        uri=uri,
        place="inside" if uri == "" else chance.choice(places),
        method=chance.choice(METHODS),
        transform=chance.choice(["", *METHODS]),
        prefixes=chance.choice(["", "p q", "ds xs", "#default", "p #default"]),
        key=chance.choice(["rsa", "ec"]),
    )


def draw_document(seed: int, plan: Plan) -> str:
    """Write a document with an empty signature as the plan says."""
    chance = random.Random(f"document {seed}")  # noqa: S311 -- reason: test data
    signature = template(plan, default=plan.place != "object" and chance.random() < 0.5)
    inner = "".join(_node(chance, 3) for _ in range(chance.randint(1, 4)))
    inside = signature if plan.place == "inside" else ""
    cut = chance.choice([0, len(inner)])
    opening = f"<muctieu {_id(plan)}{_attributes(chance)}>"
    target = f"{opening}{inner[:cut]}{inside}chữ {inner[cut:]}</muctieu>"
    if plan.place == "object":
        target = signature.replace("<!--OBJECT-->", target)
    before = signature if plan.place == "before" else ""
    after = signature if plan.place == "after" else ""
    around = _node(chance, 2)
    outer = _attributes(chance, not_of="q p lang")
    middle = _attributes(chance, not_of="space")
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<!-- đầu --><?style a="1"?>\n'
        f'<goc xmlns:q="urn:mau:q" xmlns:p="urn:mau:p" xml:lang="vi"{outer}>'
        f"{around}<giua xml:space='preserve'{middle}>{before}{target}{after}</giua>"
        f"{_node(chance, 2)}</goc><?cuoi?><!-- hết -->"
    )


def template(plan: Plan, *, default: bool = False) -> str:
    """Write an empty signature that xmlsec1 fills."""
    algorithm = f"{MORE}{'ecdsa' if plan.key == 'ec' else 'rsa'}-sha256"
    prefix, declared = ("", f'xmlns="{DS}"') if default else ("ds:", f'xmlns:ds="{DS}"')
    transforms = f'<ds:Transform Algorithm="{ENVELOPED}"/>' if plan.place == "inside" else ""
    if plan.transform:
        transforms += f'<ds:Transform Algorithm="{plan.transform}">{_list(plan)}</ds:Transform>'
    if transforms:
        transforms = f"<ds:Transforms>{transforms}</ds:Transforms>"
    body = (
        f"<ds:Signature {declared}><ds:SignedInfo>\n"
        f'<ds:CanonicalizationMethod Algorithm="{plan.method}"/>\n'
        f'<ds:SignatureMethod Algorithm="{algorithm}"/>\n'
        f'<ds:Reference URI="{plan.uri}">{transforms}\n'
        f'<ds:DigestMethod Algorithm="{SHA256_URI}"/><ds:DigestValue/></ds:Reference>'
        "</ds:SignedInfo>\n<ds:SignatureValue/><ds:KeyInfo><ds:X509Data><ds:X509Certificate/>"
        "</ds:X509Data></ds:KeyInfo></ds:Signature>"
    )
    if plan.place == "object":
        body = body.replace(
            "</ds:Signature>", "<ds:Object><!--OBJECT--></ds:Object></ds:Signature>"
        )
    return body.replace("ds:", prefix) if default else body


def sign(
    folder: Path,
    document: str,
    plan: Plan,
    *,
    id_element: str = "muctieu",
    id_attribute: str = "Id",
) -> bytes:
    """Let xmlsec1 fill the first signature of a document; its Ids are on one kind of element."""
    source, target = folder / "template.xml", folder / "signed.xml"
    source.write_text(document, encoding="utf-8")
    file = key_of(plan.key)
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    key.write_bytes(file.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    certificate.write_bytes(file.certificate.public_bytes(Encoding.PEM))
    ids = (f"--id-attr:{id_attribute}", id_element)
    done = _xmlsec1(
        "--sign", *ids, "--privkey-pem", f"{key},{certificate}", "--output", target, source
    )
    assert done.returncode == 0, (done.stderr, document)
    return target.read_bytes()


def accepts(folder: Path, document: bytes) -> bool:
    """Say whether xmlsec1 verifies the first signature of a document with the key in it."""
    file = folder / "verify.xml"
    file.write_bytes(document)
    ids = ("--id-attr:Id", "muctieu")
    keys_ = ("--insecure", "--enabled-key-data", "x509,key-value,rsa,ecdsa")
    done = _xmlsec1("--verify", *ids, *keys_, file)
    return done.returncode == 0


def _xmlsec1(mode: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 -- reason: fixed program, our own files
        ["xmlsec1", mode, *arguments],  # noqa: S607 -- reason: Debian's
        check=False,
        capture_output=True,
        text=True,
    )


def _id(plan: Plan) -> str:
    return "" if plan.uri == "" else f'Id="{plan.uri[1:]}"'


def _list(plan: Plan) -> str:
    if not plan.prefixes or "exc-c14n" not in plan.transform:
        return ""
    return (
        f'<ec:InclusiveNamespaces xmlns:ec="{Canonicalization.EXCLUSIVE}" '
        f'PrefixList="{plan.prefixes}"/>'
    )


_TEXTS = (
    "chữ",
    " ",
    "\n  ",
    "&lt;&amp;&gt;",
    "&#13;",
    "<![CDATA[<a> & ]]>",
    "&#x1F600;",
    '"',
    "ẫ",
    "<!-- ghi chú -->",
    "a<!--x-->b",
    "<?lenh a b?>",
    "<?lenh?>",
)
_ATTRIBUTES = (
    'b="2"',
    "a='\"&lt;&#10;&#9;'",
    'p:a="1"',
    'q:b="&amp;"',
    'xml:space="default"',
    'xml:lang="en"',
    'c=" x  y "',
)
_DECLARATIONS = (
    'xmlns:p="urn:mau:p2"',
    'xmlns:q="urn:mau:q"',
    'xmlns:z="urn:mau:z"',
)


def _attributes(chance: random.Random, not_of: str = "") -> str:
    drawn = chance.sample(_ATTRIBUTES, chance.randint(0, 3))
    drawn += chance.sample(_DECLARATIONS, chance.randint(0, 2))
    chance.shuffle(drawn)
    free = [a for a in drawn if a.partition("=")[0].partition(":")[2] not in not_of.split()]
    return "".join(f" {attribute}" for attribute in free)


def _node(chance: random.Random, depth: int) -> str:
    if depth == 0 or chance.random() < 0.3:
        return chance.choice(_TEXTS)
    name = chance.choice(["a", "b", "p:c", "q:d"])
    default = chance.choice(["", "", "", ' xmlns="urn:mau:m"', ' xmlns="urn:mau:k"', ' xmlns=""'])
    inner = "".join(_node(chance, depth - 1) for _ in range(chance.randint(0, 3)))
    return f"<{name}{default}{_attributes(chance)}>{inner}</{name}>"
