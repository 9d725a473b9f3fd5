"""The sandbox's time-stamping authority: RFC 3161 tokens and replies, in CMS (RFC 5652)."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from asn1crypto import algos, cms, core, tsp
from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from app.signatures.writing import Signer

POLICY = "1.3.6.1.4.1.4146.2.2"
"""Under which policy the sandbox stamps; nobody asks for another."""


_REJECTED = bytes.fromhex("3009300702010203020204")
"""A response with the status rejection and the failure badDataFormat; asn1crypto writes none
without a token."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """What a token says, and by whom.

    Attributes:
        at: genTime, aware.
        hash: the hash function of the imprint: "sha256", "sha384", "sha512".
        bound_to: the certificate (DER) that the signed attributes name; the signer's own if None.
        brings: whether the token holds the signer's certificate.
    """

    signer: Signer
    at: datetime
    hash: str = "sha256"
    nonce: int | None = None
    bound_to: bytes | None = None
    brings: bool = True


def stamper(signer: Signer, at: datetime) -> Callable[[bytes], bytes]:
    """Give what stamps octets at one time, for `SigningStyle.timestamp`."""
    stamp = Stamp(signer=signer, at=at)
    return lambda octets: make_token(hashlib.sha256(octets).digest(), stamp)


def make_token(imprint: bytes, stamp: Stamp) -> bytes:
    """Stamp a digest: a TimeStampToken (RFC 3161 section 2.4.2), DER."""
    info = _info(imprint, stamp).dump()
    certificate = asn1_x509.Certificate.load(stamp.signer.certificate_der)
    signed: dict[str, object] = {
        "version": "v3",
        "digest_algorithms": [{"algorithm": "sha256"}],
        "encap_content_info": {
            "content_type": "tst_info",
            "content": core.ParsableOctetString(info),
        },
        "signer_infos": [_signer_info(info, certificate, stamp)],
    }
    if stamp.brings:
        signed["certificates"] = [cms.CertificateChoices(name="certificate", value=certificate)]
    token = cms.ContentInfo(
        {"content_type": "signed_data", "content": cms.SignedData(signed)}
    ).dump()
    return bytes(token)


def answer_request(request: bytes, signer: Signer, at: datetime) -> bytes:
    """Answer a TimeStampReq by a TimeStampResp, both DER; what cannot be read is rejected."""
    try:
        asked = tsp.TimeStampReq.load(request, strict=True)
        imprint = asked["message_imprint"]
        stamp = Stamp(
            signer=signer,
            at=at,
            hash=imprint["hash_algorithm"]["algorithm"].native,
            nonce=asked["nonce"].native,
            brings=bool(asked["cert_req"].native),
        )
        token = make_token(imprint["hashed_message"].native, stamp)
    except (ValueError, TypeError):
        return _REJECTED
    granted = {
        "status": {"status": "granted"},
        "time_stamp_token": cms.ContentInfo.load(token),
    }
    return bytes(tsp.TimeStampResp(granted).dump())


def _info(imprint: bytes, stamp: Stamp) -> tsp.TSTInfo:
    serial = hashlib.sha256(imprint + stamp.at.isoformat().encode()).digest()[:8]
    info = {
        "version": "v1",
        "policy": POLICY,
        "message_imprint": {
            "hash_algorithm": {"algorithm": stamp.hash},
            "hashed_message": imprint,
        },
        "serial_number": int.from_bytes(serial),
        "gen_time": stamp.at.replace(microsecond=0),
        "accuracy": {"seconds": 1},
    }
    return tsp.TSTInfo(info if stamp.nonce is None else {**info, "nonce": stamp.nonce})


def _signer_info(
    info: bytes, certificate: asn1_x509.Certificate, stamp: Stamp
) -> dict[str, object]:
    named = hashlib.sha256(stamp.bound_to or stamp.signer.certificate_der).digest()
    binding = tsp.SigningCertificateV2(
        {"certs": [{"hash_algorithm": {"algorithm": "sha256"}, "cert_hash": named}]}
    )
    attributes = cms.CMSAttributes(
        [
            cms.CMSAttribute({"type": "content_type", "values": ["tst_info"]}),
            cms.CMSAttribute({"type": "message_digest", "values": [hashlib.sha256(info).digest()]}),
            cms.CMSAttribute({"type": "signing_certificate_v2", "values": [binding]}),
        ]
    )
    identifier = cms.IssuerAndSerialNumber(
        {"issuer": certificate.issuer, "serial_number": certificate.serial_number}
    )
    algorithm, value = _sign(stamp.signer, attributes.dump())
    return {
        "version": "v1",
        "sid": cms.SignerIdentifier(name="issuer_and_serial_number", value=identifier),
        "digest_algorithm": {"algorithm": "sha256"},
        "signed_attrs": attributes,
        "signature_algorithm": algos.SignedDigestAlgorithm({"algorithm": algorithm}),
        "signature": value,
    }


def _sign(signer: Signer, octets: bytes) -> tuple[str, bytes]:
    if isinstance(signer.key, RSAPrivateKey):
        return "rsassa_pkcs1v15", signer.key.sign(octets, PKCS1v15(), hashes.SHA256())
    algorithm = ECDSA(hashes.SHA256(), deterministic_signing=True)
    return "sha256_ecdsa", signer.key.sign(octets, algorithm)
