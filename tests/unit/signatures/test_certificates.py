import pytest
from cryptography import x509

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


def test_a_certificate_without_a_name_names_nobody() -> None:
    certificate = read_certificate(odd_certificate(PKI, name=x509.Name([])))
    assert certificate is not None
    assert certificate.signer.name == ""
    assert certificate.signer.organisation is None


def test_a_certificate_is_parsed_once() -> None:
    der = scenario_of(STUDENTS).school.seal.certificate_der
    assert read_certificate(der) is read_certificate(bytes(der))
