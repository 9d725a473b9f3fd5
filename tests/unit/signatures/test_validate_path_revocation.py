"""Paths from what is handed in: what lists and responses say, and who may say it."""

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA1, SHA512
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from tests.asking import CHAIN, LISTS, ask
from tests.chains import (
    AT,
    DAY,
    Answer,
    Listing,
    Party,
    Wish,
    assembled,
    bit_string,
    crl,
    make,
    ocsp_response,
    parts_of,
    repeating_signature_of,
    responder_of,
    with_sha_1,
)
from tests.peers.foreign import key_of


def test_revocation_that_nothing_is_known_about_is_decided_by_the_caller() -> None:
    result = ask(crls=[])
    assert (result.code, result.sub_indication) == ("SIG-412", "TRY_LATER")
    assert ask(crls=[], revocation="soft").passed
    assert ask(crls=[], revocation="off").passed


@pytest.mark.parametrize("revocation", ["require", "soft"])
def test_a_revoked_certificate_is_refused_unless_nobody_asks(revocation: str) -> None:
    lists = [LISTS[0], crl(CHAIN.authority, Listing(revoked=CHAIN.leaf))]
    result = ask(crls=lists, revocation=revocation)
    assert (result.code, result.sub_indication) == ("SIG-410", "REVOKED")
    assert ask(crls=lists, revocation="off").passed


def test_a_revocation_is_found_even_where_the_authority_itself_is_unknown() -> None:
    lists = [crl(CHAIN.authority, Listing(revoked=CHAIN.leaf))]
    assert {ask(crls=lists, revocation=mode).code for mode in ("require", "soft")} == {"SIG-410"}


def test_a_revocation_after_the_time_in_question_does_not_count() -> None:
    later = Listing(revoked=CHAIN.leaf, since=AT + DAY / 2)
    assert ask(crls=[LISTS[0], crl(CHAIN.authority, later)]).passed


def test_a_revoked_authority_is_named_as_such() -> None:
    lists = [crl(CHAIN.root, Listing(revoked=CHAIN.authority)), LISTS[1]]
    assert ask(crls=lists).code == "SIG-411"


def test_a_certificate_on_hold_may_come_back() -> None:
    held = Listing(revoked=CHAIN.leaf, reason=x509.ReasonFlags.certificate_hold)
    result = ask(crls=[LISTS[0], crl(CHAIN.authority, held)])
    assert (result.code, result.sub_indication) == ("SIG-414", "TRY_LATER")


def test_a_list_that_ran_out_says_nothing() -> None:
    old = Listing(this_update=AT - 20 * DAY, next_update=AT - DAY)
    assert ask(crls=[LISTS[0], crl(CHAIN.authority, old)]).code == "SIG-412"


def test_a_list_from_the_future_is_invalid() -> None:
    future = Listing(this_update=AT + DAY, next_update=AT + 2 * DAY)
    assert ask(crls=[LISTS[0], crl(CHAIN.authority, future)]).code == "SIG-413"


def test_a_list_of_another_authority_of_the_same_name_is_invalid() -> None:
    foreign = make(Wish(name="CA Mẫu", authority=True))
    assert ask(crls=[LISTS[0], crl(foreign)]).code == "SIG-413"
    assert ask(others=[CHAIN.authority, foreign], crls=[LISTS[0], crl(foreign)]).code == "SIG-413"


def test_a_list_signed_with_sha_1_is_invalid() -> None:
    key = key_of("rsa").key
    assert isinstance(key, rsa.RSAPrivateKey)
    authority = make(Wish(name="CA RSA Mẫu", key=key, issuer=CHAIN.root, authority=True))
    leaf = make(Wish(name="Lê Văn Mẫu", issuer=authority))
    body, algorithm, _ = (with_sha_1(part) for part in parts_of(crl(authority)))
    weak = assembled(body, algorithm, bit_string(key.sign(body, PKCS1v15(), SHA1())))  # noqa: S303 -- reason: what must be refused
    assert ask(leaf, [authority], crls=[LISTS[0], crl(authority)]).passed
    assert ask(leaf, [authority], crls=[LISTS[0], weak]).code == "SIG-413"


@pytest.mark.parametrize("garbage", [b"", b"\x30\x03\x02\x01\x01", b"x" * 100, LISTS[1][:-1]])
def test_octets_that_are_no_statement_are_invalid(garbage: bytes) -> None:
    assert ask(crls=[LISTS[0], garbage]).code == "SIG-413"
    assert ask(crls=[LISTS[0]], ocsps=[garbage]).code == "SIG-413"
    assert ask(crls=[LISTS[0], garbage], revocation="soft").passed


