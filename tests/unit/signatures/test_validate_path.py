"""Paths and revocation from what is handed in: NIST's suite, and what an attacker hands in."""

import time
import tomllib
from collections.abc import Generator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from asn1crypto import crl as asn1_crl
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, SHA512
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from hypothesis import given
from hypothesis import strategies as st

from app.signatures import PathResult, validate_path
from app.signatures.agreement import agrees
from app.signatures.pkix import finish, signed_with
from app.signatures.validation import (
    MAX_CERTIFICATE_SIZE,
    MAX_CERTIFICATES,
    MAX_PATH_LENGTH,
    MAX_PATHS,
    MAX_STATEMENTS,
    MAX_STATEMENTS_SIZE,
)
from tests import pkits
from tests.chains import (
    AT,
    DAY,
    Answer,
    Key,
    Listing,
    Party,
    Wish,
    assembled,
    bit_string,
    chain,
    crl,
    make,
    ocsp_response,
    parts_of,
    repeating_signature_of,
    responder_of,
)
from tests.peers.foreign import key_of

OUTCOMES = tomllib.loads(
    (Path(__file__).parents[2] / "vectors" / "pkits" / "outcomes.toml").read_text("utf-8")
)
CASES = {name: code for section in OUTCOMES.values() for name, code in section.items()}

REFUSED_ALTHOUGH_VALID = {
    "ValidDSASignaturesTest4EE": "DSA is no algorithm of the field",
    "ValidDSAParameterInheritanceTest5EE": "DSA is no algorithm of the field",
}
PASSED_BY_DEFAULT = {
    "AllCertificatesNoPoliciesTest2EE": "fails only with initial-explicit-policy",
    "DifferentPoliciesTest3EE": "fails only with initial-explicit-policy",
    "inhibitAnyPolicyTest3EE": "fails only with initial-inhibit-any-policy",
    "OverlappingPoliciesTest6EE": "fails only with an initial policy set of another policy",
    "AllCertificatesSamePoliciesTest10EE": "valid with any initial policy set",
    "AllCertificatesSamePoliciesTest13EE": "valid with any initial policy set",
    "AllCertificatesanyPolicyTest11EE": "valid with any initial policy set",
    "AnyPolicyTest14EE": "fails only with an initial policy set of another policy",
    "UserNoticeQualifierTest15EE": "valid; asks only that the notice is shown",
    "UserNoticeQualifierTest16EE": "valid; asks only that the notice is shown",
    "UserNoticeQualifierTest17EE": "valid; asks only that the notice is shown",
    "UserNoticeQualifierTest18EE": "fails only with an initial policy set of another policy",
    "UserNoticeQualifierTest19EE": "valid; asks only that the notice is shown",
    "CPSPointerQualifierTest20EE": "valid; asks only that the pointer is shown",
}
"""Initial policies and inhibitions are no arguments: nobody in the field asks for a policy."""

CHAIN = chain()
LISTS = [crl(CHAIN.root), crl(CHAIN.authority)]


def ask(
    leaf: Party = CHAIN.leaf,
    others: list[Party] | None = None,
    *,
    roots: list[Party] | None = None,
    crls: list[bytes] | None = None,
    ocsps: list[bytes] | None = None,
    revocation: str = "require",
) -> PathResult:
    return validate_path(
        leaf.der,
        [party.der for party in ([CHAIN.authority] if others is None else others)],
        anchors=[party.der for party in ([CHAIN.root] if roots is None else roots)],
        crls=LISTS if crls is None else crls,
        ocsps=ocsps or [],
        at=AT,
        revocation=revocation,  # type: ignore[arg-type]  # reason: one of the three words
    )


def without_revocation(leaf: Party, others: list[Party] | None = None) -> str | None:
    return ask(leaf, others, revocation="off").code


