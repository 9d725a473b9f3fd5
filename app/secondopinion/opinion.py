"""What the second engine says about each signature of a transcript."""

from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import version
from typing import Any

from cryptography.x509 import Certificate, load_der_x509_certificate
from lxml import etree
from signxml.algorithms import CanonicalizationMethod, DigestAlgorithm, SignatureMethod
from signxml.verifier import SignatureConfiguration, VerifyResult, XMLVerifier
from typing_extensions import override

from app.signatures.algorithms import DIGESTS, DS, ENVELOPED, SIGNATURES
from app.signatures.canonical import Canonicalization
from app.signatures.report import Indication, Outcome, Report, SlotReport
from app.transcripts.finding import DocumentRefused
from app.transcripts.limits import TRANSCRIPT_LIMITS
from app.transcripts.xml import detached, read_xml

SECOND_ENGINE = "signxml"
SECOND_ENGINE_VERSION = version(SECOND_ENGINE)

MAX_REFERENCES = 200
"""References of one document that the second engine looks at, which parses all of it for each one:
a real transcript has about 30, and 200 of them take about a second."""

_BROKEN = frozenset({"SIG-300", "SIG-320"})
"""What the first engine says of a signature whose digest or value does not fit."""

_KNOWN_TRANSFORMS = frozenset({ENVELOPED, *(method.value for method in Canonicalization)})
"""signxml passes over every other transform as if it were not there."""

_SIGNATURE = f"{{{DS}}}Signature"


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    """One signature on which the engines differ.

    Attributes:
        slot: the slot's name in the report; "" for the document as a whole.
        intact: what the first engine says of it.
        reason: what the second engine says: "intact", or why not, by a word or the name of an
            error; never a text that could hold a child's data.
    """

    slot: str
    intact: bool
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """What the second engine says about a report.

    Attributes:
        compared: slots on which both engines have a say.
        disagreements: in the order of the slots.
    """

    engine_name: str
    engine_version: str
    compared: tuple[str, ...]
    disagreements: tuple[Disagreement, ...]

    @property
    def agrees(self) -> bool:
        """Whether the two engines say the same of every signature."""
        return not self.disagreements


def second_opinion(original: bytes, report: Report) -> Opinion:
    """Let the second engine verify every signature that the first one found intact or broken.

    A signature that the first engine refused before it came to digest and value (its shape, its
    references, its certificate) is not compared: there the first engine is stricter on purpose.
    Never raises: what cannot be answered is a disagreement.

    Args:
        original: the transcript's own bytes.
        report: the first engine's report on them.
    """
    judged = [(slot, intact) for slot in report.slots if (intact := _intact(slot)) is not None]
    return Opinion(
        engine_name=SECOND_ENGINE,
        engine_version=SECOND_ENGINE_VERSION,
        compared=tuple(slot.slot for slot, _ in judged),
        disagreements=tuple(_disagreements(original, report, judged)),
    )


def _intact(slot: SlotReport) -> bool | None:
    """Say whether the first engine found digests and value right or wrong; None when neither."""
    checks = {
        check.name: check
        for check in slot.checks
        if check.name in {"references", "signature_value"}
    }
    if any(check.code in _BROKEN for check in checks.values()):
        return False
    passed = [check.outcome is Outcome.PASSED for check in checks.values()]
    return True if passed == [True, True] else None


def _disagreements(
    original: bytes, report: Report, judged: list[tuple[SlotReport, bool]]
) -> Iterator[Disagreement]:
    if not judged and report.indication is not Indication.PASSED:
        return
    try:
        root = read_xml(original, TRANSCRIPT_LIMITS)
    except DocumentRefused as refused:
        yield Disagreement(slot="", intact=True, reason=refused.findings[0].code)
        return
    signed = sum(1 for _ in root.iter(_SIGNATURE))
    references = sum(1 for _ in root.iter(f"{{{DS}}}Reference"))
    if report.indication is Indication.PASSED and signed != len(judged):
        yield Disagreement(slot="", intact=True, reason="number_of_signatures")
    if references > MAX_REFERENCES:
        yield Disagreement(slot="", intact=True, reason="number_of_references")
        return
    for slot, intact in judged:
        reason = _look(original, root, slot)
        if (reason == "intact") is not intact:
            yield Disagreement(slot=slot.slot, intact=intact, reason=reason)