def test_a_responder_that_is_too_busy_says_nothing() -> None:
    busy = ocsp.OCSPResponseBuilder.build_unsuccessful(ocsp.OCSPResponseStatus.TRY_LATER)
    assert ask(crls=[LISTS[0]], ocsps=[busy.public_bytes(Encoding.DER)]).code == "SIG-412"


def test_the_authority_itself_may_answer_and_so_may_a_responder_that_it_names() -> None:
    own = ocsp_response(CHAIN.leaf, CHAIN.authority)
    responder = responder_of(CHAIN.authority)
    delegated = ocsp_response(
        CHAIN.leaf, CHAIN.authority, Answer(responder=responder, certificates=[responder])
    )
    for answer in (own, delegated):
        assert ask(crls=[LISTS[0]], ocsps=[answer]).passed


def test_a_responder_that_the_authority_does_not_name_is_invalid() -> None:
    stranger = make(Wish(name="OCSP Mẫu", issuer=CHAIN.authority))
    answer = Answer(responder=stranger, certificates=[stranger])
    answers = [ocsp_response(CHAIN.leaf, CHAIN.authority, answer)]
    assert ask(crls=[LISTS[0]], ocsps=answers).code == "SIG-413"


def test_a_revocation_in_one_statement_wins_over_every_good_one() -> None:
    good = ocsp_response(CHAIN.leaf, CHAIN.authority)
    revoked = ocsp_response(CHAIN.leaf, CHAIN.authority, Answer(status=ocsp.OCSPCertStatus.REVOKED))
    for answers in ([good, revoked], [revoked, good]):
        assert ask(ocsps=answers).code == "SIG-410"
    assert ask(ocsps=[good]).passed
    lists = [LISTS[0], crl(CHAIN.authority, Listing(revoked=CHAIN.leaf))]
    assert ask(crls=lists, ocsps=[good]).code == "SIG-410"


def test_a_response_that_does_not_know_the_certificate_or_ran_out_proves_nothing() -> None:
    unknown = ocsp_response(CHAIN.leaf, CHAIN.authority, Answer(status=ocsp.OCSPCertStatus.UNKNOWN))
    old = Answer(this_update=AT - 9 * DAY, next_update=AT - 8 * DAY)
    assert ask(crls=[LISTS[0]], ocsps=[unknown]).code == "SIG-413"
    stale = ocsp_response(CHAIN.leaf, CHAIN.authority, old)
    assert ask(crls=[LISTS[0]], ocsps=[stale]).code == "SIG-412"


def test_a_response_that_the_library_stumbles_over_is_invalid() -> None:
    answer = ocsp_response(CHAIN.leaf, CHAIN.authority, Answer(digest=SHA512()))
    assert ask(crls=[LISTS[0]], ocsps=[answer]).code == "SIG-413"


def test_a_forged_copy_of_the_authority_cannot_answer_for_it() -> None:
    genuine = CHAIN.authority
    copy = make(
        Wish(
            name="CA Mẫu",
            issuer_name="Gốc Mẫu",
            authority=True,
            serial=genuine.certificate.serial_number,
        )
    )
    forged = x509.load_der_x509_certificate(repeating_signature_of(genuine.der, copy.der))
    liar = Party(key=copy.key, certificate=forged)
    answer = ocsp_response(CHAIN.leaf, genuine, Answer(responder=liar, certificates=[liar]))
    assert ask(crls=[LISTS[0]], ocsps=[answer]).code == "SIG-413"


def test_a_forged_list_with_the_signature_value_of_a_genuine_one_says_nothing() -> None:
    ran_out = Listing(this_update=AT - 5 * DAY, next_update=AT - 4 * DAY)
    old = crl(CHAIN.authority, ran_out)
    stranger = make(Wish(name="CA Mẫu", authority=True))
    # The library asks the list that was issued last first.
    older = Listing(this_update=AT - 9 * DAY, next_update=AT + 9 * DAY)
    forged = repeating_signature_of(old, crl(stranger, older))
    assert ask(crls=[LISTS[0], old, forged]).code == "SIG-413"


def test_a_forged_root_among_the_intermediates_cannot_sign_lists() -> None:
    impostor = make(Wish(name="Gốc Mẫu", authority=True))
    lists = [crl(impostor), LISTS[1]]
    assert ask(others=[CHAIN.authority, impostor], crls=lists).code == "SIG-413"


def test_a_forged_certificate_with_the_signature_value_of_a_genuine_one_cannot_sign_lists() -> None:
    twin = make(Wish(name="CA Mẫu", issuer_name="Gốc Mẫu", authority=True))
    forged = x509.load_der_x509_certificate(repeating_signature_of(CHAIN.authority.der, twin.der))
    liar = Party(key=twin.key, certificate=forged)
    lists = [LISTS[0], crl(liar)]
    assert ask(others=[CHAIN.authority, liar], crls=lists).code == "SIG-413"
