"""pyhanko-certvalidator as this program uses it."""

from collections.abc import Generator

import pytest
from asn1crypto import crl as asn1_crl
from asn1crypto import x509 as asn1_x509

from app.signatures.pkix import finish, signed_with
from tests.asking import CHAIN, LISTS


def test_a_signature_is_told_from_one_of_another_key() -> None:
    parsed = asn1_x509.Certificate.load(CHAIN.authority.der)
    listed = asn1_crl.CertificateList.load(LISTS[1])
    root = asn1_x509.Certificate.load(CHAIN.root.der)
    assert signed_with(parsed, root.public_key)
    assert signed_with(listed, parsed.public_key)
    assert not signed_with(listed, root.public_key)


def test_a_validator_that_waits_is_an_error_and_never_a_pass() -> None:
    class Wait:
        def __await__(self) -> Generator[None, None, None]:
            yield

    async def fetch() -> None:
        await Wait()

    with pytest.raises(RuntimeError, match="tried to wait"):
        finish(fetch())
