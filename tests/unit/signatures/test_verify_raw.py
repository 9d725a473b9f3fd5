"""Signature values alone: NIST's vectors and the edges where other libraries have failed."""

import re
from collections.abc import Iterator
from pathlib import Path

import cryptography_vectors
import pytest
from asn1crypto import algos
from asn1crypto.keys import PublicKeyInfo
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS, PKCS1v15
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
)
from hypothesis import given
from hypothesis import strategies as st

from app.signatures import verify_raw
from app.signatures.algorithms import SIGNATURES
from tests.peers.foreign import key_of
from tests.scenarios import keys

VECTORS = Path(cryptography_vectors.__file__).parent / "asymmetric"
MORE = "http://www.w3.org/2001/04/xmldsig-more#"
DATA = "Học bạ số".encode()
CURVES: dict[str, ec.EllipticCurve] = {
    "P-256": ec.SECP256R1(),
    "P-384": ec.SECP384R1(),
    "P-521": ec.SECP521R1(),
}
HASHES: dict[str, type[hashes.HashAlgorithm]] = {
    "256": hashes.SHA256,
    "384": hashes.SHA384,
    "512": hashes.SHA512,
}
RSA = key_of("rsa").key
P256 = key_of("ec").key


def spki(key: PublicKeyTypes) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def raw(der: bytes, size: int) -> bytes:
    r, s = decode_dss_signature(der)
    return r.to_bytes(size) + s.to_bytes(size)


