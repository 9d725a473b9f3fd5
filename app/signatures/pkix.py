"""pyhanko-certvalidator as this program uses it: bounded, without network, without its caches.

Its search for paths, its signature checks and two of its caches are narrowed here, because
certificates, revocation lists and OCSP responses may come from an attacker.
"""

import logging
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache, partial
from hashlib import sha256
from ipaddress import ip_address, ip_network
from typing import Any, TypeVar

from asn1crypto import algos, crl, keys, x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import load_der_public_key
from pyhanko_certvalidator import ValidationContext, name_trees
from pyhanko_certvalidator.authority import CertTrustAnchor, TrustQualifiers
from pyhanko_certvalidator.ltv.poe import POEManager
from pyhanko_certvalidator.path import ValidationPath
from pyhanko_certvalidator.policy_decl import (
    CertRevTrustPolicy,
    PKIXValidationParams,
    RevocationCheckingPolicy,
    RevocationCheckingRule,
)
from pyhanko_certvalidator.registry import CertificateRegistry, TrustManager
from pyhanko_certvalidator.revinfo.archival import CRLContainer, OCSPContainer
from pyhanko_certvalidator.revinfo.manager import RevinfoManager
from pyhanko_certvalidator.sig_validate import (
    DEFAULT_SIGNATURE_VALIDATOR,
    DEFAULT_VALIDATION_CONTEXT,
    SignatureValidationContext,
    SignatureValidator,
)
from typing_extensions import override

from app.signatures.certificates import accepted_key

logging.getLogger("pyhanko_certvalidator").setLevel(logging.CRITICAL)
# The library logs names out of certificates; what is wrong reaches the caller as a code.

MAX_LOOKUPS = 256
"""Searches for an issuer in one question: a chain needs one per certificate, a maze of authorities
that certify one another any number."""

_PREPARED_STRINGS, _LONGEST_PREPARED = 8192, 256
"""Strings of names kept prepared for comparison, and the characters of the longest: X.520 allows 64
to 256. The library prepares (RFC 4518) in Python, character by character, and remembers nothing:
without this two thirds of the time of a path are spent on the same few names."""

_WEAK_HASHES = frozenset({"md2", "md5", "sha1"})
_T = TypeVar("_T")


def _remember_prepared_strings() -> None:
    prepare = x509.NameTypeAndValue._ldap_string_prep  # noqa: SLF001 -- reason: no public seam
    remembered = lru_cache(maxsize=_PREPARED_STRINGS)(lambda string: prepare(None, string))

    def prepared(_name: x509.NameTypeAndValue, string: str) -> str:
        kept = remembered if len(string) <= _LONGEST_PREPARED else partial(prepare, None)
        result: str = kept(string)
        return result

    x509.NameTypeAndValue._ldap_string_prep = prepared  # noqa: SLF001 -- reason: as above


_remember_prepared_strings()


def _network_contains(network: str, address: str) -> bool:
    """Compare what a constraint and a certificate state; the library has no rule of its own."""
    try:
        return ip_address(address) in ip_network(network, strict=False)
    except ValueError as error:
        raise name_trees.NameConstraintError from error


name_trees._name_type_checkers[name_trees.GeneralNameType.IP_ADDRESS] = _network_contains  # type: ignore[assignment]  # noqa: SLF001 -- reason: no public seam; its other rules take names too


