"""What one list or OCSP response is worth; attack family A27 and the huge list of A25."""

from dataclasses import replace
from datetime import UTC, datetime
from time import process_time
from typing import Any

import pytest
from asn1crypto import ocsp
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.ocsp import (
    OCSPCertStatus,
    OCSPResponseBuilder,
    OCSPResponseStatus,
    load_der_ocsp_response,
)

from app.sandbox.certificates import Revocation
from app.sandbox.pki import AUTHORITIES_TO, Branch
from app.signatures import evidence
from app.signatures.evidence import Standing, statement_about
from app.signatures.trust import Evidence, EvidenceKind
from tests.revocation import (
    DAY,
    FETCHED_AT,
    PKI,
    THIS_UPDATE,
    Alter,
    answer_about,
    certificate,
    entry,
    filed,
    issuer_of,
    list_of,
    odd_list,
    path_of,
    responder,
)
from tests.scenarios import scenario_of
from tests.verdicts import STUDENTS

SEAL = scenario_of(STUDENTS).school.seal.certificate_der
ISSUER = issuer_of(SEAL)
ROOT = issuer_of(ISSUER.certificate.public_bytes(Encoding.DER))
SINCE = THIS_UPDATE - DAY


def standing(published: Evidence) -> Standing | None:
    said = statement_about(path_of(SEAL), published)
    return None if said is None else said.standing


def test_a_certificate_that_is_on_no_list_is_good() -> None:
    said = statement_about(path_of(SEAL), list_of(ISSUER))
    assert said is not None
    assert said.standing is Standing.GOOD
    assert (said.this_update, said.next_update) == (THIS_UPDATE, THIS_UPDATE + 7 * DAY)


@pytest.mark.parametrize("since", [SINCE, THIS_UPDATE])
def test_a_listed_certificate_is_revoked_from_the_day_that_the_list_says(since: datetime) -> None:
    listed = Revocation(certificate=certificate(SEAL), since=since)
    said = statement_about(path_of(SEAL), list_of(ISSUER, listed))
    assert said is not None
    assert (said.standing, said.since) == (Standing.REVOKED, since)


def test_a_suspended_certificate_is_on_hold() -> None:
    hold = x509.ReasonFlags.certificate_hold
    listed = Revocation(certificate=certificate(SEAL), since=SINCE, reason=hold)
    assert standing(list_of(ISSUER, listed)) is Standing.ON_HOLD


def test_an_authority_itself_may_be_listed() -> None:
    listed = Revocation(certificate=ISSUER.certificate, since=SINCE)
    said = statement_about(path_of(SEAL)[1:], list_of(ROOT, listed))
    assert said is not None
    assert said.standing is Standing.REVOKED


def extended(extension: x509.ExtensionType, *, critical: bool = True) -> Alter:
    return lambda builder: builder.add_extension(extension, critical)


def point(**changes: object) -> Alter:
    stated: dict[str, object] = {
        "full_name": None,
        "relative_name": None,
        "only_contains_user_certs": False,
        "only_contains_ca_certs": False,
        "only_some_reasons": None,
        "indirect_crl": False,
        "only_contains_attribute_certs": False,
    }
    made = x509.IssuingDistributionPoint(**{**stated, **changes})  # type: ignore[arg-type]  # reason: by name
    return extended(made)


def listing(*extensions: tuple[x509.ExtensionType, bool], since: datetime = SINCE) -> Alter:
    return lambda builder: builder.add_revoked_certificate(entry(SEAL, since, *extensions))


UNKNOWN_EXTENSION = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")
OTHER_KEY = generate_private_key(SECP256R1())
STRANGER = PKI.issuers[Branch.UNKNOWN]

UNUSABLE = {
    "signed by another key under the same name": odd_list(ISSUER, key=OTHER_KEY),
    "signed by another authority": filed(ISSUER, list_of(STRANGER).der),
    "another name under the right key": odd_list(ISSUER, name=ROOT.issuer.name),
    "of the future": list_of(ISSUER, at=FETCHED_AT + DAY),
    "of after the end of the authority": list_of(ISSUER, at=AUTHORITIES_TO + DAY),
    "an entry of the future": odd_list(ISSUER, listing(since=THIS_UPDATE + DAY)),
    "an entry that is taken back": odd_list(
        ISSUER, listing((x509.CRLReason(x509.ReasonFlags.remove_from_crl), False))
    ),
    "an entry with an unknown critical extension": odd_list(
        ISSUER, listing((UNKNOWN_EXTENSION, True))
    ),
    "no list at all": filed(ISSUER, b"\x30\x00"),
    "nothing": filed(ISSUER, b""),
}


@pytest.mark.parametrize("published", UNUSABLE.values(), ids=UNUSABLE)
def test_a_list_that_proves_nothing_is_unusable(published: Evidence) -> None:
    assert standing(published) is Standing.UNUSABLE


OUT_OF_SCOPE = {
    "authorities only": odd_list(ISSUER, point(only_contains_ca_certs=True)),
    "attribute certificates only": odd_list(ISSUER, point(only_contains_attribute_certs=True)),
    "some reasons only": odd_list(
        ISSUER, point(only_some_reasons=frozenset({x509.ReasonFlags.key_compromise}))
    ),
    "indirect": odd_list(ISSUER, point(indirect_crl=True)),
    "of another place": odd_list(
        ISSUER, point(full_name=[x509.UniformResourceIdentifier("http://other.localhost/a.crl")])
    ),
    "a delta": odd_list(ISSUER, extended(x509.DeltaCRLIndicator(1))),
    "with an unknown critical extension": odd_list(ISSUER, extended(UNKNOWN_EXTENSION)),
}


