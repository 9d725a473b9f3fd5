from pathlib import Path

import cryptography_vectors
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_pem_x509_certificate

from app.signatures.certificates import read_certificate
from tests.certificates import odd_certificate, odd_keys
from tests.scenarios import scenario_of
from tests.verdicts import STUDENTS

PKI = scenario_of(STUDENTS).pki


@pytest.mark.parametrize("kind", ["ed25519", "dsa", "secp256k1"])
def test_a_key_of_another_kind_is_not_accepted(kind: str) -> None:
    certificate = read_certificate(odd_certificate(PKI, key=odd_keys()[kind]))
    assert certificate is not None
    assert certificate.key is None


def test_octets_that_are_no_certificate_give_none() -> None:
    assert read_certificate(b"\x30\x03\x02\x01\x01") is None
    assert read_certificate(b"") is None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x07"),
        ("Trư".encode(), "Tr\u0378".encode()),
        (b"\x03\x02\x06\xc0", b"\x03\x00\x06\xc0"),
    ],
    ids=["of a version that is none", "whose name one parser refuses", "whose key usage is empty"],
)
def test_a_certificate_of_that_kind_is_none(old: bytes, new: bytes) -> None:
    der = scenario_of(STUDENTS).school.seal.certificate_der
    assert old in der
    changed = der.replace(old, new, 1)
    assert len(changed) == len(der)
    assert read_certificate(changed) is None


VECTORS = Path(cryptography_vectors.__file__).parent / "x509"


def test_a_key_that_nothing_here_knows_is_not_accepted() -> None:
    pem = (VECTORS / "custom" / "unsupported_subject_public_key_info.pem").read_bytes()
    certificate = read_certificate(load_pem_x509_certificate(pem).public_bytes(Encoding.DER))
    assert certificate is not None
    assert certificate.key is None


def test_a_certificate_with_a_name_that_cannot_be_read_is_none() -> None:
    assert read_certificate((VECTORS / "san_x400address.der").read_bytes()) is None


def test_a_certificate_without_a_name_names_nobody() -> None:
    certificate = read_certificate(odd_certificate(PKI, name=x509.Name([])))
    assert certificate is not None
    assert certificate.signer.name == ""
    assert certificate.signer.organisation is None


def test_a_certificate_is_parsed_once() -> None:
    der = scenario_of(STUDENTS).school.seal.certificate_der
    assert read_certificate(der) is read_certificate(bytes(der))
