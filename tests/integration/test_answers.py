"""Asking about one certificate over real HTTP: what is kept, and what it decides."""

from dataclasses import replace
from datetime import datetime, timedelta

import httpx
import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_der_x509_certificate
from cryptography.x509.ocsp import OCSPResponseStatus, load_der_ocsp_response
from rfc3161_client import (
    HashAlgorithm,
    PKIStatus,
    TimestampRequestBuilder,
    VerifierBuilder,
    decode_timestamp_response,
)

from app.db import Database
from app.sandbox.certificates import Revocation, answer_address
from app.sandbox.responder import Publisher, replacements, responding
from app.signatures.evidence import Standing, statement_about
from app.signatures.trust import EvidenceKind
from app.trust.answers import ANSWER_AGE, inquire, path_in_life, read_answer
from app.trust.asking import ask_about, inquiries_about, read_list
from app.trust.bundle import Publication
from app.trust.evidence import MAX_INQUIRIES, keep_evidence, with_evidence
from app.trust.fetching import Reach
from tests.revocation import (
    DAY,
    HOUR,
    PKI,
    answer_about,
    certificate,
    issuer_of,
    list_of,
    path_of,
)
from tests.scenarios import scenario_of
from tests.verdicts import RECEIVED_AT as NOW
from tests.verdicts import STUDENTS

SEAL = scenario_of(STUDENTS).school.seal.certificate_der
ISSUER = issuer_of(SEAL)
SLUG = ISSUER.issuer.slug
NONCE = bytes(range(16))
BLIND = replace(PKI.trust, evidence=())
RESPONDERS = tuple(
    Publication(
        issuer=one.certificate.public_bytes(Encoding.DER),
        url=answer_address(one.issuer.slug),
        kind=EvidenceKind.OCSP,
    )
    for one in PKI.intermediates
)
GOOD = Publisher(pki=PKI, clock=lambda: NOW)
REVOKED = replace(
    GOOD, revoked={SLUG: [Revocation(certificate=certificate(SEAL), since=NOW - DAY)]}
)


def fixed(count: int) -> bytes:
    return NONCE[:count]


async def asked(database: Database, publisher: Publisher) -> list[Standing]:
    """What is kept of the answers about the seal's certificate."""
    inquiries = inquiries_about([SEAL], BLIND, RESPONDERS, now=NOW, randomness=fixed)
    assert [one.path for one in inquiries] == [path_of(SEAL)]
    async with responding(publisher) as base:
        reach = Reach(
            hosts=frozenset({base.removeprefix("http://")}), replacements=replacements(PKI, base)
        )
        kept = await ask_about(database, inquiries, reach, now=NOW)
    trust = await with_evidence(database, BLIND, now=NOW)
    assert len(trust.evidence) == kept
    said = [statement_about(path_of(SEAL), one) for one in trust.evidence]
    return [one.standing for one in said if one is not None]


@pytest.mark.parametrize("delegated", [False, True])
@pytest.mark.parametrize(
    ("publisher", "standing"), [(GOOD, Standing.GOOD), (REVOKED, Standing.REVOKED)]
)
async def test_an_answer_is_kept_and_decides(
    worker_database: Database,
    publisher: Publisher,
    standing: Standing,
    delegated: bool,  # noqa: FBT001 -- a parameter of the test
) -> None:
    publisher = replace(publisher, delegated=delegated)
    assert await asked(worker_database, publisher) == [standing]


@pytest.mark.parametrize(
    "publisher",
    [
        replace(GOOD, unknown=[certificate(SEAL).serial_number]),
        replace(REVOKED, unknown=[certificate(SEAL).serial_number]),
        replace(GOOD, shift=HOUR),
        replace(GOOD, shift=-ANSWER_AGE - HOUR),
    ],
    ids=["unknown", "unknown and revoked", "of the future", "stale"],
)
async def test_an_answer_that_says_nothing_is_not_kept(
    worker_database: Database, publisher: Publisher
) -> None:
    assert await asked(worker_database, publisher) == []


async def test_who_cannot_be_reached_is_asked_again_next_time(worker_database: Database) -> None:
    inquiries = inquiries_about([SEAL], BLIND, RESPONDERS, now=NOW, randomness=fixed)
    nowhere = Reach(hosts=frozenset({"ocsp.mau.vn"}))
    assert await ask_about(worker_database, inquiries, nowhere, now=NOW) == 0


