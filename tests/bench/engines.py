"""The engines that race: each verifies every signature of one document, and says so.

An engine is prepared for one document and then called again and again. What a program keeps between
documents anyway (keys, trust stores) is prepared; what it does for each document is timed.
"""

import gc
import sys
import tempfile
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_der_x509_certificate
from lxml import etree
from signxml import SignatureConfiguration, XMLVerifier

from app.signatures.algorithms import PublicKey, SignatureMethod, verify_value
from app.signatures.certificates import signing_certificate
from app.signatures.check import check_signature
from app.signatures.inventory import take_inventory
from app.signatures.references import OctetCache, signed_octets
from app.signatures.report import Indication
from app.signatures.shape import read_signature
from app.signatures.verify import verify_transcript
from app.transcripts.document import open_document
from app.transcripts.plain_document import open_plain_document
from app.transcripts.profile import HOC_BA_1_THCS
from app.transcripts.xml import load_schema
from tests.bench.documents import Problem, parsed, signatures_of, targets_of

try:
    import xmlsec
except ImportError:  # absent, or built against another libxml2 than lxml
    xmlsec = None


class Engine(Protocol):
    """Times the verification of one document."""

    def seconds(self, times: int) -> float:
        """Verify the document so many times and say how long all of them took.

        Raises:
            Exception: it did not verify; a benchmark of refusals would measure nothing.
        """
        ...


class Calls:
    """An engine inside this process."""

    def __init__(
        self, verify: Callable[[], object], before: Callable[[], object] | None = None
    ) -> None:
        """Time `verify`; `before` runs ahead of each call and is not timed."""
        self._verify = verify
        self._before = before

    def seconds(self, times: int) -> float:
        clock, taken = time.perf_counter, 0.0
        gc.collect()
        if self._before is None:
            begin = clock()
            for _ in range(times):
                self._verify()
            return clock() - begin
        for _ in range(times):
            self._before()
            begin = clock()
            self._verify()
            taken += clock() - begin
        return taken


class Stores:
    """The trusted certificates as PEM files, which the peers read."""

    def __init__(self, problem: Problem) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self.folder = Path(self._folder.name)
        trust = problem.trust
        self.anchors = [self._pem(der, f"anchor-{n}") for n, der in enumerate(trust.anchors)]
        self.intermediates = [
            self._pem(der, f"intermediate-{n}") for n, der in enumerate(trust.intermediates)
        ]
        self.together = self.folder / "all.pem"
        files = (*self.anchors, *self.intermediates)
        self.together.write_bytes(b"".join(file.read_bytes() for file in files))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._folder.cleanup()

    def _pem(self, der: bytes, name: str) -> Path:
        file = self.folder / f"{name}.pem"
        file.write_bytes(load_der_x509_certificate(der).public_bytes(Encoding.PEM))
        return file


def ours(problem: Problem) -> Calls:
    """The whole of a verification: bytes in, report and transcript out."""
    verify = _verification(problem)
    verify()
    return Calls(verify)


def ours_cold(problem: Problem) -> Calls:
    """The same when no certificate has been seen before: every path is built anew."""
    return Calls(_verification(problem), before=forget_certificates)


def ours_hot_loop(problem: Problem) -> Calls:
    """Steps 7 to 14 on the tree: shape, references, octets, digests, certificate, value, time."""
    document = open_plain_document(problem.xml, HOC_BA_1_THCS) or open_document(
        problem.xml, HOC_BA_1_THCS
    )
    slots = take_inventory(document).slots

    def verify() -> None:
        octets = OctetCache(default_namespaces=document.default_namespaces)
        for slot in slots:
            assert slot.signature is not None
            checked = check_signature(
                slot,
                slot.signature,
                ids=document.ids,
                octets=octets,
                received_at=problem.context.received_at,
            )
            assert checked.intact

    verify()
    return Calls(verify)


def raw_crypto(problem: Problem) -> Calls:
    """The bare verifications of all signature values, with parsed keys and ready octets."""
    day = problem.context.received_at.date()
    ready: list[tuple[SignatureMethod, PublicKey, bytes, bytes]] = []
    for signature in signatures_of(parsed(problem)):
        parts = read_signature(signature, day)
        key = signing_certificate(parts).key
        assert key is not None
        signed = signed_octets(parts.signed_info, parts.canonicalization)
        ready.append((parts.method, key, signed, parts.value))

    def verify() -> None:
        for method, key, signed, value in ready:
            assert verify_value(method, key, signed, value)

    return Calls(verify)


