"""A7, A8 and A10: keys and signature values that prove nothing."""

import hmac
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from hashlib import md5, sha1, sha256

from asn1crypto import x509
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA1

from app.sandbox.keys import P256_ORDER
from app.sandbox.pki import Flaw, KeyKind
from app.signatures.algorithms import DS
from app.signatures.writing import Signer
from tests.attacks import certificates
from tests.attacks.attack import Attack
from tests.attacks.victims import Edit, Victim, edited_text, signature_value, victim, victims
from tests.verdicts import resealed

MORE = "http://www.w3.org/2001/04/xmldsig-more#"
_METHOD = '(<ds:SignatureMethod Algorithm=")[^"]*'
_CERTIFICATE = "(<ds:X509Certificate>)[^<]*"


def sealed_by(signer: Signer) -> Victim:
    """The seal made with another registered certificate of the school."""
    school = victim("school")
    known = certificates.registered(signer.certificate_der)
    return replace(
        school.judged_by(registrations=known), xml=resealed(school.xml, signer), signer=signer
    )


def hmacs() -> Iterator[Attack]:
    """A7: the public key, which everybody knows, as the key of an HMAC; and cut values."""
    for one in victims():
        certificate = x509.Certificate.load(one.signer.certificate_der)
        secrets = {
            "public-key": certificate.public_key.dump(),
            "certificate": one.signer.certificate_der,
            "nothing": b"",
        }
        for name, secret in secrets.items():
            text = edited_text(one.signature.decode(), ((_METHOD, rf"\g<1>{MORE}hmac-sha256"),))
            yield Attack(
                name=f"hmac-with-{name}-{one.role}",
                twin=one.xml,
                hostile=one.valued(text, partial(_hmac, secret)),
                codes=("SIG-211",),
                at=one.slot,
                verify=one.verify,
            )
        inside = "<ds:HMACOutputLength>0</ds:HMACOutputLength></ds:SignatureMethod>"
        yield Attack(
            name=f"hmac-of-no-bits-{one.role}",
            twin=one.xml,
            hostile=one.resigned(
                (_METHOD, rf"\g<1>{DS}hmac-sha1"), ("</ds:SignatureMethod>", inside)
            ),
            codes=("SIG-211", "SIG-140"),
            at=one.slot,
            verify=one.verify,
        )


def _hmac(key: bytes, octets: bytes) -> bytes:
    return hmac.digest(key, octets, "sha256")


def weak_algorithms() -> Iterator[Attack]:
    """A8: digests and signatures that are broken, truly computed; and names that do not fit."""
    for one in victims():
        rsa = isinstance(one.signer.key, RSAPrivateKey)
        assert rsa, "victims sign with RSA"
        cases: dict[str, tuple[Edit, ...]] = {
            "rsa-md5": ((_METHOD, rf"\g<1>{MORE}rsa-md5"),),
            "dsa-sha1": ((_METHOD, rf"\g<1>{DS}dsa-sha1"),),
            "dsa-sha256": ((_METHOD, r"\g<1>http://www.w3.org/2009/xmldsig11#dsa-sha256"),),
            "ecdsa-with-an-rsa-key": ((_METHOD, rf"\g<1>{MORE}ecdsa-sha256"),),
            "method-empty": ((_METHOD, r"\g<1>"),),
            "method-with-white-space": ((_METHOD, rf"\g<1> {MORE}rsa-sha256"),),
            "method-in-capitals": ((_METHOD, rf"\g<1>{MORE}RSA-SHA256"),),
            "c14n-of-signed-info-unknown": (
                ('(<ds:CanonicalizationMethod Algorithm=")[^"]*', r"\g<1>urn:mau"),
            ),
        }
        for name, uri, function in (
            ("sha1", f"{DS}sha1", sha1),
            ("md5", f"{MORE}md5", md5),
        ):
            digest = b64encode(function(one.original).digest()).decode()
            cases[f"digest-{name}"] = (
                ('(<ds:DigestMethod Algorithm=")[^"]*', rf"\g<1>{uri}"),
                ("(<ds:DigestValue>)[^<]*", rf"\g<1>{digest}"),
            )
        for name, edits in cases.items():
            yield _signed(one, name, one.resigned(*edits), "SIG-211")
        text = edited_text(one.signature.decode(), ((_METHOD, rf"\g<1>{DS}rsa-sha1"),))
        yield _signed(one, "rsa-sha1", one.valued(text, _sha1(one.signer)), "SIG-211")
        for name in ("rsa-sha384", "rsa-sha512"):
            edit = (_METHOD, rf"\g<1>{MORE}{name}")
            yield _signed(one, f"{name}-over-sha256", one.resigned(edit), "SIG-320")
        pss = (_METHOD, r"\g<1>http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1")
        yield _signed(one, "pss-over-pkcs1", one.resigned(pss), "SIG-320")


def _signed(one: Victim, name: str, hostile: bytes, code: str) -> Attack:
    return Attack(
        name=f"{name}-{one.role}",
        twin=one.xml,
        hostile=hostile,
        codes=(code,),
        at=one.slot,
        verify=one.verify,
    )


def _sha1(signer: Signer) -> Callable[[bytes], bytes]:
    key = signer.key
    assert isinstance(key, RSAPrivateKey)
    return lambda octets: key.sign(octets, PKCS1v15(), SHA1())  # noqa: S303 -- reason: that is the attack