def records(file: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """Read NIST's response files: a section's heading, then its values up to each result."""
    section, values = "", dict[str, str]()
    for line in file.read_text("ascii").splitlines():
        if line.startswith("["):
            section, values = line, {}
        elif match := re.fullmatch(r"(\w+) = (.*)", line):
            values[match[1]] = match[2]
            if match[1] == "Result":
                yield section, dict(values)


def test_every_ecdsa_vector_of_nist_ends_as_stated() -> None:
    seen = set()
    for section, values in records(VECTORS / "ECDSA/FIPS_186-3/SigVer.rsp"):
        match = re.fullmatch(r"\[(P-\d+),SHA-(\d+)\]", section)
        if match is None or match[1] not in CURVES or match[2] not in HASHES:
            continue
        curve = CURVES[match[1]]
        try:
            key = ec.EllipticCurvePublicNumbers(
                int(values["Qx"], 16), int(values["Qy"], 16), curve
            ).public_key()
        except ValueError:
            assert values["Result"].startswith("F")
            continue
        size = (curve.key_size + 7) // 8
        value = b"".join(int(values[name], 16).to_bytes(size) for name in ("R", "S"))
        uri = f"{MORE}ecdsa-sha{match[2]}"
        passed = verify_raw(uri, spki(key), bytes.fromhex(values["Msg"]), value)
        assert passed == values["Result"].startswith("P"), (section, values)
        seen.add((section, passed))
    assert len(seen) == 2 * len(CURVES) * len(HASHES)


def test_every_rsa_vector_of_nist_ends_as_stated_for_keys_of_the_field() -> None:
    seen = set()
    for section, values in records(VECTORS / "RSA/FIPS_186-2/SigVer15_186-3.rsp"):
        if values["SHAAlg"][3:] not in HASHES:
            continue
        exponent = int(values["e"], 16)
        key = rsa.RSAPublicNumbers(exponent, int(values["n"], 16)).public_key()
        accepted = key.key_size >= 2048 and 65_537 <= exponent <= 2**32
        uri = f"{MORE}rsa-{values['SHAAlg'].lower()}"
        passed = verify_raw(
            uri, spki(key), bytes.fromhex(values["Msg"]), bytes.fromhex(values["S"])
        )
        assert passed == (accepted and values["Result"].startswith("P")), (section, values)
        seen.add((accepted, passed))
    assert seen >= {(True, False), (False, False)}


@pytest.mark.parametrize("uri", SIGNATURES)
def test_a_value_of_every_algorithm_verifies_and_no_other_algorithm_takes_it(uri: str) -> None:
    method = SIGNATURES[uri]
    hash_ = method.hash
    if method.padding is not None:
        assert isinstance(RSA, rsa.RSAPrivateKey)
        padding = PSS(MGF1(hash_), hash_.digest_size) if "MGF1" in uri else PKCS1v15()
        key, value = spki(RSA.public_key()), RSA.sign(DATA, padding, hash_)
    else:
        assert isinstance(P256, ec.EllipticCurvePrivateKey)
        key, value = spki(P256.public_key()), raw(P256.sign(DATA, ec.ECDSA(hash_)), 32)
    assert [other for other in SIGNATURES if verify_raw(other, key, DATA, value)] == [uri]
    assert not verify_raw(uri, key, DATA + b"x", value)
    assert not verify_raw(uri.replace("sha", "md"), key, DATA, value)


@pytest.mark.parametrize("curve", CURVES.values(), ids=CURVES)
def test_an_ecdsa_value_has_one_form(curve: ec.EllipticCurve) -> None:
    key = ec.derive_private_key(4711, curve)
    uri, size = f"{MORE}ecdsa-sha256", (curve.key_size + 7) // 8
    der = key.sign(DATA, ec.ECDSA(hashes.SHA256()))
    value = raw(der, size)
    order = curve.group_order
    r, s = int.from_bytes(value[:size]), int.from_bytes(value[size:])
    assert verify_raw(uri, spki(key.public_key()), DATA, value)
    # (r, n - s) is a signature too, of the same data by the same key.
    assert verify_raw(uri, spki(key.public_key()), DATA, joined(r, order - s, size))
    for wrong in (
        der,
        b"",
        value[:-1],
        value + b"\0",
        b"\0" + value,
        raw(der, size + 1),
        joined(0, s, size),
        joined(r, 0, size),
        joined(0, 0, size),
        joined(order, s, size),
        joined(r, order, size),
        joined(r + order, s, size),
        joined(r, s + order, size),
        joined(order - r, s, size),
        joined(s, r, size),
        joined(1, 1, size),
    ):
        assert not verify_raw(uri, spki(key.public_key()), DATA, wrong)


def joined(r: int, s: int, size: int) -> bytes:
    return (r % 2 ** (8 * size)).to_bytes(size) + (s % 2 ** (8 * size)).to_bytes(size)


EC_KEY = bytes.fromhex("06072a8648ce3d0201")
SHA256_INFO = bytes.fromhex("3031300d060960864801650304020105000420")


def encrypted(encoded: bytes) -> bytes:
    """Apply the private key to any encoding, as a signer who builds it by hand."""
    assert isinstance(RSA, rsa.RSAPrivateKey)
    numbers = RSA.private_numbers()
    number = pow(int.from_bytes(encoded), numbers.d, numbers.public_numbers.n)
    return number.to_bytes(RSA.key_size // 8)


def encoding(info: bytes = SHA256_INFO, filler: bytes = b"\xff", behind: bytes = b"") -> bytes:
    digest = hashes.Hash(hashes.SHA256())
    digest.update(DATA)
    ending = b"\0" + info + digest.finalize() + behind
    return b"\0\1" + filler * (256 - 2 - len(ending)) + ending


@pytest.mark.parametrize(
    "encoded",
    [
        encoding(behind=b"\0" * 8),
        encoding(filler=b"\xfe"),
        encoding(info=bytes.fromhex("302f300b06096086480165030402010420")),
        encoding(info=bytes.fromhex("3033300f0609608648016503040201050002010420"[:-4] + "0420")),
        encoding()[:1] + b"\2" + encoding()[2:],
        encoding().replace(b"\xff" * 100, b"\xff" * 99 + b"\0"),
        b"\0\1" + b"\xff" * 8 + encoding()[-52:] + b"\0" * 194,
        bytes(256),
    ],
)
def test_a_padding_of_pkcs_1_has_one_form(encoded: bytes) -> None:
    assert isinstance(RSA, rsa.RSAPrivateKey)
    uri, key = f"{MORE}rsa-sha256", spki(RSA.public_key())
    assert verify_raw(uri, key, DATA, encrypted(encoding()))
    assert len(encoded) == 256
    assert not verify_raw(uri, key, DATA, encrypted(encoded))


def test_an_rsa_value_is_as_long_as_its_modulus_and_below_it() -> None:
    assert isinstance(RSA, rsa.RSAPrivateKey)
    uri, key = f"{MORE}rsa-sha256", spki(RSA.public_key())
    value = RSA.sign(DATA, PKCS1v15(), hashes.SHA256())
    above = int.from_bytes(value) + RSA.public_key().public_numbers().n
    for wrong in (b"", b"\0" + value, value[:-1], value + b"\0", above.to_bytes(257)):
        assert not verify_raw(uri, key, DATA, wrong)


def test_keys_that_are_not_of_the_field_verify_nothing() -> None:
    small = key_of("rsa1024").key
    assert isinstance(small, rsa.RSAPrivateKey)
    value = small.sign(DATA, PKCS1v15(), hashes.SHA256())
    assert not verify_raw(f"{MORE}rsa-sha256", spki(small.public_key()), DATA, value)
    koblitz = ec.generate_private_key(ec.SECP256K1())
    value = raw(koblitz.sign(DATA, ec.ECDSA(hashes.SHA256())), 32)
    assert not verify_raw(f"{MORE}ecdsa-sha256", spki(koblitz.public_key()), DATA, value)
    for key in (
        dsa.generate_private_key(2048).public_key(),
        ed25519.Ed25519PrivateKey.generate().public_key(),
    ):
        assert not any(verify_raw(uri, spki(key), DATA, value) for uri in SIGNATURES)
    numbers = rsa.RSAPublicNumbers(3, keys().rsa("foreign").public_key().public_numbers().n)
    assert not verify_raw(
        f"{MORE}rsa-sha256", spki(numbers.public_key()), DATA, encrypted(encoding())
    )


def kept_for_pss(parameters: algos.RSASSAPSSParams | None = None) -> bytes:
    """The RSA key with the name of RSASSA-PSS (RFC 4055 section 1.2)."""
    key = PublicKeyInfo.load(spki(RSA.public_key()))["public_key"]
    algorithm = {"algorithm": "rsassa_pss"} | ({"parameters": parameters} if parameters else {})
    der: bytes = PublicKeyInfo({"algorithm": algorithm, "public_key": key.copy()}).dump()
    return der


def pss_parameters(name: str, length: int) -> algos.RSASSAPSSParams:
    digest = {"algorithm": name}
    mask = {"algorithm": "mgf1", "parameters": digest}
    return algos.RSASSAPSSParams(
        {"hash_algorithm": digest, "mask_gen_algorithm": mask, "salt_length": length}
    )


def test_a_key_kept_for_pss_serves_no_other_padding_and_no_other_parameters() -> None:
    assert isinstance(RSA, rsa.RSAPrivateKey)
    hash_ = hashes.SHA256()
    value = RSA.sign(DATA, PSS(MGF1(hash_), hash_.digest_size), hash_)
    uri = "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1"
    assert verify_raw(uri, kept_for_pss(), DATA, value)
    assert verify_raw(uri, kept_for_pss(pss_parameters("sha256", 32)), DATA, value)
    for other in (pss_parameters("sha512", 64), pss_parameters("sha256", 33)):
        assert not verify_raw(uri, kept_for_pss(other), DATA, value)
    plain = RSA.sign(DATA, PKCS1v15(), hash_)
    assert verify_raw(f"{MORE}rsa-sha256", spki(RSA.public_key()), DATA, plain)
    assert not verify_raw(f"{MORE}rsa-sha256", kept_for_pss(), DATA, plain)


def test_a_key_is_a_subject_public_key_info_and_its_curve_has_a_name() -> None:
    assert isinstance(P256, ec.EllipticCurvePrivateKey)
    assert isinstance(RSA, rsa.RSAPrivateKey)
    uri, value = f"{MORE}ecdsa-sha256", raw(P256.sign(DATA, ec.ECDSA(hashes.SHA256())), 32)
    named = spki(P256.public_key())
    # The parameters of P-256 themselves, as `openssl ec -param_enc explicit` writes them.
    field = bytes.fromhex("ffffffff00000001000000000000000000000000ffffffffffffffffffffffff")
    a = bytes.fromhex("ffffffff00000001000000000000000000000000fffffffffffffffffffffffc")
    b = bytes.fromhex("5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b")
    order = ec.SECP256R1.group_order.to_bytes(32)
    generator = ec.derive_private_key(1, ec.SECP256R1()).public_key()
    base = generator.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    curve = tlv(0x30, tlv(4, a) + tlv(4, b))
    prime = tlv(0x30, bytes.fromhex("06072a8648ce3d0101") + tlv(2, b"\0" + field))
    described = tlv(
        0x30, b"\2\1\1" + prime + curve + tlv(4, base) + tlv(2, b"\0" + order) + b"\2\1\1"
    )
    algorithm = tlv(0x30, EC_KEY + described)
    point = P256.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    explicit = tlv(0x30, algorithm + tlv(3, b"\0" + point))
    assert load_der_public_key(explicit) == P256.public_key()
    assert verify_raw(uri, named, DATA, value)
    nameless = tlv(0x30, tlv(0x30, EC_KEY) + tlv(3, b"\0" + point))
    for key in (explicit, named + b"\0", nameless):
        assert not verify_raw(uri, key, DATA, value)
    bare = RSA.public_key().public_bytes(Encoding.DER, PublicFormat.PKCS1)
    signature = RSA.sign(DATA, PKCS1v15(), hashes.SHA256())
    assert not verify_raw(f"{MORE}rsa-sha256", bare, DATA, signature)


def tlv(tag: int, contents: bytes) -> bytes:
    """Write a DER value of up to 65,535 octets."""
    size = len(contents)
    length = bytes([size]) if size < 0x80 else b"\x82" + size.to_bytes(2)
    if 0x80 <= size < 0x100:
        length = b"\x81" + bytes([size])
    return bytes([tag]) + length + contents


def test_a_key_for_agreement_is_none_that_signs() -> None:
    # Its parameters may be anything: it is not even read.
    algorithm = tlv(0x30, bytes.fromhex("06092a864886f70d010301") + tlv(0x30, b"\2\1\7\2\1\2"))
    key = tlv(0x30, algorithm + tlv(3, b"\0\2\1\3"))
    assert not any(verify_raw(uri, key, DATA, b"x" * 64) for uri in SIGNATURES)


@given(
    st.sampled_from([*SIGNATURES, "", "urn:x"]),
    st.binary(max_size=120),
    st.binary(max_size=80),
    st.integers(min_value=0, max_value=300),
)
def test_garbage_is_false_and_nothing_else(uri: str, key: bytes, value: bytes, at: int) -> None:
    assert not verify_raw(uri, key, DATA, value)
    restricted = kept_for_pss(pss_parameters("sha256", 32))
    for der in (spki(RSA.public_key()), spki(P256.public_key()), restricted):
        assert not verify_raw(uri, der[:at] + key + der[at:], DATA, value)
