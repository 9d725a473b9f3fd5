"""Paths and what their certificates say of one another: names, lengths, authority, extensions."""

from ipaddress import ip_address, ip_network

import pytest
from asn1crypto import core
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from app.signatures import validate_path
from tests.asking import CHAIN, ask
from tests.chains import (
    AT,
    Party,
    Wish,
    assembled,
    bit_string,
    make,
    name_of,
    parts_of,
)


def limited(*, length: int | None = None, names: x509.NameConstraints | None = None) -> Party:
    """A root with limits of its own."""
    extensions: list[tuple[x509.ExtensionType, bool]] = [
        (x509.BasicConstraints(ca=True, path_length=length), True)
    ]
    if names is not None:
        extensions.append((names, True))
    return make(Wish(name="Gốc hẹp Mẫu", extensions=extensions))


def below(root: Party, leaf: Party, *others: Party) -> str | None:
    return ask(leaf, list(others), roots=[root], revocation="off").code


def test_how_long_paths_may_be_the_anchor_says_too() -> None:
    for length, code in ((None, None), (1, None), (0, "SIG-401")):
        root = limited(length=length)
        middle = make(Wish(name="Giữa Mẫu", issuer=root, authority=True))
        assert below(root, make(Wish(name="Lê Văn Mẫu", issuer=middle)), middle) == code
        assert below(root, make(Wish(name="Lê Văn Mẫu", issuer=root))) is None
        again = make(Wish(name="Gốc hẹp Mẫu", issuer=root, authority=True))
        assert below(root, make(Wish(name="Lê Văn Mẫu", issuer=again)), again) is None


def named(*names: x509.GeneralName) -> list[tuple[x509.ExtensionType, bool]]:
    return [(x509.SubjectAlternativeName(names), False)]


DIRECTORY = x509.DirectoryName(name_of("Lê Văn Mẫu"))
ELSEWHERE = x509.DirectoryName(name_of("Nơi khác Mẫu"))


@pytest.mark.parametrize(
    ("permitted", "excluded", "names", "code"),
    [
        (DIRECTORY, None, [], None),
        (ELSEWHERE, None, [], "SIG-401"),
        (None, ELSEWHERE, [], None),
        (None, DIRECTORY, [], "SIG-401"),
        (x509.DNSName("mau.vn"), None, [], None),
        (x509.DNSName("mau.vn"), None, [x509.DNSName("a.mau.vn")], None),
        (x509.DNSName("mau.vn"), None, [x509.DNSName("amau.vn")], "SIG-401"),
        (x509.IPAddress(ip_network("10.0.0.0/8")), None, [], None),
        (
            x509.IPAddress(ip_network("10.0.0.0/8")),
            None,
            [x509.IPAddress(ip_address("10.1.2.3"))],
            None,
        ),
        (
            x509.IPAddress(ip_network("10.0.0.0/8")),
            None,
            [x509.IPAddress(ip_address("11.1.2.3"))],
            "SIG-401",
        ),
        (
            x509.IPAddress(ip_network("10.0.0.0/8")),
            None,
            [x509.IPAddress(ip_address("::1"))],
            "SIG-401",
        ),
        (
            None,
            x509.IPAddress(ip_network("::/0")),
            [x509.IPAddress(ip_address("::1"))],
            "SIG-401",
        ),
        (
            x509.RegisteredID(x509.ObjectIdentifier("1.2")),
            None,
            [x509.RegisteredID(x509.ObjectIdentifier("1.2.3"))],
            "SIG-401",
        ),
    ],
)
def test_which_names_may_stand_below_anchors_and_authorities_say(
    permitted: x509.GeneralName | None,
    excluded: x509.GeneralName | None,
    names: list[x509.GeneralName],
    code: str | None,
) -> None:
    limits = x509.NameConstraints(
        permitted_subtrees=None if permitted is None else [permitted],
        excluded_subtrees=None if excluded is None else [excluded],
    )
    root = limited(names=limits)
    extensions = named(*names) if names else []
    assert below(root, make(Wish(name="Lê Văn Mẫu", issuer=root, extensions=extensions))) == code
    middle = make(
        Wish(name="Giữa Mẫu", issuer=CHAIN.root, authority=True, extensions=[(limits, True)])
    )
    leaf = make(Wish(name="Lê Văn Mẫu", issuer=middle, extensions=extensions))
    assert below(CHAIN.root, leaf, middle) == code


