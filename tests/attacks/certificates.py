"""Certificates that no honest authority issues, truly signed by the sandbox's authorities."""

from functools import cache
from hashlib import sha256

from asn1crypto import core, x509
from asn1crypto.keys import DSAParams, PublicKeyAlgorithm, PublicKeyInfo, RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP224R1,
    SECP256K1,
    BrainpoolP256R1,
    EllipticCurve,
    derive_private_key,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from app.sandbox.holders import public_name
from app.sandbox.pki import Branch, Flaw, KeyKind, Request, flawed, issue
from app.sandbox.stream import Stream
from app.signatures.trust import Registration
from app.signatures.writing import Signer
from app.transcripts.profile import Role
from tests.scenarios import SEED, scenario_of
from tests.verdicts import STUDENTS, registrations_of


def wish(slug: str = "attack-seal", kind: KeyKind = KeyKind.RSA_2048) -> Request:
    """What the school asks for when it wants a fresh certificate of its own."""
    return Request(
        slug=slug,
        subject=public_name(scenario_of(STUDENTS).school.name, uids=("MST:0379000701",)),
        branch=Branch.PUBLIC,
        issued_year=2025,
        key_kind=kind,
    )


@cache
def seal(slug: str = "attack-seal", kind: KeyKind = KeyKind.RSA_2048) -> Signer:
    """A fresh certificate of the school itself."""
    return issue(scenario_of(STUDENTS).pki, wish(slug, kind))


@cache
def flawed_seal(flaw: Flaw) -> Signer:
    """A certificate of the school that must not be accepted."""
    return issue(scenario_of(STUDENTS).pki, flawed(wish("attack-seal-flawed"), flaw))


def registered(der: bytes, role: Role = Role.SCHOOL) -> tuple[Registration, ...]:
    """The directory, in which the department has approved one more certificate of the school."""
    known = registrations_of(scenario_of(STUDENTS).school)
    like = next(one for one in known if one.role is role)
    digest = sha256(der).hexdigest()
    return (
        *known,
        Registration(
            certificate_sha256=digest,
            school_code=like.school_code,
            role=role,
            approved_from=like.approved_from,
            approved_to=None,
        ),
    )


def with_public_key(der: bytes, spki: bytes) -> bytes:
    """The same certificate, truly issued for another public key."""
    certificate = x509.Certificate.load(der)
    certificate["tbs_certificate"]["subject_public_key_info"] = PublicKeyInfo.load(spki)
    return _issued(certificate)


def with_extension(der: bytes, oid: str, value: bytes) -> bytes:
    """The same certificate, truly issued with another value of an extension."""
    certificate = x509.Certificate.load(der)
    for extension in certificate["tbs_certificate"]["extensions"]:
        if extension["extn_id"].dotted == oid:
            extension["extn_value"] = core.ParsableOctetString(value)
    return _issued(certificate)


def with_subject(der: bytes, name: str) -> bytes:
    """The same key and serial number, truly issued to another name."""
    certificate = x509.Certificate.load(der)
    certificate["tbs_certificate"]["subject"] = x509.Name.build({"common_name": name})
    return _issued(certificate)


def _issued(certificate: x509.Certificate) -> bytes:
    issuers = scenario_of(STUDENTS).pki.issuers.values()
    wanted = certificate.issuer.dump()
    issuer = next(one.issuer for one in issuers if one.issuer.name.public_bytes() == wanted)
    signed = certificate["tbs_certificate"].dump(force=True)
    certificate["signature_value"] = issuer.key.sign(signed, PKCS1v15(), SHA256())
    return certificate.dump(force=True)  # type: ignore[no-any-return]  # reason: asn1crypto ships no types


def rsa_spki(bits: int, exponent: int) -> bytes:
    """A public key of any size and exponent; nobody knows the factors of its modulus."""
    modulus = _odd(bits)
    key = RSAPublicKey({"modulus": modulus, "public_exponent": exponent})
    return PublicKeyInfo.wrap(key, "rsa").dump()  # type: ignore[no-any-return]  # reason: asn1crypto ships no types


def dsa_spki() -> bytes:
    """A DSA public key."""
    parameters = DSAParams({"p": _odd(2048), "q": _odd(256), "g": 2})
    info = PublicKeyInfo()
    info["algorithm"] = PublicKeyAlgorithm({"algorithm": "dsa", "parameters": parameters})
    info["public_key"] = core.Integer(4)
    return info.dump()  # type: ignore[no-any-return]  # reason: asn1crypto ships no types


def _odd(bits: int) -> int:
    octets = Stream(SEED, "attack", str(bits)).octets(bits // 8)
    return int.from_bytes(octets) | 1 << (bits - 1) | 1


def foreign_spkis() -> dict[str, bytes]:
    """Public keys of curves that the field does not use."""
    curves: dict[str, EllipticCurve] = {
        "secp224r1": SECP224R1(),
        "secp256k1": SECP256K1(),
        "brainpool-p256r1": BrainpoolP256R1(),
    }
    keys = {name: derive_private_key(20250101, curve) for name, curve in curves.items()}
    ed25519 = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return {name: key.public_key().public_bytes(*form) for name, key in keys.items()} | {
        "ed25519": ed25519.public_key().public_bytes(*form)
    }
