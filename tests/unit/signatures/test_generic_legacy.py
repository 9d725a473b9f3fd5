"""Signatures of any XML document: what only old ones have."""

import base64
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from app.signatures.key_info import MAX_CERTIFICATE_TEXT
from tests.foreign import (
    OUTSIDE,
    PLAN,
    only,
    signed,
    template_of,
    with_key_info,
    x509_data,
)
from tests.peers.foreign import (
    DS,
    DSIG11,
    MORE,
    key_of,
    sign,
)


def test_a_reference_to_everything_is_legacy(tmp_path: Path) -> None:
    document = signed(tmp_path, "<goc>{signature}</goc>", uri="", place="inside")
    assert only(document).passed
    strict = only(document, legacy=False)
    assert (strict.code, strict.scope) == ("SIG-223", "none")
    assert strict.references[0].target_path is None


def test_sha_1_and_short_keys_are_legacy(tmp_path: Path) -> None:
    sha_1 = OUTSIDE.format(signature=template_of()).replace(f"{MORE}rsa-sha256", f"{DS}rsa-sha1")
    document = sign(tmp_path, sha_1, PLAN)
    assert only(document).passed
    assert only(document, legacy=False).code == "SIG-211"
    digest = OUTSIDE.format(signature=template_of()).replace(
        "http://www.w3.org/2001/04/xmlenc#sha256", f"{DS}sha1"
    )
    document = sign(tmp_path, digest, PLAN)
    assert only(document).passed
    assert only(document, legacy=False).code == "SIG-211"
    short = signed(tmp_path, key="rsa1024")
    assert only(short).passed
    assert only(short, legacy=False).code == "SIG-312"


TOO_LONG = (
    f"<ds:X509Data><ds:X509Certificate>{'A' * (MAX_CERTIFICATE_TEXT + 4)}"
    "</ds:X509Certificate></ds:X509Data>"
)


@pytest.mark.parametrize("kind", ["rsa", "ec"])
def test_a_key_without_a_certificate_is_legacy(kind: str, tmp_path: Path) -> None:
    document = signed(tmp_path, key=kind)
    bare = with_key_info(document, key_value(kind))
    result = only(bare)
    assert (result.passed, result.certificate_sha256) == (True, None)
    assert only(bare, legacy=False).code == "SIG-310"
    both = with_key_info(document, key_value(kind) + x509_data(document))
    assert only(both).passed
    lying = with_key_info(
        document, key_value("ec" if kind == "rsa" else "rsa") + x509_data(document)
    )
    assert only(lying).code == "SIG-311"


def key_value(kind: str) -> str:
    key = key_of(kind).key
    if isinstance(key, rsa.RSAPrivateKey):
        numbers = key.public_key().public_numbers()
        modulus = base64.b64encode(numbers.n.to_bytes(key.key_size // 8)).decode()
        return (
            f"<ds:KeyValue><ds:RSAKeyValue><ds:Modulus>{modulus}</ds:Modulus>"
            "<ds:Exponent>AQAB</ds:Exponent></ds:RSAKeyValue></ds:KeyValue>"
        )
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    x_y = key.public_key().public_numbers()
    point = base64.b64encode(b"\4" + x_y.x.to_bytes(32) + x_y.y.to_bytes(32)).decode()
    return (
        f'<ds:KeyValue><e:ECKeyValue xmlns:e="{DSIG11}">'
        '<e:NamedCurve URI="urn:oid:1.2.840.10045.3.1.7"></e:NamedCurve>'
        f"<e:PublicKey>{point}</e:PublicKey></e:ECKeyValue></ds:KeyValue>"
    )


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("<ds:KeyValue/>", "SIG-312"),
        ("<ds:KeyValue><ds:DSAKeyValue/></ds:KeyValue>", "SIG-312"),
        ("<ds:KeyValue><ds:RSAKeyValue/></ds:KeyValue>", "SIG-312"),
        (f'<ds:KeyValue><ECKeyValue xmlns="{DSIG11}"/></ds:KeyValue>', "SIG-312"),
        (
            key_value("ec").replace("<e:PublicKey>B", "<e:PublicKey>A"),
            "SIG-312",
        ),
        (key_value("ec"), "SIG-211"),
        (key_value("rsa") * 2, "SIG-310"),
        ("", "SIG-310"),
        ("<ds:KeyName>Lê Văn Mẫu</ds:KeyName>", "SIG-310"),
        ('<ds:RetrievalMethod URI="http://127.0.0.1/"/>', "SIG-310"),
        ("<ds:X509Data><ds:X509Certificate>AAAA</ds:X509Certificate></ds:X509Data>", "SIG-310"),
        (TOO_LONG, "SIG-310"),
    ],
)
def test_a_key_that_cannot_be_had_is_refused(value: str, code: str, tmp_path: Path) -> None:
    result = only(with_key_info(signed(tmp_path), value))
    assert (result.code, result.certificate_sha256) == (code, None)


def test_descriptions_of_a_key_are_passed_over(tmp_path: Path) -> None:
    document = signed(tmp_path)
    more = (
        "<ds:KeyName>x</ds:KeyName>"
        + x509_data(document)
        + "<ds:X509Data><ds:X509SKI>AAAA</ds:X509SKI><ds:X509CRL>AAAA</ds:X509CRL></ds:X509Data>"
    )
    assert only(with_key_info(document, more)).passed
    assert only(with_key_info(document, more), legacy=False).code == "SIG-310"
    serial = (
        "<ds:X509IssuerSerial><ds:X509SerialNumber>{}</ds:X509SerialNumber></ds:X509IssuerSerial>"
    )
    for number, code in (("1", None), ("2", "SIG-311")):
        named = x509_data(document).replace(
            "<ds:X509Data>", f"<ds:X509Data>{serial.format(number)}"
        )
        assert only(with_key_info(document, named)).code == code
    many = x509_data(document) * 6
    assert only(with_key_info(document, many)).code == "SIG-310"
