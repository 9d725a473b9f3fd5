import hashlib
from base64 import b64decode
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from xml.sax.saxutils import quoteattr

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP521R1, derive_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from app.signatures.algorithms import DS
from app.signatures.canonical import Canonicalization, canonical_octets
from app.signatures.writing import (
    SIGNED_PROPERTIES,
    Digest,
    Qualification,
    ReferenceToSign,
    SignatureForm,
    Signer,
    signature_xml,
)
from app.transcripts.limits import TRANSCRIPT_LIMITS
from app.transcripts.locations import XADES
from app.transcripts.xml import read_xml
from tests.scenarios import keys
from tests.xmlsec import accepts

AT = datetime(2026, 6, 10, 8, 30, tzinfo=UTC)
QUALIFICATION = Qualification(signature_id="ky-1", signing_time=AT)
NAMESPACES = {None: "urn:goc", "p": "urn:p"}
DOCUMENT = (
    '<g xmlns="urn:goc" xmlns:p="urn:p" xmlns:z="urn:z">'
    '<NOI_DUNG Id="noidung"><p:tên>Nguyễn Thị Mẫu &amp; Lê</p:tên></NOI_DUNG>'
    '<cho xmlns:z="urn:z2">@</cho></g>'
)
IN_SCOPE = {**NAMESPACES, "z": "urn:z2"}


@cache
def signer_with(kind: str) -> Signer:
    key = {
        "rsa": lambda: keys().rsa("writing"),
        "p256": lambda: keys().p256("writing"),
        "p521": lambda: derive_private_key(2**520 - 3, SECP521R1()),
    }[kind]()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Lê Văn Mẫu")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2036, 1, 1, tzinfo=UTC))
        .sign(keys().rsa("writing"), SHA256())
    )
    return Signer(key=key, certificate_der=certificate.public_bytes(Encoding.DER))


def content_reference(
    method: Canonicalization, document: str = DOCUMENT, *, enveloped: bool = False
) -> ReferenceToSign:
    target = read_xml(document.encode(), TRANSCRIPT_LIMITS).find("{*}NOI_DUNG")
    assert target is not None
    return ReferenceToSign(
        uri="#noidung",
        octets=canonical_octets(target, method),
        canonicalization=method,
        enveloped=enveloped,
    )


def signed(
    form: SignatureForm, *, kind: str = "rsa", qualification: Qualification | None = None
) -> bytes:
    signature = signature_xml(
        references=[content_reference(form.canonicalization)],
        signer=signer_with(kind),
        form=form,
        qualification=qualification,
        namespaces=IN_SCOPE,
    )
    return DOCUMENT.encode().replace(b"@", signature)


def find(data: bytes, path: str) -> etree._Element:
    found = read_xml(data, TRANSCRIPT_LIMITS).find(path, {"ds": DS, "xades": XADES})
    assert found is not None
    return found


def xmlsec_accepts(data: bytes, signer: Signer, folder: Path) -> bool:
    file, key = folder / "signed.xml", folder / "key.pem"
    file.write_bytes(data)
    public = x509.load_der_x509_certificate(signer.certificate_der).public_bytes(Encoding.PEM)
    key.write_bytes(public)
    slot = "/*[local-name()='g']/*[local-name()='cho']"
    options = ["--pubkey-cert-pem", key, "--enabled-key-data", "key-value"]
    return accepts(file, slot, options=options)


@pytest.mark.parametrize("kind", ["rsa", "p256"])
@pytest.mark.parametrize("qualification", [None, QUALIFICATION], ids=["plain", "xades"])
@pytest.mark.parametrize("method", Canonicalization, ids=lambda method: method.name)
def test_another_engine_verifies_each_form_inside_inherited_namespaces(
    method: Canonicalization, qualification: Qualification | None, kind: str, tmp_path: Path
) -> None:
    form = SignatureForm(canonicalization=method)
    data = signed(form, kind=kind, qualification=qualification)
    assert xmlsec_accepts(data, signer_with(kind), tmp_path)
    assert not xmlsec_accepts(data.replace("Mẫu".encode(), b"Mau"), signer_with(kind), tmp_path)


@pytest.mark.parametrize("kind", ["rsa", "p256", "p521"])
@pytest.mark.parametrize("digest", Digest, ids=lambda digest: digest.name)
def test_another_engine_verifies_each_digest_in_lines_of_base64(
    digest: Digest, kind: str, tmp_path: Path
) -> None:
    form = SignatureForm(digest=digest, signature_digest=digest, line_length=64)
    data = signed(form, kind=kind, qualification=QUALIFICATION)
    assert xmlsec_accepts(data, signer_with(kind), tmp_path)


