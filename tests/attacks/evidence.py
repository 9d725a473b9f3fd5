"""A25 and A27: evidence about revocation that is worth nothing, or that is large.

The document is the same each time; what differs is what its certificates are judged by. Nothing of
this may make a certificate pass as good; where nothing else is known, the repository that these
attacks meet accepts nothing provisionally.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from hashlib import sha256

from asn1crypto import core, crl
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.ocsp import OCSPCertStatus, OCSPResponseBuilder, OCSPResponseStatus

from app.sandbox.certificates import Revocation
from app.sandbox.pki import AUTHORITIES_TO, Authority, Branch
from app.signatures.trust import Evidence, EvidenceKind, TrustSnapshot
from tests.attacks.attack import Attack
from tests.attacks.victims import victim
from tests.revocation import (
    DAY,
    PKI,
    THIS_UPDATE,
    answer_about,
    certificate,
    filed,
    issuer_of,
    list_of,
    odd_list,
    responder,
)
from tests.verdicts import RECEIVED_AT

ENTRIES = 500_000
"""Of the huge list: 17 MB, ten times the largest that an authority of the field publishes."""

_Publications = Mapping[str, Callable[[], Evidence]]


def worthless_evidence() -> Iterator[Attack]:
    """A27: about the school's certificate and about the authority that issued it."""
    one = victim("school")
    for place, der in certificates().items():
        twin = one.judged_by(trust=trust_about(der, list_of(issuer_of(der)))).verify
        for name, published in worthless(der):
            yield Attack(
                name=f"{name}-about-the-{place}",
                twin=one.xml,
                hostile=one.xml,
                codes=("SIG-418",),
                at=one.slot,
                verify=one.judged_by(trust=trust_about(der, published)).verify,
                judge_twin=twin,
            )


def certificates() -> Mapping[str, bytes]:
    """The certificates below the root on the school's path."""
    holder = victim("school").signer.certificate_der
    authority = issuer_of(holder).certificate.public_bytes(Encoding.DER)
    return {"holder": holder, "authority": authority}


def worthless(der: bytes) -> Iterator[tuple[str, Evidence]]:
    """Evidence about a certificate that proves nothing."""
    for name, publish in {**_lists(der), **_answers(der)}.items():
        yield name, publish()


def trust_about(der: bytes, published: Evidence, *, provisional: bool = False) -> TrustSnapshot:
    """The sandbox's trust, in which one piece of evidence is all that an authority published."""
    wanted = _sha256(issuer_of(der))
    others = (known for known in PKI.trust.evidence if known.issuer_sha256 != wanted)
    return replace(PKI.trust, evidence=(*others, published), provisional=provisional)