@pytest.mark.parametrize("name", CASES)
def test_every_case_of_nist_pkits_ends_as_expected(name: str) -> None:
    case = pkits.cases()[name]
    result = validate_path(
        case.leaf,
        case.intermediates,
        anchors=[pkits.anchor()],
        crls=case.crls,
        at=datetime(2015, 1, 1, tzinfo=UTC),
    )
    assert (result.code or "passed") == CASES[name]


def test_the_expected_outcomes_are_those_that_nist_names() -> None:
    assert CASES.keys() == pkits.cases().keys()
    for name, code in CASES.items():
        valid = name.startswith("Valid")
        if name in REFUSED_ALTHOUGH_VALID:
            assert (valid, code) == (True, "SIG-401")
        elif name in PASSED_BY_DEFAULT:
            assert (valid, code) == (False, "passed")
        else:
            assert valid == (code == "passed"), name


def test_a_path_that_is_stated_to_be_good_passes_and_is_given_from_the_leaf_up() -> None:
    result = ask()
    assert (result.passed, result.code, result.sub_indication) == (True, None, None)
    assert result.certificates == (CHAIN.leaf.der, CHAIN.authority.der, CHAIN.root.der)


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


def with_sha_1(octets: bytes) -> bytes:
    return octets.replace(bytes.fromhex("2a864886f70d01010b"), bytes.fromhex("2a864886f70d010105"))


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


def test_without_a_way_to_an_anchor_there_is_no_path() -> None:
    result = ask(others=[], revocation="off")
    assert (result.code, result.sub_indication) == ("SIG-400", "NO_CERTIFICATE_CHAIN_FOUND")
    assert ask(roots=[], revocation="off").code == "SIG-400"
    assert without_revocation(make(Wish(name="Tự ký Mẫu"))) == "SIG-400"


def test_octets_that_are_no_certificate_lead_nowhere_and_spoil_nothing() -> None:
    for leaf in (b"", b"\x30\x00", CHAIN.leaf.der[:-1], CHAIN.leaf.der + b"\0"):
        assert validate_path(leaf, [], anchors=[CHAIN.root.der], at=AT).code == "SIG-400"
    result = validate_path(
        CHAIN.leaf.der,
        [b"", b"x", CHAIN.authority.der, CHAIN.authority.der],
        anchors=[CHAIN.root.der, b"\x30\x00"],
        at=AT,
        revocation="off",
    )
    assert result.passed


def test_an_anchor_does_not_sign_by_itself() -> None:
    assert without_revocation(CHAIN.root) == "SIG-401"


def test_certificates_count_only_within_their_validity() -> None:
    early = make(Wish(name="Sớm Mẫu", issuer=CHAIN.authority, since=AT + DAY))
    late = make(Wish(name="Muộn Mẫu", issuer=CHAIN.authority, until=AT - DAY))
    exact = make(Wish(name="Đúng Mẫu", issuer=CHAIN.authority, since=AT, until=AT))
    assert without_revocation(early) == "SIG-403"
    assert without_revocation(late) == "SIG-402"
    assert without_revocation(exact) is None


def test_the_best_of_several_paths_decides() -> None:
    other_root = make(Wish(name="Gốc khác Mẫu", authority=True))
    expired = make(
        Wish(
            name="CA Mẫu",
            key=CHAIN.authority.key,
            issuer=other_root,
            authority=True,
            until=AT - DAY,
        )
    )
    roots = [CHAIN.root, other_root]
    assert ask(others=[expired, CHAIN.authority], roots=roots).passed
    lists = [crl(CHAIN.root, Listing(revoked=CHAIN.authority))]
    assert ask(others=[expired, CHAIN.authority], roots=roots, crls=lists).code == "SIG-411"


def test_only_an_authority_issues() -> None:
    middle = make(Wish(name="Giữa Mẫu", issuer=CHAIN.authority))
    leaf = make(Wish(name="Lê Văn Mẫu", issuer=middle))
    assert without_revocation(leaf, [CHAIN.authority, middle]) == "SIG-401"


