"""The checks on one signature that need only the document: steps 7, 8, 10 to 12, 14 and 15."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import ParamSpec, TypeVar

from lxml import etree

from app.engine import leave_to_python, quick
from app.signatures.algorithms import verify_value
from app.signatures.certificates import Certificate, signing_certificate
from app.signatures.failure import Failed, found
from app.signatures.inventory import Slot
from app.signatures.judgement import CLOCK_SKEW, vietnamese_day
from app.signatures.plain import read_plain_signature
from app.signatures.properties import Properties, read_properties
from app.signatures.references import (
    OctetCache,
    check_digests,
    resolve_references,
)
from app.signatures.report import Check, Outcome
from app.signatures.shape import SignatureParts, read_signature
from app.signatures.timestamps import Token, read_tokens
from app.transcripts.finding import Finding

_P = ParamSpec("_P")
_T = TypeVar("_T")


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedSignature:
    """What the document alone says about one slot's signature.

    Attributes:
        intact: whether covered content, certificate and signature value all fit together.
        octets: the canonical octets of the slot's first target, only when intact.
        tokens: time stamps of this signature; nothing is known yet about who made them.
    """

    slot: Slot
    checks: tuple[Check, ...]
    findings: tuple[Finding, ...]
    certificate: Certificate | None
    intact: bool
    octets: bytes | None
    tokens: tuple[Token, ...]


_PASSED = {
    name: Check(name=name, outcome=Outcome.PASSED)
    for name in (
        "shape",
        "certificate",
        "properties",
        "references",
        "signing_time",
        "signature_value",
        "timestamp",
    )
}
_ALL_PASSED = tuple(_PASSED.values())
_ALL_BUT_TIMESTAMP = _ALL_PASSED[:-1]


@dataclass(slots=True)
class _Run:
    """The protocol of one signature: later independent checks run although earlier ones failed."""

    slot: str
    checks: list[Check] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def attempt(
        self, name: str, check: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs
    ) -> _T | None:
        try:
            result = check(*args, **kwargs)
        except Failed as failure:
            self.checks.append(Check(name=name, outcome=Outcome.FAILED, code=failure.code))
            self.findings.append(failure.finding(self.slot))
            return None
        self.checks.append(_PASSED[name])
        return result


def check_signature(
    slot: Slot,
    signature: etree._Element,
    *,
    ids: Mapping[str, etree._Element],
    octets: OctetCache,
    received_at: datetime,
) -> CheckedSignature:
    """Check shape, references, digests, certificate, value and signing time of one signature.

    Raises:
        Unplain: the engine has read the document, and something is wrong with this signature.
    """
    case = _Case(slot=slot, ids=ids, octets=octets, received_at=received_at)
    try:
        return _check_at_once(case, signature)
    except Failed:
        leave_to_python(signature)
        # Nearly no signature comes here: only what failed is taken apart for the report.
        return _check_step_by_step(case, signature)


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """A slot, and what its signature is checked against."""

    slot: Slot
    ids: Mapping[str, etree._Element]
    octets: OctetCache
    received_at: datetime


def _check_at_once(case: _Case, signature: etree._Element) -> CheckedSignature:
    """Take every step once.

    Raises:
        Failed: one of them failed.
    """
    day = vietnamese_day(case.received_at)
    parts = read_plain_signature(signature, day) or read_signature(signature, day)
    certificate = signing_certificate(parts)
    properties = read_properties(parts, certificate)
    covered = _cover(case, parts, properties)
    _check_time(parts, properties, case.received_at)
    _check_value(parts, certificate, case.octets)
    tokens = _read_tokens(case, parts, certificate, properties) if properties.timestamps else ()
    return CheckedSignature(
        slot=case.slot,
        checks=_ALL_PASSED if tokens else _ALL_BUT_TIMESTAMP,
        findings=tuple(_validity_warnings(case.slot, parts, certificate, properties)),
        certificate=certificate,
        intact=True,
        octets=covered,
        tokens=tokens,
    )


def _check_step_by_step(case: _Case, signature: etree._Element) -> CheckedSignature:
    """Take every step whose ground has not failed, and name all that fail."""
    run = _Run(slot=case.slot.name)
    parts = run.attempt("shape", read_signature, signature, vietnamese_day(case.received_at))
    certificate, properties, covered = None, None, None
    if parts is not None:
        certificate = run.attempt("certificate", signing_certificate, parts)
        properties = run.attempt("properties", read_properties, parts, certificate)
        if properties is not None:
            covered = run.attempt("references", _cover, case, parts, properties)
            run.attempt("signing_time", _check_time, parts, properties, case.received_at)
        if certificate is not None:
            run.attempt("signature_value", _check_value, parts, certificate, case.octets)
            run.findings += _validity_warnings(case.slot, parts, certificate, properties)
    intact = all(check.outcome is Outcome.PASSED for check in run.checks)
    tokens = None
    if parts is not None and properties is not None and properties.timestamps:
        # After the others: nobody's signature covers its own time stamps.
        tokens = run.attempt("timestamp", _read_tokens, case, parts, certificate, properties)
    return CheckedSignature(
        slot=case.slot,
        checks=tuple(run.checks),
        findings=tuple(run.findings),
        certificate=certificate,
        intact=intact,
        octets=covered if intact else None,
        tokens=tokens or (),
    )


def _cover(case: _Case, parts: SignatureParts, properties: Properties) -> bytes:
    """Prove that the references cover the slot's targets; give the octets of the first one."""
    resolved = resolve_references(
        parts.references,
        ids=case.ids,
        signature=parts.element,
        groups=[*[(target,) for target in case.slot.targets], *properties.referable],
    )
    check_digests(resolved, case.octets)
    first = case.slot.targets[0]
    return next(case.octets.of(t, r.canonicalization) for r, t in resolved if t == first)


def _check_value(parts: SignatureParts, certificate: Certificate, octets: OctetCache) -> None:
    key = certificate.key
    if key is None or not parts.method.fits(key):
        raise Failed("SIG-211", parts.signed_info)
    signed = octets.of(parts.signed_info, parts.canonicalization)
    if not verify_value(parts.method, key, signed, parts.value):
        raise Failed("SIG-320", parts.element)


def _read_tokens(
    case: _Case, parts: SignatureParts, certificate: Certificate | None, properties: Properties
) -> tuple[Token, ...]:
    begin = None if certificate is None else certificate.not_before
    return read_tokens(properties.timestamps, parts, case.octets, (begin, case.received_at))


def _check_time(parts: SignatureParts, properties: Properties, received_at: datetime) -> None:
    time = properties.signing_time
    if time is not None and time > received_at + CLOCK_SKEW:
        raise Failed("SIG-340", parts.element, time.isoformat())


def _validity_warnings(
    slot: Slot,
    parts: SignatureParts,
    certificate: Certificate,
    properties: Properties | None,
) -> list[Finding]:
    time = None if properties is None else properties.signing_time
    if time is None or certificate.not_before <= time <= certificate.not_after:
        return []
    return [found("SIG-341", slot=slot.name, element=parts.element, value=time.isoformat())]