def test_only_responders_of_the_bundle_are_asked() -> None:
    everybody = [one.signer.certificate_der for one in scenario_of(STUDENTS).school.teachers]
    lists = [replace(one, kind=EvidenceKind.CRL) for one in RESPONDERS]
    assert inquiries_about(everybody, BLIND, lists, now=NOW, randomness=fixed) == ()
    nobody = replace(BLIND, intermediates=())
    assert inquiries_about(everybody, nobody, RESPONDERS, now=NOW, randomness=fixed) == ()
    all_of_them = inquiries_about(everybody, BLIND, RESPONDERS, now=NOW, randomness=fixed)
    assert len(all_of_them) == len(everybody) <= MAX_INQUIRIES
    assert {one.url for one in all_of_them} <= {one.url for one in RESPONDERS}


def test_an_answer_to_another_question_is_not_taken() -> None:
    url = answer_address(SLUG)
    inquiry = inquire(path_of(SEAL), url, NONCE)
    without_nonce = answer_about(SEAL).der
    assert read_answer(without_nonce, inquiry, now=NOW) is not None
    principal = scenario_of(STUDENTS).school.principal.signer.certificate_der
    for other in (answer_about(principal).der, b"", without_nonce[:-1]):
        assert read_answer(other, inquiry, now=NOW) is None


async def answered(request: bytes, place: str) -> bytes:
    async with responding(GOOD) as base, httpx.AsyncClient() as client:
        answer = await client.post(f"{base}{place}", content=request)
        assert answer.status_code == httpx.codes.OK
        return answer.content


async def test_the_nonce_comes_back_and_no_other_is_taken() -> None:
    inquiry = inquire(path_of(SEAL), answer_address(SLUG), NONCE)
    octets = await answered(inquiry.octets, f"/{SLUG}/ocsp")
    assert read_answer(octets, inquiry, now=NOW) is not None
    assert read_answer(octets, replace(inquiry, nonce=bytes(16)), now=NOW) is None


async def test_the_sandbox_refuses_what_is_no_question() -> None:
    response = load_der_ocsp_response(await answered(b"mau", f"/{SLUG}/ocsp"))
    assert response.response_status is OCSPResponseStatus.MALFORMED_REQUEST
    rejected = decode_timestamp_response(await answered(b"mau", "/tsa"))
    assert PKIStatus(rejected.status) is PKIStatus.REJECTION


@pytest.mark.parametrize("kind", [HashAlgorithm.SHA256, HashAlgorithm.SHA512])
async def test_another_client_gets_its_time_stamp_and_believes_it(kind: HashAlgorithm) -> None:
    request = TimestampRequestBuilder().data(b"mau").hash_algorithm(kind).nonce(nonce=True).build()
    response = decode_timestamp_response(await answered(request.as_bytes(), "/tsa"))
    leaf, *above = (load_der_x509_certificate(der) for der in path_of(PKI.tsa.certificate_der))
    builder = VerifierBuilder.from_request(request).tsa_certificate(leaf)
    for one in above[:-1]:
        builder = builder.add_intermediate_certificate(one)
    verifier = builder.add_root_certificate(above[-1]).build()
    assert verifier.verify_message(response, b"mau")
    assert response.tst_info.gen_time == NOW


async def keep_list(database: Database, at: datetime) -> bytes:
    publication = Publication(issuer=path_of(SEAL)[1], url="http://crl.mau.vn/ca.crl")
    found = read_list(list_of(ISSUER, at=at).der, publication, now=at + HOUR)
    assert found is not None
    async with database.begin() as connection:
        await keep_evidence(connection, [found])
    return found.evidence.der


async def test_what_was_said_last_within_the_life_of_a_certificate_stays_at_hand(
    worker_database: Database,
) -> None:
    end = certificate(SEAL).not_valid_after_utc
    await keep_list(worker_database, end - 9 * DAY)
    last = await keep_list(worker_database, end - DAY)
    newest = await keep_list(worker_database, end + 30 * DAY)
    now = end + 31 * DAY
    plain = await with_evidence(worker_database, BLIND, now=now)
    assert [one.der for one in plain.evidence] == [newest]
    asked_for = await with_evidence(worker_database, BLIND, now=now, about=[SEAL])
    assert [one.der for one in asked_for.evidence] == [newest, last]
    # One that nobody of the bundle issued brings nothing in.
    nobody = replace(BLIND, intermediates=())
    assert path_in_life(SEAL, nobody) == ()
    stray = await with_evidence(worker_database, nobody, now=now, about=[SEAL])
    assert [one.der for one in stray.evidence] == [newest]


async def test_an_answer_that_no_longer_stands_is_left_out_unless_it_is_needed(
    worker_database: Database,
) -> None:
    assert await asked(worker_database, GOOD) == [Standing.GOOD]
    later = NOW + timedelta(days=2)
    assert (await with_evidence(worker_database, BLIND, now=later)).evidence == ()
    needed = await with_evidence(worker_database, BLIND, now=later, about=[SEAL])
    assert [one.kind for one in needed.evidence] == [EvidenceKind.OCSP]