def test_a_certificate_that_its_issuer_did_not_sign_is_refused() -> None:
    forger = make(Wish(name="CA Mẫu", authority=True))
    assert without_revocation(make(Wish(name="Lê Văn Mẫu", issuer=forger))) == "SIG-401"


@pytest.mark.parametrize("kind", ["rsa1024", "dsa", "secp256k1"])
def test_a_weak_or_foreign_key_of_an_authority_is_refused(kind: str) -> None:
    keys: dict[str, Key] = {
        "rsa1024": key_of("rsa1024").key,
        "dsa": dsa.generate_private_key(2048),
        "secp256k1": ec.generate_private_key(ec.SECP256K1()),
    }
    key = keys[kind]
    weak = make(Wish(name="CA yếu Mẫu", key=key, issuer=CHAIN.root, authority=True))
    leaf = make(Wish(name="Lê Văn Mẫu", issuer=weak))
    assert without_revocation(leaf, [weak]) == "SIG-401"


def test_sha_1_is_refused_in_certificates() -> None:
    key = key_of("rsa").key
    assert isinstance(key, rsa.RSAPrivateKey)
    issuer = make(Wish(name="CA RSA Mẫu", key=key, issuer=CHAIN.root, authority=True))
    leaf = make(Wish(name="Lê Văn Mẫu", issuer=issuer))
    body, algorithm, _ = (with_sha_1(part) for part in parts_of(leaf.der))
    value = key.sign(body, PKCS1v15(), SHA1())  # noqa: S303 -- reason: what must be refused
    weak = assembled(body, algorithm, bit_string(value))
    for der, code in ((leaf.der, None), (weak, "SIG-401")):
        result = validate_path(der, [issuer.der], anchors=[CHAIN.root.der], at=AT, revocation="off")
        assert result.code == code


def test_an_algorithm_that_does_not_fit_the_key_is_refused() -> None:
    rsa_key = key_of("rsa").key
    assert isinstance(rsa_key, rsa.RSAPrivateKey)
    impostor = make(Wish(name="CA Mẫu", key=rsa_key, authority=True))
    leaf = make(Wish(name="Lê Văn Mẫu", issuer=impostor))
    assert without_revocation(leaf) == "SIG-401"


def test_two_algorithms_in_one_certificate_are_what_only_the_second_opinion_sees() -> None:
    key = CHAIN.authority.key
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    body, algorithm, _ = parts_of(CHAIN.leaf.der)
    lying = body.replace(
        bytes.fromhex("06082a8648ce3d040302"), bytes.fromhex("06082a8648ce3d040303")
    )
    for signed, code in ((body, None), (lying, "SIG-401")):
        der = assembled(signed, algorithm, bit_string(key.sign(signed, ec.ECDSA(SHA256()))))
        result = validate_path(
            der, [CHAIN.authority.der], anchors=[CHAIN.root.der], at=AT, revocation="off"
        )
        assert result.code == code


def test_the_second_opinion_asks_for_validity_and_authority_on_its_own() -> None:
    path = [CHAIN.root.der, CHAIN.authority.der, CHAIN.leaf.der]
    assert agrees(path, AT)
    assert not agrees(path, AT + 301 * DAY)
    forger = make(Wish(name="CA Mẫu", authority=True))
    assert not agrees([*path[:2], make(Wish(name="Lê Văn Mẫu", issuer=forger)).der], AT)
    assert not agrees([b"", b""], AT)
    for extensions, may in (
        ([], False),
        ([(x509.BasicConstraints(ca=False, path_length=None), True)], False),
        (
            [(x509.BasicConstraints(ca=True, path_length=None), True), (usage(sign=False), True)],
            False,
        ),
        (
            [(x509.BasicConstraints(ca=True, path_length=None), True), (usage(sign=True), True)],
            True,
        ),
    ):
        middle = make(Wish(name="Giữa Mẫu", issuer=CHAIN.root, extensions=extensions))
        leaf = make(Wish(name="Lê Văn Mẫu", issuer=middle))
        assert agrees([CHAIN.root.der, middle.der, leaf.der], AT) is may