def _lists(der: bytes) -> _Publications:
    """Revocation lists; each is one that would clear the certificate if it were taken."""
    authority, stranger = issuer_of(der), PKI.issuers[Branch.UNKNOWN]
    scopes = {
        "of-attribute-certificates": {"only_contains_attribute_certs": True},
        "of-some-reasons": {"only_some_reasons": frozenset({x509.ReasonFlags.key_compromise})},
        "of-others-too": {"indirect_crl": True},
        "of-another-place": {
            "full_name": [x509.UniformResourceIdentifier("http://noi-khac.localhost/a.crl")]
        },
        "of-the-other-kind": {_other_kind(der): True},
    }
    return {
        "list-stale": lambda: list_of(authority, at=THIS_UPDATE - 30 * DAY),
        "list-of-the-future": lambda: list_of(authority, at=RECEIVED_AT + DAY),
        "list-of-after-its-authority": lambda: list_of(authority, at=AUTHORITIES_TO + DAY),
        "list-of-a-stranger": lambda: filed(authority, list_of(stranger).der),
        "list-of-a-stranger-under-its-name": lambda: odd_list(authority, key=stranger.issuer.key),
        "list-under-another-name": lambda: odd_list(authority, name=stranger.issuer.name),
        "list-of-changes": lambda: odd_list(authority, _extended(x509.DeltaCRLIndicator(1))),
        "list-with-an-unknown-extension": lambda: odd_list(
            authority,
            _extended(x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")),
        ),
        "list-that-is-none": lambda: filed(authority, b"\x30\x03\x02\x01\x00"),
        "list-cut": lambda: filed(authority, list_of(authority).der[:-1]),
        "list-with-something-behind": lambda: filed(authority, list_of(authority).der + b"\x00"),
        **{
            f"list-{name}": lambda stated=stated: odd_list(authority, _extended(_point(**stated)))  # type: ignore[misc]  # reason: a default binds the loop variable
            for name, stated in scopes.items()
        },
    }


def _answers(der: bytes) -> _Publications:
    """OCSP responses."""
    authority, stranger = issuer_of(der), PKI.issuers[Branch.UNKNOWN]
    other = victim("principal").signer.certificate_der
    busy = OCSPResponseBuilder.build_unsuccessful(OCSPResponseStatus.TRY_LATER)
    return {
        "answer-stale": lambda: answer_about(der, until=THIS_UPDATE + DAY / 48),
        "answer-without-an-end": lambda: answer_about(der, until=None),
        "answer-of-the-future": lambda: replace(answer_about(der), fetched_at=THIS_UPDATE - DAY),
        "answer-that-knows-nothing": lambda: answer_about(der, status=OCSPCertStatus.UNKNOWN),
        "answer-about-another": lambda: replace(
            answer_about(other), issuer_sha256=_sha256(authority)
        ),
        "answer-of-another-authority": lambda: answer_about(der, by=_itself(stranger)),
        "answer-of-anothers-responder": lambda: answer_about(der, by=responder(stranger)),
        "answer-of-a-forged-authority": lambda: answer_about(
            der, by=responder(stranger, like=authority.certificate)
        ),
        "answer-of-an-expired-responder": lambda: answer_about(
            der, by=responder(authority, until=THIS_UPDATE - DAY)
        ),
        "answer-of-nobody-who-may": lambda: answer_about(
            der, by=responder(authority, signs_ocsp=False)
        ),
        "answer-of-one-who-may-be-revoked": lambda: answer_about(
            der, by=responder(authority, exempt=False)
        ),
        "answer-of-another-holder": lambda: answer_about(
            der,
            by=(victim("school").signer.key, certificate(victim("school").signer.certificate_der)),
        ),
        "answer-try-later": lambda: _answered(authority, busy.public_bytes(Encoding.DER)),
        "answer-cut": lambda: _answered(authority, answer_about(der).der[:-1]),
        "answer-that-is-a-list": lambda: _answered(authority, list_of(authority).der),
    }


def _other_kind(der: bytes) -> str:
    holder = victim("school").signer.certificate_der == der
    return "only_contains_ca_certs" if holder else "only_contains_user_certs"


def _itself(authority: Authority) -> tuple[object, x509.Certificate]:
    return authority.issuer.key, authority.certificate


def _answered(authority: Authority, der: bytes) -> Evidence:
    return filed(authority, der, kind=EvidenceKind.OCSP)


def _sha256(authority: Authority) -> str:
    return sha256(authority.certificate.public_bytes(Encoding.DER)).hexdigest()


def _extended(
    extension: x509.ExtensionType,
) -> Callable[..., x509.CertificateRevocationListBuilder]:
    return lambda builder: builder.add_extension(extension, critical=True)


def _point(**changes: object) -> x509.IssuingDistributionPoint:
    stated: dict[str, object] = {
        "full_name": None,
        "relative_name": None,
        "only_contains_user_certs": False,
        "only_contains_ca_certs": False,
        "only_some_reasons": None,
        "indirect_crl": False,
        "only_contains_attribute_certs": False,
    }
    return x509.IssuingDistributionPoint(**{**stated, **changes})  # type: ignore[arg-type]  # reason: by name


def huge_lists() -> Iterator[Attack]:
    """A25: half a million revoked certificates, and the school's own among them or not."""
    one = victim("school")
    der = one.signer.certificate_der
    yield Attack(
        name="revoked-on-a-list-of-half-a-million",
        twin=one.xml,
        hostile=one.xml,
        codes=("SIG-410",),
        at=one.slot,
        verify=one.judged_by(trust=trust_about(der, huge_list(der, listed=True))).verify,
        judge_twin=one.judged_by(trust=trust_about(der, huge_list(der, listed=False))).verify,
    )


@cache
def huge_list(der: bytes, *, listed: bool) -> Evidence:
    """A list of many, put together by hand: libraries take a minute for it."""
    authority, since = issuer_of(der), THIS_UPDATE - 30 * DAY
    own = Revocation(certificate=certificate(der), since=since)
    small = crl.CertificateList.load(list_of(authority, own).der)
    signed = small["tbs_cert_list"]
    mine: bytes = signed["revoked_certificates"].contents
    date = b"\x17\x0d" + f"{since:%y%m%d%H%M%SZ}".encode()
    head = b"\x30\x1f\x02\x0e\x01"
    many = b"".join(head + number.to_bytes(13) + date for number in range(ENTRIES))
    parts = [signed[name].dump() for name in _BEFORE]
    parts += [_sequence(many + mine if listed else many), signed["crl_extensions"].dump()]
    body = _sequence(b"".join(parts))
    key = authority.issuer.key
    assert isinstance(key, RSAPrivateKey)
    value = core.OctetBitString(key.sign(body, PKCS1v15(), SHA256())).dump()
    return filed(authority, _sequence(body + small["signature_algorithm"].dump() + value))


_BEFORE = ("version", "signature", "issuer", "this_update", "next_update")


def _sequence(contents: bytes) -> bytes:
    der: bytes = core.Sequence(contents=contents).dump()
    return der