def libraries_alone(problem: Problem) -> Calls:
    """What the C libraries need for the least that a verification is, with nothing decided.

    libxml2 parses once, validates the schema once and canonicalizes each target and SignedInfo
    once; OpenSSL digests and verifies. Keys, values and the places of elements are known already.
    """
    day = problem.context.received_at.date()
    schema = load_schema(HOC_BA_1_THCS.schema)
    keys: list[tuple[SignatureMethod, PublicKey, bytes]] = []
    for signature in signatures_of(parsed(problem)):
        parts = read_signature(signature, day)
        key = signing_certificate(parts).key
        assert key is not None
        keys.append((parts.method, key, parts.value))

    def verify() -> None:
        root = _plainly_parsed(problem.xml)
        assert schema.validate(root.getroottree())
        for target in targets_of(root):
            sha256(etree.tostring(target, method="c14n", exclusive=True)).digest()
        for signature, (method, key, value) in zip(signatures_of(root), keys, strict=True):
            signed = etree.tostring(signature[0], method="c14n", exclusive=True)
            assert verify_value(method, key, signed, value)

    verify()
    return Calls(verify)


def signxml_with_chain(problem: Problem, stores: Stores) -> Calls:
    """Signxml as it is called for one signature, for each: found by its slot, its path checked."""
    slots = [
        f"./{_slot_path(signature)}/" for signature in signatures_of(_plainly_parsed(problem.xml))
    ]
    now = problem.context.received_at

    def verify() -> None:
        for slot in slots:
            XMLVerifier().verify(
                problem.xml,
                ca_pem_file=str(stores.together),
                id_attribute="Id",
                expect_config=SignatureConfiguration(
                    location=slot, verification_time=now, expect_references=False
                ),
            )

    return Calls(verify)


def xmlsec_with_chain(problem: Problem, stores: Stores) -> Calls | None:
    """python-xmlsec with one store of trusted certificates; None where it is not installed."""
    if xmlsec is None:
        return None
    manager = xmlsec.KeysManager()
    for file in stores.anchors:
        manager.load_cert(str(file), xmlsec.KeyFormat.PEM, xmlsec.KeyDataType.TRUSTED)
    for file in stores.intermediates:
        manager.load_cert(str(file), xmlsec.KeyFormat.PEM, xmlsec.KeyDataType.NONE)

    def verify() -> None:
        root = _plainly_parsed(problem.xml)
        ids = xmlsec.SignatureContext(manager)
        for target in targets_of(root):
            ids.register_id(target, "Id")
        for signature in signatures_of(root):
            context = xmlsec.SignatureContext(manager)
            context.set_enabled_key_data([xmlsec.KeyData.X509])
            context.verify(signature)

    return Calls(verify)


def xmlsec_version() -> str:
    if xmlsec is None:
        return "not installed"
    library = ".".join(map(str, xmlsec.get_libxmlsec_version()))
    return f"{xmlsec.__version__}, libxmlsec {library}"


def forget_certificates() -> None:
    """Empty every cache of the signature core, so that each certificate is new again."""
    for name, module in list(sys.modules.items()):
        if name.startswith("app.signatures."):
            for value in vars(module).values():
                clear = getattr(value, "cache_clear", None)
                if clear is not None:
                    clear()


def _verification(problem: Problem) -> Callable[[], None]:
    def verify() -> None:
        verdict = verify_transcript(
            problem.xml,
            context=problem.context,
            trust=problem.trust,
            registrations=problem.registrations,
        )
        report = verdict.report
        assert len(report.slots) == problem.signatures
        assert all(slot.indication is Indication.PASSED for slot in report.slots)
        assert report.coverage is not None
        assert report.coverage.complete
        assert (verdict.transcript is not None) == problem.complete

    return verify


def _plainly_parsed(xml: bytes) -> etree._Element:
    return etree.fromstring(xml)  # noqa: TID251 -- reason: as a user of the peers parses, without our reader's scans


def _slot_path(signature: etree._Element) -> str:
    steps = []
    for slot in signature.iterancestors():
        person = f"[@Id='{slot.get('Id')}']" if slot.tag == "GVBM" else ""
        steps.append(f"{slot.tag}{person}")
    return "/".join(reversed(steps[:-1]))
