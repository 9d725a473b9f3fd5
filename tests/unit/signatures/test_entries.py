"""Narrowing a list to one certificate: the right entries, and what is signed untouched."""

from asn1crypto import core
from asn1crypto import crl as asn1_crl
from cryptography import x509
from cryptography.x509 import ReasonFlags
from hypothesis import example, given
from hypothesis import strategies as st

from app.signatures.entries import narrowed
from tests.revocation import DAY, THIS_UPDATE, certificate, entry, issuer_of, list_of, odd_list
from tests.scenarios import scenario_of
from tests.verdicts import STUDENTS

SEAL = scenario_of(STUDENTS).school.seal.certificate_der
OTHER = scenario_of(STUDENTS).school.principal.signer.certificate_der
SINCE = THIS_UPDATE - DAY


def long_entry(size: int) -> x509.RevokedCertificate:
    """An entry of another certificate with an extension of any length."""
    extension = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x04" * size)
    return entry(OTHER, SINCE, (extension, False))


@given(
    before=st.lists(st.integers(0, 400), max_size=4),
    after=st.lists(st.integers(0, 400), max_size=4),
)
@example(before=[0, 128, 209, 287], after=[400])  # a length that ends in 0x80
def test_entries_of_any_length_around_the_wanted_one_go(
    before: list[int], after: list[int]
) -> None:
    own = entry(SEAL, SINCE, (x509.CRLReason(ReasonFlags.key_compromise), False))
    entries = [*map(long_entry, before), own, *map(long_entry, after), long_entry(70_000)]

    def full(builder: x509.CertificateRevocationListBuilder) -> object:
        for one in entries:
            builder = builder.add_revoked_certificate(one)
        return builder

    der = odd_list(issuer_of(SEAL), full).der  # type: ignore[arg-type]  # reason: a builder
    body = narrowed(der, SEAL)["tbs_cert_list"]
    (kept,) = body["revoked_certificates"]
    assert kept["user_certificate"].native == certificate(SEAL).serial_number
    assert kept.crl_reason_value.native == "key_compromise"
    assert body.dump() == asn1_crl.CertificateList.load(der)["tbs_cert_list"].dump()


def test_a_list_without_the_certificate_shows_no_entry() -> None:
    der = odd_list(
        issuer_of(SEAL), lambda builder: builder.add_revoked_certificate(long_entry(200))
    ).der
    assert list(narrowed(der, SEAL)["tbs_cert_list"]["revoked_certificates"]) == []


def test_a_list_without_entries_stays_one() -> None:
    octets = list_of(issuer_of(SEAL)).der
    assert isinstance(narrowed(octets, SEAL)["tbs_cert_list"]["revoked_certificates"], core.Void)
