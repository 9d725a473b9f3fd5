"""Signatures of any XML document: where in KeyInfo the key is found, and of whose certificate."""

import base64
from hashlib import sha256
from itertools import permutations
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from app.signatures.shape import FIELD
from tests.chains import Party, Wish, make
from tests.foreign import only, signed, with_key_info, x509_data
from tests.peers.foreign import DSIG11, key_of

EC = key_of("ec").key


def certificates(*ders: bytes, beside: str = "") -> str:
    held = "".join(
        f"<ds:X509Certificate>{base64.b64encode(der).decode()}</ds:X509Certificate>" for der in ders
    )
    return f"<ds:X509Data>{held}{beside}</ds:X509Data>"


def holder(issuer: Party | None = None, **unusual: object) -> Party:
    """A certificate over the key that the documents here are signed with."""
    wish = {"name": "Lê Văn Mẫu", "key": EC, "issuer": issuer} | unusual
    return make(Wish(**wish))  # type: ignore[arg-type]  # reason: fields of Wish


ROOT = make(Wish(name="Gốc Mẫu", authority=True))
MIDDLE = make(Wish(name="CA Mẫu", issuer=ROOT, authority=True))


@pytest.mark.parametrize("legacy", [True, False])
@pytest.mark.parametrize("authority", [True, False])
def test_the_signer_is_found_in_its_chain_wherever_it_stands(
    *, authority: bool, legacy: bool, tmp_path: Path
) -> None:
    document = signed(tmp_path, key="ec")
    leaf = holder(MIDDLE, authority=authority)
    for order in permutations([leaf.der, MIDDLE.der, ROOT.der]):
        result = only(with_key_info(document, certificates(*order)), legacy=legacy)
        assert (result.code, result.certificate_sha256) == (None, sha256(leaf.der).hexdigest())


def test_an_issuer_that_does_not_say_that_it_is_one_is_no_second_signer(tmp_path: Path) -> None:
    issuer = make(Wish(name="CA cũ Mẫu"))
    leaf = holder(issuer)
    document = with_key_info(signed(tmp_path, key="ec"), certificates(issuer.der, leaf.der))
    assert only(document).certificate_sha256 == sha256(leaf.der).hexdigest()
    assert only(document).passed


def test_several_certificates_that_can_have_signed_are_refused(tmp_path: Path) -> None:
    document = signed(tmp_path, key="ec")
    leaf, other = holder(MIDDLE), make(Wish(name="Trần Thị Mẫu", issuer=MIDDLE))
    renamed = holder(MIDDLE, name="Tên khác Mẫu")
    top = make(Wish(name="Gốc khác Mẫu", authority=True))
    for held in (
        (leaf.der, other.der),
        (leaf.der, renamed.der),
        (leaf.der, leaf.der),
        (leaf.der, MIDDLE.der, other.der),
        (leaf.der, b"\x30\x00"),
        (ROOT.der, top.der),
    ):
        result = only(with_key_info(document, certificates(*held)))
        assert (result.code, result.certificate_sha256) == ("SIG-310", None)


def odd_certificates() -> dict[str, bytes]:
    notice = x509.UserNotice(None, "Mau")
    policy = x509.PolicyInformation(x509.ObjectIdentifier("1.2.3"), [notice])
    with_notice = holder(extensions=[(x509.CertificatePolicies([policy]), False)]).der
    number_1 = holder(serial=1).der
    return {
        "serial number 0": number_1.replace(b"\x02\x01\x01", b"\x02\x01\x00", 1),
        "negative serial number": number_1.replace(b"\x02\x01\x01", b"\x02\x01\xff", 1),
        "a text outside its alphabet": with_notice.replace(b"\x0c\x03Mau", b"\x1a\x03M\xe2u"),
    }


@pytest.mark.parametrize("kind", odd_certificates())
def test_what_is_odd_about_a_certificate_does_not_hide_its_key(kind: str, tmp_path: Path) -> None:
    der = odd_certificates()[kind]
    document = with_key_info(signed(tmp_path, key="ec"), certificates(der))
    result = only(document, legacy=False)
    assert (result.code, result.certificate_sha256) == (None, sha256(der).hexdigest())


def test_what_describes_a_certificate_is_passed_over_beside_it(tmp_path: Path) -> None:
    document = signed(tmp_path, key="ec")
    beside = "<ds:X509SKI>AAAA</ds:X509SKI><ds:X509CRL>AAAA</ds:X509CRL>"
    described = with_key_info(document, certificates(holder().der, beside=beside))
    assert only(described).passed
    assert only(described, legacy=False).passed
    assert not FIELD.descriptions
    for more in ("<ds:KeyName>x</ds:KeyName>", certificates(holder().der)):
        several = with_key_info(document, certificates(holder().der) + more)
        assert only(several, legacy=False).code == "SIG-310"


def der_encoded(key: PublicKeyTypes) -> str:
    spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    text = base64.b64encode(spki).decode()
    return f'<e:DEREncodedKeyValue xmlns:e="{DSIG11}">{text}</e:DEREncodedKeyValue>'


@pytest.mark.parametrize("kind", ["rsa", "ec"])
def test_a_key_in_der_is_legacy(kind: str, tmp_path: Path) -> None:
    document = signed(tmp_path, key=kind)
    stated = der_encoded(key_of(kind).key.public_key())
    result = only(with_key_info(document, stated))
    assert (result.code, result.certificate_sha256) == (None, None)
    assert only(with_key_info(document, stated), legacy=False).code == "SIG-310"
    both = with_key_info(document, stated + x509_data(document))
    assert only(both).passed
    assert only(with_key_info(document, stated * 2)).code == "SIG-310"
    lying = der_encoded(ec.derive_private_key(815, ec.SECP256R1()).public_key())
    assert only(with_key_info(document, lying + x509_data(document))).code == "SIG-311"


@pytest.mark.parametrize(
    ("stated", "code"),
    [
        (f'<e:DEREncodedKeyValue xmlns:e="{DSIG11}">!</e:DEREncodedKeyValue>', "SIG-212"),
        (f'<e:DEREncodedKeyValue xmlns:e="{DSIG11}">AAAA</e:DEREncodedKeyValue>', "SIG-312"),
        (
            der_encoded(ed25519.Ed25519PrivateKey.from_private_bytes(b"m" * 32).public_key()),
            "SIG-312",
        ),
        (der_encoded(ec.derive_private_key(7, ec.SECP256K1()).public_key()), "SIG-312"),
    ],
)
def test_a_key_in_der_that_is_none_of_ours_is_refused(
    stated: str, code: str, tmp_path: Path
) -> None:
    assert only(with_key_info(signed(tmp_path, key="ec"), stated)).code == code