def test_the_signing_time_is_under_the_signature(tmp_path: Path) -> None:
    data = signed(SignatureForm(), qualification=QUALIFICATION)
    assert b"<xades:SigningTime>2026-06-10T08:30:00+00:00</xades:SigningTime>" in data
    later = data.replace(b"2026-06-10T08:30:00", b"2026-06-10T08:30:01")
    assert not xmlsec_accepts(later, signer_with("rsa"), tmp_path)


def test_the_properties_name_the_signature_and_the_digest_of_its_certificate() -> None:
    data = signed(SignatureForm(), qualification=QUALIFICATION)
    assert find(data, ".//ds:Signature").get("Id") == "ky-1"
    assert find(data, ".//xades:QualifyingProperties").get("Target") == "#ky-1"
    value = find(data, ".//xades:CertDigest/ds:DigestValue").text or ""
    certificate = b64decode(find(data, ".//ds:X509Certificate").text or "")
    assert certificate == signer_with("rsa").certificate_der
    assert b64decode(value) == hashlib.sha256(certificate).digest()


def test_the_reference_to_the_properties_comes_last_and_says_its_type() -> None:
    data = signed(SignatureForm(), qualification=QUALIFICATION)
    last = find(data, ".//ds:Reference[last()]")
    assert last.get("Type") == SIGNED_PROPERTIES
    assert last.get("URI") == f"#{find(data, './/xades:SignedProperties').get('Id')}"


def test_a_plain_signature_has_no_id_and_no_object() -> None:
    data = signed(SignatureForm())
    assert find(data, ".//ds:Signature").attrib == {}
    assert b"ds:Object" not in data


def test_the_enveloped_transform_stands_before_canonicalization() -> None:
    method = Canonicalization.EXCLUSIVE
    signature = signature_xml(
        references=[content_reference(method, enveloped=True)],
        signer=signer_with("p256"),
        form=SignatureForm(),
    )
    transforms = find(signature, ".//ds:Transforms")
    assert [one.get("Algorithm") for one in transforms] == [f"{DS}enveloped-signature", method]


def test_the_same_input_gives_the_same_octets() -> None:
    for kind in ("rsa", "p256"):
        first = signed(SignatureForm(), kind=kind, qualification=QUALIFICATION)
        assert first == signed(SignatureForm(), kind=kind, qualification=QUALIFICATION)


def test_lines_of_base64_are_no_longer_than_asked() -> None:
    data = signed(SignatureForm(line_length=64, digest=Digest.SHA512))
    for path in (".//ds:SignatureValue", ".//ds:X509Certificate", ".//ds:DigestValue"):
        lines = (find(data, path).text or "").split("\n")
        assert {len(line) for line in lines[:-1]} == {64}
        assert 0 < len(lines[-1]) <= 64


def test_an_ecdsa_value_is_r_and_s_of_equal_length() -> None:
    for kind, size in (("p256", 64), ("p521", 132)):
        value = find(signed(SignatureForm(), kind=kind), ".//ds:SignatureValue").text or ""
        assert len(b64decode(value)) == size


def test_a_signer_does_not_show_its_key() -> None:
    assert "key" not in repr(replace(signer_with("p256"), certificate_der=b""))


names = st.text("abcxyzđ", min_size=1, max_size=5)
# A default namespace, a few prefixes, and the very prefixes that the signature itself uses.
prefixes = st.one_of(st.none(), names.filter(lambda name: name != "xmlns"), st.just("ds"))
# libxml2 does not escape "&" in canonical namespace names; none of the allowed ones has it.
names_without_escapes = st.text("ab'~", max_size=8).map(lambda text: f"urn:x{text}")


@settings(deadline=None)  # other runs may hold both cores
@given(
    scope=st.dictionaries(prefixes, names_without_escapes, max_size=5),
    method=st.sampled_from(Canonicalization),
)
def test_what_was_signed_is_the_canonical_form_of_what_was_written(
    scope: dict[str | None, str], method: Canonicalization
) -> None:
    signer = signer_with("p256")
    signature = signature_xml(
        references=[ReferenceToSign(uri="#x", octets=b"x", canonicalization=method)],
        signer=signer,
        form=SignatureForm(canonicalization=method),
        qualification=QUALIFICATION,
        namespaces=scope,
    )
    declarations = "".join(
        f" xmlns{':' if prefix else ''}{prefix or ''}={quoteattr(name)}"
        for prefix, name in scope.items()
    )
    data = f"<host{declarations}>{signature.decode()}</host>".encode()
    properties = find(data, ".//xades:SignedProperties")
    stated = find(data, ".//ds:Reference[last()]/ds:DigestValue").text or ""
    octets = canonical_octets(properties, method)
    assert b64decode(stated) == hashlib.sha256(octets).digest()
