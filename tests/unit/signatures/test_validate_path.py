"""Paths from what is handed in: which ones lead to an anchor, and what they may cost."""

import time

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from hypothesis import given
from hypothesis import strategies as st

from app.signatures import validate_path
from app.signatures.agreement import agrees
from app.signatures.validation import (
    MAX_CERTIFICATE_SIZE,
    MAX_CERTIFICATES,
    MAX_PATH_LENGTH,
    MAX_PATHS,
    MAX_STATEMENTS,
    MAX_STATEMENTS_SIZE,
)
from tests.asking import CHAIN, LISTS, ask, without_revocation
from tests.chains import (
    AT,
    DAY,
    Key,
    Listing,
    Wish,
    assembled,
    bit_string,
    crl,
    make,
    parts_of,
    with_sha_1,
)
from tests.peers.foreign import key_of


def test_a_path_that_is_stated_to_be_good_passes_and_is_given_from_the_leaf_up() -> None:
    result = ask()
    assert (result.passed, result.code, result.sub_indication) == (True, None, None)
    assert result.certificates == (CHAIN.leaf.der, CHAIN.authority.der, CHAIN.root.der)


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


def test_what_an_honest_question_may_just_hold_is_looked_at() -> None:
    largest, root = b"x" * MAX_CERTIFICATE_SIZE, CHAIN.root.der
    many = [b"%d" % number for number in range(MAX_CERTIFICATES)]
    lists = [b"x" * (MAX_STATEMENTS_SIZE // MAX_STATEMENTS)] * MAX_STATEMENTS
    result = validate_path(largest, many, anchors=[*many[1:], root], crls=lists, at=AT)
    assert result.code == "SIG-400"


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