def _look(original: bytes, root: etree._Element, slot: SlotReport) -> str:
    """Verify one signature; whatever goes wrong in the second engine is its answer."""
    try:
        return _verify(original, root, slot)
    except Exception as error:  # noqa: BLE001 -- reason: it leaks errors of every library below it
        return type(error).__name__


def _verify(original: bytes, root: etree._Element, slot: SlotReport) -> str:
    place = _below_root(slot.xpath)
    (signature,) = root.findall(f"{place}/{_SIGNATURE}")
    transforms = signature.iterfind(f"{{{DS}}}SignedInfo//{{{DS}}}Transform")
    if any(transform.get("Algorithm") not in _KNOWN_TRANSFORMS for transform in transforms):
        return "transform"
    certificate = _certificate(signature, slot)
    if certificate is None:
        return "certificate"
    found: Any = _Verifier().verify(
        original,
        x509_cert=certificate,
        id_attribute="Id",
        expect_config=SignatureConfiguration(
            location=f"{place}/",
            expect_references=True,  # any number; what they cover is compared below
            signature_methods=frozenset(SignatureMethod(uri) for uri in SIGNATURES),
            digest_algorithms=frozenset(DigestAlgorithm(uri) for uri in DIGESTS),
            # Which time counts is the first engine's business: here any that is valid will do.
            verification_time=certificate.not_valid_before_utc,
            default_reference_c14n_method=CanonicalizationMethod.CANONICAL_XML_1_0,
        ),
    )
    return "intact" if _covers(found, root, signature, slot) else "other_content"


def _certificate(signature: etree._Element, slot: SlotReport) -> Certificate | None:
    """Find, among the certificates of a signature, the one that the first engine used."""
    wanted = None if slot.signer is None else slot.signer.certificate_sha256
    for element in signature.iterfind(f"{{{DS}}}KeyInfo//{{{DS}}}X509Certificate"):
        der = b64decode(element.text or "")
        if sha256(der).hexdigest() == wanted:
            return load_der_x509_certificate(der)
    return None


def _covers(
    found: list[VerifyResult], root: etree._Element, signature: etree._Element, slot: SlotReport
) -> bool:
    """Hold what the second engine saw signed to the elements that the first one names.

    Besides those only parts of the signature's own `ds:Object` may be signed.
    """
    seen = [_octets(result.signed_xml) for result in found if result.signed_xml is not None]
    own = {
        _octets(detached(part))
        for thing in signature.iterfind(f"{{{DS}}}Object")
        for part in thing.iter()
        if part.get("Id") is not None
    }
    expected = [
        _octets(detached(element))
        for place in slot.covers
        for element in root.findall(_below_root(place))
    ]
    return (
        len(seen) == len(found)
        and len(expected) == len(slot.covers) > 0
        and sorted(octets for octets in seen if octets not in own) == sorted(expected)
    )


def _octets(element: etree._Element) -> bytes:
    """Write an element so that it compares: namespaces only where they are used."""
    return etree.tostring(element, method="c14n", exclusive=True, with_comments=False)


def _below_root(xpath: str) -> str:
    """Turn a location of the report into a path from the document element."""
    return f"./{xpath.split('/', 2)[2]}"


class _Verifier(XMLVerifier):
    """signxml, with each element canonicalized as the root of a document of its own.

    lxml loses the default namespace of an element canonicalized where it stands, so without this
    every inclusive signature written without a prefix (`<Signature xmlns=…>`) would fail.
    """

    @override
    def _c14n(
        self,
        nodes: etree._Element,
        algorithm: CanonicalizationMethod,
        inclusive_ns_prefixes: list[str] | None = None,
    ) -> bytes:
        octets: bytes = super()._c14n(detached(nodes), algorithm, inclusive_ns_prefixes)
        return octets