@pytest.mark.parametrize("published", OUT_OF_SCOPE.values(), ids=OUT_OF_SCOPE)
def test_a_list_of_another_scope_says_nothing(published: Evidence) -> None:
    assert standing(published) is None


def test_a_list_for_holders_speaks_of_a_holder() -> None:
    assert standing(odd_list(ISSUER, point(only_contains_user_certs=True))) is Standing.GOOD


def test_a_serial_number_that_only_occurs_in_a_list_revokes_nobody() -> None:
    coincidence = x509.UnrecognizedExtension(
        x509.ObjectIdentifier("1.2.3.4"),
        b"\x02\x10" + certificate(SEAL).serial_number.to_bytes(16),
    )
    assert standing(odd_list(ISSUER, extended(coincidence, critical=False))) is Standing.UNUSABLE


def test_an_answer_of_the_authority_is_good() -> None:
    said = statement_about(path_of(SEAL), answer_about(SEAL))
    assert said is not None
    assert (said.standing, said.next_update) == (Standing.GOOD, THIS_UPDATE + DAY)


def test_an_answer_without_an_end_holds_for_its_own_moment() -> None:
    said = statement_about(path_of(SEAL), answer_about(SEAL, until=None))
    assert said is not None
    assert said.next_update == THIS_UPDATE


def test_an_answer_that_says_revoked_revokes() -> None:
    said = statement_about(
        path_of(SEAL), answer_about(SEAL, status=OCSPCertStatus.REVOKED, since=SINCE)
    )
    assert said is not None
    assert (said.standing, said.since) == (Standing.REVOKED, SINCE)


def test_a_delegated_responder_speaks_for_its_authority() -> None:
    assert standing(answer_about(SEAL, by=responder(ISSUER))) is Standing.GOOD


def test_an_answer_about_another_certificate_says_nothing() -> None:
    principal = scenario_of(STUDENTS).school.principal.signer.certificate_der
    assert certificate(principal).serial_number != certificate(SEAL).serial_number
    assert standing(filed(ISSUER, answer_about(principal).der, kind=EvidenceKind.OCSP)) is None


def keeping_since(since: datetime) -> Evidence:
    """An answer of an authority that keeps what ended since then (RFC 6960 section 4.4.4)."""
    response = ocsp.OCSPResponse.load(answer_about(SEAL).der)
    basic = response["response_bytes"]["response"].parsed
    said = basic["tbs_response_data"]["responses"][0]
    said["single_extensions"] = [{"extn_id": "archive_cutoff", "extn_value": since}]
    octets = basic["tbs_response_data"].dump(force=True)
    basic["signature"] = ISSUER.issuer.key.sign(octets, PKCS1v15(), SHA256())
    response["response_bytes"]["response"] = basic
    return filed(ISSUER, response.dump(force=True), kind=EvidenceKind.OCSP)


def test_an_answer_says_since_when_expired_certificates_are_kept() -> None:
    said = statement_about(path_of(SEAL), keeping_since(SINCE))
    assert said is not None
    assert (said.standing, said.speaks_from) == (Standing.GOOD, SINCE)
    plain = statement_about(path_of(SEAL), answer_about(SEAL))
    assert plain is not None
    assert plain.speaks_from == THIS_UPDATE


UNUSABLE_ANSWERS = {
    "status unknown": answer_about(SEAL, status=OCSPCertStatus.UNKNOWN),
    "by a responder that has expired": answer_about(
        SEAL, by=responder(ISSUER, until=THIS_UPDATE - DAY)
    ),
    "by a responder without the usage": answer_about(SEAL, by=responder(ISSUER, signs_ocsp=False)),
    "by a responder that may itself be revoked": answer_about(
        SEAL, by=responder(ISSUER, exempt=False)
    ),
    "by another authority's responder": answer_about(SEAL, by=responder(STRANGER)),
    "by a forged copy of the authority": answer_about(
        SEAL, by=responder(STRANGER, like=ISSUER.certificate)
    ),
    "of the future": replace(answer_about(SEAL), fetched_at=THIS_UPDATE - DAY),
    "try later": filed(
        ISSUER,
        OCSPResponseBuilder.build_unsuccessful(OCSPResponseStatus.TRY_LATER).public_bytes(
            Encoding.DER
        ),
        kind=EvidenceKind.OCSP,
    ),
    "a list in its place": replace(list_of(ISSUER), kind=EvidenceKind.OCSP),
}


@pytest.mark.parametrize("published", UNUSABLE_ANSWERS.values(), ids=UNUSABLE_ANSWERS)
def test_an_answer_that_proves_nothing_is_unusable(published: Evidence) -> None:
    assert standing(published) is Standing.UNUSABLE


def test_what_only_one_library_takes_for_revoked_counts_for_neither() -> None:
    revoked = answer_about(SEAL, status=OCSPCertStatus.REVOKED, since=SINCE)
    assert not evidence._agree(load_der_ocsp_response(revoked.der), None)


def test_a_list_of_a_hundred_thousand_is_read_fast() -> None:
    """Without the entries of a list being read one by one for each certificate."""
    serials = range(2**100, 2**100 + 100_000)
    entries = [
        x509.RevokedCertificateBuilder(serial, datetime(2026, 1, 1, tzinfo=UTC)).build()
        for serial in serials
    ]

    def full(builder: x509.CertificateRevocationListBuilder) -> Any:
        builder._revoked_certificates = entries  # adding one by one copies all of them each time
        return builder

    published = odd_list(ISSUER, full)
    started = process_time()
    assert standing(published) is Standing.GOOD
    assert process_time() - started < 2
