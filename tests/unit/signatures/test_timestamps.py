"""Time stamps with signatures (step 15): what they prove, and when they do not count."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from app.sandbox.certificates import Revocation
from app.sandbox.classes import make_class
from app.sandbox.pki import Branch
from app.sandbox.school import signers_of
from app.sandbox.signing import SigningStyle, sign_transcript
from app.sandbox.timestamping import Stamp, make_token, stamper
from app.sandbox.transcript_writer import write_transcript
from app.secondopinion.opinion import second_opinion
from app.signatures.report import Outcome
from app.signatures.timestamps import CLOCK_SKEW, Token, weigh_tokens
from app.signatures.trust import TrustSnapshot
from app.signatures.writing import Signer
from tests.revocation import (
    DAY,
    HOUR,
    PKI,
    certificate,
    clean_lists,
    issuer_of,
    list_of,
    path_of,
    trust_with,
)
from tests.scenarios import scenario_of
from tests.stamping import (
    GOOD,
    SCHOOL,
    STAMPED_AT,
    STAMPING,
    TSA,
    Stamper,
    judged,
    service,
    stamped,
    timestamp_of,
    verdict_on,
)
from tests.verdicts import (
    RECEIVED_AT,
    SEAL,
    STUDENTS,
    case_of,
    codes,
    in_slot,
    replaced,
    slot,
)


def test_a_time_stamp_is_the_time_at_which_its_signer_is_judged() -> None:
    verdict = verdict_on(GOOD)
    assert codes(verdict) == []
    assert verdict.transcript is not None
    assert timestamp_of(verdict) == (Outcome.PASSED, None)
    assert judged(verdict) == (STAMPED_AT, "timestamp")
    # Everybody else is judged as before.
    assert slot(verdict, "CBQL").judged_by == "day_of_issue"
    assert "timestamp" not in {one.name for one in slot(verdict, "CBQL").checks}


def test_of_several_time_stamps_the_earliest_counts() -> None:
    later = stamper(TSA, STAMPED_AT + DAY)
    assert judged(verdict_on(later, GOOD)) == (STAMPED_AT, "timestamp")


def test_a_clock_that_is_a_little_ahead_proves_no_more_than_the_receipt() -> None:
    verdict = verdict_on(stamper(TSA, RECEIVED_AT + CLOCK_SKEW))
    assert judged(verdict) == (RECEIVED_AT, "timestamp")


@pytest.mark.parametrize("name", ["sha384", "sha512"])
def test_longer_digests_are_taken(name: str) -> None:
    def stamp(octets: bytes) -> bytes:
        return make_token(
            hashlib.new(name, octets).digest(), Stamp(signer=TSA, at=STAMPED_AT, hash=name)
        )

    assert codes(verdict_on(stamp)) == []


def test_an_authority_may_have_an_rsa_key() -> None:
    root = PKI.anchors[0]
    key = PKI.keys.rsa("vgca-ca")
    holder = service(STAMPING, by=root)
    builder = (
        x509.CertificateBuilder()
        .subject_name(certificate(holder.certificate_der).subject)
        .issuer_name(root.issuer.name)
        .public_key(key.public_key())
        .serial_number(4711)
        .not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
        .not_valid_after(RECEIVED_AT + DAY)
        .add_extension(x509.ExtendedKeyUsage([STAMPING]), critical=True)
        .sign(root.issuer.key, SHA256())
    )
    signer = Signer(key=key, certificate_der=builder.public_bytes(Encoding.DER))
    assert judged(verdict_on(stamper(signer, STAMPED_AT)))[1] == "timestamp"
    # The key of one kind, the algorithm of another.
    mixed = replace(holder, certificate_der=signer.certificate_der)
    assert codes(verdict_on(stamper(mixed, STAMPED_AT))) == ["SIG-353"]
    mixed = replace(signer, certificate_der=holder.certificate_der)
    assert codes(verdict_on(stamper(mixed, STAMPED_AT))) == ["SIG-353"]


STRANGER = PKI.issuers[Branch.UNKNOWN]
FOREIGN = stamper(service(STAMPING, by=STRANGER), STAMPED_AT)
EXPIRED = stamper(service(STAMPING, end=STAMPED_AT - DAY), STAMPED_AT)


@pytest.mark.parametrize("stamp", [FOREIGN, EXPIRED], ids=["foreign", "expired"])
def test_a_time_stamp_of_nobody_trusted_does_not_count(stamp: Stamper) -> None:
    verdict = verdict_on(stamp)
    assert codes(verdict) == ["SIG-355"]
    assert verdict.transcript is not None
    assert timestamp_of(verdict) == (Outcome.NOT_CHECKED, "SIG-355")
    assert judged(verdict)[1] == "day_of_issue"
    beside = verdict_on(stamp, GOOD)
    assert judged(beside) == (STAMPED_AT, "timestamp")
    assert timestamp_of(beside) == (Outcome.PASSED, "SIG-355")


def test_a_root_that_is_pinned_for_time_stamps_speaks_for_them_alone() -> None:
    root = STRANGER.certificate.public_bytes(Encoding.DER)
    clean = list_of(STRANGER)
    trust = replace(trust_with(*clean_lists(), clean), tsa_anchors=(root,))
    assert judged(verdict_on(FOREIGN, trust=trust)) == (STAMPED_AT, "timestamp")
    without = replace(trust, tsa_anchors=(), anchors=PKI.trust.anchors)
    assert trust.sha256 != without.sha256
    assert judged(verdict_on(FOREIGN, trust=without))[1] == "day_of_issue"


def lists(*revoked: Revocation) -> TrustSnapshot:
    return trust_with(*clean_lists(but=[Branch.G2]), list_of(PKI.issuers[Branch.G2], *revoked))


@pytest.mark.parametrize("since", [STAMPED_AT - DAY, STAMPED_AT + DAY])
def test_a_time_stamp_of_an_authority_that_was_revoked_does_not_count(since: datetime) -> None:
    revoked = Revocation(certificate=certificate(TSA.certificate_der), since=since)
    verdict = verdict_on(GOOD, trust=lists(revoked))
    assert codes(verdict) == ["SIG-355"]
    assert judged(verdict)[1] == "day_of_issue"


def test_a_time_stamp_of_an_authority_about_which_nothing_is_known_counts_provisionally() -> None:
    blind = trust_with(*clean_lists(but=[Branch.G2]))
    verdict = verdict_on(GOOD, trust=blind)
    assert set(codes(verdict)) == {"SIG-412"}
    assert timestamp_of(verdict) == (Outcome.PASSED, "SIG-412")
    assert judged(verdict)[1] == "timestamp"
    assert verdict.transcript is not None
    strict = verdict_on(GOOD, trust=replace(blind, provisional=False))
    assert "SIG-355" in codes(strict)


def test_a_revocation_after_the_time_stamp_does_not_touch_the_signature() -> None:
    since = RECEIVED_AT - 2 * DAY
    revoked = Revocation(certificate=certificate(SCHOOL.seal.certificate_der), since=since)
    trust = lists(revoked)
    assert issuer_of(SCHOOL.seal.certificate_der) is PKI.issuers[Branch.G2]
    assert codes(replace(case_of(), trust=trust).verify()) == ["SIG-415"]
    assert codes(verdict_on(GOOD, trust=trust)) == ["SIG-416"]
    too_late = stamper(TSA, since + HOUR)
    assert codes(verdict_on(too_late, trust=trust)) == ["SIG-410"]


def test_what_only_one_engine_takes_for_a_token_does_not_count() -> None:
    token = Token(
        at=STAMPED_AT,
        authority=TSA.certificate_der,
        imprint=hashlib.sha256(b"").digest(),
        der=GOOD(b""),
    )
    for odd in (replace(token, imprint=bytes(32)), replace(token, der=bytes(200))):
        for one, at in ((token, STAMPED_AT), (odd, None)):
            proof = weigh_tokens([one], PKI.trust, RECEIVED_AT)
            assert proof is not None
            assert proof.at == at
    assert path_of(TSA.certificate_der)[1:]


def test_a_time_stamp_is_read_even_when_the_certificate_is_unfit() -> None:
    weak = replaced("<ds:X509Certificate>", "<ds:X509Certificate>AAAA")
    verdict = case_of().verify(in_slot(stamped(GOOD), SEAL, weak))
    assert "SIG-310" in codes(verdict)
    assert timestamp_of(verdict) == (Outcome.PASSED, None)


def test_every_signer_of_a_transcript_may_be_stamped() -> None:
    scenario = scenario_of(STUDENTS)
    unsigned = write_transcript(make_class(scenario.spec, scenario.school)[0])
    style = SigningStyle(signing_time=STAMPED_AT, timestamps=(GOOD,))
    xml = sign_transcript(unsigned, signers_of(scenario.school, scenario.pki), style=style)
    verdict = case_of().verify(xml)
    assert codes(verdict) == []
    assert {(one.judged_at, one.judged_by) for one in verdict.report.slots} == {
        (STAMPED_AT, "timestamp")
    }
    assert second_opinion(xml, verdict.report).agrees