def usage(*, sign: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=sign,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )


def test_more_than_any_honest_question_holds_is_refused_at_once() -> None:
    leaf, root = CHAIN.leaf.der, CHAIN.root.der
    many = [b"%d" % number for number in range(MAX_CERTIFICATES + 1)]
    large = b"x" * (MAX_CERTIFICATE_SIZE + 1)
    lists = [b""] * (MAX_STATEMENTS + 1)
    huge = [b"x" * (MAX_STATEMENTS_SIZE + 1)]
    results = [
        validate_path(leaf, many, anchors=[root], at=AT),
        validate_path(leaf, [], anchors=many, at=AT),
        validate_path(leaf, [large], anchors=[root], at=AT),
        validate_path(large, [], anchors=[root], at=AT),
        validate_path(leaf, [], anchors=[root], crls=lists, at=AT),
        validate_path(leaf, [], anchors=[root], ocsps=lists, at=AT),
        validate_path(leaf, [], anchors=[root], crls=huge, at=AT),
    ]
    assert {result.code for result in results} == {"SIG-404"}


def test_a_maze_of_authorities_that_certify_one_another_ends_soon() -> None:
    authorities = [make(Wish(name=f"Mê cung {number}", authority=True)) for number in range(8)]
    maze = [
        make(
            Wish(
                name=f"Mê cung {number}",
                key=inner.key,
                issuer=outer,
                authority=True,
            )
        )
        for number, inner in enumerate(authorities)
        for outer in authorities
        if outer is not inner
    ]
    leaf = make(Wish(name="Lê Văn Mẫu", issuer=authorities[0]))
    start = time.process_time()
    assert without_revocation(leaf, maze) == "SIG-404"
    assert time.process_time() - start < 2


def test_a_path_that_is_too_long_is_refused() -> None:
    row = [CHAIN.root]
    for number in range(MAX_PATH_LENGTH):
        row.append(make(Wish(name=f"Tầng {number} Mẫu", issuer=row[-1], authority=True)))
    *above, leaf = row
    assert without_revocation(leaf, above[1:]) is None
    longer = make(Wish(name="Lê Văn Mẫu", issuer=leaf))
    assert without_revocation(longer, row[1:]) == "SIG-404"


def test_more_paths_than_anybody_builds_are_refused() -> None:
    key = CHAIN.authority.key
    expired = [
        make(Wish(name="CA Mẫu", key=key, issuer=CHAIN.root, authority=True, until=AT - DAY))
        for _ in range(MAX_PATHS)
    ]
    assert without_revocation(CHAIN.leaf, expired) == "SIG-404"
    assert without_revocation(CHAIN.leaf, expired[1:]) == "SIG-402"
    assert without_revocation(CHAIN.leaf, [*expired[1:], CHAIN.authority]) is None


def test_what_nobody_foresaw_is_a_refusal() -> None:
    result = validate_path(
        CHAIN.leaf.der,
        [CHAIN.authority.der],
        anchors=[CHAIN.root.der],
        at=AT.replace(tzinfo=None),
    )
    assert (result.code, result.sub_indication) == ("SIG-999", "GENERIC")


@given(st.binary(max_size=80), st.integers(min_value=0, max_value=400))
def test_damaged_statements_and_certificates_never_pass_or_raise(data: bytes, at: int) -> None:
    broken = CHAIN.leaf.der[:at] + data + CHAIN.leaf.der[at:]
    statement = LISTS[1][:at] + data + LISTS[1][at:]
    others = [CHAIN.authority.der]
    roots = [CHAIN.root.der]
    assert data == b"" or not validate_path(broken, others, anchors=roots, at=AT).passed
    result = validate_path(
        CHAIN.leaf.der,
        others,
        anchors=roots,
        crls=[LISTS[0], statement],
        ocsps=[data, statement],
        at=AT,
    )
    assert result.passed == (data == b"" or statement == LISTS[1])


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