def test_an_address_that_is_none_is_within_no_network() -> None:
    network = x509.IPAddress(ip_network("10.0.0.0/8"))
    root = limited(names=x509.NameConstraints(permitted_subtrees=[network], excluded_subtrees=None))
    five_octets = x509.UnrecognizedExtension(
        x509.SubjectAlternativeName.oid, bytes.fromhex("300787050a01020304")
    )
    leaf = make(Wish(name="Lê Văn Mẫu", issuer=root, extensions=[(five_octets, False)]))
    assert below(root, leaf) == "SIG-401"


UNKNOWN = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\5\0")
AUTHORITY = x509.BasicConstraints(ca=True, path_length=None)


@pytest.mark.parametrize(
    ("extensions", "code"),
    [
        ([(AUTHORITY, False)], None),
        ([(AUTHORITY, True), (UNKNOWN, False)], None),
        ([(AUTHORITY, True), (UNKNOWN, True)], "SIG-401"),
        ([(x509.BasicConstraints(ca=False, path_length=None), True)], "SIG-401"),
        ([], "SIG-401"),
    ],
)
def test_an_anchor_is_held_to_what_it_says_of_itself(
    extensions: list[tuple[x509.ExtensionType, bool]], code: str | None
) -> None:
    root = make(Wish(name="Gốc Mẫu", extensions=extensions))
    assert below(root, make(Wish(name="Lê Văn Mẫu", issuer=root))) == code


def test_an_anchor_of_version_1_says_nothing() -> None:
    root = make(Wish(name="Gốc Mẫu", serial=1))
    body, algorithm, value = parts_of(root.der)
    parts = core.Sequence.load(body)
    version = bytes.fromhex("a003020102")
    assert parts.contents.startswith(version)
    first = core.Sequence(contents=parts.contents.removeprefix(version)).dump()
    leaf = make(Wish(name="Lê Văn Mẫu", issuer=root))
    old = assembled(first, algorithm, value)
    result = validate_path(leaf.der, [], anchors=[old], at=AT, revocation="off")
    assert result.certificates == (leaf.der, old)


def test_an_extension_that_stands_twice_makes_no_certificate() -> None:
    for issuer, others in ((CHAIN.root, []), (CHAIN.authority, [CHAIN.authority.der])):
        other = x509.UnrecognizedExtension(x509.ObjectIdentifier("2.5.29.99"), b"\x30\0")
        extensions = [*named(x509.DNSName("mau.vn")), (other, False)]
        leaf = make(Wish(name="Lê Văn Mẫu", issuer=issuer, extensions=extensions))
        body, algorithm, _ = parts_of(leaf.der)
        twice = body.replace(bytes.fromhex("0603551d63"), bytes.fromhex("0603551d11"))
        assert twice != body
        for signed, code in ((body, None), (twice, "SIG-400")):
            assert isinstance(issuer.key, ec.EllipticCurvePrivateKey)
            value = bit_string(issuer.key.sign(signed, ec.ECDSA(SHA256())))
            der = assembled(signed, algorithm, value)
            result = validate_path(der, others, anchors=[CHAIN.root.der], at=AT, revocation="off")
            assert result.code == code


def test_an_issuer_without_a_name_issues_nothing() -> None:
    nobody = make(Wish(name="", issuer=CHAIN.root, authority=True))
    assert below(CHAIN.root, make(Wish(name="Lê Văn Mẫu", issuer=nobody)), nobody) == "SIG-401"
    assert below(CHAIN.root, make(Wish(name="", issuer=CHAIN.root))) is None