class BudgetExceeded(Exception):
    """The question takes more work than any honest one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """What may serve to answer a question: parsed, nothing verified.

    Attributes:
        anchors: the pinned roots.
        certificates: everything else that a path or a signer may be made of.
    """

    anchors: tuple[x509.Certificate, ...]
    certificates: tuple[x509.Certificate, ...]
    crls: tuple[CRLContainer, ...] = ()
    ocsps: tuple[OCSPContainer, ...] = ()


def open_context(material: Material, at: datetime, *, revocation: bool) -> ValidationContext:
    """Set up a validation at an aware time, to the second, with or without revocation."""
    rule = (
        RevocationCheckingRule.CRL_OR_OCSP_REQUIRED
        if revocation
        else RevocationCheckingRule.NO_CHECK
    )
    registry = _Registry.build(material.certificates)
    return _Context(
        trust_roots=[_anchor(certificate) for certificate in material.anchors],
        certificate_registry=registry,
        moment=at,
        allow_fetching=False,
        time_tolerance=timedelta(0),
        revinfo_policy=CertRevTrustPolicy(
            RevocationCheckingPolicy(ee_certificate_rule=rule, intermediate_ca_cert_rule=rule)
        ),
        revinfo_manager=_Revocations(registry, POEManager(), material.crls, material.ocsps),
        signature_validator=ACCEPTED_SIGNATURES,
    )


def _anchor(certificate: x509.Certificate) -> CertTrustAnchor:
    """Pin a root with the limits that it sets to names and path lengths (RFC 5937 section 3.2)."""
    permitted = name_trees.default_permitted_subtrees()
    excluded = name_trees.default_excluded_subtrees()
    limits = certificate.name_constraints_value
    if limits is not None:
        for trees, name in ((permitted, "permitted_subtrees"), (excluded, "excluded_subtrees")):
            if isinstance(limits[name], x509.GeneralSubtrees):
                trees.update(name_trees.process_general_subtrees(limits[name]))
    length = certificate.max_path_length
    qualifiers = TrustQualifiers(
        standard_parameters=PKIXValidationParams(
            initial_permitted_subtrees=permitted, initial_excluded_subtrees=excluded
        ),
        max_path_length=length,
        max_aa_path_length=length,
    )
    return CertTrustAnchor(certificate, qualifiers)


def finish(work: Coroutine[Any, Any, _T]) -> _T:
    """Run a coroutine that has nothing to wait for, since fetching is off.

    Raises:
        RuntimeError: it waits after all, which would mean that it reaches for the network.
    """
    try:
        work.send(None)
    except StopIteration as done:
        return done.value  # type: ignore[no-any-return]  # reason: StopIteration carries Any
    work.close()
    raise RuntimeError("path validation tried to wait")


class _Registry(CertificateRegistry):
    """Counts the searches for issuers."""

    _lookups = 0

    @override
    def find_potential_issuers(
        self, cert: x509.Certificate, trust_manager: TrustManager
    ) -> Iterator[Any]:
        self._lookups += 1
        if self._lookups > MAX_LOOKUPS:
            raise BudgetExceeded
        return super().find_potential_issuers(cert, trust_manager)


class _Revocations(RevinfoManager):
    """Never remembers who signed a list.

    The library's memory is keyed by the signature value: a forged list that repeats the value of a
    genuine one would pass unverified.
    """

    @override
    def check_crl_issuer(self, certificate_list: crl.CertificateList) -> None:
        return None


class _Context(ValidationContext):
    """Remembers validated certificates by all their octets.

    The library's memory is keyed by the signature value: a forged certificate that repeats the
    value of a genuine one would pass unverified.
    """

    @override
    def record_validation(self, cert: x509.Certificate, path: ValidationPath) -> None:
        self._validate_map[_identity(cert)] = path

    @override
    def check_validation(self, cert: x509.Certificate) -> ValidationPath | None:
        return self._validate_map.get(_identity(cert))


class _AcceptedSignatures(SignatureValidator):
    """Holds certificates, lists and responses alike to the field's keys and to no weak hash."""

    @override
    def validate_signature(
        self,
        signature: bytes,
        signed_data: bytes,
        public_key_info: keys.PublicKeyInfo,
        signature_algorithm: algos.SignedDigestAlgorithm,
        context: SignatureValidationContext = DEFAULT_VALIDATION_CONTEXT,
    ) -> None:
        try:
            weak = signature_algorithm.hash_algo in _WEAK_HASHES
            key = accepted_key(load_der_public_key(public_key_info.dump()))
            accepted = key is not None and not weak
            if accepted:
                DEFAULT_SIGNATURE_VALIDATOR.validate_signature(
                    signature, signed_data, public_key_info, signature_algorithm, context
                )
        except MemoryError:
            raise
        except Exception as error:
            # The library knows two outcomes; an algorithm that does not fit the key is neither.
            raise InvalidSignature from error
        if not accepted:
            raise InvalidSignature


ACCEPTED_SIGNATURES = _AcceptedSignatures()


def signed_with(signed: x509.Certificate | crl.CertificateList, key: keys.PublicKeyInfo) -> bool:
    """Say whether a certificate or a revocation list was signed with an accepted key."""
    certificate = isinstance(signed, x509.Certificate)
    try:
        ACCEPTED_SIGNATURES.validate_signature(
            signed["signature_value" if certificate else "signature"].native,
            signed["tbs_certificate" if certificate else "tbs_cert_list"].dump(),
            key,
            signed["signature_algorithm"],
        )
    except InvalidSignature:
        return False
    return True


def _identity(certificate: x509.Certificate) -> bytes:
    return sha256(certificate.dump()).digest()