def weak_keys() -> Iterator[Attack]:
    """A8: certificates that an authority truly issued for keys that bear nothing."""
    honest = certificates.seal()
    twin = sealed_by(honest)
    public_keys = {
        "rsa-1024": certificates.rsa_spki(1024, 65537),
        "rsa-2040": certificates.rsa_spki(2040, 65537),
        "rsa-16384": certificates.rsa_spki(16384, 65537),
        "rsa-exponent-3": certificates.rsa_spki(2048, 3),
        "rsa-exponent-of-65-bits": certificates.rsa_spki(2048, 2**64 + 1),
        "dsa": certificates.dsa_spki(),
        **certificates.foreign_spkis(),
    }
    for name, spki in public_keys.items():
        der = certificates.with_public_key(honest.certificate_der, spki)
        yield _under(twin, f"key-{name}", der, honest, "SIG-312")
    # With exponent 1 the padded digest itself is the signature: anybody can write it.
    der = certificates.with_public_key(honest.certificate_der, certificates.rsa_spki(2048, 1))
    text = edited_text(twin.signature.decode(), ((_CERTIFICATE, _in_base64(der)),))
    yield replace(
        _under(twin, "key-rsa-exponent-1", der, honest, "SIG-310"),
        hostile=twin.valued(text, _padded_digest),
    )
    for flaw, code in (
        (Flaw.WEAK_KEY, "SIG-312"),
        (Flaw.EXPIRED, "SIG-402"),
        (Flaw.AUTHORITY, "SIG-401"),
        (Flaw.UNKNOWN_ROOT, "SIG-400"),
    ):
        signer = certificates.flawed_seal(flaw)
        yield _under(twin, f"certificate-{flaw}", signer.certificate_der, signer, code)


def _in_base64(der: bytes) -> str:
    return rf"\g<1>{b64encode(der).decode()}"


def _padded_digest(octets: bytes) -> bytes:
    """EMSA-PKCS1-v1_5 (RFC 8017 section 9.2) of 256 octets."""
    info = bytes.fromhex("3031300d060960864801650304020105000420") + sha256(octets).digest()
    return b"\x00\x01" + b"\xff" * (256 - 3 - len(info)) + b"\x00" + info


def _under(twin: Victim, name: str, der: bytes, signer: Signer, code: str) -> Attack:
    judged = twin.judged_by(registrations=certificates.registered(der))
    return Attack(
        name=name,
        twin=twin.xml,
        hostile=twin.resigned((_CERTIFICATE, _in_base64(der)), signer=signer),
        codes=(code,),
        at=twin.slot,
        verify=judged.verify,
        judge_twin=twin.verify,
    )


def ecdsa_values() -> Iterator[Attack]:
    """A8: values of ECDSA that are no r||s in range (RFC 9231 section 2.3.6)."""
    signer = certificates.seal("attack-seal-p256", KeyKind.P256)
    twin = sealed_by(signer)
    text = twin.signature.decode()

    def changed(change: Callable[[int, int], bytes]) -> bytes:
        def sign(octets: bytes) -> bytes:
            value = signature_value(signer, octets)
            return change(int.from_bytes(value[:32]), int.from_bytes(value[32:]))

        return twin.valued(text, sign)

    def pair(r: int, s: int, size: int = 32) -> bytes:
        return r.to_bytes(size) + s.to_bytes(size)

    order = P256_ORDER
    values: dict[str, Callable[[int, int], bytes]] = {
        "in-der": encode_dss_signature,
        "r-zero": lambda _, s: pair(0, s),
        "s-zero": lambda r, _: pair(r, 0),
        "both-zero": lambda _r, _s: pair(0, 0),
        "r-the-order": lambda _, s: pair(order, s),
        "s-the-order": lambda r, _: pair(r, order),
        "all-ones": lambda _r, _s: b"\xff" * 64,
        "s-plus-order-in-33-octets": lambda r, s: pair(r, s + order, 33),
        "with-leading-zeros": lambda r, s: pair(r, s, 33),
        "halves-swapped": lambda r, s: pair(s, r),
        "one-octet-more": lambda r, s: pair(r, s) + b"\x00",
        "one-octet-less": lambda r, s: pair(r, s)[:-1],
        "half": lambda r, _: r.to_bytes(32),
        "one-octet": lambda _r, _s: b"\x00",
    }
    for name, change in values.items():
        yield _value(twin, f"ecdsa-value-{name}", changed(change))


def rsa_values() -> Iterator[Attack]:
    """A8: values of RSA that are not one number of the right length (RFC 8017 section 8.2.2)."""
    twin = victim("school")
    key = twin.signer.key
    assert isinstance(key, RSAPrivateKey)
    modulus = key.public_key().public_numbers().n
    values: dict[str, Callable[[bytes], bytes]] = {
        "with-a-leading-zero": lambda value: b"\x00" + value,
        "with-a-trailing-zero": lambda value: value + b"\x00",
        "plus-the-modulus": lambda value: (int.from_bytes(value) + modulus).to_bytes(257),
        "negated": lambda value: (modulus - int.from_bytes(value)).to_bytes(256),
        "zero": lambda value: bytes(len(value)),
        "one": lambda value: bytes(len(value) - 1) + b"\x01",
        "the-modulus": lambda _: modulus.to_bytes(256),
        "cut": lambda value: value[:-1],
        "the-certificates-own": lambda _: _certificate_signature(twin.signer),
    }
    for name, change in values.items():

        def sign(octets: bytes, change: Callable[[bytes], bytes] = change) -> bytes:
            return change(signature_value(twin.signer, octets))

        yield _value(twin, f"rsa-value-{name}", twin.valued(twin.signature.decode(), sign))


def _certificate_signature(signer: Signer) -> bytes:
    value = x509.Certificate.load(signer.certificate_der)["signature_value"].native
    return bytes(value)


def _value(twin: Victim, name: str, hostile: bytes) -> Attack:
    return Attack(
        name=name,
        twin=twin.xml,
        hostile=hostile,
        codes=("SIG-320",),
        at=twin.slot,
        verify=twin.verify,
    )
